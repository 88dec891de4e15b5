import { drain, drainPlan } from '../outage/drain.ts';
import { leaveService } from '../outage/leave.ts';
import { next, type Outcome } from '../passage/run.ts';
import { giveBack } from '../service/serve.ts';
import type { CleanRun } from './run.ts';

/** Leave: out of production as soon as its groups can spare it, and its work ended. */
export async function leave(run: CleanRun): Promise<Outcome> {
  if (run.before !== 'production' && run.before !== 'draining') return next;
  const treatment = await leaveService(run, 'leave', 'draining');
  if ('outcome' in treatment) return treatment.outcome;
  run.treatment = treatment;
  const drained = await drain(run, 'leave', drainPlan(treatment, null));
  if (drained === 'drained' || drained === 'killed') return next;
  const spared = {
    to: 'end',
    state: 'cancelled',
    note: 'Its work was not done in time, and its pool spares it.',
  } as const;
  return stay(run, drained === 'skipped' ? spared : drained.outcome);
}

/** Ends before anything happened to the machine: back into production where it came from. */
export async function stay(run: CleanRun, outcome: Outcome): Promise<Outcome> {
  if (run.before !== 'production' || run.treatment === null) return outcome;
  return giveBack(run, 'leave', run.treatment, outcome);
}
