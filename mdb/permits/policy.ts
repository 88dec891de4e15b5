/** What the policy allows a semaphore at this moment. Inside the transaction that grants. */

import { and, inArray, sql } from 'drizzle-orm';
import type { PermitTerms, Resource } from '../../contract/semaphore.ts';
import type { PermitWindow } from '../../domain/permits.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { semaphores } from '../schema.ts';
import { inGroup } from './groups.ts';

export type Policy = Pick<
  typeof semaphores.$inferSelect,
  | 'capacity'
  | 'percent'
  | 'minimum'
  | 'queueBound'
  | 'leaseSeconds'
  | 'limitSeconds'
  | 'minHealthy'
  | 'perMinute'
  | 'windows'
>;

const usual = {
  minimum: 1,
  queueBound: 5000,
  leaseSeconds: 3600,
  limitSeconds: 86_400,
  minHealthy: null,
  perMinute: null,
  windows: [],
};

const broadTags = ['fleet', 'site', 'az', 'row', 'feed', 'rack', 'pool', 'sku'];

/**
 * Where nobody has said anything: a tenth of the fleet, of a feed, row, rack or pool, and at least one, so that four
 * machines at home can be worked on too; one of any other group.
 */
export function standardPolicy({ tag }: Pick<Resource, 'tag'>): Policy {
  const broad = broadTags.includes(tag);
  return broad ? { ...usual, capacity: null, percent: 10 } : { ...usual, capacity: 1, percent: null };
}

const anything = '*';

/** The policy of a semaphore: of the rows that fit, the one that names most. */
export async function policyOf(tx: MdbOrTransaction, { operation, tag, value }: Resource): Promise<Policy> {
  const rows = await tx
    .select()
    .from(semaphores)
    .where(
      and(
        inArray(semaphores.operation, [operation, anything]),
        inArray(semaphores.tag, [tag, anything]),
        inArray(semaphores.value, [value, anything]),
      ),
    );
  const named = (row: (typeof rows)[number]) =>
    Number(row.value !== anything) * 4 + Number(row.tag !== anything) * 2 + Number(row.operation !== anything);
  return rows.sort((left, right) => named(right) - named(left))[0] ?? standardPolicy({ tag });
}

/** Members of the group, and how many of them could be offered. Retired ones are members of nothing. */
export async function countGroup(
  tx: MdbOrTransaction,
  semaphore: string,
  resource: Resource,
): Promise<{ total: number; healthy: number }> {
  const { rows } = await tx.execute<{ total: number; healthy: number }>(sql`
    select count(*)::int as total,
      (count(*) filter (where stage = 'in_service' and op_state = 'production' and repair_state = 'none' and not exists (
        select from permits p where p.machine_id = m.id and p.semaphore = ${semaphore} and p.state = 'granted')
      ))::int as healthy
    from machines m where stage not in ('retired', 'racked', 'registered') and ${inGroup(resource)}`);
  return rows[0] ?? { total: 0, healthy: 0 };
}

export function capacityOf(policy: Policy, total: number): number {
  if (policy.capacity !== null) return policy.capacity;
  return Math.max(policy.minimum, Math.floor((total * (policy.percent ?? 0)) / 100));
}

export function termsOf(policy: Policy, total: number): PermitTerms {
  const { queueBound, leaseSeconds, limitSeconds } = policy;
  return {
    capacity: capacityOf(policy, total),
    bound: queueBound,
    lease: leaseSeconds * 1000,
    limit: limitSeconds * 1000,
  };
}

/**
 * When a closed window opens next, in milliseconds since 1970; null while one is open, or where there is none.
 * PostgreSQL knows the time zones, so a window keeps to the wall clock through changes of summer time.
 */
export async function opensAt(
  tx: MdbOrTransaction,
  windows: readonly PermitWindow[],
  at = new Date(),
): Promise<number | null> {
  if (windows.length === 0) return null;
  const now = sql`${at.toISOString()}::timestamptz`;
  const { rows } = await tx.execute<{ open: boolean; next: number | null }>(sql`
    with spans as (
      select (day + w."from"::time) at time zone w.zone as opens,
        (day + w."to"::time + case when w."to"::time <= w."from"::time then interval '1 day' else interval '0' end)
          at time zone w.zone as closes
      from jsonb_to_recordset(${JSON.stringify(windows)}::jsonb) as w(days int[], "from" text, "to" text, zone text),
        generate_series(-1, 8) as shift,
        lateral (select (${now} at time zone w.zone)::date + shift as day) as d
      where extract(isodow from day)::int = any(w.days))
    select coalesce(bool_or(opens <= ${now} and ${now} < closes), false) as open,
      (extract(epoch from min(opens) filter (where opens > ${now})) * 1000)::bigint as next
    from spans`);
  const [found] = rows;
  if (found?.open) return null;
  // A policy whose days are empty opens never; it is looked at again in a week.
  return found?.next ?? at.getTime() + 7 * 86_400_000;
}
