import { next, type Outcome } from '../passage/outcome.ts';
import { stay } from './leave.ts';
import { course, patience } from './limits.ts';
import type { CleanRun } from './run.ts';

/**
 * Boot: the fast image at the permanent address, by one restart or by the machine's own next one. It ends with the
 * inventory of what is really in there now. Until then nothing is touched.
 */
export async function boot(run: CleanRun): Promise<Outcome> {
  return (await prepare(run)) ?? arrive(run);
}

async function prepare(run: CleanRun): Promise<Outcome | null> {
  for (;;) {
    const booted = await run.effects.clean.bootClean({ ...run.errand, next: run.start('boot') });
    if ('state' in booted) {
      run.state = booted.state;
      return null;
    }
    const ruling = await run.ask('leave', booted.held);
    if ('outcome' in ruling) return stay(run, ruling.outcome);
  }
}

async function arrive(run: CleanRun): Promise<Outcome> {
  const restarts = run.request.power === 'cycle';
  const limit = restarts ? course.limits.boot : patience;
  for (;;) {
    const refused = restarts && run.mayPower ? await restart(run) : null;
    if (refused !== null) return refused;
    run.stand('boot', 'agent', limit);
    const heard = await run.desk.await('inventory', limit);
    if (heard === 'cancelled') return run.cancelled();
    if (heard === 'late' && restarts && run.mayPower) continue;
    if (heard !== 'late' && !('failed' in heard)) {
      // It has left its system: nothing puts it back where it was.
      run.undo = null;
      run.desk.take('report' in heard ? heard.report : heard.rebooted);
      return next;
    }
    const why =
      heard === 'late' ? silent(run, limit) : `The agent failed: ${heard.failed.message ?? 'it says no reason'}`;
    const asked = await run.askRetry('boot', 'clean/boot', why);
    if (asked !== 'retry') return asked;
  }
}

/** One command; whether it had its effect is seen by the inventory that comes, or does not. */
async function restart(run: CleanRun): Promise<Outcome | null> {
  run.stand('boot', 'hardware');
  const { refused } = await run.act('boot-network');
  if (refused === undefined) return null;
  const ruling = await run.ask('boot', refused);
  return 'outcome' in ruling ? ruling.outcome : null;
}

function silent(run: CleanRun, limit: number): string {
  const hours = Math.round(limit / 360_000) / 10;
  const what = run.controller
    ? 'Look at its console and its network cable.'
    : 'No controller of it is known: restart it by hand.';
  return `No inventory came from the fast image within ${hours} hours. ${what}`;
}
