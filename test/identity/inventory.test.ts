/** What an inventory may hold that is odd, shared or moved, and what is taken of it. */
import { and, eq, ne } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it, describe as suite } from 'vitest';
import {
  accelerators,
  audit,
  bmcs,
  cpus,
  dimms,
  disks,
  expectedBmcs,
  machines,
  nics,
  orders,
  outbox,
} from '../../mdb/schema.ts';
import {
  type AgentServer,
  type Born,
  bear,
  describe,
  giveToken,
  open,
  recordLine,
  startAgentServer,
} from '../api/agents.ts';
import { writeSite } from '../support/site.ts';

let server: AgentServer;
beforeAll(async () => {
  server = await startAgentServer();
  await writeSite(server.mdb);
});
afterAll(() => server?.close());

const rowOf = async ({ machineId }: Born) =>
  (await server.mdb.select().from(machines).where(eq(machines.id, machineId)))[0];
const nicsOf = async ({ machineId }: Born) =>
  (await server.mdb.select().from(nics).where(eq(nics.machineId, machineId)).orderBy(nics.mac)).map(({ mac }) => mac);
const disksOf = async ({ machineId }: Born) =>
  (await server.mdb.select().from(disks).where(eq(disks.machineId, machineId)).orderBy(disks.name)).map(
    ({ serial, name }) => [name, serial],
  );
const post = async (born: Born, change: Record<string, string> = {}, session?: string) =>
  server.ask('POST', '/agent/inventory', session ?? (await open(server, born)), describe(born, change));
const nic = (name: string, mac: string, more: Record<string, string | number> = {}) =>
  recordLine('nic', { name, mac, ...more });
const taken = { status: 200 };
const audited = async (born: Born, action: string) =>
  (
    await server.mdb
      .select()
      .from(audit)
      .where(and(eq(audit.machineId, born.machineId), eq(audit.action, action)))
  ).length;

suite('I-8: a card that is odd is left out and reported, and the rest is taken', () => {
  it.each([
    ['a MAC of zeros', () => nic('eth1', '00:00:00:00:00:00')],
    ['a MAC of eight octets', () => nic('ib0', '00:11:22:33:44:55:66:77')],
    ['no MAC', () => 'nic name=eth1\n'],
    ['an empty MAC', () => 'nic name=eth1 mac=\n'],
    ['a MAC of letters', () => nic('eth1', '52:54:00:zz:00:01')],
    ['a multicast MAC', () => nic('eth1', '01:00:5e:00:00:01')],
    ['the MAC of another card', (mac: string) => nic('bond0', mac.toUpperCase())],
    ['no name', () => 'nic mac=52:54:00:ee:00:01\n'],
    ['a value that cannot be decoded', () => 'nic name=eth1 mac=52:54:00:ee:00:02 driver=%zz\n'],
  ])('%s', async (_what, odd) => {
    const born = await bear(server.mdb);
    const cards = nic('eth0', born.mac, { driver: 'ixgbe' }) + odd(born.mac);
    expect(await post(born, { nic: cards })).toMatchObject(taken);
    expect(await nicsOf(born)).toEqual([born.mac]);
    const row = await rowOf(born);
    expect(row?.held).toBeNull();
    expect(row?.remarks).toEqual([expect.stringMatching(/left out/)]);
    // A sound inventory later has nothing to tell.
    expect(await post(born, {}, await open(server, { ...born, token: await again(born) }))).toMatchObject(taken);
    expect((await rowOf(born))?.remarks).toEqual([]);
  });

  it('of two cards with one MAC, the one that heard the switch is kept', async () => {
    const born = await bear(server.mdb);
    const cards = nic('eth9', born.mac) + nic('eth0', born.mac, { driver: 'ixgbe', pci: '0000:01:00.0' });
    expect(await post(born, { nic: cards })).toMatchObject(taken);
    const [row] = await server.mdb.select().from(nics).where(eq(nics.machineId, born.machineId));
    expect(row).toMatchObject({ name: 'eth0', neighbourPort: 'swp1' });
  });

  it("the controllers' card over USB, with one universal MAC on every server", async () => {
    const usb = 'b4:2e:99:00:00:01';
    const born: Born[] = [];
    for (const driver of ['cdc_ether', 'rndis_host', 'cdc_ether']) {
      const one = await bear(server.mdb);
      born.push(one);
      expect(await post(one, { nic: nic('eth0', one.mac) + nic('eth4', usb, { driver }) })).toMatchObject(taken);
    }
    const [, second, third] = born;
    expect(await nicsOf(second as Born)).not.toContain(usb);
    expect(await nicsOf(third as Born)).not.toContain(usb);
    expect((await rowOf(third as Born))?.remarks.join()).toContain(usb);
  });

  it('a card of no telling kind that every server shows', async () => {
    const shared = 'b4:2e:99:00:00:02';
    const born = [await bear(server.mdb), await bear(server.mdb), await bear(server.mdb)];
    for (const one of born)
      expect(await post(one, { nic: nic('eth0', one.mac) + nic('eth4', shared) })).toMatchObject(taken);
    expect(await server.mdb.select().from(nics).where(eq(nics.mac, shared))).toEqual([]);
    expect((await rowOf(born[2] as Born))?.remarks.join()).toContain(shared);
  });
});

