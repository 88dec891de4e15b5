import { ActivityFailure, condition } from '@temporalio/workflow';
import type { DrainProgress } from '../../contract/drain.ts';
import type { Treatment } from '../../contract/outage.ts';
import { type Outcome, type PassageRun, rootMessage } from '../passage/run.ts';
import { draining } from '../proxies.ts';

const second = 1000;
const minute = 60 * second;

export interface DrainPlan {
  /** Epoch milliseconds at which the drain's time is up. */
  readonly until: number;
  /** What happens then: the work is ended, the machine is left in production, or a person says. */
  readonly onTimeout: Treatment['onDrainTimeout'];
}

/** The plan of a machine whose order says no time of its own. */
export function drainPlan(treatment: Treatment, until: string | null): DrainPlan {
  if (until === null) return { until: Date.now() + treatment.drainLimit, onTimeout: treatment.onDrainTimeout };
  // Who names the time means it: at it the machine goes, drained or not (S3.8, S3.11).
  return { until: Date.parse(until), onTimeout: 'kill' };
}

/**
 * Lets the machine's work end, for up to a week. `drained` where nothing is left, `killed` where the rest was ended by
 * policy, `skipped` where the policy spares it; a cancel ends the wait.
 */
export async function drain<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  plan: DrainPlan,
): Promise<'drained' | 'killed' | 'skipped' | { readonly outcome: Outcome }> {
  const drains = draining(run.errand.siteId);
  if (run.plans(step, `drain it, and at the end of its time: ${plan.onTimeout}`)) return 'drained';
  let { until } = plan;
  for (let looks = 0; ; ) {
    const progress = await look(run, looks);
    if (progress.drained) return 'drained';
    const left = until - Date.now();
    if (left <= 0) {
      const ruling = plan.onTimeout === 'ask' ? await askTimeout(run, step, progress) : plan.onTimeout;
      if (typeof ruling === 'object') return ruling;
      if (ruling === 'skip') return 'skipped';
      if (ruling === 'kill') {
        await drains.killJobs(run.errand);
        return 'killed';
      }
      until = Date.now() + 24 * 60 * minute;
      continue;
    }
    run.stand(step, 'drain', left, progress.sentence);
    if (await condition(() => run.desk.cancelled !== null, Math.min(left, pauseAfter(looks)))) {
      return { outcome: run.cancelled() };
    }
    looks += 1;
  }
}

/** Begins the drain, or looks how far it is. A system that can't be asked is asked again: it delays, and fails nothing. */
async function look<Step extends string>(run: PassageRun<Step>, looks: number): Promise<DrainProgress> {
  const drains = draining(run.errand.siteId);
  try {
    return looks === 0 ? await drains.startDrain(run.errand) : await drains.drainProgress(run.errand);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return { drained: false, left: null, sentence: `The drain system could not be asked: ${rootMessage(error)}` };
  }
}

/** Short jobs end within minutes, long ones within days: a week is looked at about a thousand times. */
function pauseAfter(looks: number): number {
  if (looks < 4) return 15 * second;
  return looks < 34 ? minute : 10 * minute;
}

async function askTimeout<Step extends string>(run: PassageRun<Step>, step: Step, progress: DrainProgress) {
  const ruling = await run.ask(step, {
    fault: 'drain/overdue',
    reason: `The time to drain is over and work is left: ${progress.sentence}. "kill" ends it, "skip" leaves the machine in production, "wait" gives it another day.`,
    choices: ['kill', 'skip', 'wait', 'abandon'],
  });
  return 'outcome' in ruling ? { outcome: ruling.outcome } : (ruling.answer as 'kill' | 'skip' | 'wait');
}

/** Lets work come to the machine again. */
export async function undrain<Step extends string>(run: PassageRun<Step>, step: Step): Promise<void> {
  if (run.plans(step, 'let work come to it again')) return;
  await draining(run.errand.siteId).stopDrain(run.errand);
}
