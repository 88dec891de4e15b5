/** What the agent calls blank, and what is left after it wiped: on sparse disks with remains of others at their ends. */
import { closeSync, mkdirSync, openSync, readSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatRecords } from '../../contract/records.ts';
import { type AgentShell, noise, openShell, whyNoShell } from './shell.ts';

const reason = whyNoShell(['blkid', 'sfdisk']);
const mib = 2 ** 20;
/** A disk of a terabyte as they are sold: 745,472 bytes behind its last whole MiB. */
const terabyte = 1_000_204_886_016;

interface Remains {
  /** Byte at which they begin; below zero from the end. */
  readonly at: (bytes: number) => number;
  readonly what: Buffer;
  readonly named?: string;
}

const last = (sectors: number) => (bytes: number) => bytes - sectors * 512;
const words = (text: string, length = 512) =>
  Buffer.concat([Buffer.from(text, 'latin1'), noise(length)]).subarray(0, length);
const md = Buffer.concat([Buffer.from('fc4e2ba9010000000000000000000000', 'hex'), noise(240)]);
// The last two labels of ZFS are in the last 512 KiB that are whole; the first uberblock is 128 KiB into a label.
const zfsLabel = (bytes: number) => bytes - (bytes % (256 * 1024)) - 256 * 1024;

const remains: Readonly<Record<string, Remains>> = {
  'a DDF anchor': { at: last(1), what: words('\xde\x11\xde\x11') },
  'an md 1.0 superblock of a spare': { at: (bytes) => Math.floor(bytes / 4096) * 4096 - 8192, what: md },
  'a ZFS label': { at: (bytes) => zfsLabel(bytes) + 128 * 1024, what: words('\x0c\xb1\xba\x00\x00\x00\x00\x00') },
  'an IMSM anchor': { at: last(2), what: words('Intel Raid ISM Cfg Sig. 1.1.00') },
  'a backup GPT': { at: last(1), what: words('EFI PART\x00\x00\x01\x00'), named: 'gpt' },
  'a backup GPT of a 4Kn disk': { at: last(8), what: words('EFI PART\x00\x00\x01\x00'), named: 'gpt' },
  "another controller's configuration": { at: last(63), what: words('$XIDE$') },
  'one byte at the very end': { at: (bytes) => bytes - 1, what: Buffer.from('x') },
  'half a sector of words 5 MiB before the end': { at: (bytes) => bytes - 5 * mib, what: words('what', 256) },
  'an LVM label': { at: () => 512, what: words('LABELONE\x01') },
  'the second header of LUKS2': { at: () => 16_384, what: words('SKUL\xba\xbe\x00\x02', 4096) },
  'the second header of LUKS2 behind a large first': { at: () => 4 * mib, what: words('SKUL\xba\xbe\x00\x02', 4096) },
  'a bcache superblock': { at: () => 4096, what: words('\xc6\x85\x73\xf6\x4e\x1a\x45\xca') },
  'an ext4 file system whose table was wiped': { at: () => mib + 1080, what: words('\x53\xef') },
  'the second superblock of btrfs': {
    at: () => 64 * mib,
    what: Buffer.concat([noise(64), Buffer.from('_BHRfS_M')]),
    named: 'btrfs',
  },
};

