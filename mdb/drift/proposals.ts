/** Campaigns that the reconciler plans, starts where the pool says so, and takes back when nothing wants them. */

import { randomUUID } from 'node:crypto';
import { inArray, sql } from 'drizzle-orm';
import type { Amendable, PlannedDrift, Proposal } from '../../domain/drift/amendable.ts';
import { coolDownMs } from '../../domain/drift/keeping.ts';
import { isRefused } from '../../domain/refused.ts';
import type { Actor, Transaction } from '../acting.ts';
import {
  changeOf,
  keepCampaignIn,
  readCandidates,
  startCampaignIn,
  withdrawCampaignIn,
} from '../campaigns/campaigns.ts';
import { offerableSql } from '../machines/offerable.ts';
import { drifts } from '../schema.ts';

export const reconciler: Actor = { class: 'system', name: 'reconcile' };

const columns = sql`d.id::int as id, d.machine_id as "machineId", d.kind, d.name, d.source, m.pool, p.id as "profileId",
  coalesce(o.reconcile, 'observe') as mode, coalesce(o.reconcile_limits, '{}') as limits,
  jsonb_build_object('bios', p.bios, 'firmware', p.firmware) as wants`;
const tables = sql`drifts d join machines m on m.id = d.machine_id join profiles p on p.id = m.profile_id
  left join pools o on o.id = m.pool`;
/** What is open of settings and firmware: parts are for people. */
const mendable = sql`d.resolved_at is null and d.kind in ('bios', 'firmware')`;

/**
 * Drifts of machines that are well and in production, in pools that want more than to know. Left out is what is in a
 * campaign that is not over, or was in one whose cool-down is not, and what an order is at.
 */
export async function listAmendable(tx: Transaction, siteId: string): Promise<Amendable[]> {
  const rows = await tx.execute<Amendable & Record<string, unknown>>(sql`
    select ${columns} from ${tables} left join campaigns c on c.id = d.campaign_id
    where m.site_id = ${siteId} and ${mendable} and d.unknown_since is null and o.reconcile in ('assist', 'authoritative')
      and ${offerableSql} and m.held is null
      and (c.id is null or c.ended_at < now() - ${coolDownMs} * interval '1 millisecond')
      and not exists (select 1 from orders r where r.machine_id = m.id and r.state in ('waiting', 'running'))
      and not exists (select 1 from campaign_machines cm join campaigns live on live.id = cm.campaign_id
        where cm.machine_id = m.id and live.ended_at is null and live.requester = ${reconciler.name}
          and cm.state in ('planned', 'ordered'))
    order by d.machine_id, d.id`);
  return rows;
}

/** Plans of the reconciler that nobody has started, with what they are still for. */
export async function listPlanned(tx: Transaction, siteId: string): Promise<PlannedDrift[]> {
  const rows = await tx.execute<Omit<PlannedDrift, 'change'> & Record<string, unknown>>(sql`
    select c.id as "campaignId", c.request,
      (select count(*)::int from campaign_machines cm where cm.campaign_id = c.id) as machines,
      (select coalesce(jsonb_agg(x), '[]') from (
        select ${columns} from ${tables} where ${mendable} and d.campaign_id = c.id) x) as drifts
    from campaigns c
    where c.state = 'planned' and c.requester = ${reconciler.name} and exists (
      select 1 from campaign_machines cm join machines m on m.id = cm.machine_id
      where cm.campaign_id = c.id and m.site_id = ${siteId})
    order by c.id for update of c`);
  const planned: PlannedDrift[] = [];
  for (const row of rows) planned.push({ ...row, change: await changeOf(tx, row.campaignId) });
  return planned;
}

/** Takes a plan back; its drifts may be planned anew at once. */
export async function withdraw(tx: Transaction, id: string, reason: string): Promise<void> {
  await withdrawCampaignIn(tx, reconciler, id, reason);
  await tx.update(drifts).set({ campaignId: null, proposedAt: null }).where(sql`${drifts.campaignId} = ${id}`);
}

/** Plans the campaign, and starts it where the pool is left to the reconciler. */
export async function proposeCampaign(
  tx: Transaction,
  { mode, machineIds, driftIds, request, reason, pace }: Proposal,
): Promise<{ id: string; started: boolean }> {
  const id = `drift-${randomUUID().slice(0, 8)}`;
  const selector = `drift-campaign=${id}`;
  const candidates = await readCandidates(tx, {
    terms: [{ key: 'id', tag: false, operator: 'in', values: machineIds }],
  });
  const spec = { id, selector, passage: 'maintenance', request: { ...request }, class: null, reason, pace } as const;
  const hash = await keepCampaignIn(tx, reconciler, spec, candidates);
  await tx
    .update(drifts)
    .set({ campaignId: id, proposedAt: sql`now()` })
    .where(inArray(drifts.id, [...driftIds]));
  if (mode !== 'authoritative') return { id, started: false };
  const started = await startCampaignIn(tx, reconciler, id, hash, reason);
  // The plan is of this very transaction: it can't be another one by now.
  if (isRefused(started)) throw new Error(`campaign ${id} could not be started: ${started.message}`);
  return { id, started: true };
}
