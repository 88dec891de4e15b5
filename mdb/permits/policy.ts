/** What the policy allows a semaphore at this moment. Inside the transaction that grants. */

import { and, inArray, sql } from 'drizzle-orm';
import type { Resource } from '../../domain/permits/groups.ts';
import { anything, chooseMostNamed, type PermitPolicy, standardPermitPolicy } from '../../domain/permits/policy.ts';
import type { PermitWindow } from '../../domain/permits/window.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { offerableSql } from '../machines/offerable.ts';
import { semaphores } from '../schema.ts';
import { inGroup } from './groups.ts';

/** The policy of a semaphore: of the rows that fit, the one that names most. */
export async function policyOf(tx: MdbOrTransaction, { operation, tag, value }: Resource): Promise<PermitPolicy> {
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
  return chooseMostNamed(rows) ?? standardPermitPolicy({ tag });
}

/** Members of the group, and how many of them could be offered. Retired ones are members of nothing. */
export async function countGroup(
  tx: MdbOrTransaction,
  semaphore: string,
  resource: Resource,
): Promise<{ total: number; healthy: number }> {
  const rows = await tx.execute<{ total: number; healthy: number }>(sql`
    select count(*)::int as total,
      (count(*) filter (where ${offerableSql} and not exists (
        select from permits p where p.machine_id = m.id and p.semaphore = ${semaphore} and p.state = 'granted')
      ))::int as healthy
    from machines m where stage not in ('retired', 'racked', 'registered') and ${inGroup(resource)}`);
  return rows[0] ?? { total: 0, healthy: 0 };
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
  const rows = await tx.execute<{ open: boolean; next: number | null }>(sql`
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
