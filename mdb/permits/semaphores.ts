/** Semaphores as people see and steer them. The workflows are told through the outbox. */

import { randomUUID } from 'node:crypto';
import { and, desc, eq, sql } from 'drizzle-orm';
import { type Eviction, readSemaphoreId, semaphoreId, semaphoreMessages } from '../../contract/semaphore.ts';
import { fleet } from '../../domain/permits/groups.ts';
import { changePolicy, type PermitPolicy } from '../../domain/permits/policy.ts';
import type { Refused } from '../../domain/refused.ts';
import { type Actor, acting, explain, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { postToSemaphore } from '../outbox.ts';
import { machines, permits, semaphoreStates, semaphores } from '../schema.ts';
import { policyOf } from './policy.ts';

export interface SemaphoreRow {
  readonly id: string;
  readonly capacity: number | null;
  readonly held: number;
  readonly waiting: number;
  readonly overdue: number;
  readonly gate: string | null;
  readonly gateUntil: Date | null;
  /** When the request was made that has been open longest. */
  readonly oldest: Date | null;
}

/** Every semaphore that was ever asked, or the one that is named. */
export async function listSemaphores(mdb: MdbOrTransaction, id?: string): Promise<SemaphoreRow[]> {
  const rows = await mdb.execute<Record<string, unknown>>(sql`
    select coalesce(s.id, p.semaphore) as id, s.capacity, s.gate, s.gate_until, coalesce(p.held, 0) as held,
      coalesce(p.waiting, 0) as waiting, coalesce(p.overdue, 0) as overdue, p.oldest
    from ${semaphoreStates} s full join (
      select semaphore, count(*) filter (where state = 'granted')::int as held,
        count(*) filter (where state = 'waiting')::int as waiting,
        count(*) filter (where overdue is not null)::int as overdue, min(requested_at) as oldest
      from ${permits} where state <> 'closed' group by semaphore) p on p.semaphore = s.id
    where ${id === undefined ? sql`true` : sql`coalesce(s.id, p.semaphore) = ${id}`}
    order by 1`);
  return rows.map((row) => ({
    id: String(row['id']),
    capacity: row['capacity'] === null ? null : Number(row['capacity']),
    held: Number(row['held']),
    waiting: Number(row['waiting']),
    overdue: Number(row['overdue']),
    gate: row['gate'] === null ? null : String(row['gate']),
    gateUntil: row['gate_until'] === null ? null : new Date(String(row['gate_until'])),
    oldest: row['oldest'] === null ? null : new Date(String(row['oldest'])),
  }));
}

/** What a machine's workflow waits for at a semaphore. */
export interface Waited {
  readonly semaphore: string;
  /** Requests that were made there before, and wait as well. */
  readonly before: number;
  /** Why those in front do not go on; null while there is room. */
  readonly gate: string | null;
}

/** The permit that the machine waits for; null when it waits for none. */
export async function readWaited(mdb: MdbOrTransaction, machineId: string): Promise<Waited | null> {
  const rows = await mdb.execute<{ semaphore: string; before: number; gate: string | null }>(sql`
    select p.semaphore, s.gate, (select count(*)::int from ${permits} o where o.semaphore = p.semaphore
        and o.state = 'waiting' and o.requested_at < p.requested_at) as before
      from ${permits} p left join ${semaphoreStates} s on s.id = p.semaphore
      where p.machine_id = ${machineId} and p.state = 'waiting' order by p.requested_at limit 1`);
  return rows[0] ?? null;
}

/** Longest queue that is shown. */
const maxListed = 200;

export async function listPermits(mdb: MdbOrTransaction, semaphore: string, state: 'waiting' | 'granted' | 'closed') {
  const rows = await mdb
    .select({ permit: permits, hostname: machines.hostname })
    .from(permits)
    .innerJoin(machines, eq(machines.id, permits.machineId))
    .where(and(eq(permits.semaphore, semaphore), eq(permits.state, state)))
    .orderBy(state === 'closed' ? desc(permits.closedAt) : permits.requestedAt)
    .limit(state === 'closed' ? 20 : maxListed);
  return rows.map(({ permit, hostname }) => ({ ...permit, hostname }));
}

export async function readPolicy(mdb: MdbOrTransaction, semaphore: string): Promise<PermitPolicy | null> {
  const resource = readSemaphoreId(semaphore);
  return resource && policyOf(mdb, resource);
}

export interface SemaphorePattern {
  readonly operation: string;
  readonly tag: string;
  readonly value: string;
}

/** Reads `reboot/rack=A12`, with or without `semaphore/`; any of the three may be `*`. */
export function readPattern(text: string): SemaphorePattern | null {
  const parts = /^(?:semaphore\/)?([^/=]+)\/([^/=]+)=([^/=]+)$/.exec(text);
  if (!parts) return null;
  const [, operation = '', tag = '', value = ''] = parts;
  const plain = (part: string) => (part === '*' ? 'x' : part);
  const id = semaphoreId({ operation: plain(operation), tag: plain(tag), value: plain(value) });
  return readSemaphoreId(id) === null ? null : { operation, tag, value };
}

/**
 * Changes the policy of one semaphore, or of all that a pattern with `*` names, and has those that are open look again.
 * What the change leaves out stays as it was for the pattern.
 */
export async function setPolicy(
  mdb: Mdb,
  operator: Actor,
  pattern: SemaphorePattern,
  change: Partial<PermitPolicy>,
  reason: string,
): Promise<PermitPolicy | Refused> {
  return acting(mdb, operator, null, async (tx) => {
    const before = await policyOf(tx, pattern);
    const after = changePolicy(before, change);
    if (after.limitSeconds < after.leaseSeconds) {
      const message = `the limit of ${after.limitSeconds} s is below the lease of ${after.leaseSeconds} s`;
      return { code: 'invalid', message, field: 'limitSeconds' };
    }
    const row = { ...pattern, ...after, updatedBy: operator.name, reason, updatedAt: new Date() };
    await explain(tx, { reason });
    const key = [semaphores.operation, semaphores.tag, semaphores.value];
    await tx.insert(semaphores).values(row).onConflictDoUpdate({ target: key, set: row });
    await wakeMatching(tx, pattern);
    const detail = { ...pattern, ...change, reason };
    await record(tx, { actor: operator, action: 'semaphore.resize', detail });
    return after;
  });
}

/** Has those that are open look at their policy again. */
export async function wakeMatching(tx: Transaction, pattern: SemaphorePattern): Promise<void> {
  const fits = (part: keyof SemaphorePattern, value: string) => pattern[part] === '*' || pattern[part] === value;
  for (const { id } of await listSemaphores(tx)) {
    const one = readSemaphoreId(id);
    if (!one || !fits('operation', one.operation) || !fits('tag', one.tag) || !fits('value', one.value)) continue;
    const message = { semaphore: id, signal: semaphoreMessages.wake, body: null };
    await postToSemaphore(tx, `permit/wake/${randomUUID()}`, message);
  }
}

/** Takes a permit away, or a request out of the line. Once is enough. */
export async function evictPermit(mdb: Mdb, operator: Actor, id: string, reason: string): Promise<true | Refused> {
  return acting(mdb, operator, null, async (tx) => {
    const [row] = await tx.select().from(permits).where(eq(permits.id, id)).for('update');
    if (!row) return { code: 'not-found', message: `there is no permit ${id}` };
    if (row.state === 'closed')
      return { code: 'conflict', message: `permit ${id} has ended already: ${row.how}, ${row.why}` };
    const body: Eviction = { id, by: operator.name, reason };
    const { semaphore, machineId } = row;
    const message = { semaphore, signal: semaphoreMessages.evict, body };
    // A repetition with the same reason is the same word; the semaphore itself takes an eviction once.
    if (await postToSemaphore(tx, `permit/${id}/evict`, message))
      await record(tx, { actor: operator, action: 'semaphore.evict', machineId, detail: { id, semaphore, reason } });
    return true;
  });
}

/** The group whose budget the image system's disruptions of a machine come from: its rack's, else the fleet's. */
export function disruptionSemaphore(rack: string | null): string {
  return semaphoreId({ operation: 'reboot', ...(rack === null ? fleet : { tag: 'rack', value: rack }) });
}
