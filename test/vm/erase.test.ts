/**
 * The agent erases real (emulated) disks: an NVMe, a SATA and a virtio one, and leaves a fourth that is not listed. The
 * image is booted by QEMU itself, and test/image/play.ts gives the directives.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../host/cache.ts';
import { ended, runProcess } from '../../sim/vm/process.ts';
import { findMissingTools } from './needs.ts';
import { eventually } from './wait.ts';

const missing = await findMissingTools([
  'qemu-system-x86_64',
  'apt-cache',
  'cpio',
  'musl-gcc',
  '/usr/include/bearssl.h',
]);
const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const mac = '52:54:00:12:34:56';
const words = 'what the old owner left';
const mib = 1024 * 1024;
const bytes = 64 * mib;

/** Raw disks with words in every MiB, and at the end. */
const serials = ['NV1', 'AT1', 'VB1', 'KEEP', 'TWO', 'CARD'] as const;

/** Hardware that not every machine has: two ports of which one is wired, a disk that is called removable, no driver. */
const odd = [
  ...['-device', 'nvme-subsys,id=sub', '-device', 'nvme,id=two,subsys=sub,serial=TWO'],
  ...['-device', 'nvme-ns,drive=TWO,bus=two,nsid=1'],
  ...['-device', 'virtio-scsi-pci,id=vs', '-device', 'scsi-hd,bus=vs.0,drive=CARD,serial=CARD,removable=on'],
  ...['-device', 'lsi53c895a'],
  // What management a server has: a controller behind IPMI, and the watchdog of its chipset.
  ...['-device', 'ipmi-bmc-sim,id=bmc', '-device', 'isa-ipmi-kcs,bmc=bmc', '-global', 'ICH9-LPC.noreboot=false'],
];

function old(): Buffer {
  const disk = Buffer.alloc(bytes);
  for (let place = 0; place < bytes; place += mib) disk.write(words, place);
  disk.write(words, bytes - 4096);
  return disk;
}

function qemu(folder: string, ports: { api: string; files: string }): ChildProcess {
  const drive = (serial: string) => [
    '-drive',
    `if=none,id=${serial},format=raw,file=${join(folder, serial)},cache=unsafe`,
  ];
  const server = 'farrier.token=ttttttttttttttttttttttttttttttttttttttttttt farrier.fast=1 farrier.lldp=1';
  const url = `farrier.url=https://10.0.2.2:${ports.api} farrier.files=http://10.0.2.2:${ports.files} farrier.mac=${mac}`;
  return spawn('qemu-system-x86_64', [
    ...['-machine', 'q35', '-accel', 'tcg,thread=single', '-cpu', 'max', '-m', '768'],
    ...['-display', 'none', '-nodefaults', '-no-reboot', '-device', 'virtio-rng-pci'],
    ...['-kernel', join(folder, 'boot/vmlinuz'), '-initrd', join(folder, 'boot/initrd')],
    ...['-append', `console=ttyS0 quiet ${url} ${server}`, '-serial', `file:${join(folder, 'serial.log')}`],
    ...['-netdev', 'user,id=n', '-device', `virtio-net-pci,netdev=n,mac=${mac},romfile=`],
    ...serials.flatMap(drive),
    ...['-device', 'nvme,drive=NV1,serial=NV1', '-device', 'ide-hd,drive=AT1,serial=AT1,bus=ide.0'],
    ...['-device', 'virtio-blk-pci,drive=VB1,serial=VB1', '-device', 'virtio-blk-pci,drive=KEEP,serial=KEEP'],
    ...odd,
  ]);
}

