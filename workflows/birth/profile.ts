import { next, type Outcome } from '../passage/outcome.ts';
import type { BirthRun } from './run.ts';

/**
 * Profile and benchmark: the agent burns the machine in; its figures are held against the profile and against its
 * peers, and the image follows from them. A machine that fails goes on to the debug image, so that it can be looked
 * at; it is not offered as capacity.
 */
export async function profile(run: BirthRun): Promise<Outcome> {
  const heard = await takeUp(run);
  if (heard !== null) return heard;
  const started = await run.effects.birth.startProfile({ ...run.errand, next: run.start('profile') });
  run.reached('configured');
  if (started.burnin === 'run') {
    const outcome = await burnIn(run, started.limit);
    if (outcome !== null) return outcome;
  }
  for (;;) {
    const decided = await run.effects.birth.decideProfile({ ...run.errand, next: run.start('deploy') });
    if (!('held' in decided)) break;
    const ruling = await run.ask('profile', decided.held);
    if ('outcome' in ruling) return ruling.outcome;
  }
  run.reached('profiled');
  return next;
}

/** A burn-in about which a person was being asked, when the workflow was lost, is not begun again unasked. */
async function takeUp(run: BirthRun): Promise<Outcome | null> {
  if (run.recall.at !== 'profile') return null;
  const open = run.recall.openAt('profile');
  run.recall.reach('profile');
  if (open === null || !/^profile\/(agent|overdue)$/.test(open.held.fault)) return null;
  return burnIn(run, run.course.limits.profile);
}

async function burnIn(run: BirthRun, limit: number): Promise<Outcome | null> {
  for (;;) {
    run.stand('profile', 'agent', limit);
    const heard = await run.desk.await('burnin', limit);
    if (heard === 'cancelled') return run.cancelled();
    if (heard !== 'late') {
      if ('report' in heard) return null;
      if ('rebooted' in heard) return run.reboot(heard.rebooted, 'profile');
    }
    const settled =
      heard === 'late'
        ? await overdue(run, limit)
        : await run.askRetry(
            'profile',
            'profile/agent',
            `The burn-in could not run: ${heard.failed.message ?? 'no reason given'}`,
          );
    if (settled !== 'retry') return settled;
    await run.effects.birth.startProfile({ ...run.errand, next: run.start('profile') });
  }
}

/** No result in time: the machine is restarted once within the budget (it then starts over), else a person looks. */
async function overdue(run: BirthRun, limit: number): Promise<Outcome | 'retry'> {
  if (run.mayPower && (await run.act('boot-network')).state === 'done') return 'retry';
  const minutes = Math.round(limit / 60_000);
  return run.askRetry(
    'profile',
    'profile/overdue',
    `The burn-in told no result within ${minutes} minutes; the machine may hang.`,
  );
}
