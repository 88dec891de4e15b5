import { eq, inArray, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LedgerBatch, PermitWaiting } from '../../contract/semaphore.ts';
import type { PermitWindow } from '../../domain/permits/window.ts';
import { acting } from '../../mdb/acting.ts';
import { readTraces } from '../../mdb/permits/holder.ts';
import { restOf, settleBatch } from '../../mdb/permits/permits.ts';
import { opensAt } from '../../mdb/permits/policy.ts';
import {
  audit,
  brakes,
  fences,
  intents,
  machines,
  orders,
  permits,
  semaphores,
  tags,
  tickets,
} from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

const semaphore = 'semaphore/reboot/rack=A01';
let base: ThrowawayMdb;
let serial = 0;

beforeAll(async () => {
  base = await throwawayMdb();
  await writeSite(base.mdb);
  await base.mdb.insert(machines).values(
    Array.from({ length: 10 }, (_, index) => ({
      id: `m-${index}`,
      siteId: 'home',
      mac: `a4:bf:01:00:00:0${index}`,
      stage: 'in_service' as const,
      opState: 'production' as const,
      rackId: index < 8 ? 'A01' : 'A02',
      unit: index + 1,
    })),
  );
  await base.mdb.insert(tags).values({ machineId: 'm-0', key: 'team', value: 'x' });
});
afterAll(() => base?.close());
beforeEach(async () => {
  for (const table of [intents, permits, semaphores, orders, tickets]) await base.mdb.delete(table);
  await base.mdb.update(machines).set({ opState: 'production' });
});

const ask = (machine: number, more: Partial<PermitWaiting> = {}): PermitWaiting => {
  serial += 1;
  const id = `r-${serial}`;
  return {
    id,
    machineId: `m-${machine}`,
    siteId: 'home',
    class: 'maintenance',
    workflowId: `w/${id}`,
    at: Date.now(),
    until: 0,
    ...more,
  };
};
const ledgerBatch = (queued: readonly PermitWaiting[], more: Partial<LedgerBatch> = {}): LedgerBatch => ({
  semaphore,
  queued,
  closed: [],
  overdue: [],
  candidates: queued.map(({ id }) => id),
  holders: [],
  ...more,
});
const settle = (one: LedgerBatch) =>
  acting(base.mdb, { class: 'system', name: 'semaphore' }, null, (tx) => settleBatch(tx, one));
const fenceOf = async (machineId: string) =>
  (await base.mdb.select().from(fences).where(eq(fences.machineId, machineId)))[0]?.fence ?? 0;
const policy = (more: Partial<typeof semaphores.$inferInsert>) =>
  base.mdb
    .insert(semaphores)
    .values({ operation: 'reboot', tag: 'rack', value: '*', capacity: 1, updatedBy: 'ann', reason: 'test', ...more });

describe('a batch', () => {
  test('grants what the policy allows, with a fence that is the machine’s latest', async () => {
    const requests = [ask(0), ask(1), ask(2)];
    await policy({ capacity: 2 });
    const before = await fenceOf('m-0');
    const result = await settle(ledgerBatch(requests));
    expect(result.granted.map(({ id }) => id)).toEqual([requests[0]?.id, requests[1]?.id]);
    expect(result.gate).toMatchObject({ kind: 'capacity', reason: 'all permits are held, of 2' });
    expect(result.terms).toEqual({ capacity: 2, bound: 5000, lease: 3_600_000, limit: 86_400_000 });
    expect(await fenceOf('m-0')).toBe(before + 1);
    expect(result.granted[0]?.fence).toBe(before + 1);
  });

  test('that comes twice grants nothing twice, and that comes late grants nothing above the capacity', async () => {
    const requests = [ask(0), ask(1)];
    const first = await settle(ledgerBatch(requests));
    expect(await settle(ledgerBatch(requests))).toEqual(first);
    // Of a worker that was thought dead: another request in front.
    const other = await settle(ledgerBatch([ask(2)]));
    expect(other.granted).toEqual([]);
    expect(other.found.map(({ id }) => id)).toEqual([requests[0]?.id]);
  });

  test('of many workers at once stays within the capacity', async () => {
    await policy({ capacity: 3 });
    await Promise.all(Array.from({ length: 8 }, (_, index) => settle(ledgerBatch([ask(index), ask((index + 3) % 8)]))));
    const held = await base.mdb.select().from(permits).where(eq(permits.state, 'granted'));
    expect(held).toHaveLength(3);
  });

  test('closes what has ended, and gives it on', async () => {
    const [a, b] = [ask(0), ask(1)];
    await settle(ledgerBatch([a, b]));
    const closed = [{ id: a.id, how: 'released', why: 'given back' } as const];
    expect((await settle(ledgerBatch([], { closed, candidates: [b.id] }))).granted).toMatchObject([{ id: b.id }]);
    expect((await settle(ledgerBatch([a], { holders: [b.id] }))).gone).toEqual([
      { id: a.id, why: 'this request has ended: given back' },
    ]);
  });

  test('tells a request for a machine that the MDB does not have, and one that is another semaphore’s', async () => {
    const unknownMachine = ask(0, { machineId: 'm-nobody' });
    const here = ask(1);
    await settle(ledgerBatch([here]));
    const result = await settle(ledgerBatch([unknownMachine]));
    expect(result.gone).toEqual([{ id: unknownMachine.id, why: 'the MDB has no such machine' }]);
    const there = await settle({ ...ledgerBatch([here]), semaphore: 'semaphore/drain/rack=A01' });
    expect(there.gone).toEqual([{ id: here.id, why: `this id is a request for ${semaphore}` }]);
  });

  test('audits what a person took away, and opens one ticket for what is overdue', async () => {
    const a = ask(0);
    await settle(ledgerBatch([a]));
    const overdue = [{ id: a.id, why: 'its power is Off' }];
    for (let times = 0; times < 2; times += 1) await settle(ledgerBatch([], { overdue, holders: [a.id] }));
    expect(await base.mdb.select().from(tickets)).toMatchObject([
      { machineId: 'm-0', fault: 'permit/reboot/rack=A01', body: expect.stringContaining('its power is Off') },
    ]);
    await settle(ledgerBatch([], { closed: [{ id: a.id, how: 'evicted', why: 'I saw it', by: 'ann' }], holders: [] }));
    const [row] = await base.mdb.select().from(audit).where(eq(audit.action, 'permit.evicted'));
    expect(row).toMatchObject({ actorClass: 'user', actor: 'ann', machineId: 'm-0', detail: { why: 'I saw it' } });
    expect(await base.mdb.$count(tickets, sql`closed_at is null`)).toBe(0);
  });
});

