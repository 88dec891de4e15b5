/** What a repair keeps in the MDB: budgets that outlive processes, and the bundle. */
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRepairActivities } from '../../activities/repair/index.ts';
import type { Severity } from '../../domain/requests.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { keepConsole } from '../../mdb/controllers/consoles.ts';
import { bundles, controllerLogEntries, machines, orders, repairAttempts, replacements } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let db: ThrowawayMdb;
beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
});
afterAll(() => db?.close());

let count = 0;
/** A machine with as many repairs ordered, one after the other. */
async function patient(repairs = 1, more: Partial<typeof machines.$inferInsert> = {}) {
  count += 1;
  const machineId = `m-repair-${count}`;
  await db.mdb.insert(machines).values({ id: machineId, siteId: 'home', mac: `02:cc:00:00:00:0${count}`, ...more });
  const ids = Array.from({ length: repairs }, (_, number) => `repair-${count}-${number}`);
  for (const id of ids) {
    await db.mdb.insert(orders).values({ id, machineId, passage: 'repair', requester: 'ann', reason: 'test' });
    await db.mdb.update(orders).set({ state: 'done' }).where(eq(orders.id, id));
  }
  return {
    machineId,
    orders: ids.map((orderId) => ({ machineId, siteId: 'home', orderId, passage: 'repair' as const })),
  };
}
type Order = Awaited<ReturnType<typeof patient>>['orders'][number];

/** Begins an attempt as a process would that knows nothing but the MDB, and is gone afterwards. */
async function begin(order: Order | undefined, attempt: Severity, byHand?: true) {
  if (!order) throw new Error('no such repair');
  const connection = connectMdb({ url: db.url, name: 'another process', connections: 1, statementTimeoutMs: 60_000 });
  try {
    const { beginAttempt } = createRepairActivities(connection.mdb);
    return await beginAttempt({ ...order, fault: 'cpu/hot', attempt, ...(byHand && { byHand }) });
  } finally {
    await connection.close();
  }
}
const end = (order: Order | undefined, attempt: Severity) =>
  createRepairActivities(db.mdb).endAttempt({
    ...(order as Order),
    fault: 'cpu/hot',
    attempt,
    outcome: 'failed',
    seen: 'hot',
  });
const age = (machineId: string, hours: number) =>
  db.mdb
    .update(repairAttempts)
    .set({ attemptedAt: sql`${repairAttempts.attemptedAt} - ${hours} * interval '1 hour'` })
    .where(eq(repairAttempts.machineId, machineId));

describe('the budget of an attempt', () => {
  test('counts the attempts of other orders and other processes, and comes back with time', async () => {
    const { machineId, orders } = await patient(3);
    for (const order of orders.slice(0, 2)) {
      expect(await begin(order, 'restart')).toMatchObject({ may: true });
      await end(order, 'restart');
      await age(machineId, 1);
    }
    expect(await begin(orders[2], 'restart')).toMatchObject({ may: false, why: expect.stringContaining('2 times') });
    expect(await begin(orders[2], 'power-cycle')).toEqual({ may: true, wait: 0 });
    await age(machineId, 24);
    expect(await begin(orders[2], 'restart')).toMatchObject({ may: true });
  });

  test('is spent once by a try whose outcome was lost with its worker', async () => {
    const { machineId, orders } = await patient();
    for (let tries = 0; tries < 3; tries += 1)
      expect(await begin(orders[0], 'restart')).toEqual({ may: true, wait: 0 });
    expect(await db.mdb.$count(repairAttempts, eq(repairAttempts.machineId, machineId))).toBe(1);
  });

  test('keeps the time that an act is given, from one process and order to the next', async () => {
    const { machineId, orders } = await patient(2);
    await begin(orders[0], 'restart');
    await end(orders[0], 'restart');
    await age(machineId, 0.1);
    const escalate = await begin(orders[1], 'power-cycle');
    // Six of ten minutes are over.
    expect(escalate).toMatchObject({ may: true, wait: expect.any(Number) });
    expect('wait' in escalate && escalate.wait).toBeGreaterThan(0);
    expect('wait' in escalate && escalate.wait).toBeLessThanOrEqual(240_000);
  });

  test('binds nobody whose word leads there', async () => {
    const { machineId, orders } = await patient(2);
    await begin(orders[0], 'rebirth');
    await end(orders[0], 'rebirth');
    await age(machineId, 1);
    expect(await begin(orders[1], 'rebirth')).toMatchObject({ may: false });
    expect(await begin(orders[1], 'rebirth', true)).toEqual({ may: true, wait: 0 });
  });
});

describe('a bundle', () => {
  const keep = (order: Order | undefined, evidence: string | null = null) =>
    createRepairActivities(db.mdb).keepBundle({
      ...(order as Order),
      id: `${order?.orderId}:1`,
      fault: 'cpu/hot',
      evidence,
      seen: 'its power is Off',
      reset: '2026-11-20T08:00:00Z',
      missing: [],
      repairState: 'suspect',
    });

  test('holds what is known, with the console, and warns of keys before a board goes', async () => {
    const { machineId, orders } = await patient(1, {
      keyStore: 'nvram',
      lastSeenAt: new Date('2026-11-20T09:00:00Z'),
    });
    await db.mdb.insert(controllerLogEntries).values({
      machineId,
      log: 'SEL',
      generation: 1,
      fingerprint: 'f',
      entryId: '1',
      severity: 'Critical',
      message: 'CPU 1 thermal trip',
    });
    await keepConsole(db.mdb, machineId, ['Kernel panic - not syncing'], null);
    const { id, summary } = await keep(orders[0], 'no contact');
    expect(summary.split('\n')).toEqual([
      'no contact',
      'Now: its power is Off.',
      "Up: last started 2026-11-20T08:00:00Z by its controller's clock, last heard from 2026-11-20T09:00:00.000Z.",
      'Critical: CPU 1 thermal trip',
      expect.stringMatching(/keys of its disks .* NVRAM/),
      'Its console ends:',
      '  Kernel panic - not syncing',
    ]);
    const [row] = await db.mdb.select().from(bundles).where(eq(bundles.id, id));
    expect(row?.document).toMatchObject({ console: { lines: ['Kernel panic - not syncing'] }, keyStore: 'nvram' });
  });

  test('says why there is no console, and takes no old one for a new one', async () => {
    const { machineId, orders } = await patient();
    await keepConsole(db.mdb, machineId, ['of yesterday'], null);
    await db.mdb.execute(sql`update consoles set read_at = now() - interval '1 day' where machine_id = ${machineId}`);
    expect((await keep(orders[0])).summary).toContain('No console: it was not read.');
  });
});

test('a part that goes back is kept with what it is, its own number, the return, and what came in its place', async () => {
  const { orders } = await patient();
  const part = { ...(orders[0] as Order), fault: 'memory/ecc', by: 'ann' };
  const { sendPart, fitPart } = createRepairActivities(db.mdb);
  for (let tries = 0; tries < 2; tries += 1)
    await sendPart({ ...part, number: 'RMA-7', part: 'memory', serial: 'OLD-1' });
  await fitPart({ ...part, number: 'NEW-1' });
  expect(await db.mdb.select().from(replacements)).toMatchObject([
    { id: 'RMA-7', part: 'memory', sentSerial: 'OLD-1', openedBy: 'ann', serial: 'NEW-1', fittedBy: 'ann' },
  ]);
});
