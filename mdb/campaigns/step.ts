/** One look at a campaign: what has ended is taken over from the orders, and what may begin is ordered. */

import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { CampaignStepInput } from '../../contract/campaign.ts';
import { type CampaignProgress, type MemberCounts, memberStates } from '../../domain/campaign/campaign.ts';
import {
  type CampaignFacts,
  type CampaignMove,
  judgeCampaign,
  phaseOf,
  pickNext,
  timeLeft,
  waitOn,
} from '../../domain/campaign/judge.ts';
import { isRefused } from '../../domain/refused.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { cancelOrder, placeOrderIn } from '../orders/orders.ts';
import { openTicket } from '../people/people.ts';
import { opensAt } from '../permits/policy.ts';
import { campaignMachines, campaigns, machines, orders } from '../schema.ts';
import { type CampaignRow, lockCampaign, orderIdOf, rehearsalSql, specOf } from './campaigns.ts';

const system: Actor = { class: 'system', name: 'campaign' };
/** Orders that one look places or cancels; it is a local activity of seconds. */
const maxOrders = 50;

export interface CampaignStep extends CampaignStepInput {
  /** Whether the canaries were found well just now. */
  readonly healthy: boolean;
}

type MemberRow = typeof campaignMachines.$inferSelect;

/** Looks, decides and acts. It may be repeated at any time: what counts is what the MDB says. Null: there is no such campaign. */
export async function progressCampaign(mdb: Mdb, spec: CampaignStep): Promise<CampaignProgress | null> {
  const { campaignId } = spec;
  const looked = await acting(mdb, system, null, (tx) => look(tx, spec));
  if (looked === null) return null;
  const { campaign, verdict, next } = looked;
  for (const member of next) await placeMember(mdb, campaign, member);
  const stopping = campaign.state === 'cancelling' ? await stopOrders(mdb, campaign) : 0;
  const progress = await readProgress(mdb, campaignId, verdict, spec);
  const more = next.length === maxOrders || stopping === maxOrders || (await moreAtOnce(mdb, looked));
  return progress && { ...progress, more };
}

interface Looked {
  readonly campaign: CampaignRow;
  readonly verdict: CampaignMove;
  readonly next: readonly MemberRow[];
}

async function look(tx: Transaction, spec: CampaignStep): Promise<Looked | null> {
  const campaign = await lockCampaign(tx, spec.campaignId);
  if (campaign === null) return null;
  await takeOutcomes(tx, campaign.id);
  const facts = await readContext(tx, campaign, spec);
  const verdict = judgeCampaign(facts);
  const next = verdict.do === 'place' ? await chooseNext(tx, campaign, verdict.canary) : [];
  await apply(tx, campaign, verdict, spec);
  return { campaign, verdict, next };
}

async function takeOutcomes(tx: Transaction, id: string): Promise<void> {
  await tx.execute(sql`
    update campaign_machines c set outcome = o.outcome, ended_at = o.ended_at,
      state = case when o.state = 'cancelled' then 'cancelled' when o.skipped then 'skipped' else o.state::text end
    from orders o
    where c.campaign_id = ${id} and c.state = 'ordered' and o.id = c.order_id
      and o.state in ('done', 'failed', 'cancelled')`);
}

export async function countMembers(mdb: MdbOrTransaction, id: string, batch?: number): Promise<MemberCounts> {
  const rows = await mdb
    .select({ state: campaignMachines.state, count: sql<number>`count(*)::int` })
    .from(campaignMachines)
    .where(
      and(eq(campaignMachines.campaignId, id), batch === undefined ? undefined : eq(campaignMachines.batch, batch)),
    )
    .groupBy(campaignMachines.state);
  const counts = Object.fromEntries(memberStates.map((state) => [state, 0]));
  return { ...counts, ...Object.fromEntries(rows.map(({ state, count }) => [state, count])) } as MemberCounts;
}

