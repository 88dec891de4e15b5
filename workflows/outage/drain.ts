import { ActivityFailure, sleep } from '@temporalio/workflow';
import type { DisruptionPolicy } from '../../contract/outage.ts';
import type { DrainProgress } from '../../domain/drain.ts';
import { type Effects, effectOf } from '../passage/effects.ts';
import { rootMessage } from '../passage/failure.ts';
import { Leave, skipped } from '../passage/result.ts';

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;

export interface DrainPlan {
  /** Epoch milliseconds at which the drain's time is up. */
  readonly until: number;
  /** What happens then: the work is ended, the machine is left in production, or a person says. */
  readonly onTimeout: DisruptionPolicy['onDrainTimeout'];
}

/** The plan of a machine whose order says no time of its own. */
export function drainPlan(policy: DisruptionPolicy, until: string | null): DrainPlan {
  if (until === null) return { until: Date.now() + policy.drainLimit, onTimeout: policy.onDrainTimeout };
  // Who names the time means it: at it the machine goes, drained or not (S3.8, S3.11).
  return { until: Date.parse(until), onTimeout: 'kill' };
}

/** How it came to have no work: by itself, ended by policy, or not waited for. */
export type Emptied = 'drained' | 'killed' | 'undrained';

/** Lets the machine's work end, for up to a week; a policy that spares it and a cancel leave the passage. */
export const drainWork = effectOf(
  (_context, plan: DrainPlan) => ({
    does: `drain it, and at the end of its time: ${plan.onTimeout}`,
    leads: 'drained' as Emptied,
  }),
  async (context, effects, plan: DrainPlan): Promise<Emptied> => {
    let { until } = plan;
    let begun = false;
    for (let looks = 0; ; looks += 1) {
      const progress = await look(effects, begun);
      const sentence = typeof progress === 'string' ? progress : progress.sentence;
      if (typeof progress !== 'string') {
        if (progress.drained) return 'drained';
        begun = true;
      }
      const left = until - Date.now();
      if (left > 0) {
        context.waitsOn('drain', left, sentence);
        await context.pause(Math.min(left, pauseAfter(looks)));
        continue;
      }
      const then = plan.onTimeout === 'ask' ? await askTimeout(effects, sentence) : plan.onTimeout;
      if (then === 'skip') throw new Leave(skipped);
      if (then === 'kill') {
        // A scheduler that can't be reached is no reason to spare what is to end: it ends with the machine.
        await reachDrain(() => effects.drain.killJobs());
        return 'killed';
      }
      until = Date.now() + day;
    }
  },
);

/**
 * Begins the drain, or looks how far it is; a sentence when it can't be asked. A system that can't be asked is asked
 * again, and what could not be begun is begun at the next look: it delays, and fails nothing.
 */
function look({ drain }: Effects, begun: boolean): Promise<DrainProgress | string> {
  return reachDrain(() => (begun ? drain.drainProgress() : drain.startDrain()));
}

/** What the drain system said; a sentence for a person when it can't be asked. */
async function reachDrain<T>(work: () => Promise<T>): Promise<T | string> {
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

async function askTimeout(effects: Effects, sentence: string): Promise<'kill' | 'skip' | 'wait'> {
  const { answer } = await effects.ask({
    fault: 'drain/overdue',
    reason: `The time to drain is over and work is left: ${sentence}. "kill" ends it, "skip" leaves the machine in production, "wait" gives it another day.`,
    choices: ['kill', 'skip', 'wait', 'abandon'],
  });
  return answer as 'kill' | 'skip' | 'wait';
}

/** Lets work come to the machine again; tries until its scheduler has heard. */
export const undrainWork = effectOf(
  () => ({ does: 'let work come to it again', leads: undefined }),
  async (context, effects): Promise<undefined> => {
    for (let tries = 0; ; tries += 1) {
      const failure = await reachDrain(async () => {
        await effects.drain.stopDrain();
        return null;
      });
      if (failure === null) return;
      context.waitsOn('drain', null, failure);
      await sleep(pauseAfter(tries));
    }
  },
);
