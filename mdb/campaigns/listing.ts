/** Campaigns and their machines as they stand. */
import { and, asc, count, desc, eq, sql } from 'drizzle-orm';
import type { CampaignState, MemberState } from '../../domain/campaign/campaign.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { inPools } from '../machines/listing.ts';
import { iso, type Row, rowsOf } from '../rows.ts';
import { campaigns } from '../schema.ts';
import { type CampaignRow, rehearsalSql } from './campaigns.ts';

export interface CampaignsWanted {
  readonly state?: CampaignState | undefined;
  /** Only those all of whose machines are in these; null or absent: all. */
  readonly pools?: readonly string[] | null | undefined;
  /** Id of the last campaign of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listCampaigns(
  mdb: MdbOrTransaction,
  { state, pools, after, limit }: CampaignsWanted,
): Promise<CampaignRow[]> {
  const behind =
    after === undefined
      ? undefined
      : sql`exists (select 1 from campaigns a where a.id = ${after} and (${campaigns.createdAt} < a.created_at
          or (${campaigns.createdAt} = a.created_at and ${campaigns.id} > a.id)))`;
  return mdb
    .select()
    .from(campaigns)
    .where(and(ofState(state), ofPools(pools), behind))
    .orderBy(desc(campaigns.createdAt), asc(campaigns.id))
    .limit(limit);
}

export async function countCampaigns(
  mdb: MdbOrTransaction,
  { state, pools }: Pick<CampaignsWanted, 'state' | 'pools'>,
): Promise<number> {
  const [row] = await mdb
    .select({ total: count() })
    .from(campaigns)
    .where(and(ofState(state), ofPools(pools)));
  return row?.total ?? 0;
}

const ofState = (state: CampaignState | undefined) => (state === undefined ? undefined : eq(campaigns.state, state));

/** As who may look at one: what is of others besides is not to be seen. */
export const ofPools = (pools: readonly string[] | null | undefined) =>
  pools
    ? sql`exists (select 1 from campaign_machines c where c.campaign_id = ${campaigns.id})
        and not exists (select 1 from campaign_machines c join machines m on m.id = c.machine_id
          where c.campaign_id = ${campaigns.id} and not ${inPools(pools)})`
    : undefined;

export async function readCampaign(mdb: MdbOrTransaction, id: string): Promise<CampaignRow | null> {
  const [row] = await mdb.select().from(campaigns).where(eq(campaigns.id, id));
  return row ?? null;
}

export interface ListedMember {
  readonly machineId: string;
  readonly hostname: string | null;
  readonly batch: number;
  readonly rack: string | null;
  readonly feed: string | null;
  readonly pool: string;
  readonly doubt: string | null;
  readonly state: MemberState;
  readonly orderId: string | null;
  readonly outcome: string | null;
  /** Hash of what its rehearsal planned. */
  readonly plan: string | null;
  /** ISO 8601. */
  readonly orderedAt: string | null;
  readonly endedAt: string | null;
}

/** Machines of a campaign in the order in which they are taken. */
export async function listMembers(
  mdb: MdbOrTransaction,
  id: string,
  page: { readonly state?: MemberState | undefined; readonly after?: string | undefined; readonly limit: number },
): Promise<ListedMember[]> {
  const behind =
    page.after === undefined
      ? sql`true`
      : sql`(c.batch, c.ordinal) > (select a.batch, a.ordinal from campaign_machines a
          where a.campaign_id = ${id} and a.machine_id = ${page.after})`;
  const rows = await rowsOf<ListedMember & Row>(
    mdb,
    sql`select c.machine_id as "machineId", m.hostname, c.batch, c.rack, c.feed, c.pool, c.doubt, c.state,
        c.order_id as "orderId", c.outcome, p.hash as plan, c.ordered_at as "orderedAt", c.ended_at as "endedAt"
      from campaign_machines c join machines m on m.id = c.machine_id left join plans p on p.order_id = ${rehearsalSql(id)}
      where ${areWanted(id, page.state)} and ${behind} order by c.batch, c.ordinal limit ${page.limit}`,
  );
  return rows.map((one) => ({ ...one, orderedAt: iso(one.orderedAt), endedAt: iso(one.endedAt) }));
}

const areWanted = (id: string, state: MemberState | undefined) =>
  sql`c.campaign_id = ${id} and ${state === undefined ? sql`true` : sql`c.state = ${state}`}`;

export async function countListed(mdb: MdbOrTransaction, id: string, state: MemberState | undefined): Promise<number> {
  const [row] = await mdb.execute<{ total: number }>(
    sql`select count(*)::int as total from campaign_machines c where ${areWanted(id, state)}`,
  );
  return row?.total ?? 0;
}