suite('I-8: so is every other part', () => {
  const kinds: [string, Record<string, string>, RegExp][] = [
    ['a disk of a negative size', { more: recordLine('disk', { name: 'sdb', serial: 'X1', bytes: -5 }) }, /disk .*sdb/],
    ['a disk without a name', { more: recordLine('disk', { serial: 'X1', bytes: 5 }) }, /disk/],
    ['a processor without cores', { more: recordLine('cpu', { socket: 1, cores: 0, threads: 1 }) }, /cpu/],
    ['a second processor in one socket', { more: recordLine('cpu', { socket: 0, cores: 8, threads: 16 }) }, /cpu/],
    ['a DIMM of no size that one can be', { more: recordLine('dimm', { slot: 'B1', mib: 'many' }) }, /dimm .*B1/],
    [
      'a GPU without an address',
      { more: recordLine('accelerator', { vendor: '10de', device: '2330' }) },
      /accelerator/,
    ],
    [
      'a frame that a card heard which is not there',
      { more: recordLine('lldp', { nic: 'eth7', chassis: 'x', port: 'y' }) },
      /eth7/,
    ],
    ['a controller with an odd MAC', { more: recordLine('bmc', { address: '10.9.0.9', mac: 'none' }) }, /bmc/],
    ['a watchdog without a name', { more: recordLine('watchdog', { timeout: 60 }) }, /watchdog/],
    ['a TPM without a version', { more: recordLine('tpm', { pcr0: '00' }) }, /tpm/],
    ['bytes that are no text', { more: 'dimm slot=%ff%fe mib=%%%\n' }, /line/],
    ['a field given twice', { more: 'dimm slot=B1 slot=B2 mib=16\n' }, /line/],
  ];
  it.each(kinds)('%s', async (_what, change, reported) => {
    const born = await bear(server.mdb);
    expect(await post(born, change)).toMatchObject(taken);
    const row = await rowOf(born);
    expect(row?.remarks).toEqual([expect.stringMatching(reported)]);
    expect(await disksOf(born)).toEqual([['sda', `D-${born.machineId}`]]);
    expect(await server.mdb.select().from(cpus).where(eq(cpus.machineId, born.machineId))).toHaveLength(1);
    expect(await server.mdb.select().from(dimms).where(eq(dimms.machineId, born.machineId))).toHaveLength(1);
    expect(await server.mdb.select().from(accelerators).where(eq(accelerators.machineId, born.machineId))).toEqual([]);
  });

  it('a disk that was left out, or storage that could not be seen, is kept apart: nothing may be proven of it', async () => {
    const born = await bear(server.mdb);
    const odd = recordLine('disk', { name: 'sdb', serial: 'X1', bytes: -5 });
    const unseen = recordLine('omitted', {
      name: '0000:03:00.0',
      what: 'controller',
      reason: 'no driver drives it',
      unproven: 1,
    });
    const usb = recordLine('omitted', { name: 'sdc', what: 'disk', reason: 'it is on USB', unproven: 0 });
    expect(await post(born, { odd, unseen, usb })).toMatchObject(taken);
    expect((await rowOf(born))?.unseen).toEqual([expect.stringMatching(/sdb/), expect.stringMatching(/0000:03:00.0/)]);
  });

  it('an unknown firmware, flag or figure is no fact, and its part stays', async () => {
    const born = await bear(server.mdb);
    const system = recordLine('system', { vendor: 'Acme', serial: `SN-${born.machineId}`, firmware: 'coreboot' });
    const cards = nic('eth0', born.mac, { carrier: 'down', speed: 'fast' });
    const disk = recordLine('disk', { name: 'sda', serial: 'Z-1', bytes: 5, rotational: 'no' });
    expect(await post(born, { system, nic: cards, disk })).toMatchObject(taken);
    expect((await rowOf(born))?.remarks).toEqual([]);
  });
});

