import type { OwnAttempt } from '../../contract/repair.ts';
import { moveTo } from '../outage/move.ts';
import { look, restart } from '../outage/power.ts';
import { soak } from '../outage/soak.ts';
import { takeOutOfService } from '../outage/takeout.ts';
import type { Effects } from '../passage/effects.ts';
import { finished, type StepResult } from '../passage/result.ts';
import { above, escalate } from './escalate.ts';
import type { RepairContext } from './facts.ts';

/** Null when it is well again; otherwise what was seen. */
type Tried = string | null;

/** One of the attempts that need no person; what fails leads to the next one. */
export async function attempt(context: RepairContext, effects: Effects, name: OwnAttempt): Promise<StepResult> {
  const { facts, request } = context;
  await giveTime(context);
  const sick = await tries[name](context, effects);
  const seen = sick ?? 'it stays healthy';
  const outcome = sick !== null ? 'failed' : facts.acted === null ? 'false_positive' : 'healed';
  await effects.repair.endAttempt({ fault: request.fault, attempt: name, outcome, seen });
  // A rehearsal shows every attempt: nobody knows which attempt will help.
  if (sick === null && !context.rehearsing) return finished;
  facts.seen = seen;
  return escalate(context, effects, above(name));
}

/** What the last act did may take its time to show. */
export async function giveTime(context: RepairContext): Promise<void> {
  const { wait } = context.facts;
  context.facts.wait = 0;
  if (wait === 0) return;
  context.waitsOn('time', wait, 'It is given time to show what the last act did.');
  await context.pause(wait);
}

const tries: Readonly<Record<OwnAttempt, (context: RepairContext, effects: Effects) => Promise<Tried>>> = {
  observe,
  restart: (context, effects) => cycle(context, effects, 'restart'),
  'reset-bmc': resetController,
  'power-cycle': (context, effects) => cycle(context, effects, 'power-cycle'),
};

/** Many a fault is gone when somebody looks (S3.4): what stays well for a while was none. */
async function observe(context: RepairContext, effects: Effects): Promise<Tried> {
  return (await staysHealthy(context, effects)) ? null : stillSick(context, effects);
}

/** The machine runs on; only its controller starts again. */
async function resetController(context: RepairContext, effects: Effects): Promise<Tried> {
  if (!context.controller) return 'no controller of it is known';
  if (await cleared(context, effects)) return null;
  context.waitsOn('hardware');
  const act = await effects.act('reset-bmc');
  if (context.rehearsing) return null;
  if (act.state !== 'not_done') context.facts.acted = 'reset-bmc';
  if (act.state !== 'done') return act.refused?.reason ?? act.observed;
  return (await staysHealthy(context, effects)) ? null : stillSick(context, effects);
}

async function cycle(context: RepairContext, effects: Effects, attempt: 'restart' | 'power-cycle'): Promise<Tried> {
  await takeAway(context, effects);
  if (await cleared(context, effects)) return null;
  // What is being restored, or in a person's hands, is restarted where it stands: no flow has an edge back.
  if (context.state.opState === 'draining') await moveTo(effects, 'hard_reboot', 'basic', 'drained');
  if (!context.rehearsing) context.facts.acted = attempt;
  const up = await restart(context, effects, context.policy.rebootLimit, attempt);
  // A machine that stays silent is the next attempt's, and not in its reboot any more.
  if (context.state.opState === 'hard_reboot')
    await (up === 'up'
      ? moveTo(effects, 'disabled', 'basic', 'booted')
      : moveTo(effects, 'disabled', 'passage', 'stayed silent'));
  if (up === 'up' && (await staysHealthy(context, effects))) return null;
  return stillSick(context, effects);
}

/** Out of production, emptied, and with the permit to be down; at once where it is out already. */
export async function takeAway(context: RepairContext, effects: Effects): Promise<void> {
  if (context.facts.away) return;
  await takeOutOfService(context, effects, { semaphores: context.request.semaphores });
  context.facts.away = true;
  await effects.repair.moveToRepair();
}

/** What was seen sick and is well again is not acted on: not before it was watched for the soak time. */
async function cleared(context: RepairContext, effects: Effects): Promise<boolean> {
  if (context.rehearsing || !context.facts.sick || !(await look(effects, null)).healthy) return false;
  return staysHealthy(context, effects);
}

function staysHealthy(context: RepairContext, effects: Effects): Promise<boolean> {
  return soak(context, effects, context.policy.soak);
}

async function stillSick(context: RepairContext, effects: Effects): Promise<string> {
  // What was just moved may not be read yet.
  await context.letPass(1000);
  const health = await look(effects, null);
  context.facts.sick = !health.healthy;
  return health.seen;
}
