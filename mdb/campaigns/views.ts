/** Campaigns as people see them. */

import { desc, eq, sql } from 'drizzle-orm';
import type { CampaignDetail, CampaignView } from '../../contract/campaignschemas.ts';
import type { MemberCounts, MemberState } from '../../domain/campaign/campaign.ts';
import { phaseOf, total } from '../../domain/campaign/judge.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { readBrakeGate } from '../permits/gates.ts';
import { opensAt } from '../permits/policy.ts';
import { campaigns } from '../schema.ts';
import { type CampaignRow, rehearsalSql } from './campaigns.ts';
import { countMembers, readTimeLeft } from './turn.ts';

const iso = (time: Date | null) => time?.toISOString() ?? null;

async function viewOf(mdb: MdbOrTransaction, row: CampaignRow): Promise<CampaignView> {
  const { soakFrom, soakedAt, startedAt, endedAt, createdAt, ...rest } = row;
  const counts = await countMembers(mdb, row.id);
  const soak = { soakFrom: soakFrom?.getTime() ?? null, soaked: soakedAt !== null };
  return {
    ...rest,
    why: row.why ?? (row.state === 'running' ? await findWait(mdb, row, counts) : null),
    // As it was stored, in full, when it was planned.
    pace: { ...row.pace, windows: row.pace.windows.map((window) => ({ ...window, days: [...window.days] })) },
    phase: phaseOf({ ...rest, ...soak }),
    machines: total(counts),
    counts,
    timeLeft: endedAt === null ? await readTimeLeft(mdb, row, Date.now()) : null,
    createdAt: createdAt.toISOString(),
    startedAt: iso(startedAt),
    endedAt: iso(endedAt),
  };
}

/** What keeps a campaign that runs from going on, in a sentence; null where nothing does. */
async function findWait(mdb: MdbOrTransaction, { pace }: CampaignRow, counts: MemberCounts): Promise<string | null> {
  const opens = counts.planned > 0 ? await opensAt(mdb, pace.windows) : null;
  if (opens !== null) return `its window opens at ${new Date(Number(opens)).toISOString()}`;
  return counts.ordered > 0 ? ((await readBrakeGate(mdb))?.reason ?? null) : null;
}

/** Newest first. */
export async function listCampaigns(mdb: MdbOrTransaction, limit: number): Promise<CampaignView[]> {
  const rows = await mdb.select().from(campaigns).orderBy(desc(campaigns.createdAt)).limit(limit);
  return Promise.all(rows.map((row) => viewOf(mdb, row)));
}

export async function showCampaign(
  mdb: MdbOrTransaction,
  id: string,
  page: { readonly state?: MemberState | undefined; readonly limit: number },
): Promise<CampaignDetail | null> {
  const [row] = await mdb.select().from(campaigns).where(eq(campaigns.id, id));
  if (!row) return null;
  const state = page.state === undefined ? sql`true` : sql`c.state = ${page.state}`;
  type Member = CampaignDetail['members'][number];
  type Read = Omit<Member, 'orderedAt' | 'endedAt'> & { orderedAt: Date | null; endedAt: Date | null };
  const rows = await mdb.execute<Read & Record<string, unknown>>(sql`
    select c.machine_id as "machineId", m.hostname, c.batch, c.rack, c.feed, c.pool, c.doubt, c.state,
      c.order_id as "orderId", c.outcome, p.hash as plan, c.ordered_at as "orderedAt", c.ended_at as "endedAt"
    from campaign_machines c join machines m on m.id = c.machine_id left join plans p on p.order_id = ${rehearsalSql(id)}
    where c.campaign_id = ${id} and ${state} order by c.batch, c.ordinal limit ${page.limit}`);
  const members = rows.map((one) => ({ ...one, orderedAt: isoOf(one.orderedAt), endedAt: isoOf(one.endedAt) }));
  return { campaign: await viewOf(mdb, row), groups: [...row.groups], members };
}

const isoOf = (time: Date | string | null) => (time === null ? null : new Date(time).toISOString());