suite('I-1: the controller that was announced for a serial number', () => {
  it('is that of the machine that shows it, however it was typed', async () => {
    const born = await bear(server.mdb);
    const secretRef = `s-${born.machineId}`;
    const origin = 'https://10.9.8.1';
    await server.mdb.insert(expectedBmcs).values({ origin, siteId: 'home', serial: 'cz-3425 d5x8', secretRef });
    const system = recordLine('system', { vendor: 'HPE', serial: 'CZ3425D5X8', firmware: 'uefi' });
    expect(await post(born, { system })).toMatchObject(taken);
    expect(await server.mdb.select().from(bmcs).where(eq(bmcs.machineId, born.machineId))).toMatchObject([{ origin }]);
  });
});

suite('D-1: a disk is named by what is single', () => {
  const disk = (name: string, more: Record<string, string | number>) =>
    recordLine('disk', { name, bytes: 5000, ...more });
  const cases: [string, string, string[][], RegExp[]?][] = [
    [
      'two namespaces of one controller',
      disk('nvme0n1', { serial: 'NVX1', wwid: 'eui.0025385b71b00001' }) +
        disk('nvme0n2', { serial: 'NVX1', wwid: 'eui.0025385b71b00002' }),
      [
        ['nvme0n1', 'eui.0025385b71b00001'],
        ['nvme0n2', 'eui.0025385b71b00002'],
      ],
    ],
    [
      'two paths to one disk, and its hidden node',
      disk('nvme0n1', { serial: 'NVX2', wwid: 'eui.0025385b71b00003' }) +
        disk('nvme0c0n1', { serial: 'NVX2', wwid: 'eui.0025385b71b00003', hidden: 1 }) +
        disk('sdb', { serial: 'NVX2', wwid: 'EUI.0025385B71B00003' }),
      [['nvme0n1', 'NVX2']],
    ],
    [
      'volumes of a RAID controller',
      disk('sda', { serial: 'RAIDX', wwid: 'naa.600508b1001c0001' }) +
        disk('sdb', { serial: 'RAIDX', wwid: 'naa.600508b1001c0002' }),
      [
        ['sda', 'naa.600508b1001c0001'],
        ['sdb', 'naa.600508b1001c0002'],
      ],
    ],
    [
      'one serial number and only NGUIDs',
      disk('nvme0n1', { serial: 'NVX3', nguid: 'ab01020304050607' }) +
        disk('nvme0n2', { serial: 'NVX3', nguid: 'ab01020304050608' }),
      [
        ['nvme0n1', 'ab01020304050607'],
        ['nvme0n2', 'ab01020304050608'],
      ],
    ],
    ['no serial number, and a WWID', disk('sda', { wwid: 'naa.5000c500a1b2c3d4' }), [['sda', 'naa.5000c500a1b2c3d4']]],
    [
      'a WWID of zeros on two disks',
      disk('sda', { serial: 'ZZ81', wwid: 'naa.0000000000000000' }) +
        disk('sdb', { serial: 'ZZ82', wwid: 'naa.0000000000000000' }),
      [
        ['sda', 'ZZ81'],
        ['sdb', 'ZZ82'],
      ],
    ],
    [
      'a made WWID that holds the one serial number',
      disk('sda', { serial: 'ZZ91', wwid: 't10.ATA     SSD  ZZ91' }) +
        disk('sdb', { serial: 'ZZ92', wwid: 't10.ATA     SSD  ZZ92' }),
      [
        ['sda', 'ZZ91'],
        ['sdb', 'ZZ92'],
      ],
    ],
    [
      'D-1: one WWID on two drives of a batch that have serial numbers of their own',
      disk('sda', { serial: 'ZB11', wwid: 'naa.5000000123456789' }) +
        disk('sdb', { serial: 'ZB12', wwid: 'naa.5000000123456789' }),
      [
        ['sda', 'ZB11'],
        ['sdb', 'ZB12'],
      ],
    ],
    [
      'D-1: one EUI on two drives of different sizes without serial numbers',
      disk('nvme0n1', { wwid: 'eui.0100000000000001', bytes: 960_000_000_000 }) +
        disk('nvme1n1', { wwid: 'eui.0100000000000001', bytes: 480_000_000_000 }),
      [['nvme0n1', 'eui.0100000000000001']],
      [/nvme1n1.*eui.0100000000000001.*nvme0n1/],
    ],
  ];
  it.each(cases)('%s', async (_what, reported, expected, remarks = []) => {
    const born = await bear(server.mdb);
    expect(await post(born, { disk: reported })).toMatchObject(taken);
    expect(await disksOf(born)).toEqual(expected);
    expect((await rowOf(born))?.remarks).toEqual(remarks.map((remark) => expect.stringMatching(remark)));
  });

  it('one serial number twice, and nothing else to tell them by: the second is left out, and unproven', async () => {
    const born = await bear(server.mdb);
    const reported = disk('sda', { serial: 'XY1' }) + disk('sdb', { serial: 'XY1' });
    expect(await post(born, { disk: reported })).toMatchObject(taken);
    expect(await disksOf(born)).toEqual([['sda', 'XY1']]);
    expect((await rowOf(born))?.unseen).toEqual([expect.stringMatching(/sdb.*XY1.*sda/)]);
  });

  it('D-1: of drives with one WWID, one that is changed is another one, and the others stay what they were', async () => {
    const born = await bear(server.mdb);
    const drive = (name: string, serial: string) => disk(name, { serial, wwid: 'naa.5000000123456789' });
    expect(await post(born, { disk: drive('sda', 'ZC1') + drive('sdb', 'ZC2') })).toMatchObject(taken);
    const session = await open(server, { ...born, token: await again(born) });
    expect(await post(born, { disk: drive('sda', 'ZC3') + drive('sdb', 'ZC2') }, session)).toMatchObject(taken);
    expect((await disksOf(born)).toSorted()).toEqual([
      ['sda', 'ZC1'],
      ['sda', 'ZC3'],
      ['sdb', 'ZC2'],
    ]);
  });

  it('a disk that gets another name stays the disk that it was', async () => {
    const born = await bear(server.mdb);
    const one = disk('nvme0n1', { serial: 'NVX7', wwid: 'eui.0025385b71b00007' });
    expect(await post(born, { disk: one })).toMatchObject(taken);
    const two = one + disk('nvme0n2', { serial: 'NVX7', wwid: 'eui.0025385b71b00008' });
    const session = await open(server, { ...born, token: await again(born) });
    expect(await post(born, { disk: two }, session)).toMatchObject(taken);
    expect(await disksOf(born)).toEqual([
      ['nvme0n1', 'eui.0025385b71b00007'],
      ['nvme0n2', 'eui.0025385b71b00008'],
    ]);
  });
});

