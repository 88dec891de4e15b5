import { eq, sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GuardedColumn, isLegalEdge, legalEdges } from '../../domain/machine.ts';
import { acting, record } from '../../mdb/acting.ts';
import { verifyChain } from '../../mdb/audit/verify.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { migrateMdb } from '../../mdb/migrate.ts';
import { audit, legalEdgesTable, machines, nics, orders, stateHistory } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let at: ThrowawayMdb;
let serial = 0;

beforeAll(async () => {
  at = await throwawayMdb({ owner: true });
  await writeSite(at.mdb);
});
afterAll(() => at.close());

function freshMac(): string {
  serial += 1;
  return `52:54:00:00:00:${serial.toString(16).padStart(2, '0')}`;
}

async function machine(values: Partial<typeof machines.$inferInsert> = {}): Promise<string> {
  const mac = values.mac ?? freshMac();
  const id = values.id ?? `m-${mac.replaceAll(':', '')}`;
  await at.mdb.insert(machines).values({ siteId: 'home', ...values, id, mac });
  return id;
}

/** The name of the constraint that refused, or the SQLSTATE where there is none. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    if (cause instanceof postgres.PostgresError) return cause.constraint_name ?? cause.code;
    throw error;
  }
  return 'accepted';
}

const columns = Object.keys(legalEdges) as GuardedColumn[];
const pairs = columns.flatMap((column) =>
  Object.keys(legalEdges[column]).flatMap((from) =>
    Object.keys(legalEdges[column]).map((to) => ({ column, from, to })),
  ),
);

function step(id: string, column: GuardedColumn, to: string) {
  return at.mdb.execute(sql`update machines set ${sql.identifier(column)} = ${to} where id = ${id}`);
}

describe('one of each', () => {
  test('a MAC belongs to one machine', async () => {
    const mac = freshMac();
    await machine({ mac, id: 'first' });
    expect(await refusal(machine({ mac, id: 'second' }))).toBe('machines_mac_unique');
    await at.mdb.insert(nics).values({ mac, machineId: 'first' });
    expect(await refusal(at.mdb.insert(nics).values({ mac, machineId: 'first' }))).toBe('nics_pkey');
  });

  test('an address belongs to one machine', async () => {
    await machine({ address: '10.1.1.9' });
    expect(await refusal(machine({ address: '10.1.1.9' }))).toBe('machines_address_unique');
  });

  test('a slot holds one machine, and half a slot is none', async () => {
    await machine({ rackId: 'A01', unit: 7 });
    expect(await refusal(machine({ rackId: 'A01', unit: 7 }))).toBe('machines_slot');
    expect(await refusal(machine({ rackId: 'A01' }))).toBe('machines_slot_whole');
  });

  test('a machine has one running order, and one birth that is not over', async () => {
    const id = await machine();
    const order = (name: string, passage: 'birth' | 'clean', state: 'waiting' | 'running' | 'done') =>
      at.mdb.insert(orders).values({ id: `${id}-${name}`, machineId: id, passage, state, requester: 't', reason: 't' });
    await order('1', 'birth', 'running');
    expect(await refusal(order('2', 'clean', 'running'))).toBe('orders_one_running');
    expect(await refusal(order('3', 'birth', 'waiting'))).toBe('orders_one_birth');
    expect(await refusal(order('4', 'clean', 'waiting'))).toBe('accepted');
    expect(await refusal(order('5', 'birth', 'done'))).toBe('accepted');
  });
});

describe('state edges', () => {
  test('the table in the MDB is the one in the code, also after migrating twice', async () => {
    await migrateMdb(at.mdb);
    const rows = await at.mdb.select().from(legalEdgesTable);
    const reported = rows.map(({ guarded, from, to }) => `${guarded}: ${from} → ${to}`).sort();
    const ours = pairs.filter(({ column, from, to }) => from !== to && isLegalEdge(column, from, to));
    expect(reported).toEqual(ours.map(({ column, from, to }) => `${column}: ${from} → ${to}`).sort());
  });

  test('every legal edge passes and every other one is refused', async () => {
    for (const { column, from, to } of pairs) {
      const id = await machine({ id: `${column}-${from}-${to}`, mac: spareMac() });
      await place(id, column, from);
      const outcome = await refusal(step(id, column, to));
      expect(`${column}: ${from} → ${to}: ${outcome}`).toBe(
        `${column}: ${from} → ${to}: ${isLegalEdge(column, from, to) ? 'accepted' : 'machines_legal_edge'}`,
      );
    }
  });

  test('a refused edge leaves the machine and its history as they were', async () => {
    const id = await machine();
    const before = await at.mdb.select().from(stateHistory).where(eq(stateHistory.machineId, id));
    expect(await refusal(step(id, 'stage', 'in_service'))).toBe('machines_legal_edge');
    expect(await at.mdb.select().from(stateHistory).where(eq(stateHistory.machineId, id))).toEqual(before);
  });

  test('a change is written to the history under its actor and order', async () => {
    const id = await machine();
    await acting(at.mdb, { class: 'system', name: 'birth' }, 'birth-1', async (tx) => {
      await tx.update(machines).set({ stage: 'registered' }).where(eq(machines.id, id));
    });
    const history = await at.mdb
      .select()
      .from(stateHistory)
      .where(eq(stateHistory.machineId, id))
      .orderBy(stateHistory.id);
    expect(history).toHaveLength(5);
    expect(history.at(-1)).toMatchObject({
      guarded: 'stage',
      from: 'racked',
      to: 'registered',
      actor: 'birth',
      orderId: 'birth-1',
    });
  });
});

/** Puts a machine where a test begins by the shortest way of legal edges. */
async function place(id: string, column: GuardedColumn, goal: string): Promise<void> {
  const starts = { boot_state: 'birth', op_state: 'disabled', stage: 'racked', repair_state: 'none' };
  const ways = new Map<string, string[]>([[starts[column], []]]);
  for (const [here, way] of ways) {
    for (const next of legalEdges[column][here] ?? []) if (!ways.has(next)) ways.set(next, [...way, next]);
  }
  for (const to of ways.get(goal) ?? []) await step(id, column, to);
}