async function readContext(
  tx: Transaction,
  campaign: CampaignRow,
  { now, healthy }: CampaignStep,
): Promise<CampaignFacts> {
  const { id, state, why, pace, haltAt, forgiven, soakFrom, soakedAt } = campaign;
  const failed = await latestFailure(tx, id);
  return {
    ...{ state, why, pace, haltAt, forgiven, now },
    healthy: healthy || (await canariesOf(tx, id)).length === 0,
    counts: await countMembers(tx, id),
    canaries: await countMembers(tx, id, 0),
    failure: failed === null ? null : `${failed.machineId}: ${failed.outcome}`,
    sick: (await findSick(tx, id))?.why ?? null,
    soakFrom: soakFrom?.getTime() ?? null,
    soaked: soakedAt !== null,
    opensAt: state === 'running' ? await opensAtTime(tx, campaign, now) : null,
  };
}

async function opensAtTime(tx: Transaction, { pace }: CampaignRow, now: number): Promise<number | null> {
  const opens = await opensAt(tx, pace.windows, new Date(now));
  return opens === null ? null : Number(opens);
}

async function latestFailure(tx: Transaction, id: string) {
  const [row] = await tx
    .select({ machineId: campaignMachines.machineId, outcome: campaignMachines.outcome })
    .from(campaignMachines)
    .where(and(eq(campaignMachines.campaignId, id), eq(campaignMachines.state, 'failed')))
    .orderBy(sql`${campaignMachines.endedAt} desc nulls last`)
    .limit(1);
  return row ?? null;
}

/** A canary that succeeded and is not well any more, as the MDB knows. */
async function findSick(tx: Transaction, id: string): Promise<{ machineId: string; why: string } | null> {
  const rows = await tx.execute<{ machineId: string; why: string }>(sql`
    select m.id as "machineId", m.id || ': ' || coalesce('it is held: ' || m.held, 'its repair state is ' || m.repair_state::text) as why
    from campaign_machines c join machines m on m.id = c.machine_id
    where c.campaign_id = ${id} and c.batch = 0 and c.state = 'done'
      and (m.repair_state <> 'none' or (m.held is not null and m.op_state = 'production')) limit 1`);
  return rows[0] ?? null;
}

/** The next machines of the canary, or of the first batch that is not over. */
async function chooseNext(tx: Transaction, { id, pace, limits }: CampaignRow, canary: boolean): Promise<MemberRow[]> {
  const open = and(eq(campaignMachines.campaignId, id), inArray(campaignMachines.state, ['planned', 'ordered']));
  if (canary) await makeUpCanary(tx, id, pace.canary);
  const [first] = await tx
    .select({ batch: sql<number>`min(${campaignMachines.batch})::int` })
    .from(campaignMachines)
    .where(open);
  const members = await tx
    .select()
    .from(campaignMachines)
    .where(and(open, eq(campaignMachines.batch, first?.batch ?? 0)))
    .orderBy(asc(campaignMachines.ordinal));
  const underWay = members.filter(({ state }) => state === 'ordered');
  const planned = members.filter(({ state }) => state === 'planned');
  return pickNext(planned, underWay, limits, pace.atOnce).slice(0, maxOrders);
}

/** A canary that was skipped or failed proves nothing: the next machines take its place. */
async function makeUpCanary(tx: Transaction, id: string, wanted: number): Promise<void> {
  const { done, ordered, planned } = await countMembers(tx, id, 0);
  const missing = wanted - done - ordered - planned;
  if (missing <= 0) return;
  await tx.execute(sql`
    update campaign_machines set batch = 0 where campaign_id = ${id} and machine_id in (
      select machine_id from campaign_machines where campaign_id = ${id} and state = 'planned' and batch > 0
      order by doubt is not null, ordinal limit ${missing})`);
}

async function apply(
  tx: Transaction,
  campaign: CampaignRow,
  verdict: CampaignMove,
  { now }: CampaignStep,
): Promise<void> {
  const { id } = campaign;
  const set = (change: Partial<typeof campaigns.$inferInsert>) =>
    tx.update(campaigns).set(change).where(eq(campaigns.id, id));
  if (verdict.do === 'soak') await set({ soakFrom: new Date(now) });
  if (verdict.do === 'pass-soak') await set({ soakedAt: new Date(now) });
  if (verdict.do === 'halt') await halt(tx, campaign, verdict.why);
  if (verdict.do === 'end' && campaign.endedAt === null) {
    await set({ state: verdict.state, endedAt: sql`now()` as unknown as Date });
    await record(tx, { actor: system, action: `campaign.${verdict.state}`, detail: { id } });
  }
}

