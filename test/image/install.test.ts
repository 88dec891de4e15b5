/** What the agent lays out for firmware, and what it reads of firmware: played against made-up machines. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatRecords, parseRecords } from '../../contract/records.ts';
import { type AgentShell, openShell, whyNoShell } from './shell.ts';

const reason = whyNoShell(['blkid', 'sfdisk', 'mkfs.fat']);
const mib = 2 ** 20;
const mark = '3f0c6a52-0f4e-4be5-8d0a-1f2e3d4c5b6a';
const uuid = '4C4C4544-0033-3510-8052-B4C04F4A4D32';

describe.skipIf(reason !== null)(`installing${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let shell: AgentShell;
  beforeEach(() => {
    shell = openShell();
    const fields = { seq: '1', do: 'install', boot_mib: '256', root_mib: 'rest', mark };
    shell.put('run/directive', formatRecords([{ kind: 'directive', fields }]));
  });
  afterEach(() => shell.close());
  const on = (firmware: 'bios' | 'uefi', script: string) =>
    shell.run(
      `wait_for() { :; }; firmware() { echo ${firmware}; }; disk=sda disk_name='sda (serial S)' keystore=none; ${script}`,
    );

  describe('B-4: a disk with blocks of 4096 bytes', () => {
    const partition = (firmware: 'bios' | 'uefi', block: string) => {
      shell.disk('sda', 2048 * mib, { 'queue/logical_block_size': block });
      return on(firmware, 'partition && echo "$boot_mib"');
    };

    it('B-4: gets a system partition that FAT32 can be made in', async () => {
      expect((await partition('uefi', '4096')).out.trim()).toBe('512');
    });

    it('B-4: gets no other where blocks have 512 bytes', async () => {
      expect((await partition('uefi', '512')).out.trim()).toBe('256');
    });

    it('B-4: is refused by a BIOS with a sentence, before anything is written', async () => {
      const file = shell.disk('sda', 64 * mib, { 'queue/logical_block_size': '4096' });
      writeFileSync(file, Buffer.alloc(64 * mib, 'words '));
      const { code, told } = await on('bios', 'partition');
      expect(code).not.toBe(0);
      expect(told).toEqual([
        expect.stringMatching(/^step=partition state=failed device=sda \(serial S\) message=.*4096.*BIOS/),
      ]);
      expect(readFileSync(file).every((byte, at) => byte === Buffer.from('words ')[at % 6])).toBe(true);
    });

    it('B-4: a file system of which mkfs.fat warns is none', async () => {
      const small = shell.disk('small', 8 * mib);
      const { code, out } = await on('uefi', 'make_fat /dev/small');
      expect(code).not.toBe(0);
      expect(out).toMatch(/warning/i);
      expect(small).toBeTruthy();
      shell.disk('large', 512 * mib);
      expect((await on('uefi', 'make_fat /dev/large')).code).toBe(0);
    });
  });

  describe('B-5: the disk that is started', () => {
    const activate = (firmware: 'bios' | 'uefi') => {
      for (const folder of ['mnt/boot/EFI/BOOT', 'usr/share/boot'])
        mkdirSync(join(shell.folder, folder), { recursive: true });
      for (const file of ['systemd-bootx64.efi', 'mbr.bin'])
        shell.put(`usr/share/boot/${file}`, Buffer.alloc(440, 'code'));
      return on(firmware, `size_mib=64; write_mark sda ${mark}; activate`);
    };
    const markers = () => readdirSync(join(shell.folder, 'mnt/boot/farrier')).toSorted();

    it.each(['bios', 'uefi'] as const)(
      'B-5: carries the name of its machine, in both orders that firmware may tell it in (%s)',
      async (firmware) => {
        shell.disk('sda', 64 * mib);
        shell.put('sys/class/dmi/id/product_uuid', uuid);
        expect((await activate(firmware)).code).toBe(0);
        expect(markers()).toEqual(['44454c4c-3300-1035-8052-b4c04f4a4d32', '4c4c4544-0033-3510-8052-b4c04f4a4d32']);
      },
    );

    it.each(['', 'not a uuid', '../../etc'])(
      'B-5: carries a name that all have where firmware tells none: %j',
      async (reported) => {
        shell.disk('sda', 64 * mib);
        shell.put('sys/class/dmi/id/product_uuid', reported);
        expect((await activate('uefi')).code).toBe(0);
        expect(markers()).toEqual(['installed']);
      },
    );

    it('B-5: is the last one that was installed: an earlier disk of the same machine is not started any more', async () => {
      shell.disk('sda', 64 * mib);
      shell.put('sys/class/dmi/id/product_uuid', uuid);
      const old = shell.disk('sdb', 64 * mib, { serial: 'OLD' });
      const first = shell.disk('sdb1', 8 * mib, { size: '0' });
      const foreign = shell.disk('sdc', 64 * mib, { serial: 'OTHER' });
      for (const file of [old, first, foreign]) writeFileSync(file, Buffer.alloc(8 * mib, 'old system '));
      await on('bios', `write_mark sdb ${mark}; write_mark sdc ${mark.replace('3f', '4f')}`);
      const before = readFileSync(foreign);
      expect((await activate('bios')).code).toBe(0);
      expect(
        readFileSync(old)
          .subarray(0, 440)
          .every((byte) => byte === 0),
      ).toBe(true);
      expect(
        readFileSync(first)
          .subarray(0, mib)
          .every((byte) => byte === 0),
      ).toBe(true);
      expect(readFileSync(foreign).equals(before)).toBe(true);
      const { out } = await on(
        'bios',
        `root_mark=${mark}; find_marked && echo "$marked"; read_mark sdb; read_mark sda`,
      );
      // Still known as ours, so that it may be wiped unasked.
      expect(out.split('\n')).toEqual(['sda', mark, mark, '']);
    });
  });

  it.each([
    ['', 'auto mac/52:54:00:00:00:01=farrier', 'iface farrier inet static'],
    ['/bin/busybox', 'auto eth3', 'iface eth3 inet static'],
  ])('B-11: the installed system finds its NIC by MAC, whatever it calls it (ifup: %j)', async (ifup, auto, iface) => {
    if (ifup) {
      mkdirSync(join(shell.folder, 'mnt/sbin'), { recursive: true });
      await shell.run(`ln -s ${ifup} "$HERE/mnt/sbin/ifup"`);
    }
    await on(
      'uefi',
      `mac=52:54:00:00:00:01 boot_if=eth3 address=10.1.0.7/16 gateway=10.1.0.1 dns=10.1.0.2; write_network`,
    );
    const lines = readFileSync(join(shell.folder, 'mnt/etc/network/interfaces'), 'utf8').split('\n');
    expect(lines).toEqual(expect.arrayContaining([auto, iface, '  address 10.1.0.7/16', '  gateway 10.1.0.1']));
    expect(existsSync(join(shell.folder, 'mnt/etc/systemd/network/10-farrier.network'))).toBe(true);
  });

  it('N-5: so does one with a gateway outside of its network', async () => {
    await on('uefi', `mac=52:54:00:00:00:01 boot_if=eth3 address=10.1.0.7/32 gateway=10.9.0.1 dns=; write_network`);
    const text = readFileSync(join(shell.folder, 'mnt/etc/network/interfaces'), 'utf8');
    expect(text).toContain('up ip route replace 10.9.0.1/32 dev $IFACE');
    expect(text).not.toContain('  gateway');
    const networkd = readFileSync(join(shell.folder, 'mnt/etc/systemd/network/10-farrier.network'), 'utf8');
    expect(networkd).toContain('[Route]\nGateway=10.9.0.1\nGatewayOnLink=yes');
  });

  const device = (...lines: string[]) => ['Memory Device', ...lines.map((line) => `\t${line}`), ''].join('\n');
  const dimms = async (...devices: string[]) => {
    shell.put('dimms', devices.join('\n'));
    const { out } = await shell.run('dmidecode() { cat "$HERE/dimms"; }; list_dimms');
    return parseRecords(out).map(({ fields }) => fields);
  };

  it('B-11: a bar or a colon in a part number shifts no field', async () => {
    const found = await dimms(
      device(
        'Size: 16 GB',
        'Locator: A1|x',
        'Type: DDR4',
        'Speed: 3200 MT/s',
        'Serial Number: 12|34:5',
        'Part Number: M393|A2: K40',
      ),
      device('Size: 16 GB', 'Locator: A2', 'Type: DDR4', 'Part Number: P2'),
    );
    expect(found).toEqual([
      { slot: 'A1|x', mib: '16384', serial: '12|34:5', part: 'M393|A2: K40', speed: '3200' },
      { slot: 'A2', mib: '16384', part: 'P2' },
    ]);
  });

  it.each([
    ['flash', ['Type: Flash']],
    ['a ROM', ['Type: EEPROM']],
    ['a logical device of persistent memory', ['Type: Logical non-volatile device']],
    ['persistent memory in a DDR4 slot', ['Type: DDR4', 'Memory Technology: Intel Optane persistent memory']],
    ['a DIMM that keeps what it holds', ['Type: DDR4', 'Memory Technology: NVDIMM-N']],
  ])('I-9: %s is no DIMM', async (_, lines) => {
    expect(await dimms(device('Size: 16 MB', 'Locator: SYSTEM ROM', ...lines))).toEqual([]);
  });

  it.each(['DDR5', 'DDR4', 'RAM', 'SDRAM', 'DRAM', 'LPDDR4', 'HBM2', 'Unknown', 'Other'])(
    'I-9: memory of the type %s is one',
    async (type) => {
      const lines = ['Size: 8 GB', 'Locator: A1', `Type: ${type}`, 'Memory Technology: DRAM'];
      expect(await dimms(device(...lines))).toEqual([{ slot: 'A1', mib: '8192' }]);
    },
  );
});