describe.skipIf(reason !== null)(`what is on a disk${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let shell: AgentShell;
  beforeEach(() => {
    shell = openShell();
  });
  afterEach(() => shell.close());

  function leave(file: string, { at, what }: Remains): void {
    const handle = openSync(file, 'r+');
    writeSync(handle, what, 0, what.length, at(statSync(file).size));
    closeSync(handle);
  }
  const contentOf = async (name: string) => (await shell.run(`content_of ${name}`)).out.trim();

  it('D-2: nothing at all is blank', async () => {
    shell.disk('sda', terabyte);
    expect(await contentOf('sda')).toBe('blank');
  });

  it('D-2: what flash looks like after an erase is blank too', async () => {
    writeFileSync(shell.disk('sda', 24 * mib), Buffer.alloc(24 * mib, 0xff));
    expect(await contentOf('sda')).toBe('blank');
  });

  it.each(Object.keys(remains))('D-2: %s is not blank', async (name) => {
    const left = remains[name] as Remains;
    leave(shell.disk('sda', terabyte), left);
    const found = await contentOf('sda');
    expect(found).toMatch(/^[a-zA-Z0-9._+-]{1,64}$/);
    expect(found).not.toBe('blank');
    if (left.named) expect(found).toBe(left.named);
  });

  it.each([
    ['that is not there', () => rmSync(join(shell.folder, 'dev/sda'))],
    [
      'that cannot be read',
      () => {
        rmSync(join(shell.folder, 'dev/sda'));
        mkdirSync(join(shell.folder, 'dev/sda'));
      },
    ],
    ['that is shorter than it says', () => shell.put('sys/block/sda/size', String(terabyte / 512 + 8))],
  ])('D-2: a disk %s is not blank', async (_, harm) => {
    shell.disk('sda', terabyte);
    harm();
    expect(await contentOf('sda')).toBe('unreadable');
  });

  it('D-2: a disk is not blank when the second look at it fails or cannot decide', async () => {
    shell.disk('sda', terabyte);
    for (const said of ['echo odd >&2; return 2', 'return 8', 'return 1', 'echo odd']) {
      const { out } = await shell.run(`blkid() { ${said}; }; content_of sda`);
      expect(out.trim()).toBe('unknown');
    }
  });

  const odd = 64 * mib + 24 * 1024;

  async function partitioned(firmware: 'bios' | 'uefi') {
    const fields = {
      seq: '1',
      do: 'install',
      boot_mib: '16',
      root_mib: 'rest',
      mark: '3f0c6a52-0f4e-4be5-8d0a-1f2e3d4c5b6a',
    };
    shell.put('run/directive', formatRecords([{ kind: 'directive', fields }]));
    return shell.run(
      `wait_for() { :; }; firmware() { echo ${firmware}; }; disk=sda disk_name=sda keystore=none; partition`,
    );
  }

  it.each(Object.keys(remains).filter((name) => !name.includes('btrfs')))(
    'B-6: after partitioning for BIOS, %s is gone',
    async (name) => {
      const left = remains[name] as Remains;
      const file = shell.disk('sda', odd);
      leave(file, left);
      const { code, told } = await partitioned('bios');
      expect({ code, told }).toEqual({ code: 0, told: ['step=partition state=done device=sda message='] });
      const at = left.at(odd);
      // The new table and the mark are at the start; nothing of what was there may be.
      const handle = openSync(file, 'r');
      const found = Buffer.alloc(left.what.length);
      readSync(handle, found, 0, found.length, at);
      closeSync(handle);
      expect(found.includes(left.what.subarray(0, 8))).toBe(false);
      if (at > mib) expect(found.every((byte) => byte === 0)).toBe(true);
    },
  );

  it('B-6: a disk on which something is left although it was wiped is not partitioned', async () => {
    shell.disk('sda', odd);
    const { code, told } =
      await shell.run(`wait_for() { :; }; firmware() { echo bios; }; disk=sda disk_name=sda keystore=none
      blkid() { echo TYPE=ddf_raid_member; }; partition`);
    expect(code).not.toBe(0);
    expect(told.at(-1)).toMatch(/^step=partition state=failed device=sda message=.*still/);
  });

  it('D-2: the ends that an erase leaves are blank to the last byte, whatever the method left there', async () => {
    const file = shell.disk('sda', odd);
    writeFileSync(file, Buffer.alloc(odd, 'what the old owner left '));
    const { code, out, err } = await shell.run(`disk=sda device=/dev/sda; blank_ends && content_of sda`);
    expect({ code, err, out: out.trim() }).toEqual({ code: 0, err: '', out: 'blank' });
  });
});