/** Places no further order until a person has looked: the ticket is of the machine that was too much. */
async function halt(tx: Transaction, { id, forgiven }: CampaignRow, why: string): Promise<void> {
  const [first] = await tx
    .select({ machineId: campaignMachines.machineId })
    .from(campaignMachines)
    .where(eq(campaignMachines.campaignId, id))
    .limit(1);
  const machineId = (await findSick(tx, id))?.machineId ?? (await latestFailure(tx, id))?.machineId ?? first?.machineId;
  const body = `${why}\n\nNothing more is begun; what is under way goes on. When you have looked: farrier campaign resume ${id} --reason TEXT, or farrier campaign cancel ${id} --reason TEXT.`;
  const spec = { fault: `campaign/${id}`, title: `Campaign ${id} has halted`, body };
  const ticketId =
    machineId === undefined
      ? null
      : await openTicket(tx, { ...spec, machineId, id: `T-campaign-${id}-${forgiven}-${Date.now().toString(36)}` });
  await tx.update(campaigns).set({ state: 'paused', why, pausedBy: null, ticketId }).where(eq(campaigns.id, id));
  await record(tx, { actor: system, action: 'campaign.halt', machineId: machineId ?? null, detail: { id, why } });
}

/** Halts for something that was seen of a machine rather than of its order. */
export function haltCampaign(mdb: Mdb, id: string, why: string): Promise<void> {
  return acting(mdb, system, null, async (tx) => {
    const campaign = await lockCampaign(tx, id);
    if (campaign?.state === 'running') await halt(tx, campaign, why);
  });
}

/** By whose word its orders are: who started it, a person or Farrier itself. */
function starterOf({ startedBy, startedClass, requester, requesterClass }: CampaignRow): Actor {
  return startedBy === null
    ? { class: requesterClass, name: requester }
    : { class: startedClass ?? 'user', name: startedBy };
}

/** Orders one machine's part, unless the campaign was paused meanwhile; what the machine refuses is skipped. */
function placeMember(mdb: Mdb, campaign: CampaignRow, { machineId }: MemberRow): Promise<void> {
  const { id } = campaign;
  const actor = starterOf(campaign);
  const orderId = orderIdOf(id, machineId);
  const here = and(eq(campaignMachines.campaignId, id), eq(campaignMachines.machineId, machineId));
  return acting(mdb, actor, null, async (tx) => {
    const [now] = await tx.select({ state: campaigns.state }).from(campaigns).where(eq(campaigns.id, id)).for('share');
    if (now?.state !== 'running') return;
    const [member] = await tx
      .update(campaignMachines)
      .set({ state: 'ordered', orderId, orderedAt: sql`now()` })
      .where(and(here, eq(campaignMachines.state, 'planned')))
      .returning({ machineId: campaignMachines.machineId });
    if (!member) return;
    const [machine] = await tx.select({ held: machines.held }).from(machines).where(eq(machines.id, machineId));
    const spec = {
      ...specOf(campaign, machineId),
      id: orderId,
      campaignId: id,
      reviewed: await reviewed(tx, id, machineId),
    };
    const held = machine?.held ?? null;
    const placed = held === null ? await placeOrderIn(tx, actor, spec) : null;
    const refused = placed === null ? `it is held: ${held}` : isRefused(placed) ? placed.message : null;
    if (refused !== null)
      await tx
        .update(campaignMachines)
        .set({ state: 'skipped', orderId: null, outcome: refused, endedAt: sql`now()` })
        .where(here);
  });
}

/** Hash of the plan that the machine's rehearsal made; null where it was not rehearsed. */
async function reviewed(tx: Transaction, id: string, machineId: string): Promise<string | null> {
  const rows = await tx.execute<{ hash: string }>(sql`
    select p.hash from campaign_machines c join plans p on p.order_id = ${rehearsalSql(id)}
    where c.campaign_id = ${id} and c.machine_id = ${machineId}`);
  return rows[0]?.hash ?? null;
}

