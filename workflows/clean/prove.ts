import type { OperatorAnswer } from '../../contract/passage.ts';
import type { Effects } from '../passage/effects.ts';
import { goTo, next, type StepResult } from '../passage/result.ts';
import type { CleanContext } from './facts.ts';

/**
 * Prove: the owner changes when every disk ever seen in the machine has its proof, in one transaction. A disk that is
 * not in the machine any more is for a person to answer for.
 */
export async function prove(context: CleanContext, effects: Effects): Promise<StepResult> {
  const { facts } = context;
  let settled: OperatorAnswer | undefined;
  for (;;) {
    context.waitsOn('nothing');
    const proof = await effects.clean.proveErased({ ...(settled && { answer: settled }) });
    if ('state' in proof) {
      facts.proven = true;
      facts.proof = proof.note;
      return next;
    }
    const answer = await effects.ask(proof.question);
    if (answer.answer !== 'vouch' && answer.answer !== 'nothing-there') {
      facts.answer = answer;
      return goTo('erase');
    }
    settled = answer;
  }
}
