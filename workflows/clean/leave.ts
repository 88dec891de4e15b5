import { giveBack } from '../outage/back.ts';
import { depart } from '../outage/depart.ts';
import { next, type Outcome } from '../passage/outcome.ts';
import type { CleanRun } from './run.ts';

/**
 * Leave: out of production as soon as its groups can spare it, and its work ended. The permits are kept to the end:
 * until then its groups are one machine short.
 */
export async function leave(run: CleanRun): Promise<Outcome> {
  if (run.before !== 'production' && run.before !== 'draining') return next;
  const { semaphores } = run.request;
  const departed = await depart(run, 'leave', { semaphores, back: run.before === 'production' });
  if ('outcome' in departed) return departed.outcome;
  run.treatment = departed.treatment;
  return next;
}

/** Ends before anything happened to the machine: back into production where it came from. */
export async function stay(run: CleanRun, outcome: Outcome): Promise<Outcome> {
  if (run.before !== 'production' || run.treatment === null) return outcome;
  return giveBack(run, 'leave', run.treatment, outcome);
}
