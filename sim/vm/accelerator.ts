/**
 * Whether KVM really works here. `/dev/kvm` alone says little: on some hosts (nested, paravirtual) it opens, and
 * then either fails or runs firmware one emulated instruction at a time, so that a boot takes many minutes. The
 * probe boots a disk of one sector that counts to twenty million: about 10 ms on a processor, minutes if emulated.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ended, runProcess } from './process.ts';

export type QemuAccelerator = 'kvm' | 'tcg';

const loops = 20_000_000;
const limitMs = 5000;
const passed = 0x2a;

/** cli; mov ecx, loops; again: dec ecx; jnz again; mov dx, 0xf4; mov al, passed; out dx, al; hlt. */
function probeSector(): Buffer {
  const sector = Buffer.alloc(512);
  Buffer.from('fa66b900000000664975fcbaf400b000eef4ebfd', 'hex').copy(sector);
  sector.writeUInt32LE(loops, 3);
  sector.writeUInt8(passed, 15);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

async function boots(qemu: string): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'farrier-kvm-'));
  const disk = join(folder, 'probe.img');
  await writeFile(disk, probeSector());
  const argv = ['-accel', 'kvm', '-cpu', 'host', '-machine', 'pc', '-m', '16', '-display', 'none', '-nodefaults'];
  const exit = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=1'];
  const child = spawn(qemu, [...argv, ...exit, '-drive', `file=${disk},format=raw,if=ide`], { stdio: 'ignore' });
  child.on('error', () => {});
  const inTime = await ended(child, limitMs);
  if (!inTime) child.kill('SIGKILL');
  await ended(child, 2000);
  await rm(folder, { recursive: true, force: true });
  // The debug device ends QEMU with twice the value plus one.
  return inTime && child.exitCode === passed * 2 + 1;
}

const verdictShape = z.object({ host: z.string(), kvm: z.boolean() });

async function hostKey(qemu: string): Promise<string> {
  const { stdout } = await runProcess([qemu, '--version']);
  const cpu = (await readFile('/proc/cpuinfo', 'utf8').catch(() => '')).match(/^model name.*$/m)?.[0] ?? '';
  return [release(), stdout.split('\n')[0] ?? '', cpu].join(' | ');
}

/** KVM where it works, else emulation. The verdict is kept in a file, for this kernel, QEMU and processor. */
export async function chooseAccelerator(qemu: string, verdictFile: string): Promise<QemuAccelerator> {
  const device = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!device) return 'tcg';
  const host = await hostKey(qemu);
  const kept = await readFile(verdictFile, 'utf8')
    .then((text) => verdictShape.parse(JSON.parse(text)))
    .catch(() => null);
  if (kept?.host === host) return kept.kvm ? 'kvm' : 'tcg';
  const kvm = await boots(qemu);
  await mkdir(dirname(verdictFile), { recursive: true });
  await writeFile(verdictFile, JSON.stringify({ host, kvm }));
  return kvm ? 'kvm' : 'tcg';
}
