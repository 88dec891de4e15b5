import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runProcess } from '../../sim/vm/process.ts';

export const diskWords = 'FARRIER DISK BOOT';

/** A boot sector that writes its words to the serial line and halts: enough to see that the disk was booted. */
export function talkingSector(words = diskWords): Buffer {
  const sector = Buffer.alloc(512);
  // cld; ds = 0; si = words; next: lodsb; test al, al; jz halt; out 0x3f8, al; jmp next; halt: hlt; jmp halt
  Buffer.from('fc31c08ed8be167cac84c07406baf803eeebf5f4ebfd', 'hex').copy(sector);
  sector.write(`${words}\r\n\0`, 22);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/** Makes a qcow2 disk that boots on BIOS and says so. */
export async function makeTalkingDisk(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.raw`, Buffer.concat([talkingSector(), Buffer.alloc(1024 * 1024 - 512)]));
  const { code, stderr } = await runProcess(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', `${path}.raw`, path]);
  if (code !== 0) throw new Error(stderr);
  await rm(`${path}.raw`);
}