describe.skipIf(missing.length > 0)(
  `erasing emulated disks${missing.length > 0 ? ` (skipped: needs ${missing})` : ''}`,
  () => {
    let folder: string;
    let reported: string[] = [];
    const disk = (serial: string) => readFile(join(folder, serial));
    const of = (serial: string, state: string) =>
      reported.filter((line) => line.includes(`serial=${serial} `) && line.includes(`state=${state}`));

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'farrier-erase-vm-'));
      await mkdir(join(folder, 'boot'));
      const variables = ['env', `FARRIER_CACHE=${cacheFolder(process.env)}`];
      const built = await runProcess(
        [...variables, at('boot/image/build'), '--profile', 'stock', '--out', folder],
        15 * 60_000,
      );
      if (built.code !== 0) throw new Error(built.stderr);
      await copyFile(join(folder, 'vmlinuz'), join(folder, 'boot/vmlinuz'));
      await copyFile(join(folder, 'initrd'), join(folder, 'boot/initrd.base'));
      for (const serial of serials) await writeFile(join(folder, serial), old());
      await writeFile(join(folder, 'none.tar.gz'), '');
      reported = await play(folder, [
        'erase=VB1:overwrite,AT1:ata-secure-erase,NV1:nvme-sanitize',
        'erase=NV1:nvme-format,AT1:filesystems,VB1:overwrite',
      ]);
    }, 30 * 60_000);
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const inventory = (kind: string) => {
      const from = reported.findIndex((line) => / inventory system /.test(line));
      return reported.slice(from, from + 60).filter((line) => line.trim().startsWith(`${kind} `));
    };

    it('B-2, B-3: finds every disk once, whatever it is called or how many ports it has', () => {
      const found = inventory('disk').map((line) => /serial=(\w+)/.exec(line)?.[1]);
      expect(found.toSorted()).toEqual([...serials].toSorted());
      expect(inventory('disk').find((line) => line.includes('serial=TWO'))).toMatch(/ wwid=(eui|uuid|nvme)\./);
    });

    it('B-2: tells of the storage controller that it has no driver for', () => {
      const [only, ...more] = inventory('omitted').filter((line) => line.includes('what=controller'));
      expect(only).toMatch(/id=1000:0012 .*driver.* unproven=1/);
      expect(more).toEqual([]);
    });

    it("B-8: has the chipset's watchdog, and a way to the controller", () => {
      expect(inventory('watchdog').join()).toContain('name=iTCO_wdt');
      expect(reported.some((line) => /step name=watchdog state=done .*device=iTCO_wdt/.test(line))).toBe(true);
      expect(inventory('bmc').join()).toMatch(/bmc ipmi=2\.0/);
    });

    it('asks all first: what QEMU has not is refused, and nothing was begun', () => {
      const first = reported.slice(
        0,
        reported.findIndex((line) => line.includes('name=erase state=failed')),
      );
      expect(of('AT1', 'refused')[0]).toContain('no%20security%20feature%20set');
      expect(of('NV1', 'refused')[0]).toContain('knows%20no%20Sanitize');
      expect(first.filter((line) => line.includes('state=begun'))).toEqual([]);
    });

    it('formats the NVMe and overwrites the virtio disk: no word is left', async () => {
      expect(of('NV1', 'done')[0]).toContain('secure%20erase%20setting');
      for (const serial of ['NV1', 'VB1']) {
        expect(of(serial, 'done')[0]).toMatch(/sampled=16 survived=0 blank=16/);
        expect((await disk(serial)).every((byte) => byte === 0)).toBe(true);
      }
    });

    it('only re-makes file systems where it is asked to: what they held can be dug up', async () => {
      expect(of('AT1', 'done')[0]).toContain('can%20still%20be%20dug%20up');
      const left = await disk('AT1');
      expect(left.subarray(0, mib).every((byte) => byte === 0)).toBe(true);
      expect(left.includes(words)).toBe(true);
    });

    it('does not touch a disk that is not listed', async () => {
      expect((await disk('KEEP')).equals(old())).toBe(true);
    });
  },
);

/** Boots the image, and lets it go when the last directive is done; all that the agent reported. */
async function play(folder: string, directives: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  const server = spawn(process.execPath, [at('test/image/play.ts'), folder, 'none.tar.gz', ...directives]);
  createInterface(server.stdout).on('line', (line) => lines.push(line));
  let machine: ChildProcess | null = null;
  try {
    const ready = await eventually('the servers', () => lines.find((line) => / api \d+ files \d+/.test(line)));
    const [, api = '', files = ''] = / api (\d+) files (\d+)/.exec(ready) ?? [];
    machine = qemu(folder, { api, files });
    await eventually(
      'the end of the erase',
      () => lines.some((line) => line.includes('name=erase state=done')),
      600_000,
    );
    return lines;
  } finally {
    for (const child of [machine, server]) {
      child?.kill('SIGKILL');
      if (child) await ended(child, 10_000);
    }
  }
}
