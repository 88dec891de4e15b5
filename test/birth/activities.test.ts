import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBirthActivities } from '../../activities/birth/index.ts';
import { createPassageActivities } from '../../activities/passage/index.ts';
import type { StepStart } from '../../contract/passage.ts';
import { acting } from '../../mdb/acting.ts';
import {
  addresses,
  bootFiles,
  burninParts,
  disks,
  humanSteps,
  images,
  machines,
  networks,
  nics,
  orders,
  stateHistory,
  steps,
  tickets,
} from '../../mdb/schema.ts';
import { birthSteps } from '../../workflows/birth/steps.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let db: ThrowawayMdb;
let activities: ReturnType<typeof createBirthActivities> & ReturnType<typeof createPassageActivities>;
let count = 0;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb, { racks: 2, perRack: 40 });
  activities = { ...createPassageActivities(db.mdb), ...createBirthActivities(db.mdb) };
});
afterAll(() => db?.close());

const next = (step: string): StepStart => ({
  step,
  ordinal: (birthSteps.findIndex(({ name }) => name === step) + 1) * 10,
  owner: 'team',
  limit: 60_000,
});

/** A machine as the birther and the agent API leave it: registered by its first boot, inventory told. */
async function seen(given: { port?: string | null; content?: string; product?: string } = {}) {
  count += 1;
  const port = given.port === undefined ? `swp${count}` : given.port;
  const hex = count.toString(16).padStart(2, '0');
  const machineId = `m-0200000000${hex}`;
  const mac = `02:00:00:00:00:${hex}`;
  const orderId = `birth-0200000000${hex}-1`;
  await acting(db.mdb, { class: 'system', name: 'birther' }, orderId, async (tx) => {
    await tx.insert(machines).values({
      id: machineId,
      siteId: 'home',
      mac,
      vendor: 'Farrier',
      product: given.product ?? 'VM',
      memoryMib: 4096,
    });
    await tx.insert(nics).values({
      mac,
      machineId,
      name: 'eth0',
      ...(port !== null && { neighbourChassis: '52:54:00:ff:00:01', neighbourPort: port }),
    });
    await tx.insert(disks).values({
      machineId,
      serial: `D${hex}`,
      name: 'vda',
      bytes: 8e9,
      rotational: false,
      content: given.content ?? 'blank',
    });
    await tx
      .insert(orders)
      .values({ id: orderId, machineId, passage: 'birth', requester: 'birther', reason: 'first boot' });
  });
  const order = { machineId, siteId: 'home', orderId, passage: 'birth' } as const;
  await activities.beginBirth({ ...order, next: next('rack') });
  return { order, machineId, orderId };
}

async function machineOf(machineId: string) {
  const [row] = await db.mdb.select().from(machines).where(eq(machines.id, machineId));
  if (!row) throw new Error('no row');
  return row;
}

async function stepsOf(orderId: string) {
  const rows = await db.mdb.select().from(steps).where(eq(steps.orderId, orderId)).orderBy(steps.ordinal);
  return rows.map((row) => `${row.name} ${row.state}`);
}

async function reportBurnin(orderId: string, machineId: string, value = 100) {
  const [row] = await db.mdb.select().from(machines).where(eq(machines.id, machineId));
  await db.mdb.insert(burninParts).values({
    burninId: `burnin-${orderId}`,
    kind: 'benchmark',
    subject: 'cpu',
    device: 'cpu0',
    ok: true,
    value,
    unit: 'Mop/s',
    seconds: 1,
    product: row?.product ?? null,
  });
}

