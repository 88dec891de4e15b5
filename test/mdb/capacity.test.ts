import { eq, inArray, isNull, sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { beginBirth } from '../../activities/birth/begin.ts';
import type { CapacityScope, MinimumUnit } from '../../domain/machine.ts';
import { acting } from '../../mdb/acting.ts';
import { audit, brakes, capacityRules, machines, orders, tickets } from '../../mdb/schema.ts';
import { leaveProduction, listCapacity, setCapacity, type TakeOutVerdict } from '../../mdb/service/capacity.ts';
import { engageBreaker, readBreaker, releaseBreaker, setBreaker } from '../../mdb/service/circuitbreaker.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let at: ThrowawayMdb;
const ann = { class: 'user', name: 'ann' } as const;
const rackIds = ['A01', 'A02', 'A03', 'A04'];
const all = Array.from({ length: 16 }, (_, index) => `m-${String(index).padStart(2, '0')}`);

/** Sixteen machines in production: four racks on two feeds, two pools. */
beforeAll(async () => {
  at = await throwawayMdb();
  await writeSite(at.mdb, { racks: 4 });
  await at.mdb.insert(machines).values(
    all.map((id, index) => ({
      id,
      siteId: 'home',
      mac: `52:54:00:00:01:${index.toString(16).padStart(2, '0')}`,
      rackId: rackIds[index % 4] ?? null,
      unit: Math.floor(index / 4) + 1,
      pool: index < 8 ? 'batch' : 'web',
      stage: 'in_service' as const,
      opState: 'production' as const,
      inServiceAt: new Date(),
    })),
  );
});
afterAll(() => at.close());

beforeEach(async () => {
  await at.mdb.delete(capacityRules);
  await at.mdb.delete(brakes);
  await at.mdb.update(tickets).set({ closedAt: new Date() }).where(isNull(tickets.closedAt));
  await at.mdb.insert(brakes).values({ perMinute: 100_000, share: 100 });
  await restore();
});

/** Everybody is back in production. */
async function restore(): Promise<void> {
  await at.mdb.update(machines).set({ opState: 'disabled' }).where(sql`op_state in ('intervention', 'hard_reboot')`);
  await at.mdb.update(machines).set({ opState: 'production', repairState: 'none', stage: 'in_service' });
}

function leave(machineId: string): Promise<TakeOutVerdict> {
  return acting(at.mdb, { class: 'system', name: 'test' }, null, (tx) =>
    leaveProduction(tx, { machineId, to: 'draining' }),
  );
}

const rule = (scope: CapacityScope, name: string, min: number, unit: MinimumUnit) =>
  setCapacity(at.mdb, ann, { scope, name }, { min, unit }, 'test');

describe('a minimum', () => {
  test.each([
    ['fleet', '*', 'the fleet has 16 machines in service and must keep 16'],
    ['feed', 'a', 'feed a has 8 machines in service and must keep 8'],
    ['rack', 'A01', 'rack A01 has 4 machines in service and must keep 4'],
    ['pool', 'batch', 'pool batch has 8 machines in service and must keep 8'],
  ] as const)('of a %s holds a machine that it needs, and names it', async (scope, name, held) => {
    await rule(scope, name, 100, 'percent');
    expect(await leave('m-00')).toMatchObject({ left: false, held });
    expect(await at.mdb.$count(machines, eq(machines.opState, 'production'))).toBe(16);
  });

  test('of a group goes before that of all groups of its kind', async () => {
    await rule('rack', '*', 100, 'percent');
    await rule('rack', 'A02', 3, 'count');
    expect(await leave('m-01')).toEqual({ left: true });
    expect(await leave('m-05')).toMatchObject({
      left: false,
      shortage: { scope: 'rack', name: 'A02', have: 3, need: 3 },
    });
    expect(await leave('m-00')).toMatchObject({ left: false, shortage: { name: 'A01', have: 4, need: 4 } });
  });

  test('refuses the birth of a machine that its group needs, and nothing happens to it', async () => {
    await rule('rack', 'A01', 4, 'count');
    await at.mdb
      .insert(orders)
      .values({ id: 'b-1', machineId: 'm-00', passage: 'birth', requester: 'ann', reason: 'a test' });
    const order = { machineId: 'm-00', siteId: 'home', orderId: 'b-1', passage: 'birth' } as const;
    const next = { step: 'rack', ordinal: 10, owner: 'agent', limit: 1000 };
    // What may not leave asks for no permit first.
    expect(await beginBirth(at.mdb, { ...order, next })).toMatchObject({ live: false });
    expect(await at.mdb.select().from(orders)).toMatchObject([
      { state: 'failed', outcome: 'refused: rack A01 has 4 machines in service and must keep 4' },
    ]);
    expect(await at.mdb.select().from(machines).where(eq(machines.id, 'm-00'))).toMatchObject([
      { stage: 'in_service', opState: 'production' },
    ]);
  });

  test('is not touched by a machine that counts for nothing already', async () => {
    await at.mdb.update(machines).set({ repairState: 'failing' }).where(eq(machines.id, 'm-00'));
    await rule('pool', 'batch', 7, 'count');
    expect(await leave('m-00')).toEqual({ left: true });
    expect(await leave('m-01')).toMatchObject({ left: false });
    expect(await leave('m-00')).toEqual({ left: true });
  });

  test('counts whoever was in service once, though it is being born again, and nobody who retired', async () => {
    await rule('rack', 'A01', 50, 'percent');
    await at.mdb
      .update(machines)
      .set({ stage: 'racked', opState: 'disabled', inServiceAt: null })
      .where(inArray(machines.id, ['m-00', 'm-04']));
    expect(await leave('m-08')).toMatchObject({ left: false, shortage: { have: 2, need: 2 } });
    await at.mdb
      .update(machines)
      .set({ stage: 'retired' })
      .where(inArray(machines.id, ['m-00', 'm-04']));
    expect(await leave('m-08')).toEqual({ left: true });
    expect((await listCapacity(at.mdb)).find(({ scope, name }) => scope === 'rack' && name === 'A01')).toMatchObject({
      total: 2,
      have: 1,
      need: 1,
    });
    await at.mdb
      .update(machines)
      .set({ stage: 'racked' })
      .where(inArray(machines.id, ['m-00', 'm-04']));
    for (const stage of ['registered', 'configured', 'profiled', 'deployed'] as const)
      await at.mdb
        .update(machines)
        .set({ stage })
        .where(inArray(machines.id, ['m-00', 'm-04']));
    await at.mdb.update(machines).set({ stage: 'in_service', inServiceAt: new Date() });
  });

  test('is never crossed, whoever asks at the same time', async () => {
    const group = fc.constantFrom<[CapacityScope, string]>(
      ['fleet', '*'],
      ['feed', 'a'],
      ['feed', '*'],
      ['rack', '*'],
      ['rack', 'A03'],
      ['pool', 'web'],
      ['pool', '*'],
    );
    const spec = fc.record({ group, min: fc.nat(100), unit: fc.constantFrom<MinimumUnit>('percent', 'count') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(spec, { minLength: 1, maxLength: 4 }),
        fc.array(fc.shuffledSubarray(all, { minLength: 4 }), { minLength: 1, maxLength: 3 }),
        fc.array(fc.constantFrom(...all), { maxLength: 4 }),
        async (specs, waves, breaking) => {
          await at.mdb.delete(capacityRules);
          await restore();
          for (const {
            group: [scope, name],
            min,
            unit,
          } of specs)
            await rule(scope, name, unit === 'count' ? min % 9 : min, unit);
          for (const wave of waves) {
            const before = new Map((await listCapacity(at.mdb)).map((row) => [`${row.scope}/${row.name}`, row]));
            // Some take their leaving back, as a transaction that fails does.
            const outcomes = await Promise.all(wave.map((id) => (breaking.includes(id) ? giveUp(id) : leave(id))));
            for (const row of await listCapacity(at.mdb)) {
              const earlier = before.get(`${row.scope}/${row.name}`)?.have ?? 0;
              // A group that is short already may not lose anybody; every other keeps its minimum.
              expect(row.have).toBeGreaterThanOrEqual(Math.min(row.need, earlier));
            }
            const left = outcomes.filter((outcome) => outcome.left).length;
            expect(await at.mdb.$count(machines, sql`op_state <> 'production'`)).toBeGreaterThanOrEqual(left);
            await at.mdb
              .update(machines)
              .set({ opState: 'production' })
              .where(inArray(machines.id, wave.slice(0, 3)));
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

/** Leaves, and fails before it commits. */
function giveUp(machineId: string): Promise<TakeOutVerdict> {
  const failure = new Error('the activity failed');
  return acting(at.mdb, ann, null, async (tx) => {
    await leaveProduction(tx, { machineId, to: 'draining' });
    throw failure;
  }).catch((error: unknown) => {
    if (error !== failure) throw error;
    return { left: false, held: 'failed', shortage: null };
  });
}

describe('the storm brake', () => {
  const openTickets = () => at.mdb.select().from(tickets).where(isNull(tickets.closedAt));

  /** Forgets what left in earlier tests, which the history keeps. */
  async function limit(limits: Parameters<typeof setBreaker>[2]): Promise<void> {
    await setBreaker(at.mdb, ann, limits, 'test');
    await at.mdb.update(brakes).set({ countedFrom: sql`clock_timestamp()` });
  }

  test('holds the machine that is one too many in a minute, with one ticket for the storm', async () => {
    await limit({ perMinute: 3 });
    const outcomes = await Promise.all(all.slice(0, 8).map(leave));
    expect(outcomes.filter(({ left }) => left)).toHaveLength(3);
    expect(await at.mdb.$count(machines, eq(machines.opState, 'draining'))).toBe(3);
    expect(outcomes.filter(({ left }) => !left)).toMatchObject(
      Array.from({ length: 5 }, () => ({
        held: expect.stringMatching(
          /^the storm brake is engaged until .*: 3 machines left production within a minute$/,
        ),
      })),
    );
    expect(await openTickets()).toMatchObject([{ fault: 'brake/engaged' }]);
    await releaseBreaker(at.mdb, ann, 'it was planned', null);
    expect(await openTickets()).toEqual([]);
    expect(await leave('m-15')).toEqual({ left: true });
  });

  test('holds a machine that would be too great a share of a group', async () => {
    await limit({ share: 50, shareFloor: 2 });
    expect(await leave('m-00')).toEqual({ left: true });
    expect(await leave('m-04')).toEqual({ left: true });
    expect(await leave('m-08')).toMatchObject({
      held: expect.stringContaining('2 of 4 machines of rack A01 left production within 10 minutes'),
    });
  });

  test('lets go by itself when it has cooled down', async () => {
    await limit({ perMinute: 1 });
    await leave('m-00');
    expect(await leave('m-01')).toMatchObject({ left: false });
    await at.mdb.update(brakes).set({ coolUntil: new Date(Date.now() - 1) });
    expect(await leave('m-02')).toEqual({ left: true });
    expect(await readBreaker(at.mdb)).toMatchObject({ engagedAt: null });
    expect(await openTickets()).toEqual([]);
  });

  test('does not engage while a person has switched it off, and the audit says who', async () => {
    await limit({ perMinute: 1 });
    await leave('m-00');
    await leave('m-01');
    await releaseBreaker(at.mdb, ann, 'a planned move', 10);
    const outcomes = await Promise.all(all.slice(4, 10).map(leave));
    expect(outcomes.every(({ left }) => left)).toBe(true);
    const rows = await at.mdb.select().from(audit).where(eq(audit.action, 'brake.overridden'));
    expect(rows.at(-1)).toMatchObject({ actor: 'ann', detail: { reason: 'a planned move' } });
  });

  test('is only looked at by a dry run, which moves nothing and engages nothing', async () => {
    const look = (machineId: string) =>
      acting(at.mdb, ann, null, (tx) => leaveProduction(tx, { machineId, to: 'draining', dryRun: true }));
    await limit({ perMinute: 1 });
    expect(await look('m-00')).toEqual({ left: true });
    expect(await at.mdb.$count(machines, eq(machines.opState, 'production'))).toBe(16);
    await leave('m-00');
    expect(await look('m-01')).toMatchObject({ left: false, held: expect.stringContaining('left production') });
    expect(await readBreaker(at.mdb)).toMatchObject({ engagedAt: null });
    expect(await openTickets()).toEqual([]);
  });

  test('engaged by a person holds until a person releases it', async () => {
    await engageBreaker(at.mdb, ann, 'the cooling fails', null);
    expect(await leave('m-00')).toMatchObject({
      held: 'the storm brake is engaged until a person releases it: the cooling fails',
    });
    await releaseBreaker(at.mdb, ann, 'it cools again', null);
    expect(await leave('m-00')).toEqual({ left: true });
  });
});
