import { condition } from '@temporalio/workflow';
import type { Treatment } from '../../contract/outage.ts';
import type { Flow, SemaphoreTags } from '../../domain/requests.ts';
import { type Outcome, refuse } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';
import { giveBack } from './back.ts';
import { drainPlan, drainWork } from './drain.ts';
import { leaveService } from './leave.ts';
import { takePermit } from './permit.ts';

/** How a machine is to leave, where that is not the usual way. */
export interface Departure {
  readonly semaphores: SemaphoreTags;
  /** False: its work is not waited for. */
  readonly drain?: boolean;
  /** ISO 8601: when its time to drain is up; its pool says when absent or null. */
  readonly drainBy?: string | null;
  /** ISO 8601: drained early, it waits until then. */
  readonly notBefore?: string | null;
  /** ISO 8601: from then on it may not go any more. */
  readonly closes?: string | null;
  /** Whether it goes down afterwards, which takes a permit of its own; false for a drain only. */
  readonly down?: boolean;
  /** Whether it is put back into production when it does not go after all. */
  readonly back?: boolean;
  readonly flow?: Flow;
}

export interface Departed {
  readonly treatment: Treatment;
  readonly emptied: 'drained' | 'killed' | 'undrained';
}

/**
 * Takes a machine out of service: the permit to drain → out of production as its owners' capacity allows → its work ends
 * → the permit to be down. What ends this on the way puts it back where it was.
 */
export async function depart<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  how: Departure,
): Promise<Departed | { readonly outcome: Outcome }> {
  if (run.recall.isPast(step)) return departedBefore(run, step, how);
  const unpermitted = await takePermit(run, step, 'drain', how.semaphores);
  if (unpermitted) return { outcome: unpermitted };
  const treatment = await leaveService(run, step, 'draining');
  if ('outcome' in treatment) return treatment;

  const back = (outcome: Outcome) => (how.back === false ? outcome : giveBack(run, step, treatment, outcome, how.flow));
  if (!run.dry) run.undo = async (ended) => back(ended);
  const emptied =
    how.drain === false ? 'undrained' : await drainWork(run, step, drainPlan(treatment, how.drainBy ?? null));
  const stopped =
    typeof emptied === 'object'
      ? emptied.outcome
      : ((await awaitTime(run, step, how)) ?? (await goDown(run, step, how)));
  if (stopped === null) return { treatment, emptied: emptied as Departed['emptied'] };
  return { outcome: await back(stopped) };
}

/** An earlier run of the passage took it out: what it held for that is held on, and nothing is drained again. */
async function departedBefore<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  { semaphores, drain, down, back, flow }: Departure,
): Promise<Departed | { readonly outcome: Outcome }> {
  const treatment = await run.looks.outage.readTreatment(run.errand);
  // Where that run sent nothing to it yet, a cancel puts it back as if it had not been lost.
  if (run.recall.acted === 0 && back !== false) run.undo = async (ended) => giveBack(run, step, treatment, ended, flow);
  const unpermitted =
    (await takePermit(run, step, 'drain', semaphores)) ??
    (down === false ? null : await takePermit(run, step, 'reboot', semaphores));
  if (unpermitted) return { outcome: unpermitted };
  return { treatment, emptied: drain === false ? 'undrained' : 'drained' };
}

/** The same for what is done to a machine as it is, undrained. */
export async function departAtOnce<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  semaphores: SemaphoreTags,
): Promise<Treatment | { readonly outcome: Outcome }> {
  const unpermitted = await takePermit(run, step, 'reboot', semaphores);
  if (unpermitted) return { outcome: unpermitted };
  if (run.recall.isPast(step)) return run.looks.outage.readTreatment(run.errand);
  const { opState } = run.state;
  const treatment = await leaveService(run, step, 'disabled');
  if (!('outcome' in treatment) && opState === 'production' && !run.dry)
    run.undo = (ended) => giveBack(run, step, treatment, ended);
  return treatment;
}

async function awaitTime<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  { notBefore }: Departure,
): Promise<Outcome | null> {
  if (!notBefore || run.dry) return null;
  const left = Date.parse(notBefore) - Date.now();
  run.stand(step, 'time', Math.max(0, left), `Drained; it goes on at ${notBefore}`);
  return left > 0 && (await condition(() => run.desk.cancelled !== null, left)) ? run.cancelled() : null;
}

async function goDown<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  { semaphores, down, closes }: Departure,
): Promise<Outcome | null> {
  const waited = down === false ? null : await takePermit(run, step, 'reboot', semaphores);
  return waited ?? closed(closes ?? null);
}

/** That the time in which it may go is over; null while it is not. */
export function closed(closes: string | null): Outcome | null {
  if (closes === null || Date.now() < Date.parse(closes)) return null;
  return refuse(`its window closed at ${closes}`);
}
