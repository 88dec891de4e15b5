/** Disks that change between two times in service: told by a person's word from what nobody meant to happen. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBirthActivities } from '../../activities/birth/index.ts';
import type { Inventory } from '../../domain/agent.ts';
import { confirmedBy, disksHeld, pairDisks } from '../../domain/birth/disks.ts';
import { acting } from '../../mdb/acting.ts';
import { takeInventory } from '../../mdb/machines/inventory.ts';
import { disks, hardwareChanges, machines, orders, replacements } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

const disk = (serial: string, name: string) => ({ serial, name, bytes: 1e9 });

describe('which disk took the place of which', () => {
  test('the one of the same name, then any', () => {
    const pairs = pairDisks([disk('A', 'sda'), disk('B', 'sdb')], [disk('C', 'sdb'), disk('D', 'sdc')]);
    expect(pairs.map(({ before, after }) => `${before?.serial} ${after?.serial}`)).toEqual(['A D', 'B C']);
    expect(pairDisks([], [disk('C', 'sdb')])).toEqual([{ before: null, after: disk('C', 'sdb') }]);
    expect(pairDisks([disk('A', 'sda')], [])).toEqual([{ before: disk('A', 'sda'), after: null }]);
  });

  test('is told with serial numbers', () => {
    const { reason } = disksHeld(pairDisks([disk('A', 'sda'), disk('B', 'sdb')], [disk('C', 'sdb')]));
    expect(reason).toContain('sda (serial A, 1.0 GB) is gone, and nothing is in its place');
    expect(reason).toContain('sdb (serial B, 1.0 GB) is gone, and sdb (serial C, 1.0 GB) is in its place');
  });

  test('needs no other word where each new one was told by its number', () => {
    const fitted = new Map([['C', 'ann']]);
    expect(confirmedBy(pairDisks([disk('B', 'sdb')], [disk('C', 'sdb')]), fitted)).toBe('ann');
    expect(confirmedBy(pairDisks([disk('B', 'sdb')], []), fitted)).toBeNull();
    expect(confirmedBy(pairDisks([], [disk('C', 'sdb'), disk('D', 'sdc')]), fitted)).toBeNull();
  });
});

describe('at the register step', () => {
  let db: ThrowawayMdb;
  let activities: ReturnType<typeof createBirthActivities>;
  const mac = '02:00:00:00:00:01';
  const order = { machineId: 'm-020000000001', siteId: 'home', orderId: 'again', passage: 'rebirth' } as const;

  beforeAll(async () => {
    db = await throwawayMdb();
    await writeSite(db.mdb);
    activities = createBirthActivities(db.mdb);
    const { machineId: id, orderId } = order;
    await acting(db.mdb, { class: 'system', name: 'test' }, null, async (tx) => {
      await tx.insert(machines).values({ id, siteId: 'home', mac, vendor: 'Farrier', product: 'VM', memoryMib: 4096 });
      const order = { id: orderId, machineId: id, passage: 'rebirth', state: 'running' } as const;
      await tx.insert(orders).values({ ...order, requester: 'ann', reason: 'test' });
    });
    await tell('A', 'B');
    await register();
    await db.mdb.update(machines).set({ inServiceAt: new Date() }).where(eq(machines.id, id));
  });
  afterAll(() => db?.close());

  /** The agent tells disks with these serial numbers. */
  async function tell(...serials: string[]): Promise<void> {
    const found = serials.map((serial, index) => ({
      ...disk(serial, `vd${'abc'[index]}`),
      model: null,
      rotational: false,
      content: 'blank',
      mark: null,
    }));
    const nic = { mac, name: 'eth0', driver: null, pci: null, speedMbps: null, carrier: null };
    const port = { neighbourChassis: '52:54:00:ff:00:01', neighbourPort: 'swp1', neighbourName: null };
    const none = { serial: null, uuid: null, sku: null, boardSerial: null, biosVersion: null, firmware: null };
    const fact: Inventory = {
      system: { vendor: 'Farrier', product: 'VM', ...none },
      memoryMib: 4096,
      cpus: [],
      dimms: [],
      disks: found,
      nics: [{ ...nic, ...port }],
      accelerators: [],
      bmc: null,
      watchdog: null,
      tpm: null,
    };
    const session = { machineId: order.machineId, orderId: null, nonce: 'n', openedAt: new Date() };
    expect(await takeInventory(db.mdb, session, fact)).toBeNull();
  }

  async function register(answer?: string): Promise<string> {
    const next = { step: 'configure', ordinal: 30, owner: 'team', limit: 60_000 };
    const given = answer === undefined ? {} : { answer: { answer, by: 'ann' } };
    const result = await activities.register({ ...order, next, ...given });
    return 'question' in result ? result.question.fault : 'registered';
  }

  test('the same disks pass, also after one was away for a boot', async () => {
    await tell('A', 'B');
    expect(await register()).toBe('registered');
    await tell('A');
    expect(await register()).toBe('register/disks-changed');
    await tell('A', 'B');
    expect(await register()).toBe('registered');
  });

  test('another one in its place waits for a person, once, and both stay known', async () => {
    await tell('A', 'C');
    expect(await register()).toBe('register/disks-changed');
    expect(await register('retry')).toBe('register/disks-changed');
    expect(await register('accept')).toBe('registered');
    await tell('A', 'C');
    expect(await register()).toBe('registered');
    const known = await db.mdb.select().from(disks).orderBy(disks.serial);
    expect(known.map(({ serial, present }) => `${serial} ${present}`)).toEqual(['A true', 'B false', 'C true']);
    expect(await db.mdb.select().from(hardwareChanges)).toMatchObject([
      {
        kind: 'disks',
        place: 'vdb',
        change: 'swapped',
        confirmedBy: 'ann',
        before: { serial: 'B' },
        after: { serial: 'C' },
      },
    ]);
  });

  test('one that was called gone is new when it comes back', async () => {
    await tell('A', 'C', 'B');
    expect(await register()).toBe('register/disks-changed');
    expect(await register('accept')).toBe('registered');
  });

  test('a part whose number was told when it was fitted needs no second word', async () => {
    const { machineId, orderId } = order;
    const part = { id: 'RMA-1', machineId, orderId, fault: 'disk/C', openedBy: 'ann' };
    await db.mdb.insert(replacements).values({ ...part, serial: 'E', fittedAt: new Date(), fittedBy: 'ann' });
    await tell('A', 'E', 'B');
    expect(await register()).toBe('registered');
  });
});
