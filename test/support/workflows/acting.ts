import { ActivityFailure, proxyActivities } from '@temporalio/workflow';
import type { HardwareActivities } from '../../../activities/hardware/index.ts';
import type { Act, ActResult } from '../../../contract/hardware.ts';

type Hardware = Pick<HardwareActivities, 'act' | 'settle'>;
/** Shorter than in the product, so that a dead worker is noticed soon; twice the 10 s after which a live one beats. */
const heartbeatTimeout = '20 seconds';

/**
 * What a passage does with an act (`workflows/passage/run.ts`), on a task queue of its own: sent once, settled by
 * observing, and asked for anew only where it was certainly not done.
 */
export async function actThrough(act: Act, taskQueue: string): Promise<ActResult[]> {
  const limits = { taskQueue, startToCloseTimeout: '5 minutes', heartbeatTimeout } as const;
  const acting = proxyActivities<Hardware>({ ...limits, retry: { maximumAttempts: 1 } });
  const observing = proxyActivities<Hardware>({ ...limits, retry: { initialInterval: '1 second' } });
  const results: ActResult[] = [];
  while (results.length < 3 && (results.length === 0 || results.at(-1)?.state === 'not_done')) {
    const one = { ...act, intentId: `${act.intentId}:${results.length + 1}` };
    const result = await acting.act(one).catch((error: unknown) => {
      if (error instanceof ActivityFailure) return null;
      throw error;
    });
    results.push(result === null || result.state === 'unknown' ? await observing.settle(one) : result);
  }
  return results;
}