/** Cancels what waits, and where that was asked for what runs; tells how many were asked. */
async function stopOrders(mdb: Mdb, { id, why, stops }: CampaignRow): Promise<number> {
  const live = await mdb
    .select({ id: orders.id })
    .from(orders)
    .where(
      and(
        eq(orders.campaignId, id),
        inArray(orders.state, stops ? ['waiting', 'running'] : ['waiting']),
        sql`not exists (select from outbox x where x.key = 'cancel/' || ${orders.id})`,
      ),
    )
    .limit(maxOrders);
  for (const order of live) await cancelOrder(mdb, system, order.id, `campaign ${id} was ${why ?? 'cancelled'}`);
  return live.length;
}

/** Whether the next look would find something to do already. */
async function moreAtOnce(mdb: Mdb, { campaign, verdict, next }: Looked): Promise<boolean> {
  if (verdict.do === 'soak' || verdict.do === 'pass-soak' || verdict.do === 'halt') return true;
  if (verdict.do === 'end' || verdict.do === 'stand') return false;
  const { ordered } = await countMembers(mdb, campaign.id);
  // Everything that was just placed was refused.
  return next.length > 0 && ordered === 0;
}

async function readProgress(
  mdb: Mdb,
  id: string,
  verdict: CampaignMove,
  { now, healthy }: CampaignStep,
): Promise<Omit<CampaignProgress, 'more'> | null> {
  const [campaign] = await mdb.select().from(campaigns).where(eq(campaigns.id, id));
  if (!campaign) return null;
  const { state, passage, pace } = campaign;
  const phase = phaseOf({
    state,
    pace,
    soakFrom: campaign.soakFrom?.getTime() ?? null,
    soaked: campaign.soakedAt !== null,
  });
  const counts = await countMembers(mdb, id);
  const place = waitOn('machines', `${counts.ordered} machines are under way.`);
  const stood = verdict.do === 'stand' ? verdict : verdict.do === 'end' ? waitOn('nothing', 'It has ended.') : place;
  const { waitingOn, why, until } = stood as Extract<CampaignMove, { do: 'stand' }>;
  const canaries = phase === 'soak' && state === 'running' && !healthy ? await canariesOf(mdb, id) : [];
  return {
    state,
    passage,
    phase,
    waitingOn,
    why,
    until,
    canaries,
    counts,
    timeLeft: await readTimeLeft(mdb, campaign, now),
  };
}

/** Canaries in production: those that were sent elsewhere have nothing to be well at. */
async function canariesOf(mdb: MdbOrTransaction, id: string) {
  return mdb
    .select({ machineId: machines.id, siteId: machines.siteId, orderId: sql<string>`${campaignMachines.orderId}` })
    .from(campaignMachines)
    .innerJoin(machines, eq(machines.id, campaignMachines.machineId))
    .where(
      and(
        eq(campaignMachines.campaignId, id),
        eq(campaignMachines.batch, 0),
        eq(campaignMachines.state, 'done'),
        eq(machines.opState, 'production'),
      ),
    );
}

/** Seconds until it ends, from the median of those that have. */
export async function readTimeLeft(mdb: MdbOrTransaction, campaign: CampaignRow, now: number): Promise<number | null> {
  const { id, pace, soakFrom, soakedAt } = campaign;
  const rows = await mdb.execute<{ typical: number | null; underWay: number; batches: number[] | null }>(sql`
    select (percentile_cont(0.5) within group (order by extract(epoch from ended_at - ordered_at))
        filter (where state in ('done', 'failed')))::float8 as typical,
      count(*) filter (where state = 'ordered')::int as "underWay",
      (select array_agg(b.count) from (select count(*)::int as count from campaign_machines
        where campaign_id = ${id} and state = 'planned' group by batch) b) as batches
    from campaign_machines where campaign_id = ${id}`);
  const { typical = null, underWay = 0, batches = null } = rows[0] ?? {};
  const soak = pace.canary === 0 || soakedAt !== null ? 0 : pace.soakMinutes * 60;
  const soaked = soakFrom === null ? 0 : (now - soakFrom.getTime()) / 1000;
  return timeLeft(pace, { typical, batches: batches ?? [], underWay, soaking: Math.max(0, soak - soaked) });
}