test('the whole course, each activity done twice', async () => {
  const { order, machineId, orderId } = await seen();
  const twice = async <T>(activity: () => Promise<T>): Promise<T> => {
    const first = await activity();
    expect(await activity()).toEqual(first);
    return first;
  };
  const registered = await twice(() => activities.register({ ...order, next: next('configure') }));
  expect(registered).toMatchObject({ registered: { rack: 'A01', controller: false } });
  expect(await twice(() => activities.startProfile({ ...order, next: next('profile') }))).toMatchObject({
    burnin: 'run',
  });
  expect((await machineOf(machineId)).directive).toMatchObject({ do: 'burnin' });
  await reportBurnin(orderId, machineId);
  await twice(() => activities.decideProfile({ ...order, next: next('deploy') }));
  const profiled = await machineOf(machineId);
  expect(profiled).toMatchObject({
    stage: 'profiled',
    requiredImage: 'compute-1',
    repairState: 'none',
    bootState: 'birth',
  });
  expect(profiled.directive).toMatchObject({
    do: 'install',
    disk: `D${machineId.slice(-2)}`,
    hostname: profiled.hostname,
    boot: { kernel: '0c'.repeat(32), initrd: '0b'.repeat(32) },
  });
  await twice(() => activities.acceptInstall({ ...order, next: next('ready') }));
  expect(await machineOf(machineId)).toMatchObject({
    stage: 'deployed',
    bootState: 'healthy',
    directive: { do: 'handover' },
  });
  await db.mdb.update(machines).set({ observedImage: 'compute-1' }).where(eq(machines.id, machineId));
  await activities.finishBirth(order);
  await activities.finishBirth(order);
  expect(await machineOf(machineId)).toMatchObject({
    stage: 'in_service',
    opState: 'production',
    directive: { do: 'wait' },
  });
  expect(await stepsOf(orderId)).toEqual([
    'rack done',
    'register done',
    'configure done',
    'profile done',
    'deploy done',
    'ready done',
  ]);
  const history = await db.mdb
    .select()
    .from(stateHistory)
    .where(eq(stateHistory.machineId, machineId))
    .orderBy(stateHistory.id);
  expect(history.filter((row) => row.guarded === 'stage').map((row) => row.to)).toEqual([
    'racked',
    'registered',
    'configured',
    'profiled',
    'deployed',
    'in_service',
  ]);
});

