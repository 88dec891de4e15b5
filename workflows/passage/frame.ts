import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { PassageSummary } from '../../contract/machine.ts';
import { noOrder } from '../../contract/passage.ts';
import { Left } from './gate.ts';
import type { Ended } from './outcome.ts';
import type { PassageRun } from './run.ts';

/**
 * The frame of every passage: handlers before anything is awaited, an end for what was called off at the gate, however
 * deep, and whatever happens, permits given back. `leave` ends one that had begun.
 */
export async function frame<Run extends PassageRun<string>>(
  run: Run,
  go: () => Promise<PassageSummary>,
  leave: (ended: Ended) => Promise<PassageSummary>,
): Promise<PassageSummary> {
  run.open();
  try {
    return await go();
  } catch (error) {
    if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === noOrder)
      throw error.cause;
    if (!(error instanceof Left)) throw error;
    if (run.dry) return await run.end(error.ended, false);
    return await (run.begun ? leave(error.ended) : run.end(error.ended, false));
  } finally {
    await run.permits.giveBack();
  }
}
