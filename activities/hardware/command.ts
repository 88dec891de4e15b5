import type { Act, ActResult } from '../../contract/hardware.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { intentOf, markSent, noteAnswer, settleIntent, writeIntent } from '../../mdb/controllers/controller.ts';
import {
  type ActPlan,
  type FollowUp,
  isPlan,
  notDone,
  type Observation,
  type Plain,
  type Sent,
} from '../../redfish/acts/definition.ts';
import { RedfishError } from '../../redfish/errors.ts';
import { openProbe } from '../../redfish/probe.ts';
import { actOf, type MachineContext } from './acts.ts';

/** One act on one controller. */
export interface CommandContext extends MachineContext {
  readonly mdb: Mdb;
  readonly act: Act;
}

/** Looks at the device for the effect of a command that was sent at that time. */
export type LookAt = (act: Act, sent: Sent, sentAt: number) => Promise<Observation>;

type Intent = NonNullable<Awaited<ReturnType<typeof intentOf>>>;

/** Gives the command once: plan, intent, one sending, observation; then what the plan declares to follow it. */
export async function command(context: CommandContext): Promise<ActResult> {
  const { act } = context;
  const kind = actOf(act.kind);
  const parameters = kind.parameters.safeParse(act.parameters ?? {});
  if (!parameters.success) {
    const [issue] = parameters.error.issues;
    return resultOf({
      state: 'not_done',
      observed: `parameters of ${act.kind}: ${issue?.path.join('.')} ${issue?.message}`,
    });
  }
  const plan = await kind.plan(context, parameters.data);
  if (!isPlan(plan)) return resultOf(plan);
  const words = wordsOf(plan);
  if (act.dryRun) return { state: 'planned', observed: 'a dry run: nothing was sent', command: words };
  const result = { ...(await give(context, plan, words)), command: words };
  if (plan.next) return follow(context, plan.next, result);
  if (result.state === 'unknown' && plan.otherwise) return replace(context, plan.otherwise, result);
  return result;
}

/** The command with what follows it: the intent alone tells another worker what was meant. */
function wordsOf({ command, next, otherwise }: ActPlan): Plain {
  return { ...command, ...(next && { next }), ...(otherwise && { otherwise }) };
}

function resultOf({ state, observed, waitsFor }: Observation): ActResult {
  return { state, observed, ...(waitsFor && { waitsFor }) };
}

/** Why an act whose fence or run is not the latest is not done. */
export const stale = 'a newer order, or a later run of this one, holds this machine; nothing was sent';

async function give(context: CommandContext, plan: ActPlan, words: Plain): Promise<ActResult> {
  const { mdb, act } = context;
  const { intentId: id, machineId, orderId, kind, fence, parameters, step, epoch } = act;
  const of = { id, machineId, orderId, kind, fence, parameters: { ...parameters }, step, epoch };
  const written = await writeIntent(mdb, { ...of, command: words, before: plan.before });
  if (written === 'stale') return resultOf(notDone(stale));
  if (written === 'flashing')
    return resultOf(notDone('a firmware update is under way on this machine; nothing was sent'));
  if (written === 'exists' || !(await markSent(mdb, id)))
    return { state: 'unknown', observed: 'the command was given to an earlier worker' };
  const sent = { command: words, before: plan.before, answer: null };
  try {
    const answer = (await plan.send()) ?? {};
    await noteAnswer(mdb, id, answer);
    return await watch(context, { ...sent, answer }, plan.watchMs);
  } catch (error) {
    if (error instanceof RedfishError && error.carriedOut === 'no') return refused(context, sent, error);
    throw error;
  }
}

/**
 * A controller that certainly did nothing: a success where what was wanted is so already (quirk 29), else not done, in
 * the vendor's words.
 */
async function refused(context: CommandContext, sent: Sent, error: RedfishError): Promise<ActResult> {
  const seen = await observeCommand(context, sent).catch(() => null);
  if (seen?.state === 'done') return resultOf(seen);
  await settleIntent(context.mdb, context.act.intentId, 'not_done', { reason: error.message });
  return { state: 'not_done', observed: error.message };
}

/** Looks at the effect for a while; what has not shown by then stays unknown, for `settle` to find out. */
async function watch(context: CommandContext, sent: Sent, timeoutMs?: number): Promise<ActResult> {
  const { watch: usual } = actOf(context.act.kind);
  const began = Date.now();
  for (let known = sent; ; ) {
    const seen = await observeCommand(context, known).catch(unseen);
    known = keeping(known, seen);
    const over = seen.state !== 'unknown' || seen.waitsFor || context.clock.since(began) > (timeoutMs ?? usual.totalMs);
    if (over) return resultOf(seen);
    await context.clock.wait(usual.intervalMs);
  }
}

/** What was sent, with what a look found worth keeping. */
export function keeping(sent: Sent, { keep }: Observation): Sent {
  return keep ? { ...sent, answer: { ...sent.answer, ...keep } } : sent;
}

/** A look that failed says nothing about the effect. */
export function unseen(error: unknown): Observation {
  if (!(error instanceof RedfishError)) throw error;
  return { state: 'unknown', observed: `no effect seen: ${error.message}` };
}