describe('what is held', () => {
  const heldOf = async (spec: Parameters<typeof seen>[0]) => {
    const { order } = await seen(spec);
    const result = await activities.register({ ...order, next: next('configure') });
    return 'question' in result ? result.question.fault : result;
  };

  test('an unknown switch port', async () => expect(await heldOf({ port: 'swp99' })).toBe('register/unknown-port'));
  test('no neighbour', async () => expect(await heldOf({ port: null })).toBe('register/no-neighbour'));
  test('a foreign disk', async () => expect(await heldOf({ content: 'ext4' })).toBe('register/foreign-disks'));

  test('two machines on one slot: the second waits, the first stays', async () => {
    const first = await seen({ port: 'swp30' });
    const second = await seen({ port: 'swp30' });
    expect(await activities.register({ ...first.order, next: next('configure') })).toHaveProperty('registered');
    const result = await activities.register({ ...second.order, next: next('configure') });
    expect(result).toMatchObject({ question: { fault: 'register/slot-taken' } });
    expect('question' in result && result.question.reason).toContain(first.machineId);
    expect(await machineOf(second.machineId)).toMatchObject({ stage: 'racked', rackId: null, address: null });
  });

  test('a machine moved to another port before it was deployed gets that position', async () => {
    const { order, machineId } = await seen({ port: 'swp31' });
    await activities.register({ ...order, next: next('configure') });
    const before = await machineOf(machineId);
    await db.mdb.update(nics).set({ neighbourPort: 'swp32' }).where(eq(nics.machineId, machineId));
    await activities.register({ ...order, next: next('configure') });
    const after = await machineOf(machineId);
    expect(after.unit).toBe(32);
    expect(after.hostname).not.toBe(before.hostname);
  });

  test('where addresses follow from positions, the address moves too and the old one is free', async () => {
    await db.mdb.update(networks).set({ assignment: 'position' }).where(eq(networks.id, 'main'));
    try {
      const { order, machineId } = await seen({ port: 'swp34' });
      await activities.register({ ...order, next: next('configure') });
      expect((await machineOf(machineId)).address).toBe('10.1.0.162');
      await db.mdb.update(nics).set({ neighbourPort: 'swp35' }).where(eq(nics.machineId, machineId));
      await activities.register({ ...order, next: next('configure') });
      expect((await machineOf(machineId)).address).toBe('10.1.0.163');
      const [old] = await db.mdb.select().from(addresses).where(eq(addresses.address, '10.1.0.162'));
      expect(old?.machineId).toBeNull();
    } finally {
      await db.mdb.update(networks).set({ assignment: 'pool' }).where(eq(networks.id, 'main'));
    }
  });

  test('a person places it, and a person allows the wipe', async () => {
    const placed = await seen({ port: null });
    const by = { answer: 'place:A02/7', by: 'ann' };
    expect(await activities.register({ ...placed.order, next: next('configure'), answer: by })).toMatchObject({
      registered: { rack: 'A02', unit: 7 },
    });
    const foreign = await seen({ content: 'ntfs', port: 'swp33' });
    await activities.register({ ...foreign.order, next: next('configure'), answer: { answer: 'wipe', by: 'ann' } });
    expect((await machineOf(foreign.machineId)).wipeReason).toBe('ann said so');
  });

  test('a full pool', async () => {
    const pool = await throwawayMdb();
    try {
      await writeSite(pool.mdb, { racks: 1, perRack: 1 });
      await pool.mdb.update(networks).set({ assignment: 'pool' }).where(eq(networks.id, 'main'));
      await pool.mdb.delete(addresses).where(eq(addresses.networkId, 'main'));
      const mac = '02:00:00:00:01:01';
      await pool.mdb.insert(machines).values({ id: 'm-1', siteId: 'home', mac });
      await pool.mdb
        .insert(nics)
        .values({ mac, machineId: 'm-1', neighbourChassis: '52:54:00:ff:00:01', neighbourPort: 'swp1' });
      await pool.mdb
        .insert(disks)
        .values({ machineId: 'm-1', serial: 'S', name: 'sda', bytes: 1e10, rotational: false, content: 'blank' });
      await pool.mdb
        .insert(orders)
        .values({ id: 'o-1', machineId: 'm-1', passage: 'birth', requester: 'x', reason: 'x' });
      const own = createBirthActivities(pool.mdb);
      const order = { machineId: 'm-1', siteId: 'home', orderId: 'o-1', passage: 'birth' } as const;
      await own.beginBirth({ ...order, next: next('rack') });
      expect(await own.register({ ...order, next: next('configure') })).toMatchObject({
        question: { fault: 'register/pool-full' },
      });
    } finally {
      await pool.close();
    }
  });
});

test('a burst of machines gets as many addresses, none twice', async () => {
  const burst = await Promise.all(Array.from({ length: 12 }, () => seen()));
  await Promise.all(burst.map(({ order }) => activities.register({ ...order, next: next('configure') })));
  const rows = await Promise.all(burst.map(({ machineId }) => machineOf(machineId)));
  expect(new Set(rows.map((row) => row.address)).size).toBe(12);
  expect(new Set(rows.map((row) => row.hostname)).size).toBe(12);
});

test('a burn-in below the peers ends on the debug image, not offerable, with the reason', async () => {
  for (const value of [100, 101, 99, 60]) {
    const { order, machineId, orderId } = await seen({ product: 'Peer' });
    await activities.register({ ...order, next: next('configure') });
    await activities.startProfile({ ...order, next: next('profile') });
    await reportBurnin(orderId, machineId, value);
    const decided = await activities.decideProfile({ ...order, next: next('deploy') });
    const slow = value === 60;
    expect(decided).toMatchObject({ verdict: slow ? 'below' : 'pass', imageKind: slow ? 'debug' : 'compute' });
    expect((await machineOf(machineId)).repairState).toBe(slow ? 'failing' : 'none');
    const [step] = await db.mdb
      .select()
      .from(steps)
      .where(eq(steps.orderId, orderId))
      .orderBy(steps.ordinal)
      .offset(3)
      .limit(1);
    expect(step?.detail.decision).toMatchObject({ version: 1, verdict: slow ? 'below' : 'pass' });
  }
});

