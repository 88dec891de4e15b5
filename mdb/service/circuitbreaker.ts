/**
 * The storm brake: when too many machines leave production in too short a time, whatever the reason, all further
 * machines are kept in production until it has cooled down or a person says otherwise. One ticket tells of the whole storm.
 */
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { CapacityGroups } from '../../domain/capacity.ts';
import {
  type BreakerLimits,
  describeEngaged,
  findStorm,
  isEngaged,
  isOverridden,
  type TakenOut,
} from '../../domain/circuitbreaker.ts';
import { type Actor, acting, explain, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { openTicket } from '../people/people.ts';
import { brakes, tickets } from '../schema.ts';

export type CircuitBreaker = typeof brakes.$inferSelect;

const here = eq(brakes.id, 'fleet');
const system: Actor = { class: 'system', name: 'brake' };

/** The brake's row, locked until the transaction ends. */
async function lockBreaker(tx: Transaction): Promise<CircuitBreaker> {
  await tx.insert(brakes).values({ id: 'fleet' }).onConflictDoNothing();
  const [row] = await tx.select().from(brakes).where(here).for('update');
  if (!row) throw new Error('the MDB has no brake');
  return row;
}

/**
 * Why one more machine may not leave production now; null when it may. Engages the brake where its leaving would be
 * the one too many, and lets go of one that has cooled down; a dry run only looks.
 */
export async function holdByBreaker(
  tx: Transaction,
  machineId: string,
  groups: CapacityGroups,
  dryRun = false,
): Promise<string | null> {
  let breaker = await lockBreaker(tx);
  const now = Date.now();
  if (isOverridden(breaker, now)) return null;
  if (isEngaged(breaker, now)) return describeEngaged(breaker);
  if (breaker.engagedAt !== null) {
    if (dryRun) return null;
    breaker = await letGo(tx, system, breaker, 'it has cooled down');
  }
  const storm = findStorm(breaker, await countTakenOut(tx, breaker, machineId, groups), groups);
  if (storm === null || dryRun) return storm;
  const coolUntil = new Date(now + breaker.coolMinutes * 60_000);
  const ticketId = await openTicket(tx, {
    id: `T-brake-${now}`,
    machineId,
    fault: 'brake/engaged',
    title: `Storm brake: ${storm}`,
    body: `${storm}. No machine leaves production until ${coolUntil.toISOString()}, or until "farrier brake release". ${machineId} was the first to be held.`,
  });
  const engaged = { engagedAt: new Date(now), coolUntil, reason: storm, engagedBy: system.name, ticketId };
  await tx.update(brakes).set(engaged).where(here);
  await record(tx, { actor: system, action: 'brake.engaged', machineId, detail: { storm, coolUntil } });
  return describeEngaged({ ...breaker, ...engaged });
}

// Every machine that leaves counts, also where nobody ordered it: it is the storm that matters, not its cause.
async function countTakenOut(
  tx: Transaction,
  breaker: CircuitBreaker,
  machineId: string,
  groups: CapacityGroups,
): Promise<TakenOut> {
  const from = breaker.countedFrom === null ? sql`'-infinity'::timestamptz` : sql`${breaker.countedFrom}::timestamptz`;
  const group = (inside: ReturnType<typeof sql>, name: string) => sql`
    count(distinct m.id) filter (where d.machine_id <> ${machineId} and ${inside})::int as ${sql.identifier(`${name}_left`)},
    count(distinct m.id) filter (where ${inside})::int as ${sql.identifier(`${name}_total`)}`;
  const rows = await tx.execute<Record<string, number>>(sql`
    with taken_out as (select machine_id, at from state_history where guarded = 'op_state' and "from" = 'production'
      and at > clock_timestamp() - ${breaker.windowMinutes} * interval '1 minute' and at > ${from})
    select (select count(*)::int from taken_out where at > clock_timestamp() - interval '1 minute') as minute,
      ${group(sql`r.feed = ${groups['feed'] ?? null}`, 'feed')}, ${group(sql`m.rack_id = ${groups['rack'] ?? null}`, 'rack')},
      ${group(sql`m.pool = ${groups['pool'] ?? null}`, 'pool')}
    from machines m left join racks r on r.id = m.rack_id left join taken_out d on d.machine_id = m.id
    where m.stage <> 'retired'`);
  const [row = {}] = rows;
  const of = (scope: string) => ({ left: row[`${scope}_left`] ?? 0, total: row[`${scope}_total`] ?? 0 });
  return { minute: row['minute'] ?? 0, feed: of('feed'), rack: of('rack'), pool: of('pool') };
}

/** Lets go, closes the storm's ticket and forgives what was counted so far. */
async function letGo(tx: Transaction, actor: Actor, breaker: CircuitBreaker, reason: string): Promise<CircuitBreaker> {
  const free = { engagedAt: null, coolUntil: null, reason: null, engagedBy: null, ticketId: null };
  const [row] = await tx
    .update(brakes)
    .set({ ...free, countedFrom: sql`clock_timestamp()` })
    .where(here)
    .returning();
  if (breaker.ticketId !== null) {
    const open = and(eq(tickets.id, breaker.ticketId), isNull(tickets.closedAt));
    await tx.update(tickets).set({ closedAt: sql`now()` }).where(open);
  }
  await record(tx, {
    actor,
    action: 'brake.released',
    detail: { reason, engagedAt: breaker.engagedAt, storm: breaker.reason },
  });
  return row ?? { ...breaker, ...free };
}

export interface BreakerStatus extends CircuitBreaker {
  /** Machines that left production in the last minute and in the brake's window. */
  readonly lastMinute: number;
  readonly inWindow: number;
}

export async function readBreaker(mdb: MdbOrTransaction): Promise<BreakerStatus> {
  await mdb.insert(brakes).values({ id: 'fleet' }).onConflictDoNothing();
  const [brake] = await mdb.select().from(brakes).where(here);
  if (!brake) throw new Error('the MDB has no brake');
  const rows = await mdb.execute<{ minute: number; window: number }>(sql`
    select count(*) filter (where at > now() - interval '1 minute')::int as minute, count(*)::int as window
    from state_history where guarded = 'op_state' and "from" = 'production'
      and at > now() - ${brake.windowMinutes} * interval '1 minute'`);
  return { ...brake, lastMinute: rows[0]?.minute ?? 0, inWindow: rows[0]?.window ?? 0 };
}

/** Keeps every machine in production until `minutes` are over, or until a person releases it. */
export function engageBreaker(
  mdb: Mdb,
  operator: Actor,
  reason: string,
  minutes: number | null,
): Promise<BreakerStatus> {
  return acting(mdb, operator, null, async (tx) => {
    const breaker = await lockBreaker(tx);
    const coolUntil = minutes === null ? null : new Date(Date.now() + minutes * 60_000);
    const engagedAt = breaker.engagedAt ?? new Date();
    await tx
      .update(brakes)
      .set({ engagedAt, coolUntil, reason, engagedBy: operator.name, overrideUntil: null, overrideBy: null })
      .where(here);
    await record(tx, { actor: operator, action: 'brake.engaged', detail: { reason, coolUntil } });
    return readBreaker(tx);
  });
}

/** Lets machines leave again. With `overrideMinutes` it can't engage again by itself for so long. */
export function releaseBreaker(
  mdb: Mdb,
  operator: Actor,
  reason: string,
  overrideMinutes: number | null,
): Promise<BreakerStatus> {
  return acting(mdb, operator, null, async (tx) => {
    const breaker = await lockBreaker(tx);
    const overrideUntil = overrideMinutes === null ? null : new Date(Date.now() + overrideMinutes * 60_000);
    await tx
      .update(brakes)
      .set({ overrideUntil, overrideBy: overrideUntil === null ? null : operator.name })
      .where(here);
    await letGo(tx, operator, breaker, reason);
    if (overrideUntil !== null)
      await record(tx, { actor: operator, action: 'brake.overridden', detail: { reason, overrideUntil } });
    return readBreaker(tx);
  });
}

export function setBreaker(
  mdb: Mdb,
  operator: Actor,
  limits: Partial<BreakerLimits>,
  reason: string,
): Promise<BreakerStatus> {
  return acting(mdb, operator, null, async (tx) => {
    await lockBreaker(tx);
    await explain(tx, { reason });
    await tx.update(brakes).set(limits).where(here);
    await record(tx, { actor: operator, action: 'brake.set', detail: { reason, ...limits } });
    return readBreaker(tx);
  });
}