describe('the policy', () => {
  test('of the row that names most counts, and a share never goes below its minimum', async () => {
    await policy({ operation: '*', tag: '*', capacity: 7 });
    expect((await settle(ledgerBatch([]))).terms.capacity).toBe(7);
    await policy({ capacity: null, percent: 25, minimum: 1 });
    expect((await settle(ledgerBatch([]))).terms.capacity).toBe(2);
    await policy({ value: 'A01', capacity: null, percent: 5, minimum: 3 });
    expect((await settle(ledgerBatch([]))).terms.capacity).toBe(3);
  });

  test('is a tenth of the fleet and one of a rack where nobody said anything; feeds and free tags are groups too', async () => {
    const capacity = async (group: string) =>
      (await settle({ ...ledgerBatch([]), semaphore: `semaphore/reboot/${group}` })).terms.capacity;
    expect(await capacity('rack=A01')).toBe(1);
    expect(await capacity('fleet=all')).toBe(1);
    await policy({ tag: '*', capacity: null, percent: 100, minimum: 0 });
    const groups = [
      'fleet=all',
      'rack=A01',
      'feed=a',
      'feed=b',
      'row=A',
      'team=x',
      'team=y',
      'machine=m-3',
      'pool=general',
    ];
    expect(await Promise.all(groups.map(capacity))).toEqual([10, 8, 8, 2, 10, 1, 0, 1, 10]);
  });

  test('that shrinks takes nothing away', async () => {
    await policy({ capacity: 2 });
    const requests = [ask(0), ask(1), ask(2)];
    await settle(ledgerBatch(requests));
    await base.mdb.update(semaphores).set({ capacity: 0 });
    const result = await settle(
      ledgerBatch([], { candidates: [requests[2]?.id ?? ''], holders: requests.slice(0, 2).map(({ id }) => id) }),
    );
    expect(result).toMatchObject({ granted: [], gate: { reason: 'the policy allows no permit' } });
    expect((await restOf(base.mdb, semaphore)).holders).toHaveLength(2);
  });
});