suite('I-4: a value that is seen twice is shared: told at both, and nobody is refused', () => {
  it('UUID and serial number of two nodes', async () => {
    const [first, second] = [await bear(server.mdb), await bear(server.mdb)];
    const system = recordLine('system', {
      vendor: 'Acme',
      product: 'R1',
      serial: 'TWIN77X1',
      uuid: '4c4c4544-0051-3510-8052-b4c04f4d7777',
      firmware: 'uefi',
    });
    expect(await post(first, { system })).toMatchObject(taken);
    expect((await rowOf(first))?.remarks).toEqual([]);
    expect(await post(second, { system: system.replace('4c4c4544-0051-3510', '44454C4C-5100-1035') })).toMatchObject(
      taken,
    );
    expect((await rowOf(second))?.remarks.join()).toMatch(
      new RegExp(`UUID.*${first.machineId}.*serial.*${first.machineId}`),
    );
    expect((await rowOf(first))?.remarks.join()).toContain(second.machineId);
    expect(await rowOf(first)).toMatchObject({ held: null });
  });

  it('the MAC of a controller', async () => {
    const [first, second] = [await bear(server.mdb), await bear(server.mdb)];
    for (const [index, one] of [first, second].entries()) {
      await server.mdb
        .insert(bmcs)
        .values({ machineId: one.machineId, origin: `https://10.9.7.${index + 1}`, secretRef: 'x' });
      const bmc = recordLine('bmc', { address: '10.9.7.1', mac: '0c:c4:7a:00:00:09' });
      expect(await post(one, { bmc })).toMatchObject(taken);
    }
    expect((await rowOf(second))?.remarks.join()).toContain(first.machineId);
  });
});

