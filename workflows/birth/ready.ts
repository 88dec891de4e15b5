import type { PersonsRuling } from '../../contract/passage.ts';
import type { InstallRun } from '../passage/install.ts';
import { next, type Outcome } from '../passage/outcome.ts';

/**
 * Ready: the machine has handed over and comes up in its image; it is in service when the installed system has said
 * who it is, from its own disk, and that agrees with the MDB.
 */
export async function ready<Step extends string>(run: InstallRun<Step>): Promise<Outcome> {
  for (;;) {
    run.stand('ready', 'agent', run.readyLimit);
    const heard = await run.desk.await('ready', run.readyLimit);
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

async function finish<Step extends string>(run: InstallRun<Step>): Promise<Outcome> {
  let ruling: PersonsRuling | undefined;
  for (;;) {
    const finished = await run.effects.birth.finishBirth({ ...run.errand, ...(ruling && { ruling }) });
    if (!('held' in finished)) {
      const { stage, opState, bootState } = finished;
      run.state = { ...run.state, stage, opState, bootState };
      return next;
    }
    const answer = await run.ask('ready', finished.held);
    if ('outcome' in answer) return answer.outcome;
    ruling = answer;
  }
}

async function silent<Step extends string>(run: InstallRun<Step>): Promise<Outcome | 'retry'> {
  const act = run.mayRestart && run.mayPower ? await run.act('restart') : null;
  if (act?.state === 'done') return 'retry';
  const minutes = run.readyLimit / 60_000;
  const tried = act === null ? '' : ` A restart by its controller: ${act.observed}`;
  return run.askRetry(
    'ready',
    'ready/silent',
    `The installed system did not report within ${minutes} minutes of the hand-over; it may not boot.${tried}`,
  );
}
