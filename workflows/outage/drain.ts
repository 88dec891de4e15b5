import { ActivityFailure, condition, sleep } from '@temporalio/workflow';
import type { Treatment } from '../../contract/outage.ts';
import type { DrainProgress } from '../../domain/drain.ts';
import { rootMessage } from '../passage/failure.ts';
import { type Outcome, spared } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;

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
 * policy; a policy that spares it and a cancel lead out.
 */
export async function drainWork<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  plan: DrainPlan,
): Promise<'drained' | 'killed' | { readonly outcome: Outcome }> {
  if (run.plans(step, `drain it, and at the end of its time: ${plan.onTimeout}`)) return 'drained';
  let { until } = plan;
  let begun = false;
  for (let looks = 0; ; ) {
    const progress: DrainProgress | string = await look(run, begun);
    const sentence = typeof progress === 'string' ? progress : progress.sentence;
    if (typeof progress !== 'string') {
      if (progress.drained) return 'drained';
      begun = true;
    }
    const left = until - Date.now();
    if (left <= 0) {
      const ruling = plan.onTimeout === 'ask' ? await askTimeout(run, step, sentence) : plan.onTimeout;
      if (typeof ruling === 'object') return ruling;
      if (ruling === 'skip') return { outcome: spared };
      if (ruling === 'kill') {
        // A scheduler that can't be told is no reason to spare what is to end: it ends with the machine.
        await told(() => run.effects.drain.killJobs(run.errand));
        return 'killed';
      }
      until = Date.now() + day;
      continue;
    }
    run.stand(step, 'drain', left, sentence);
    if (await condition(() => run.desk.cancelled !== null, Math.min(left, pauseAfter(looks)))) {
      return { outcome: run.cancelled() };
    }
    looks += 1;
  }
}

/**
 * Begins the drain, or looks how far it is; a sentence when it can't be asked. A system that can't be asked is asked
 * again, and what could not be begun is begun at the next look: it delays, and fails nothing.
 */
function look<Step extends string>(run: PassageRun<Step>, begun: boolean): Promise<DrainProgress | string> {
  const { drain: drainWork } = run.effects;
  return told(() => (begun ? drainWork.drainProgress(run.errand) : drainWork.startDrain(run.errand)));
}

/** What the drain system said; a sentence for a person when it can't be asked. */
async function told<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return `The drain system could not be asked: ${rootMessage(error)}`;
  }
}

/** Short jobs end within minutes, long ones within days: a week is looked at about a thousand times. */
function pauseAfter(looks: number): number {
  if (looks < 4) return 15 * second;
  return looks < 34 ? minute : 10 * minute;
}

async function askTimeout<Step extends string>(run: PassageRun<Step>, step: Step, sentence: string) {
  const ruling = await run.ask(step, {
    fault: 'drain/overdue',
    reason: `The time to drain is over and work is left: ${sentence}. "kill" ends it, "skip" leaves the machine in production, "wait" gives it another day.`,
    choices: ['kill', 'skip', 'wait', 'abandon'],
  });
  return 'outcome' in ruling ? { outcome: ruling.outcome } : (ruling.answer as 'kill' | 'skip' | 'wait');
}

/** Lets work come to the machine again; tries until its scheduler has heard. */
export async function undrainWork<Step extends string>(run: PassageRun<Step>, step: Step): Promise<void> {
  if (run.plans(step, 'let work come to it again')) return;
  for (let tries = 0; ; tries += 1) {
    const failed = await told(async () => {
      await run.effects.drain.stopDrain(run.errand);
      return null;
    });
    if (failed === null) return;
    run.stand(step, 'drain', null, failed);
    await sleep(pauseAfter(tries));
  }
}
