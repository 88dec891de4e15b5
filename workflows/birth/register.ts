import type { OperatorAnswer } from '../../contract/passage.ts';
import type { Effects } from '../passage/effects.ts';
import { next, type StepResult } from '../passage/result.ts';
import type { BirthContext } from './facts.ts';

/**
 * Register: which machine is it, where does it stand, what is it called, may its disks be written. Whatever can't
 * be known for certain is held for a person; nothing is guessed.
 */
export async function register({ facts }: BirthContext, effects: Effects): Promise<StepResult> {
  let answer: OperatorAnswer | undefined;
  for (;;) {
    const result = await effects.birth.register({ ...(answer && { answer }) });
    if ('registered' in result) {
      facts.hostname = result.registered.hostname;
      return next;
    }
    answer = await effects.ask(result.question);
  }
}