suite('I-6: one machine that booted from its second card before its first inventory', () => {
  const system = recordLine('system', {
    vendor: 'Acme',
    product: 'Old',
    serial: 'To be filled by O.E.M.',
    firmware: 'bios',
  });
  const both = (one: Born, other: Born) => nic('eth0', one.mac) + nic('eth1', other.mac);
  const live = ({ machineId }: Born) =>
    server.mdb
      .select()
      .from(orders)
      .where(and(eq(orders.machineId, machineId), ne(orders.state, 'cancelled')));

  it('is one machine when its inventory shows both', async () => {
    const [first, second] = [await bear(server.mdb), await bear(server.mdb)];
    const session = await open(server, second);
    expect(await post(second, { system, nic: both(first, second) }, session)).toMatchObject(taken);
    expect(await nicsOf(first)).toEqual([first.mac, second.mac].sort());
    expect(await rowOf(first)).toMatchObject({ memoryMib: 65536, held: null, macMovedTo: null });
    expect(await rowOf(second)).toMatchObject({ stage: 'retired', macMovedTo: first.machineId });
    expect(await audited(first, 'machine.merged')).toBe(1);
    expect(await audited(second, 'machine.merged')).toBe(1);
    // The inventory is the first one's, whose passage is told; the second's is asked to stop.
    const reported = await server.mdb.select().from(outbox).where(eq(outbox.orderId, first.orderId));
    expect(reported.map(({ payload }) => payload['kind'])).toContain('inventory');
    expect(
      await server.mdb
        .select()
        .from(outbox)
        .where(eq(outbox.key, `cancel/${second.orderId}`)),
    ).toHaveLength(1);
    expect(await live(first)).toHaveLength(1);
    // Its agent goes on under the session that it has, and again.
    expect(await post(second, { system, nic: both(first, second) }, session)).toMatchObject(taken);
    expect(await server.ask('GET', '/agent/next?wait=0', session)).toMatchObject(taken);
    expect(await audited(first, 'machine.merged')).toBe(1);
  });

  it('is the one that is in service, where a card was put in later and booted', async () => {
    const [old, young] = [await bear(server.mdb), await bear(server.mdb)];
    expect(await post(old, { system, nic: nic('eth0', old.mac) })).toMatchObject(taken);
    await server.mdb.update(machines).set({ bootState: 'healthy' }).where(eq(machines.id, old.machineId));
    await server.mdb.update(orders).set({ state: 'done' }).where(eq(orders.machineId, old.machineId));
    const session = await open(server, young);
    const disk = recordLine('disk', {
      name: 'sda',
      serial: `D-${old.machineId}`,
      bytes: 480_000_000_000,
      content: 'farrier',
    });
    expect(await post(young, { system, disk, nic: both(old, young) }, session)).toMatchObject(taken);
    expect(await rowOf(young)).toMatchObject({ stage: 'retired', macMovedTo: old.machineId });
    const { records } = await server.ask('GET', '/agent/next?wait=0', session);
    expect(records[0]?.fields).toMatchObject({ do: 'reboot' });
  });

  it('stays two machines where something else contradicts', async () => {
    const [old, young] = [await bear(server.mdb), await bear(server.mdb)];
    expect(await post(old, { system, nic: nic('eth0', old.mac) })).toMatchObject(taken);
    expect(await post(young, { system, nic: both(old, young) })).toMatchObject(taken);
    expect((await rowOf(young))?.stage).toBe('racked');
  });
});

