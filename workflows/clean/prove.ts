import { again, next, type Outcome } from '../passage/outcome.ts';
import type { CleanRun } from './run.ts';

/**
 * Prove: the owner changes when every disk ever seen in the machine has its proof, in one transaction. A disk that is
 * not in the machine any more is for a person to answer for.
 */
export async function prove(run: CleanRun): Promise<Outcome> {
  let ruling: { readonly answer: string; readonly by: string } | undefined;
  for (;;) {
    run.stand('prove', 'nothing');
    const proof = await run.effects.clean.proveErased({
      ...run.errand,
      next: run.start('prove'),
      ...(ruling && { ruling }),
    });
    if ('state' in proof) {
      run.state = proof.state;
      run.proven = true;
      run.proof = proof.note;
      return next;
    }
    const answer = await run.ask('prove', proof.held);
    if ('outcome' in answer) return answer.outcome;
    if (answer.answer !== 'vouch' && answer.answer !== 'nothing-there') {
      run.ruling = answer;
      return again;
    }
    ruling = answer;
  }
}
