/** Campaigns as people see them. */
import type { CampaignDetail, CampaignView } from '../../contract/campaignschemas.ts';
import type { MemberCounts, MemberState } from '../../domain/campaign/campaign.ts';
import { phaseOf, total } from '../../domain/campaign/judge.ts';
import type { CampaignRow } from '../../mdb/campaigns/campaigns.ts';
import { type CampaignsWanted, listCampaigns, listMembers, readCampaign } from '../../mdb/campaigns/listing.ts';
import { countMembers, readTimeLeft } from '../../mdb/campaigns/step.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { readBreakerGate } from '../../mdb/permits/gates.ts';
import { opensAt } from '../../mdb/permits/policy.ts';

const iso = (time: Date | null) => time?.toISOString() ?? null;

async function viewOf(mdb: Mdb, row: CampaignRow): Promise<CampaignView> {
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
async function findWait(mdb: Mdb, { pace }: CampaignRow, counts: MemberCounts): Promise<string | null> {
  const opens = counts.planned > 0 ? await opensAt(mdb, pace.windows) : null;
  if (opens !== null) return `its window opens at ${new Date(Number(opens)).toISOString()}`;
  return counts.ordered > 0 ? ((await readBreakerGate(mdb))?.reason ?? null) : null;
}

/** Newest first. */
export async function showCampaigns(mdb: Mdb, wanted: CampaignsWanted): Promise<CampaignView[]> {
  return Promise.all((await listCampaigns(mdb, wanted)).map((row) => viewOf(mdb, row)));
}

/** `page` is of its machines. */
export async function showCampaign(
  mdb: Mdb,
  id: string,
  page: { readonly state?: MemberState | undefined; readonly limit: number },
): Promise<Omit<CampaignDetail, 'next' | 'total'> | null> {
  const row = await readCampaign(mdb, id);
  if (row === null) return null;
  const members = await listMembers(mdb, id, page);
  return { campaign: await viewOf(mdb, row), groups: [...row.groups], members };
}