suite('I-7: a card that was moved to another machine', () => {
  it('is that of the machine that shows it now, and told at both', async () => {
    const [old, now] = [await bear(server.mdb), await bear(server.mdb)];
    const card = 'b0:26:28:77:10:01';
    expect(await post(old, { nic: nic('eth0', old.mac) + nic('eth1', card) })).toMatchObject(taken);
    expect(await post(now, { nic: nic('eth0', now.mac) + nic('eth1', card) })).toMatchObject(taken);
    expect(await nicsOf(now)).toContain(card);
    expect(await nicsOf(old)).toEqual([old.mac]);
    for (const one of [old, now]) {
      expect((await rowOf(one))?.remarks.join()).toContain(card);
      expect(await audited(one, 'nic.moved')).toBe(1);
      expect((await rowOf(one))?.held).toBeNull();
    }
  });

  it('that the old one booted from: it keeps another of its own', async () => {
    const [old, now] = [await bear(server.mdb), await bear(server.mdb)];
    const rest = 'b0:26:28:77:10:02';
    expect(await post(old, { nic: nic('eth0', old.mac) + nic('eth1', rest) })).toMatchObject(taken);
    expect(await post(now, { nic: nic('eth0', now.mac) + nic('eth1', old.mac) })).toMatchObject(taken);
    expect(await rowOf(old)).toMatchObject({ mac: rest, macMovedTo: null, held: null });
    // Without the card it is still itself.
    const session = await open(server, { ...old, token: await again(old) });
    expect(await post(old, { nic: nic('eth1', rest), lldp: '' }, session)).toMatchObject(taken);
  });

  it('and back again', async () => {
    const [old, now] = [await bear(server.mdb), await bear(server.mdb)];
    const card = 'b0:26:28:77:10:03';
    expect(await post(old, { nic: nic('eth0', old.mac) + nic('eth1', card) })).toMatchObject(taken);
    expect(await post(now, { nic: nic('eth0', now.mac) + nic('eth1', card) })).toMatchObject(taken);
    expect(
      await post(now, { nic: nic('eth0', now.mac) }, await open(server, { ...now, token: await again(now) })),
    ).toMatchObject(taken);
    const session = await open(server, { ...old, token: await again(old) });
    expect(await post(old, { nic: nic('eth0', old.mac) + nic('eth1', card) }, session)).toMatchObject(taken);
    expect(await nicsOf(old)).toContain(card);
  });
});

async function again(born: Born): Promise<string> {
  return giveToken(server.mdb, born.machineId, born.orderId);
}
