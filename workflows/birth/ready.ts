import { birthActivities } from '../proxies.ts';
import { limits } from './limits.ts';
import type { BirthRun, Outcome } from './run.ts';
import { next } from './run.ts';

/**
 * Ready: the machine has handed over and restarts from its own disk; it is in service when the installed system has
 * said who it is and that agrees with the MDB.
 */
export async function ready(run: BirthRun): Promise<Outcome> {
  for (;;) {
    run.stand('ready', 'agent');
    const heard = await run.desk.await('ready', limits.ready);
    if (heard === 'cancelled') return run.cancelled();
    if (heard !== 'late' && 'rebooted' in heard) return run.reboot(heard.rebooted, 'ready');
    const complaint =
      heard === 'late'
        ? undefined
        : 'failed' in heard
          ? (heard.failed.message ?? 'The installed system failed.')
          : heard.report.message;
    const outcome =
      heard === 'late'
        ? await silent(run)
        : complaint === undefined
          ? await finish(run)
          : await run.askRetry('ready', 'ready/disagrees', complaint);
    if (outcome !== 'retry') return outcome;
  }
}

async function finish(run: BirthRun): Promise<Outcome> {
  for (;;) {
    const finished = await birthActivities.finishBirth(run.errand);
    if (!('held' in finished)) {
      run.reached('in_service');
      return next;
    }
    const ruling = await run.ask('ready', finished.held);
    if ('outcome' in ruling) return ruling.outcome;
  }
}

async function silent(run: BirthRun): Promise<Outcome | 'retry'> {
  if (run.mayPower && (await run.act('restart')).state === 'done') return 'retry';
  const minutes = limits.ready / 60_000;
  return run.askRetry(
    'ready',
    'ready/silent',
    `The installed system did not report within ${minutes} minutes of the hand-over; it may not boot.`,
  );
}
