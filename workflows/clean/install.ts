import { next, type Outcome } from '../passage/outcome.ts';
import { cleanActivities } from '../proxies.ts';
import type { CleanRun } from './run.ts';

/**
 * Install: the agent is told to put an image on the proven machine, as at the end of a birth. One that nobody gets is
 * switched off instead.
 */
export async function install(run: CleanRun): Promise<Outcome> {
  if (run.request.owner === null) return switchOff(run);
  for (;;) {
    const directed = await cleanActivities.directReinstall({ ...run.errand, next: run.start('deploy') });
    if ('state' in directed) {
      run.state = directed.state;
      return next;
    }
    const ruling = await run.ask('deploy', directed.held);
    if ('outcome' in ruling) return ruling.outcome;
  }
}

async function switchOff(run: CleanRun): Promise<Outcome> {
  if (!run.mayPower) return { to: 'end', state: 'done', note: `${run.proof}; it has no owner` };
  // The agent has nothing to save, and listens to no button.
  const off = await run.act('power-off', { how: 'forced' });
  const power = off.state === 'done' ? 'switched off' : `not seen to be off (${off.observed})`;
  return { to: 'end', state: 'done', note: `${run.proof}; it has no owner and is ${power}` };
}
