/** Which block devices the agent takes for disks, by what it knows each, and what it says that it cannot see. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentRecord, parseRecords } from '../../contract/records.ts';
import { type AgentShell, openShell, whyNoShell } from './shell.ts';

const reason = whyNoShell(['blkid']);
const mib = 2 ** 20;
const bytes = 32 * mib;
const naa = (last: string) => `naa.5000c500a1b2c3${last}`;

describe.skipIf(reason !== null)(`disks${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let shell: AgentShell;
  beforeEach(() => {
    shell = openShell();
  });
  afterEach(() => shell.close());

  const disks = async () => (await shell.run('disks')).out.split('\n').filter(Boolean);
  const find = (name: string) =>
    shell.run(`find_disk '${name}'`).then(({ code, out }) => (code === 0 ? out.trim() : null));
  const described = async (...names: string[]): Promise<AgentRecord['fields'][]> => {
    const { out } = await shell.run(names.map((name) => `describe_disk ${name}`).join('\n'));
    return parseRecords(out).map(({ fields }) => fields);
  };
  const omitted = async () => parseRecords((await shell.run('list_omitted')).out).map(({ fields }) => fields);

  /** A disk at a place of the machine, e.g. `pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0`. */
  function at(place: string, name: string, facts: Record<string, string> = {}, size = bytes): void {
    const own = Object.fromEntries(Object.entries(facts).filter(([path]) => !path.startsWith('device/')));
    shell.disk(name, size, own);
    mkdirSync(join(shell.folder, 'sys/devices', place), { recursive: true });
    shell.link(`sys/block/${name}/device`, `sys/devices/${place}`);
    for (const file of Object.keys(facts).filter((path) => path.startsWith('device/')))
      shell.put(`sys/devices/${place}/${file.slice(7)}`, facts[file] ?? '');
  }
  /** Facts of the SCSI device, at its own place. */
  function scsi(place: string, name: string, serial: string, facts: Record<string, string> = {}): void {
    at(place, name, {});
    shell.put(`sys/devices/${place}/vpd_pg80`, Buffer.from(`\0\x80\0${String.fromCharCode(serial.length)}${serial}`));
    for (const [file, content] of Object.entries(facts)) shell.put(`sys/devices/${place}/${file}`, content);
  }
  const host = (number: number) =>
    `pci0000:00/0000:00:1f.2/ata${number}/host${number}/target${number}:0:0/${number}:0:0:0`;
  const sas = (number: number) =>
    `pci0000:3a/0000:3b:00.0/host0/port-0:${number}/end_device-0:${number}/target0:0:${number}/0:0:${number}:0`;

  describe('B-2: what is left out is left out by its kind', () => {
    it('B-2: a CF card on AHCI and a volume of a RAID driver are disks although they are called removable', async () => {
      at(host(1), 'sda', { removable: '1' });
      at('pci0000:17/0000:18:00.0/host7/target7:2:0/7:2:0:0', 'sdb', { removable: '1' });
      at('pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:0001', 'mmcblk0', { removable: '1' });
      expect(await disks()).toEqual(['mmcblk0', 'sda', 'sdb']);
    });

    it('B-2: USB, optical drives, floppies and what the kernel made up are none', async () => {
      at('pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/host9/target9:0:0/9:0:0:0', 'sdb', { removable: '1' });
      at('pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host10/target10:0:0/10:0:0:0', 'sdc', { removable: '0' });
      at(host(2), 'sr0', { removable: '1' });
      at(host(3), 'sdd', { 'device/type': '5' });
      at('platform/floppy.0', 'fd0', { removable: '1' });
      for (const name of ['loop0', 'ram0', 'dm-0', 'zram0', 'md127', 'nbd0']) shell.disk(name, bytes);
      at(host(4), 'sda');
      expect(await disks()).toEqual(['sda']);
    });

    it('B-2: what is left out is told with its reason; what the kernel made up is not', async () => {
      at('pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/host9/target9:0:0/9:0:0:0', 'sdb', { removable: '1' });
      at(host(2), 'sr0', { removable: '1' });
      shell.disk('loop0', bytes);
      expect(await omitted()).toEqual([
        { name: 'sdb', what: 'disk', reason: expect.stringMatching(/USB/), unproven: '0' },
        { name: 'sr0', what: 'disk', reason: expect.stringMatching(/optical/), unproven: '0' },
      ]);
    });

    it('B-2: a disk whose size cannot be read is told, and nothing about it is proven; an empty reader is neither', async () => {
      at(host(1), 'sda', { size: '0' });
      at('pci0000:00/0000:00:1a.0/host3/target3:0:0/3:0:0:0', 'sdb', { size: '0', removable: '1' });
      expect(await disks()).toEqual([]);
      expect(await omitted()).toEqual([
        { name: 'sda', what: 'disk', reason: expect.stringMatching(/size/), unproven: '1' },
        { name: 'sdb', what: 'disk', reason: expect.stringMatching(/no medium/), unproven: '0' },
      ]);
    });

    function pci(address: string, type: string, driver: boolean, facts: Record<string, string> = {}): void {
      const own = { class: type, vendor: '0x8086', device: '0x467f', ...facts };
      for (const [file, content] of Object.entries(own)) shell.put(`sys/bus/pci/devices/${address}/${file}`, content);
      if (driver) shell.link(`sys/bus/pci/devices/${address}/driver`, 'sys/bus/pci/drivers/some');
    }

    it('B-2: a storage controller without a driver is told, and nothing is proven', async () => {
      pci('0000:00:1f.2', '0x010601', true);
      pci('0000:00:02.0', '0x030000', false);
      pci('0000:3b:00.0', '0x020000', false);
      pci('0000:00:0e.0', '0x010400', false);
      pci('0000:5e:00.0', '0x010802', false);
      pci('0000:5f:00.0', '0x0c0400', false);
      pci('0000:00:1a.0', '0x080501', false);
      const found = await omitted();
      expect(found.map(({ name }) => name)).toEqual(['0000:00:0e.0', '0000:00:1a.0', '0000:5e:00.0', '0000:5f:00.0']);
      for (const one of found)
        expect(one).toMatchObject({
          what: 'controller',
          id: '8086:467f',
          unproven: '1',
          reason: expect.stringMatching(/driver/),
        });
    });

    it('B-2: NVMe drives that a controller in RAID mode hides behind itself are told', async () => {
      pci('0000:00:17.0', '0x010601', true, { remapped_nvme: '2' });
      pci('0000:00:18.0', '0x010601', true, { remapped_nvme: '0' });
      expect(await omitted()).toEqual([
        expect.objectContaining({ name: '0000:00:17.0', unproven: '1', reason: expect.stringMatching(/2 NVMe/) }),
      ]);
    });
  });

  describe('D-1, B-3: each disk once, under a name that no other has', () => {
    it('D-1: hidden nodes of NVMe multipath are passed over', async () => {
      at('virtual/nvme-subsystem/nvme-subsys0', 'nvme0n1', { wwid: 'eui.0025385b11b0d1a1' });
      at('pci0000:00/0000:00:04.0/nvme/nvme0', 'nvme0c0n1', { hidden: '1' });
      expect(await disks()).toEqual(['nvme0n1']);
      expect(await omitted()).toEqual([]);
    });

    it('B-3: so is that of a drive with two ports, of which one is wired', async () => {
      at('virtual/nvme-subsystem/nvme-subsys2', 'nvme2n1', { 'device/serial': 'NV2' });
      at('pci0000:00/0000:00:05.0/nvme/nvme2', 'nvme2c2n1', { hidden: '1', 'device/serial': 'NV2' });
      expect(await disks()).toEqual(['nvme2n1']);
      expect(await find('NV2')).toBe('nvme2n1');
    });

    it('D-1: two namespaces of one controller are two disks, each with names of its own', async () => {
      const place = 'pci0000:00/0000:00:04.0/nvme/nvme0';
      for (const nsid of ['1', '2'])
        at(place, `nvme0n${nsid}`, {
          nsid,
          wwid: `eui.0025385b11b0d1a${nsid}`,
          eui: `00 25 38 5b 11 b0 d1 a${nsid}`,
          nguid: `00000000-0000-0000-0025-38000000000${nsid}`,
          'device/serial': 'S4Z2NX0M',
        });
      expect(await disks()).toEqual(['nvme0n1', 'nvme0n2']);
      const [one, two] = await described('nvme0n1', 'nvme0n2');
      expect(one).toMatchObject({
        serial: 'S4Z2NX0M',
        wwid: 'eui.0025385b11b0d1a1',
        eui: '0025385b11b0d1a1',
        nguid: '00000000000000000025380000000001',
        nsid: '1',
        transport: 'pcie',
      });
      expect(two?.wwid).toBe('eui.0025385b11b0d1a2');
      expect(await find('eui.0025385b11b0d1a2')).toBe('nvme0n2');
      expect(await find('00000000000000000025380000000001')).toBe('nvme0n1');
      // The serial number names both: acting on either would be acting on any.
      expect(await find('S4Z2NX0M')).toBeNull();
    });

    it('D-1: volumes of a RAID controller that all tell its serial number have names of their own', async () => {
      scsi(sas(1), 'sda', 'RAID1', { wwid: naa('01') });
      scsi(sas(2), 'sdb', 'RAID1', { wwid: naa('02') });
      expect(await disks()).toEqual(['sda', 'sdb']);
      expect(await find(naa('02'))).toBe('sdb');
      expect(await find('RAID1')).toBeNull();
    });

    it('D-1: two paths to one SAS disk are one disk, and the other path is told with it', async () => {
      scsi(sas(1), 'sda', 'ZL1', { wwid: naa('0a'), vendor: 'SEAGATE' });
      scsi(sas(2), 'sdb', 'ZL2', { wwid: naa('0b'), vendor: 'SEAGATE' });
      scsi(sas(3), 'sdc', 'ZL1', { wwid: naa('0a'), vendor: 'SEAGATE' });
      expect(await disks()).toEqual(['sda', 'sdb']);
      expect((await described('sda'))[0]).toMatchObject({ serial: 'ZL1', paths: 'sdc' });
      expect((await described('sdb'))[0]?.paths).toBeUndefined();
      expect(await find('ZL1')).toBe('sda');
      expect(await omitted()).toEqual([]);
    });

    it.each([
      ['SATA disks, which have one port', host, { vendor: 'ATA' }, naa('0a')],
      ['disks whose name is a filler', sas, { vendor: 'X' }, 'naa.5000000000000000'],
      ['disks named by vendor and serial number only', sas, { vendor: 'X' }, 't10.ATA     CHEAP SSD  0001'],
    ] as const)('D-1: two %s are never one, though they tell the same of themselves', async (_, place, facts, wwid) => {
      scsi(place(1), 'sda', 'SAME', { ...facts, wwid });
      scsi(place(2), 'sdb', 'SAME', { ...facts, wwid });
      expect(await disks()).toEqual(['sda', 'sdb']);
      expect(await find('SAME')).toBeNull();
      expect(await find(wwid)).toBeNull();
    });

    it('D-1: two disks of different size are never one', async () => {
      scsi(sas(1), 'sda', 'ZL1', { wwid: naa('0a') });
      scsi(sas(2), 'sdb', 'ZL1', { wwid: naa('0a') });
      shell.put('sys/block/sdb/size', String(bytes / 512 + 8));
      expect(await disks()).toEqual(['sda', 'sdb']);
    });

    it('D-1: two NVMe controllers of one drive without multipath in the kernel are two paths', async () => {
      for (const number of ['0', '1'])
        at(`pci0000:00/0000:0${number}:04.0/nvme/nvme${number}`, `nvme${number}n1`, {
          wwid: 'eui.0025385b11b0d1a1',
          'device/serial': 'DUAL',
          'device/subsysnqn': 'nqn.2014.08.org.nvmexpress:DUAL',
        });
      expect(await disks()).toEqual(['nvme0n1']);
      expect((await described('nvme0n1'))[0]).toMatchObject({ paths: 'nvme1n1' });
    });
  });

  describe('D-3: a disk without a serial number', () => {
    it('D-3: is found by its name while it is the only one', async () => {
      shell.disk('vda', bytes, { serial: 'S1' });
      shell.disk('vdb', bytes);
      expect(await find('no-serial:vdb')).toBe('vdb');
      expect(await find('S1')).toBe('vda');
    });

    it('D-3: is never one that has a serial number, whatever the order is now', async () => {
      scsi(host(1), 'sda', 'WD-1');
      scsi(host(2), 'sdb', '');
      expect(await find('no-serial:sda')).toBeNull();
      expect(await find('no-serial:sdb')).toBe('sdb');
    });

    it('D-3: is refused where two have none, since either may be called by that name after the next start', async () => {
      shell.disk('vda', bytes);
      shell.disk('vdb', bytes);
      expect(await find('no-serial:vda')).toBeNull();
    });

    it.each([
      '0000000000',
      '                ',
      'xxxxxxxx',
      '0x00000000',
      'SN00000000',
      '0123456789',
      'To be filled by O.E.M.',
      'None',
      'N/A',
      '----',
    ])('D-3: "%s" is no serial number', async (filler) => {
      scsi(host(1), 'sda', filler);
      expect(await find('no-serial:sda')).toBe('sda');
      expect((await described('sda'))[0]?.serial).toBeUndefined();
      if (filler.trim()) expect(await find(filler)).toBeNull();
    });

    it.each(['S3Z8NB0K123456', 'WD-WCC4N0123456', '00000001', 'NV1', 'KEEP', '2102311TJX10'])(
      'D-3: "%s" is one',
      async (serial) => {
        scsi(host(1), 'sda', serial);
        expect(await find(serial)).toBe('sda');
      },
    );

    it('D-3: nothing is found by no name at all', async () => {
      shell.disk('vda', bytes);
      for (const name of ['', 'no-serial:', 'no-serial:vd*', '*']) expect(await find(name)).toBeNull();
    });
  });
});
