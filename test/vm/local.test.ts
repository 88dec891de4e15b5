/**
 * Which disk is started: the loaders as they are built, chained by the real iPXE on BIOS and UEFI, on machines whose first
 * disk holds another system. What starts says so on the serial line.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileServer } from '../../boot/files.ts';
import { renderLocal } from '../../boot/render.ts';
import { cacheFolder } from '../../host/cache.ts';
import { ended, runProcess } from '../../sim/vm/process.ts';
import { requireUefi } from '../../sim/vm/tools.ts';
import { talkingSector } from './disk.ts';
import { findMissingTools } from './needs.ts';
import { eventually } from './wait.ts';

const wanted = ['qemu-system-x86_64', 'mke2fs', 'mkfs.fat', 'mcopy', 'grub-mkimage', 'apt-get'];
const files = ['/usr/lib/ipxe/ipxe.lkrn', '/usr/lib/grub/x86_64-efi', '/usr/lib/grub/i386-pc'];
const uefi = await requireUefi().catch(() => null);
const missing = [...(await findMissingTools([...wanted, ...files])), ...(uefi === null ? ['OVMF'] : [])];
const uuid = '4c4c4544-0033-3510-8052-b4c04f4a4d32';
const mib = 2 ** 20;
const limitMs = 240_000;

describe.skipIf(missing.length > 0)(`local boot${missing.length > 0 ? ` (skipped: needs ${missing})` : ''}`, () => {
  let folder: string;
  let server: Server;
  let bootUrl: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farrier-local-'));
    const loaders = fileURLToPath(new URL('../../boot/image/loaders', import.meta.url));
    const built = await runProcess(
      ['env', `FARRIER_CACHE=${cacheFolder(process.env)}`, loaders, '--out', join(folder, 'images')],
      300_000,
    );
    if (built.code !== 0) throw new Error(built.stderr);
    const images = createFileServer(join(folder, 'images'));
    server = createServer((request, response) => {
      const url = request.url ?? '';
      if (url.startsWith('/files/')) return void images.serve(request, response, url.slice('/files/'.length));
      const surroundings = { bootUrl, agentUrl: 'https://h', consoles: [] };
      response.end(renderLocal(surroundings, url.includes('efi') ? 'efi' : 'bios', 'x86_64'));
    }).listen(0, '127.0.0.1');
    await eventually('the server', () => server.listening);
    bootUrl = `http://10.0.2.2:${(server.address() as AddressInfo).port}`;
  }, 360_000);
  afterAll(async () => {
    server?.closeAllConnections();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function must(argv: string[]): Promise<void> {
    const { code, stderr } = await runProcess(argv, 60_000);
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  }

  /** A disk of 64 MiB with one partition of 48 MiB at 1 MiB, whose file system comes from a file. */
  async function disk(name: string, code: Buffer, system: string | null): Promise<string> {
    const path = join(folder, name);
    const handle = await open(path, 'w');
    await handle.truncate(64 * mib);
    const sector = Buffer.concat([code, Buffer.alloc(512)]).subarray(0, 512);
    const type = system?.endsWith('.fat') ? 0xef : 0x83;
    Buffer.from([0x80, 0, 0, 0, type, 0, 0, 0]).copy(sector, 446);
    sector.writeUInt32LE(2048, 454);
    sector.writeUInt32LE(48 * 2048, 458);
    sector.writeUInt16LE(0xaa55, 510);
    await handle.write(sector, 0, 512, 0);
    const bytes = system === null ? Buffer.alloc(0) : await readFile(system);
    await handle.write(bytes, 0, bytes.length, mib);
    await handle.close();
    return path;
  }

  async function start(argv: string[], until: (text: string) => boolean): Promise<string> {
    const log = join(folder, `serial-${Math.random()}`);
    await writeFile(log, '');
    const common = ['-accel', 'tcg,thread=single', '-m', '256', '-display', 'none', '-nodefaults', '-uuid', uuid];
    const machine: ChildProcess = spawn('qemu-system-x86_64', [...common, ...argv, '-serial', `file:${log}`]);
    const read = async () => (await readFile(log)).toString('latin1');
    try {
      return await eventually('what starts', async () => ((text) => until(text) && text)(await read()), limitMs);
    } catch (error) {
      throw new Error(`${error}; the serial line: ${(await read()).slice(-2000)}`);
    } finally {
      machine.kill('SIGKILL');
      await ended(machine, 10_000);
    }
  }
  const drives = (paths: string[]) =>
    paths.flatMap((path, index) => [
      '-drive',
      `if=none,id=d${index},format=raw,file=${path}`,
      '-device',
      `virtio-blk-pci,drive=d${index},bootindex=${index + 1}`,
    ]);

  describe('on BIOS', () => {
    async function boot(paths: string[], until: (text: string) => boolean): Promise<string> {
      const script = join(folder, 'bios.ipxe');
      await writeFile(script, `#!ipxe\ndhcp\nchain ${bootUrl}/boot.ipxe?platform=pcbios\n`);
      const loader = ['-kernel', '/usr/lib/ipxe/ipxe.lkrn', '-initrd', script, '-machine', 'pc,graphics=off'];
      return start(
        [...loader, '-netdev', 'user,id=n', '-device', 'virtio-net-pci,netdev=n,romfile=', ...drives(paths)],
        until,
      );
    }
    async function systemOf(name: string): Promise<string> {
      const tree = join(folder, `tree-${name}`);
      await mkdir(join(tree, 'farrier'), { recursive: true });
      await writeFile(join(tree, 'farrier', name), '');
      const path = join(folder, `${name}.ext4`);
      await must(['mke2fs', '-q', '-F', '-t', 'ext4', '-O', '^64bit,^metadata_csum', '-d', tree, path, '48M']);
      return path;
    }

    it('B-5: starts the disk that was installed for this machine, not the first', {
      timeout: limitMs + 60_000,
    }, async () => {
      const old = await disk('old', talkingSector('the old system runs'), null);
      const other = await disk(
        'other',
        talkingSector('a foreign system runs'),
        await systemOf('9c4c4544-0033-3510-8052-b4c04f4a4d32'),
      );
      const own = await disk('own', talkingSector('its own system runs'), await systemOf(uuid));
      const said = await boot([old, other, own], (text) => / runs/.test(text));
      expect(said).toContain('its own system runs');
    });

    it('B-5: reboots when none is, and waits at no prompt', { timeout: limitMs + 60_000 }, async () => {
      const old = await disk('old', talkingSector('the old system runs'), null);
      const starts = (text: string) => text.split('iPXE initialising devices').length - 1;
      const said = await boot([old], (text) => / runs/.test(text) || starts(text) >= 2);
      expect(said).not.toContain('the old system runs');
    });
  });

  it('B-5: on UEFI starts the disk that was installed for this machine, not the first', {
    timeout: limitMs + 60_000,
  }, async () => {
    async function systemOf(name: string, words: string): Promise<string> {
      const path = join(folder, `${name}.fat`);
      const config = join(folder, `${name}.cfg`);
      const program = join(folder, `${name}.efi`);
      await writeFile(config, `serial --unit=0\nterminal_output serial\necho ${words}\nsleep 600\n`);
      await must([
        'grub-mkimage',
        '-O',
        'x86_64-efi',
        '-p',
        '/x',
        '-c',
        config,
        '-o',
        program,
        'serial',
        'terminal',
        'echo',
        'sleep',
      ]);
      await must(['mkfs.fat', '-F', '16', '-C', path, String(48 * 1024)]);
      await must(['mmd', '-i', path, '::/EFI', '::/EFI/BOOT', '::/farrier']);
      await must(['mcopy', '-i', path, program, '::/EFI/BOOT/BOOTX64.EFI']);
      await must(['mcopy', '-i', path, config, `::/farrier/${name}`]);
      return path;
    }
    const none = Buffer.alloc(440);
    const old = await disk('old', none, await systemOf('old', 'the old system runs'));
    const own = await disk('own', none, await systemOf(uuid, 'its own system runs'));
    // In iPXE's place a disk that the firmware starts first, with the loader that iPXE would chain.
    const loader = join(folder, 'loader.fat');
    await must(['mkfs.fat', '-F', '16', '-C', loader, String(48 * 1024)]);
    await must(['mmd', '-i', loader, '::/EFI', '::/EFI/BOOT']);
    await must(['mcopy', '-i', loader, join(folder, 'images/boot/local.efi'), '::/EFI/BOOT/BOOTX64.EFI']);
    const first = await disk('loader', none, loader);
    const vars = join(folder, 'vars.fd');
    await copyFile(uefi?.vars ?? '', vars);
    const flash = [
      '-drive',
      `if=pflash,format=raw,readonly=on,file=${uefi?.code}`,
      '-drive',
      `if=pflash,format=raw,file=${vars}`,
    ];
    const said = await start(['-machine', 'q35,smm=off', ...flash, ...drives([first, old, own])], (text) =>
      / runs/.test(text),
    );
    expect(said).toContain('its own system runs');
  });
});
