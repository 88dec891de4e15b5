import { again, next, type Outcome } from '../passage/run.ts';
import { cleanActivities } from '../proxies.ts';
import type { CleanRun } from './run.ts';

/**
 * Prove: the owner changes when every disk ever seen in the machine has its proof, in one transaction. A disk that is
 * not in the machine any more is for a person to answer for. A machine that nobody gets is switched off.
 */
export async function prove(run: CleanRun): Promise<Outcome> {
  let ruling: { readonly answer: string; readonly by: string } | undefined;
  for (;;) {
    run.stand('prove', 'nothing');
    const proof = await cleanActivities.proveErased({
      ...run.errand,
      next: run.start('prove'),
      ...(ruling && { ruling }),
    });
    if ('state' in proof) {
      run.state = proof.state;
      run.proven = true;
      return run.request.owner === null ? switchOff(run, proof.note) : next;
    }
    const answer = await run.ask('prove', proof.held);
    if ('outcome' in answer) return answer.outcome;
    if (answer.answer !== 'vouch') {
      run.ruling = answer;
      return again;
    }
    ruling = answer;
  }
}

async function switchOff(run: CleanRun, note: string): Promise<Outcome> {
  if (!run.mayPower) return { to: 'end', state: 'done', note: `${note}; it has no owner` };
  // The agent has nothing to save, and listens to no button.
  const off = await run.act('power-off', { how: 'forced' });
  const power = off.state === 'done' ? 'switched off' : `not seen to be off (${off.observed})`;
  return { to: 'end', state: 'done', note: `${note}; it has no owner and is ${power}` };
}
