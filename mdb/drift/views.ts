/** Drift and conformity as people see them. */

import { sql } from 'drizzle-orm';
import type { DriftList, DriftView } from '../../contract/driftschemas.ts';
import type { DriftKind } from '../../domain/drift/drift.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { reconciler } from './proposals.ts';

export interface DriftFilter {
  readonly machineId: string | null;
  readonly kind: DriftKind | null;
  readonly pool: string | null;
  readonly state: 'drifting' | 'unknown' | null;
  readonly limit: number;
}

/** What is open, by machine. */
export async function listDrifts(mdb: MdbOrTransaction, filter: DriftFilter): Promise<DriftView[]> {
  const { machineId, kind, pool, state, limit } = filter;
  const unknown = state === null ? null : state === 'unknown';
  type Times = { since: Date; lastSeenAt: Date; unknownSince: Date | null };
  const rows = await mdb.execute<Omit<DriftView, keyof Times> & Times & Record<string, unknown>>(sql`
    select d.machine_id as "machineId", m.hostname, m.pool, d.kind, d.name, d.want, d.have, d.source, d.note,
      d.first_seen_at as since, d.last_seen_at as "lastSeenAt", d.unknown_since as "unknownSince",
      c.id as campaign, c.state as "campaignState"
    from drifts d join machines m on m.id = d.machine_id left join campaigns c on c.id = d.campaign_id
    where d.resolved_at is null
      and (${machineId}::text is null or d.machine_id = ${machineId})
      and (${kind}::text is null or d.kind = ${kind})
      and (${pool}::text is null or m.pool = ${pool})
      and (${unknown}::boolean is null or (d.unknown_since is not null) = ${unknown})
    order by coalesce(m.hostname, m.id), d.kind, d.name limit ${limit}`);
  const iso = (time: Date) => new Date(time).toISOString();
  return rows.map((row) => ({
    ...row,
    since: iso(row.since),
    lastSeenAt: iso(row.lastSeenAt),
    unknownSince: row.unknownSince === null ? null : iso(row.unknownSince),
  }));
}

/**
 * How many machines that have been in service are as they should be. One that was not compared yet, or not within the
 * last day, is unknown.
 */
export async function countConformity(mdb: MdbOrTransaction): Promise<DriftList['summary']> {
  type Counts = Omit<DriftList['summary'], 'comparedAt'> & { comparedAt: Date | null };
  const rows = await mdb.execute<Counts & Record<string, unknown>>(sql`
    with open as (
      select machine_id, count(*) filter (where unknown_since is null) as known from drifts
      where resolved_at is null group by machine_id),
    rounds as (select site_id, max(ended_at) as ended_at from reconciles group by site_id),
    judged as (
      select case when o.known > 0 then 'drifting'
        when o.machine_id is null and h.machine_id is not null and r.ended_at > now() - interval '1 day' then 'conformant'
        else 'unknown' end as verdict
      from machines m left join open o on o.machine_id = m.id left join hardware_sheets h on h.machine_id = m.id
        left join rounds r on r.site_id = m.site_id
      where m.in_service_at is not null and m.stage <> 'retired')
    select count(*) filter (where verdict = 'conformant')::int as conformant,
      count(*) filter (where verdict = 'drifting')::int as drifting,
      count(*) filter (where verdict = 'unknown')::int as unknown,
      (select count(*)::int from campaigns where state = 'planned' and requester = ${reconciler.name}) as "plansWaiting",
      (select max(ended_at) from rounds) as "comparedAt"
    from judged`);
  const [row] = rows;
  if (!row) throw new Error('the MDB answered nothing to a count');
  return { ...row, comparedAt: row.comparedAt === null ? null : new Date(row.comparedAt).toISOString() };
}
