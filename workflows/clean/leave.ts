import { drain, drainPlan } from '../outage/drain.ts';
import { leaveService } from '../outage/leave.ts';
import { takePermit } from '../outage/permit.ts';
import { next, type Outcome, spared } from '../passage/outcome.ts';
import { giveBack } from '../service/serve.ts';
import type { CleanRun } from './run.ts';

/**
 * Leave: out of production as soon as its groups can spare it, and its work ended. The permits are kept to the end:
 * until then its groups are one machine short.
 */
export async function leave(run: CleanRun): Promise<Outcome> {
  if (run.before !== 'production' && run.before !== 'draining') return next;
  const unpermitted = await takePermit(run, 'leave', 'drain', run.request.semaphores.drain);
  if (unpermitted !== null) return unpermitted;
  const treatment = await leaveService(run, 'leave', 'draining');
  if ('outcome' in treatment) return treatment.outcome;
  run.treatment = treatment;
  const drained = await drain(run, 'leave', drainPlan(treatment, null));
  if (drained === 'drained' || drained === 'killed') {
    const waited = await takePermit(run, 'leave', 'reboot', run.request.semaphores.reboot);
    return waited === null ? next : stay(run, waited);
  }
  return stay(run, drained === 'skipped' ? spared : drained.outcome);
}

/** Ends before anything happened to the machine: back into production where it came from. */
export async function stay(run: CleanRun, outcome: Outcome): Promise<Outcome> {
  if (run.before !== 'production' || run.treatment === null) return outcome;
  return giveBack(run, 'leave', run.treatment, outcome);
}
