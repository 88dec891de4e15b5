import { next, type Outcome } from '../passage/outcome.ts';
import type { CleanRun } from './run.ts';

/**
 * Install: the agent is told to put an image on the proven machine, as at the end of a birth. One that nobody gets is
 * switched off instead.
 */
export async function install(run: CleanRun): Promise<Outcome> {
  if (run.request.owner === null) return giveToNobody(run);
  for (;;) {
    const directed = await run.effects.clean.directReinstall({ ...run.errand, next: run.start('deploy') });
    if ('state' in directed) {
      run.state = directed.state;
      return next;
    }
    const ruling = await run.ask('deploy', directed.held);
    if ('outcome' in ruling) return ruling.outcome;
  }
}

async function giveToNobody(run: CleanRun): Promise<Outcome> {
  // Proven is proven: a cancel takes nothing of it back.
  run.gate.turnBack();
  const power = await switchOff(run);
  return { to: 'end', state: 'done', note: `${run.proof}; it has no owner${power === null ? '' : ` and is ${power}`}` };
}

/** How its power was left, in words; null where nothing can switch it. */
export async function switchOff(run: CleanRun): Promise<string | null> {
  if (!run.mayPower) return null;
  // The agent has nothing to save, and listens to no button.
  const off = await run.act('power-off', { how: 'forced' });
  return off.state === 'done' ? 'switched off' : `not seen to be off (${off.observed})`;
}
