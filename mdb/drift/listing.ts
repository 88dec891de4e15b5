/** Drift that is open, and how many machines are as they should be. */

import { sql } from 'drizzle-orm';
import type { CampaignState } from '../../domain/campaign/campaign.ts';
import type { DriftKind, DriftSource } from '../../domain/drift/drift.ts';
import { ofPools } from '../campaigns/listing.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { inPools } from '../machines/listing.ts';
import { iso, type Row, rowsOf } from '../rows.ts';
import { reconciler } from './proposals.ts';

export interface DriftFilter {
  readonly machineId: string | null;
  readonly kind: DriftKind | null;
  readonly pool: string | null;
  readonly rack: string | null;
  readonly state: 'drifting' | 'unknown' | null;
  /** Only of machines of these; null: of all. */
  readonly pools: readonly string[] | null;
}

/** Times are ISO 8601. */
export interface ListedDrift {
  /** Its place in the list, for the page behind it. */
  readonly id: string;
  readonly machineId: string;
  readonly hostname: string | null;
  readonly pool: string;
  readonly kind: DriftKind;
  /** `*` for a whole kind of which nothing is known. */
  readonly name: string;
  readonly want: string;
  readonly have: string | null;
  readonly source: DriftSource | null;
  readonly note: string | null;
  readonly since: string;
  readonly lastSeenAt: string;
  readonly unknownSince: string | null;
  /** The last campaign that was to put it right, and how that stands. */
  readonly campaign: string | null;
  readonly campaignState: CampaignState | null;
}

/** By which they stand in the list. */
const place = sql`(coalesce(m.hostname, m.id), m.id, d.kind, d.name)`;

/** What is open, by machine. */
export async function listDrifts(
  mdb: MdbOrTransaction,
  filter: DriftFilter,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<ListedDrift[]> {
  const behind = after === undefined ? null : (JSON.parse(after) as string[]);
  const rows = await rowsOf<ListedDrift & Row>(
    mdb,
    sql`
    select jsonb_build_array(coalesce(m.hostname, m.id), m.id, d.kind, d.name)::text as id, d.machine_id as "machineId", m.hostname, m.pool, d.kind, d.name, d.want, d.have, d.source, d.note,
      d.first_seen_at as since, d.last_seen_at as "lastSeenAt", d.unknown_since as "unknownSince",
      c.id as campaign, c.state as "campaignState"
    from drifts d join machines m on m.id = d.machine_id left join campaigns c on c.id = d.campaign_id
    where ${isWanted(filter)}
      and ${behind === null ? sql`true` : sql`${place} > (${behind[0]}, ${behind[1]}, ${behind[2]}, ${behind[3]})`}
    order by coalesce(m.hostname, m.id), m.id, d.kind, d.name limit ${limit}`,
  );
  return rows.map((row) => ({
    ...row,
    since: iso(row.since),
    lastSeenAt: iso(row.lastSeenAt),
    unknownSince: iso(row.unknownSince),
  }));
}

const isWanted = ({ machineId, kind, pool, rack, state, pools }: DriftFilter) => {
  const unknown = state === null ? null : state === 'unknown';
  return sql`d.resolved_at is null
      and (${machineId}::text is null or d.machine_id = ${machineId})
      and (${kind}::text is null or d.kind = ${kind})
      and (${pool}::text is null or m.pool = ${pool})
      and (${rack}::text is null or m.rack_id = ${rack})
      and (${unknown}::boolean is null or (d.unknown_since is not null) = ${unknown})
      and ${inPools(pools)}`;
};

export async function countDrifts(mdb: MdbOrTransaction, filter: DriftFilter): Promise<number> {
  const [row] = await mdb.execute<{ total: number }>(
    sql`select count(*)::int as total from drifts d join machines m on m.id = d.machine_id where ${isWanted(filter)}`,
  );
  return row?.total ?? 0;
}

export interface Conformity {
  readonly conformant: number;
  readonly drifting: number;
  readonly unknown: number;
  /** Plans of the reconciler that wait for a person. */
  readonly plansWaiting: number;
  /** When a round last ended, as ISO 8601. */
  readonly comparedAt: string | null;
}

/**
 * Of each machine that has been in service, whether it is as it should be. One that was not compared yet, or not within
 * the last day, is unknown.
 */
export const judgedOf = (pools: readonly string[] | null) => sql`
  select m.id, m.rack_id as rack, case when o.known > 0 then 'drifting'
    when o.machine_id is null and h.machine_id is not null and r.ended_at > now() - interval '1 day' then 'conformant'
    else 'unknown' end as verdict
  from machines m left join (select machine_id, count(*) filter (where unknown_since is null) as known from drifts
      where resolved_at is null group by machine_id) o on o.machine_id = m.id
    left join hardware_sheets h on h.machine_id = m.id
    left join (select site_id, max(ended_at) as ended_at from reconciles group by site_id) r on r.site_id = m.site_id
  where m.in_service_at is not null and m.stage <> 'retired' and ${inPools(pools)}`;

/** How many machines that have been in service are as they should be. */
export async function countConformity(
  mdb: MdbOrTransaction,
  pools: readonly string[] | null = null,
): Promise<Conformity> {
  const rows = await rowsOf<Conformity & Row>(
    mdb,
    sql`
    select count(*) filter (where verdict = 'conformant')::int as conformant,
      count(*) filter (where verdict = 'drifting')::int as drifting,
      count(*) filter (where verdict = 'unknown')::int as unknown,
      (select count(*)::int from campaigns where state = 'planned' and requester = ${reconciler.name}
        and ${ofPools(pools) ?? sql`true`}) as "plansWaiting",
      (select max(ended_at) from reconciles) as "comparedAt"
    from (${judgedOf(pools)}) judged`,
  );
  const [row] = rows;
  if (!row) throw new Error('the MDB answered nothing to a count');
  return { ...row, comparedAt: iso(row.comparedAt) };
}

export interface CommonDrift {
  readonly kind: DriftKind;
  readonly name: string;
  readonly want: string;
  /** Machines that are other, and of which it is not known. */
  readonly machines: number;
  readonly unknown: number;
}

/** In what most machines are other than wanted. */
export function listCommonDrifts(
  mdb: MdbOrTransaction,
  pools: readonly string[] | null,
  limit: number,
): Promise<CommonDrift[]> {
  return rowsOf<CommonDrift & Row>(
    mdb,
    sql`select kind, name, want, count(*) filter (where unknown_since is null)::int as machines,
        count(unknown_since)::int as unknown
      from drifts d join machines m on m.id = d.machine_id where resolved_at is null and ${inPools(pools)}
      group by kind, name, want
      order by count(*) desc, kind, name, want limit ${limit}`,
  );
}