let spares = 0;
function spareMac(): string {
  spares += 1;
  return `52:54:01:00:${(spares >> 8).toString(16).padStart(2, '0')}:${(spares & 255).toString(16).padStart(2, '0')}`;
}

describe('records', () => {
  test('audit and history cannot be changed, deleted or emptied', async () => {
    await at.mdb.transaction((tx) => record(tx, { actor: { class: 'user', name: 'ada' }, action: 'looked' }));
    for (const table of ['audit', 'state_history']) {
      const name = sql.identifier(table);
      expect(await refusal(at.mdb.execute(sql`update ${name} set actor = 'someone else'`))).toBe('42501');
      expect(await refusal(at.mdb.execute(sql`delete from ${name}`))).toBe('42501');
      expect(await refusal(at.mdb.execute(sql`truncate ${name}`))).toBe('42501');
    }
  });

  test('the audit is one chain whose hashes can be computed again, also after a burst of writers', async () => {
    const write = (n: number) =>
      at.mdb.transaction((tx) =>
        record(tx, { actor: { class: 'node', name: `n${n}` }, action: 'burst', detail: { n, text: 'é|' } }),
      );
    await Promise.all(Array.from({ length: 40 }, (_, n) => write(n)));
    const rows = await at.mdb.select().from(audit).orderBy(audit.id);
    expect(rows.length).toBeGreaterThanOrEqual(40);
    expect(rows.map((row) => row.previous)).toEqual(['', ...rows.slice(0, -1).map((row) => row.hash)]);
    expect(await verifyChain(at.mdb)).toMatchObject({ rows: rows.length, fault: null });
  });

  test('a new directive raises its number and wakes whoever listens; the same again does neither', async () => {
    const id = await machine();
    const { listen, close } = connectMdb({ url: at.url, name: 'listener' });
    const stop = new AbortController();
    const received: string[] = [];
    let listening: Promise<void> = Promise.resolve();
    await new Promise<void>((connected) => {
      const listener = { notified: (payload: string) => void received.push(payload), connected, lost: () => {} };
      listening = listen('farrier_directive', listener, stop.signal);
    });
    const seq = async (directive: { do: 'wait' } | { do: 'reboot' }) =>
      (await at.mdb.update(machines).set({ directive }).where(eq(machines.id, id)).returning())[0]?.directiveSeq;
    expect(await seq({ do: 'wait' })).toBe(0);
    expect(await seq({ do: 'reboot' })).toBe(1);
    expect(await seq({ do: 'reboot' })).toBe(1);
    expect(await seq({ do: 'wait' })).toBe(2);
    await expect.poll(() => received).toEqual([id, id]);
    stop.abort();
    await listening;
    await close();
  });
});
