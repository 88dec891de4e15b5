/** Campaigns: planned, started, paused, resumed and cancelled, each in one transaction with its audit row and message. */

import { createHash, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { and, eq, sql } from 'drizzle-orm';
import { type CampaignSteering, campaignSignals, type SteeringKind } from '../../contract/campaign.ts';
import {
  type CampaignPlan,
  type CampaignSpec,
  type Candidate,
  planCampaign,
  textOfPlan,
} from '../../domain/campaign/plan.ts';
import type { OrderSpec, PassageRequest } from '../../domain/orders.ts';
import { isRefused, type Refused } from '../../domain/refused.ts';
import { requestOf } from '../../domain/requests.ts';
import { parseSelector, type Selector } from '../../domain/selector.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { selectorSql } from '../machines/selecting.ts';
import { placeOrder } from '../orders/orders.ts';
import { postToCampaign } from '../outbox.ts';
import { closeTicket } from '../people/people.ts';
import { campaignMachines, campaigns } from '../schema.ts';
import { listCapacity } from '../service/capacity.ts';

export type CampaignRow = typeof campaigns.$inferSelect;

/** The machines that a selector means, as a plan needs them: one query. */
export async function readCandidates(mdb: MdbOrTransaction, selector: Selector): Promise<Candidate[]> {
  const rows = await mdb.execute<Candidate & Record<string, unknown>>(sql`
    select m.id as "machineId", m.rack_id as rack, r.feed, m.pool, m.stage, m.op_state as "opState",
      m.repair_state as "repairState", m.held
    from machines m left join racks r on r.id = m.rack_id where ${selectorSql(selector)} order by m.id`);
  return rows;
}

export interface NewCampaign extends CampaignSpec {
  readonly id: string;
  readonly selector: string;
  readonly reason: string;
}

interface HashedPlan extends CampaignPlan {
  readonly hash: string;
}

async function planNow(tx: Transaction, spec: CampaignSpec, candidates: readonly Candidate[]): Promise<HashedPlan> {
  const plan = planCampaign(spec, candidates, await listCapacity(tx));
  return { ...plan, hash: createHash('sha256').update(textOfPlan(spec, plan)).digest('hex') };
}

/**
 * Keeps a plan. The same campaign again is the same, planned anew where the machines stand otherwise and nothing was
 * started; another one under its id is refused.
 */
export function keepCampaign(
  mdb: Mdb,
  operator: Actor,
  spec: NewCampaign,
  candidates: readonly Candidate[],
): Promise<{ created: boolean } | Refused> {
  return acting(mdb, operator, null, async (tx): Promise<{ created: boolean } | Refused> => {
    const plan = await planNow(tx, spec, candidates);
    const [known] = await tx.select().from(campaigns).where(eq(campaigns.id, spec.id)).for('update');
    if (known?.hash === plan.hash) return { created: false };
    if (known && (known.state !== 'planned' || !isSameSpec(known, spec)))
      return { code: 'conflict', message: `campaign ${spec.id} is planned already, as another one`, field: 'id' };
    await (known ? replacePlan(tx, operator, spec, plan) : writePlan(tx, operator, spec, plan));
    return { created: known === undefined };
  });
}

/** Whether the same is wished for: then another plan only says that the machines stand otherwise now. */
function isSameSpec(known: CampaignRow, spec: NewCampaign): boolean {
  const of = ({ selector, passage, request, class: urgency, pace }: NewCampaign | CampaignRow) => [
    ...[selector, passage, request, urgency, pace],
  ];
  return isDeepStrictEqual(of(known), of(spec));
}

/** Puts a plan that is made anew in the place of one of which nothing was begun. */
async function replacePlan(tx: Transaction, operator: Actor, spec: NewCampaign, plan: HashedPlan): Promise<void> {
  const { limits, groups, haltAt, hash } = plan;
  const change = {
    limits,
    groups,
    haltAt,
    hash,
    reason: spec.reason,
    requester: operator.name,
    requesterClass: operator.class,
  };
  await tx.update(campaigns).set(change).where(eq(campaigns.id, spec.id));
  await tx.delete(campaignMachines).where(eq(campaignMachines.campaignId, spec.id));
  await writeMembers(tx, operator, spec, plan);
}

/** Keeps a plan under an id of its own; gives its hash. */
export async function keepCampaignIn(
  tx: Transaction,
  operator: Actor,
  spec: NewCampaign,
  candidates: readonly Candidate[],
): Promise<string> {
  const plan = await planNow(tx, spec, candidates);
  await writePlan(tx, operator, spec, plan);
  return plan.hash;
}

async function writePlan(tx: Transaction, operator: Actor, spec: NewCampaign, plan: HashedPlan): Promise<void> {
  const { id, selector, passage, request, class: urgency, reason, pace } = spec;
  const { limits, groups, haltAt, hash } = plan;
  await tx.insert(campaigns).values({
    ...{ id, selector, passage, request, class: urgency, reason, pace, limits, groups, haltAt, hash },
    requester: operator.name,
    requesterClass: operator.class,
  });
  await writeMembers(tx, operator, spec, plan);
}

async function writeMembers(tx: Transaction, operator: Actor, spec: NewCampaign, plan: HashedPlan): Promise<void> {
  const { id, selector, passage, reason } = spec;
  const { members, hash } = plan;
  // One parameter for all: PostgreSQL takes 65,535 of them a statement.
  await tx.execute(sql`
    insert into campaign_machines (campaign_id, machine_id, ordinal, batch, rack, feed, pool, doubt)
    select ${id}, p."machineId", p.ordinal, p.batch, p.rack, p.feed, p.pool, p.doubt
    from jsonb_to_recordset(${JSON.stringify(members)}::jsonb)
      as p("machineId" text, ordinal int, batch int, rack text, feed text, pool text, doubt text)`);
  const detail = { id, selector, passage, reason, machines: members.length, hash };
  await record(tx, { actor: operator, action: 'campaign.plan', detail });
}

export async function lockCampaign(tx: Transaction, id: string): Promise<CampaignRow | null> {
  const [row] = await tx.select().from(campaigns).where(eq(campaigns.id, id)).for('update');
  return row ?? null;
}

/** Starts the plan that was reviewed. It is refused when the same plan would now be another one. */
export function startCampaign(
  mdb: Mdb,
  operator: Actor,
  id: string,
  hash: string,
  reason: string,
): Promise<true | Refused> {
  return acting(mdb, operator, null, (tx) => startCampaignIn(tx, operator, id, hash, reason));
}

export async function startCampaignIn(
  tx: Transaction,
  operator: Actor,
  id: string,
  hash: string,
  reason: string,
): Promise<true | Refused> {
  const campaign = await lockCampaign(tx, id);
  if (campaign === null) return unknown(id);
  if (campaign.hash !== hash)
    return { code: 'conflict', message: `the plan of ${id} is ${campaign.hash}, not ${hash}`, field: 'plan' };
  if (campaign.state === 'running') return true;
  if (campaign.state !== 'planned') return { code: 'conflict', message: `campaign ${id} is ${campaign.state}` };
  const doubt = (await findChange(tx, campaign)) ?? (await findRehearsals(tx, id));
  if (doubt !== null) return { code: 'conflict', message: `nothing was started: ${doubt}`, field: 'plan' };
  await tx
    .update(campaigns)
    .set({ state: 'running', startedBy: operator.name, startedClass: operator.class, startedAt: sql`now()` })
    .where(eq(campaigns.id, id));
  await wake(tx, id, 'start', operator);
  await record(tx, { actor: operator, action: 'campaign.start', detail: { id, hash, reason } });
  return true;
}

/** Takes back a plan that was not started. */
export async function withdrawCampaignIn(tx: Transaction, operator: Actor, id: string, reason: string): Promise<void> {
  const campaign = await lockCampaign(tx, id);
  if (campaign?.state !== 'planned') return;
  await setCancelled(tx, campaign, operator, reason, false);
  await record(tx, { actor: operator, action: 'campaign.cancel', detail: { id, reason } });
}

const unknown = (id: string): Refused => ({ code: 'not-found', message: `there is no campaign ${id}` });

/** Why the plan of a campaign would be another one now; null when it would be the same, or there is none. */
export async function changeOf(tx: Transaction, id: string): Promise<string | null> {
  const campaign = await lockCampaign(tx, id);
  return campaign === null ? null : findChange(tx, campaign);
}

/** What has changed since it was planned, in a sentence; null when the plan would be the same. */
async function findChange(tx: Transaction, campaign: CampaignRow): Promise<string | null> {
  const selector = parseSelector(campaign.selector);
  if (typeof selector === 'string') return selector;
  const candidates = await readCandidates(tx, selector);
  const plan = await planNow(tx, campaign, candidates);
  if (plan.hash === campaign.hash) return null;
  const rows = await tx
    .select({ id: campaignMachines.machineId })
    .from(campaignMachines)
    .where(eq(campaignMachines.campaignId, campaign.id));
  const before = new Set(rows.map(({ id }) => id));
  const added = candidates.filter(({ machineId }) => !before.has(machineId)).length;
  const gone = before.size - (candidates.length - added);
  const who =
    added + gone === 0 ? 'the same machines stand otherwise' : `${added} machines came to it and ${gone} left it`;
  return `its plan would now be ${plan.hash}, ${who}; plan it anew`;
}

async function findRehearsals(tx: Transaction, id: string): Promise<string | null> {
  const rows = await tx.execute<{ live: number }>(sql`
    select count(*)::int as live from campaign_machines c join orders o on o.id = ${rehearsalSql(id)}
    where c.campaign_id = ${id} and o.state in ('waiting', 'running')`);
  const live = rows[0]?.live ?? 0;
  return live === 0 ? null : `${live} of its rehearsals are not over`;
}

export const orderIdOf = (id: string, machineId: string) => `${id}-${machineId.replace(/^m-/, '')}`;
const rehearsalIdOf = (id: string, machineId: string) => `${orderIdOf(id, machineId)}-dry`;
/** The same of the machine `c.machine_id`. */
export const rehearsalSql = (id: string) => sql`${id} || '-' || regexp_replace(c.machine_id, '^m-', '') || '-dry'`;

/** What each of its orders asks for. */
export function specOf(campaign: CampaignRow, machineId: string): OrderSpec {
  const { passage, request, reason, class: urgency } = campaign;
  return {
    machineId,
    passageRequest: { passage, request: requestOf(passage, request) } as PassageRequest,
    reason: `campaign ${campaign.id}: ${reason}`,
    class: urgency,
    dryRun: false,
    reviewed: null,
    notBefore: null,
    deadline: null,
  };
}

/** Machines whose rehearsals one request may order. */
const maxRehearsals = 1000;

/** Orders a dry run of each machine. What it finds is what the campaign may do there: its order is done only by that plan. */
export async function rehearseCampaign(
  mdb: Mdb,
  operator: Actor,
  id: string,
): Promise<{ ordered: number; refused: number } | Refused> {
  const [campaign] = await mdb.select().from(campaigns).where(eq(campaigns.id, id));
  if (!campaign) return unknown(id);
  if (campaign.state !== 'planned') return { code: 'conflict', message: `campaign ${id} is ${campaign.state}` };
  const members = await mdb
    .select({ machineId: campaignMachines.machineId })
    .from(campaignMachines)
    .where(eq(campaignMachines.campaignId, id))
    .orderBy(campaignMachines.ordinal);
  if (members.length > maxRehearsals)
    return {
      code: 'invalid',
      message: `${id} has ${members.length} machines; at most ${maxRehearsals} are rehearsed`,
    };
  let refused = 0;
  for (const { machineId } of members) {
    const spec = { ...specOf(campaign, machineId), id: rehearsalIdOf(id, machineId), dryRun: true };
    if (isRefused(await placeOrder(mdb, operator, spec))) refused += 1;
  }
  return { ordered: members.length - refused, refused };
}

/** Pauses, resumes or cancels. Asking again for what is so already changes nothing. */
export function steerCampaign(
  mdb: Mdb,
  operator: Actor,
  id: string,
  how: SteeringKind,
  { reason, stop = false }: Omit<CampaignSteering, 'by'>,
): Promise<true | Refused> {
  return acting(mdb, operator, null, async (tx): Promise<true | Refused> => {
    const campaign = await lockCampaign(tx, id);
    if (campaign === null) return unknown(id);
    const { state } = campaign;
    if (isSo(campaign, how, stop)) return true;
    if (!from[how].includes(state)) return { code: 'conflict', message: `campaign ${id} is ${state}` };
    if (how === 'pause') await setPaused(tx, id, operator, reason);
    if (how === 'resume') await setResumed(tx, campaign, operator, reason);
    if (how === 'cancel') await setCancelled(tx, campaign, operator, reason, stop);
    if (state !== 'planned') await wake(tx, id, how, operator);
    await record(tx, { actor: operator, action: `campaign.${how}`, detail: { id, reason, ...(stop && { stop }) } });
    return true;
  });
}

/** Whether there is nothing left to do of what was asked. */
function isSo({ state, stops }: CampaignRow, how: SteeringKind, stop: boolean): boolean {
  if (how === 'cancel') return state === 'cancelled' || (state === 'cancelling' && (stops || !stop));
  return state === (how === 'pause' ? 'paused' : 'running');
}

const from: Readonly<Record<SteeringKind, readonly CampaignRow['state'][]>> = {
  pause: ['running'],
  resume: ['paused'],
  cancel: ['planned', 'running', 'paused', 'cancelling'],
};

async function setPaused(tx: Transaction, id: string, { name }: Actor, reason: string): Promise<void> {
  const why = `${name} paused it: ${reason}`;
  await tx.update(campaigns).set({ state: 'paused', why, pausedBy: name }).where(eq(campaigns.id, id));
}

/** Who resumes has looked at what failed: it counts no more. Canaries that failed are made up for by others. */
async function setResumed(
  tx: Transaction,
  { id, ticketId }: CampaignRow,
  { name }: Actor,
  reason: string,
): Promise<void> {
  const failed = await tx.$count(
    campaignMachines,
    and(eq(campaignMachines.campaignId, id), eq(campaignMachines.state, 'failed')),
  );
  await tx
    .update(campaigns)
    .set({ state: 'running', why: null, pausedBy: null, ticketId: null, forgiven: failed, soakFrom: null })
    .where(eq(campaigns.id, id));
  if (ticketId !== null) await closeTicket(tx, ticketId, name, `the campaign was resumed: ${reason}`);
}

async function setCancelled(
  tx: Transaction,
  { id, state, ticketId }: CampaignRow,
  { name }: Actor,
  reason: string,
  stop: boolean,
): Promise<void> {
  const outcome = `cancelled by ${name}: ${reason}`;
  const ended = state === 'planned';
  await tx
    .update(campaigns)
    .set({
      state: ended ? 'cancelled' : 'cancelling',
      why: outcome,
      stops: stop,
      ...(ended && { endedAt: sql`now()` }),
    })
    .where(eq(campaigns.id, id));
  await tx
    .update(campaignMachines)
    .set({ state: 'cancelled', outcome, endedAt: sql`now()` })
    .where(and(eq(campaignMachines.campaignId, id), eq(campaignMachines.state, 'planned')));
  if (ticketId !== null) await closeTicket(tx, ticketId, name, outcome);
}

async function wake(tx: Transaction, campaign: string, why: string, { name }: Actor): Promise<void> {
  const body = { why, by: name };
  await postToCampaign(tx, `campaign/${campaign}/${randomUUID()}`, { campaign, signal: campaignSignals.wake, body });
}
