import { next, type Outcome } from '../passage/run.ts';
import { cleanActivities } from '../proxies.ts';
import type { CleanRun } from './run.ts';

/** Install: the agent is told to put an image on the proven machine, as at the end of a birth. */
export async function install(run: CleanRun): Promise<Outcome> {
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