test('no image of the kind is held', async () => {
  const { order, machineId, orderId } = await seen();
  await activities.register({ ...order, next: next('configure') });
  await activities.startProfile({ ...order, next: next('profile') });
  await reportBurnin(orderId, machineId);
  await db.mdb.update(images).set({ kind: 'debug' }).where(eq(images.id, 'compute-1'));
  const decided = await activities.decideProfile({ ...order, next: next('deploy') });
  await db.mdb.update(images).set({ kind: 'compute' }).where(eq(images.id, 'compute-1'));
  expect(decided).toMatchObject({ question: { fault: 'profile/no-compute-image' } });
});

test('boot files that nobody registered are held, and taken up by a retry', async () => {
  const { order, machineId, orderId } = await seen();
  await activities.register({ ...order, next: next('configure') });
  await activities.startProfile({ ...order, next: next('profile') });
  await reportBurnin(orderId, machineId);
  const decide = () => activities.decideProfile({ ...order, next: next('deploy') });
  const laid = await db.mdb.select().from(bootFiles);
  await db.mdb.delete(bootFiles).where(eq(bootFiles.path, 'boot/initrd'));
  expect(await decide()).toMatchObject({ question: { fault: 'profile/no-boot-files' } });
  await db.mdb.insert(bootFiles).values(laid).onConflictDoNothing();
  expect(await decide()).toMatchObject({ imageKind: 'compute' });
  expect((await machineOf(machineId)).directive).toMatchObject({ do: 'install' });
});

test('a human step: one open ticket a fault, the answer closes both', async () => {
  const { order, machineId, orderId } = await seen();
  const ask = (id: string) =>
    activities.openHumanStep({
      ...order,
      id,
      step: 'rack',
      owner: 'hands',
      fault: 'rack/silent',
      reason: 'Silent.',
      choices: ['retry'],
      remindAfter: 1000,
    });
  await ask(`${orderId}:rack:1`);
  await ask(`${orderId}:rack:1`);
  await ask(`${orderId}:rack:2`);
  const open = () => db.mdb.select().from(tickets).where(eq(tickets.machineId, machineId));
  expect(await open()).toHaveLength(1);
  expect(await machineOf(machineId)).toMatchObject({ held: 'Silent.', directive: { do: 'hold', reason: 'Silent.' } });
  await activities.closeHumanStep({ ...order, id: `${orderId}:rack:1`, step: 'rack', answer: 'retry', by: 'ann' });
  await activities.closeHumanStep({ ...order, id: `${orderId}:rack:1`, step: 'rack', answer: 'abandon', by: 'bob' });
  const [row] = await db.mdb
    .select()
    .from(humanSteps)
    .where(eq(humanSteps.id, `${orderId}:rack:1`));
  expect(row).toMatchObject({ answer: 'retry', answeredBy: 'ann' });
  // Something is still asked in it.
  expect((await open())[0]?.closedAt).toBeNull();
  await activities.closeHumanStep({ ...order, id: `${orderId}:rack:2`, step: 'rack', answer: 'retry', by: 'ann' });
  expect((await open())[0]).toMatchObject({ closedAt: expect.any(Date), closedBy: 'ann' });
});

test('an order that ended before it began is not begun', async () => {
  const { order, orderId } = await seen();
  await db.mdb.update(orders).set({ state: 'cancelled' }).where(eq(orders.id, orderId));
  expect(await activities.beginBirth({ ...order, next: next('rack') })).toMatchObject({ live: false });
});