describe('the gates', () => {
  test('keep the healthy share, and let pass who is out of service already', async () => {
    await policy({ capacity: 8, minHealthy: 75 });
    await base.mdb.update(machines).set({ opState: 'disabled' }).where(eq(machines.id, 'm-7'));
    const requests = [ask(0), ask(1), ask(7)];
    const result = await settle(ledgerBatch(requests));
    // Seven of eight are healthy and six must be: one may leave, and the sick one takes nothing away.
    expect(result.granted.map(({ id }) => id)).toEqual([requests[0]?.id, requests[2]?.id]);
    expect(result.gate).toEqual({
      kind: 'healthy',
      reason: '6 of 8 are healthy, and 6 must stay so (75 %)',
      until: null,
    });
    expect(result.held).toEqual([{ id: requests[1]?.id, why: '6 of 8 are healthy, and 6 must stay so (75 %)' }]);
  });

  test('hold everything but an emergency until the window opens', async () => {
    const now = new Date();
    const later = (hours: number) => `${String((now.getUTCHours() + hours) % 24).padStart(2, '0')}:00`;
    const window = { days: [1, 2, 3, 4, 5, 6, 7], from: later(2), to: later(4), zone: 'UTC' };
    await policy({ capacity: 8, windows: [window] });
    const requests = [ask(0), ask(1, { class: 'emergency' })];
    const result = await settle(ledgerBatch(requests));
    expect(result.granted.map(({ id }) => id)).toEqual([requests[1]?.id]);
    expect(result.gate?.kind).toBe('window');
    const ahead = (result.gate?.until ?? 0) - now.getTime();
    expect(ahead).toBeGreaterThan(3_599_000);
    expect(ahead).toBeLessThanOrEqual(7_200_000);
  });

  test('keep to the rate, and say when the minute has room again', async () => {
    await policy({ capacity: 8, perMinute: 2 });
    const requests = [ask(0), ask(1), ask(2)];
    const result = await settle(ledgerBatch(requests));
    expect(result.granted).toHaveLength(2);
    expect(result.gate).toMatchObject({ kind: 'rate', reason: '2 were granted within a minute' });
    // Given back or not, they were granted within this minute.
    const closed = requests.slice(0, 2).map(({ id }) => ({ id, how: 'released', why: 'given back' }) as const);
    const again = ledgerBatch([], { closed, candidates: [requests[2]?.id ?? ''] });
    expect((await settle(again)).gate?.until).toBeGreaterThan(Date.now() + 50_000);
    await base.mdb.update(semaphores).set({ perMinute: 3 });
    expect((await settle(again)).granted).toHaveLength(1);
  });

  test('know windows past midnight, weekdays and time zones', async () => {
    const at = (zone: string, hours: number) =>
      new Date(Date.now() + hours * 3_600_000).toLocaleTimeString('en-GB', {
        timeZone: zone,
        hour: '2-digit',
        minute: '2-digit',
      });
    const every = [1, 2, 3, 4, 5, 6, 7];
    const opens = (windows: PermitWindow[]) => opensAt(base.mdb, windows);
    for (const zone of ['UTC', 'Asia/Tokyo', 'America/New_York']) {
      expect(await opens([{ days: every, from: at(zone, -1), to: at(zone, 1), zone }])).toBeNull();
      const next = await opens([{ days: every, from: at(zone, 2), to: at(zone, 1), zone }]);
      expect(next === null).toBe(true);
      expect(await opens([{ days: every, from: at(zone, 1), to: at(zone, 2), zone }])).toBeGreaterThan(Date.now());
    }
    expect(await opens([{ days: [], from: '00:00', to: '23:59', zone: 'UTC' }])).toBeGreaterThan(Date.now());
  });

  test('hold back while the storm brake is engaged, but not who is out of service already', async () => {
    await policy({ capacity: 8 });
    await base.mdb.insert(brakes).values({ id: 'fleet', engagedAt: new Date(), reason: 'a feed went down' });
    await base.mdb.update(machines).set({ opState: 'disabled' }).where(eq(machines.id, 'm-7'));
    const requests = [ask(0), ask(7)];
    const result = await settle(ledgerBatch(requests));
    expect(result.granted.map(({ id }) => id)).toEqual([requests[1]?.id]);
    expect(result.gate).toEqual({
      kind: 'brake',
      reason: 'the storm brake is engaged: a feed went down',
      until: null,
    });
    await base.mdb.delete(brakes);
    expect((await settle(ledgerBatch([requests[0] as PermitWaiting]))).granted).toHaveLength(1);
  });

  test('keep the image system off a machine that an order works on, and let the others pass', async () => {
    await base.mdb
      .insert(orders)
      .values({ id: 'o-1', machineId: 'm-0', passage: 'maintenance', requester: 'ann', reason: 'x', state: 'running' });
    const { workflowId: _, ...subd } = ask(0);
    const other = ask(1);
    const result = await settle(ledgerBatch([subd, other]));
    expect(result.held).toEqual([{ id: subd.id, why: 'order o-1 works on the machine' }]);
    expect(result.granted.map(({ id }) => id)).toEqual([other.id]);
  });
});

describe('what a holder left behind', () => {
  test('is told from its acts and from where its machine stands', async () => {
    const a = ask(0);
    await settle(ledgerBatch([a]));
    expect(await readTraces(base.mdb, a.id)).toEqual({ acted: null, left: null });
    await base.mdb
      .update(machines)
      .set({ opState: 'draining' })
      .where(inArray(machines.id, ['m-0']));
    const fence = await fenceOf('m-0');
    const sentAt = new Date('2026-11-21T08:00:00Z');
    await base.mdb.insert(intents).values({ id: 'i-1', machineId: 'm-0', kind: 'restart', command: {}, fence, sentAt });
    expect(await readTraces(base.mdb, a.id)).toEqual({
      acted: sentAt.toISOString(),
      left: 'the machine is still draining',
    });
  });
});