/** Looks once; what is certain settles the intent. */
export async function observeCommand(context: CommandContext, sent: Sent): Promise<Observation> {
  const seen = await actOf(context.act.kind).observe(context, sent);
  const { state, observed, facts, keep, waitsFor } = seen;
  if (keep) await noteAnswer(context.mdb, context.act.intentId, keep);
  if (waitsFor) await noteAnswer(context.mdb, context.act.intentId, { waitsFor });
  if (state !== 'unknown') await settleIntent(context.mdb, context.act.intentId, state, facts ?? { observed });
  return seen;
}

/** The act that follows this one has an intent of its own, whose id tells whose half it is. */
function following(act: Act, { kind, parameters }: FollowUp): Act {
  return { ...act, kind, parameters, intentId: `${act.intentId}/${kind}` };
}

/** The second of two commands. What is owed is given after the first whatever became of it, but for what may still come. */
async function follow(context: CommandContext, next: FollowUp, first: ActResult): Promise<ActResult> {
  if (next.owed) {
    const owes = debt(context.act, next);
    if (first.state === 'unknown') return { ...first, owes };
    const paid = await after(context, next).catch((error: unknown) => unpaid(error));
    return paid.state === 'done' ? first : { ...first, observed: `${first.observed}; ${paid.observed}`, owes };
  }
  return first.state === 'done' ? joined(next, first, await after(context, next)) : first;
}

async function after(context: CommandContext, next: FollowUp): Promise<ActResult> {
  await context.clock.wait(next.afterMs);
  const { system } = await openProbe(context.session, { hostPath: context.system.path });
  return command({ ...context, act: following(context.act, next), system });
}

function unpaid(error: unknown): ActResult {
  if (!(error instanceof RedfishError)) throw error;
  return { state: 'unknown', observed: error.message };
}

function debt(act: Act, next: FollowUp): NonNullable<ActResult['owes']> {
  const { intentId, kind } = following(act, next);
  return { kind, parameters: next.parameters, intentId };
}

/** What the second command is for, where the first one powers off. */
const startsAgain: ReadonlySet<string> = new Set(['power-on', 'boot-network']);

/** Both halves in one result: a machine that was powered off and not on again is never left so without a word. */
function joined({ kind }: FollowUp, first: ActResult, second: ActResult): ActResult {
  if (second.state === 'done') return second;
  const observed = `${first.observed}; then ${kind}: ${second.observed}`;
  if (!startsAgain.has(kind) || second.state === 'planned') return { ...second, observed };
  const off = second.state === 'not_done' ? 'the machine is off' : 'the machine may be off';
  return { ...second, observed: `${off}: ${observed}`, ...(second.state === 'not_done' && { left: 'off' as const }) };
}

/** The declared fallback of a command without effect. */
async function replace(context: CommandContext, next: FollowUp, first: ActResult): Promise<ActResult> {
  const result = await after(context, next);
  if (result.state === 'done')
    await settleIntent(context.mdb, context.act.intentId, 'not_done', {
      reason: `${first.observed}; then ${next.kind}`,
    });
  return result;
}

/**
 * What became of an act, from its intents and, where they don't tell, from the device by `lookAt`. Never sends anything.
 */
export async function findOut(mdb: Mdb, act: Act, lookAt: LookAt): Promise<ActResult> {
  const intent = await intentOf(mdb, act.intentId);
  if (intent === null)
    return { state: 'not_done', observed: `no intent to ${act.kind} was written, so nothing was sent` };
  const own = await settled(mdb, act, intent, lookAt);
  const { next, otherwise } = intent.command as { next?: FollowUp; otherwise?: FollowUp };
  if (next?.owed) return { ...own, ...((await isPaid(mdb, act, next)) ? {} : { owes: debt(act, next) }) };
  if (next && own.state === 'done') return joined(next, own, await findSecond(mdb, act, next, lookAt));
  if (otherwise && own.state !== 'done') {
    const fallback = following(act, otherwise);
    if ((await intentOf(mdb, fallback.intentId)) !== null) return findOut(mdb, fallback, lookAt);
  }
  return own;
}

async function isPaid(mdb: Mdb, act: Act, next: FollowUp): Promise<boolean> {
  return (await intentOf(mdb, following(act, next).intentId))?.state === 'done';
}

/** The second half; one that was never sent may be so all the same: somebody was faster, or the mains brought it on. */
async function findSecond(mdb: Mdb, act: Act, next: FollowUp, lookAt: LookAt): Promise<ActResult> {
  const second = following(act, next);
  const found = await findOut(mdb, second, lookAt);
  if (found.state !== 'not_done' || !startsAgain.has(next.kind)) return found;
  const seen = await lookAt(
    { ...second, kind: 'power-on' },
    { command: {}, before: {}, answer: null },
    Date.now(),
  ).catch(unseen);
  return seen.state === 'done' ? resultOf(seen) : found;
}

async function settled(mdb: Mdb, act: Act, intent: Intent, lookAt: LookAt): Promise<ActResult> {
  if (intent.state === 'done' || intent.state === 'not_done')
    return { state: intent.state, observed: 'settled before' };
  if (intent.state === 'written') {
    const reason = 'the worker ended before it sent anything';
    await settleIntent(mdb, intent.id, 'not_done', { reason });
    return { state: 'not_done', observed: reason };
  }
  const { command: words, before, answer, sentAt, writtenAt } = intent;
  const sent = { command: words as Plain, before: before as Plain, answer: answer as Plain | null };
  return resultOf(await lookAt(act, sent, (sentAt ?? writtenAt).getTime()));
}
