import { unerased } from '../../contract/clean.ts';
import type { Held } from '../../domain/question.ts';
import { next, type Outcome } from '../passage/outcome.ts';
import { course } from './limits.ts';
import type { CleanRun } from './run.ts';

/**
 * Erase: the agent erases the disks that have no proof yet, each by its method. What a disk refuses is refused: another
 * method is a person's to name. A machine that lost its power in the middle comes by here again.
 */
export async function erase(run: CleanRun): Promise<Outcome> {
  for (;;) {
    const trouble = (await takeUp(run)) ?? (await direct(run));
    if (trouble === 'erased') return next;
    if ('to' in trouble) return trouble;
    const answer = await run.ask('erase', trouble);
    if ('outcome' in answer) return answer.outcome;
    if (answer.answer === 'erase') run.known = true;
    else run.ruling = answer;
  }
}

/**
 * What an earlier run of the clean had begun: a question that was open is asked again as it was, and an agent that was
 * told to erase is not told twice. Null where there is nothing to take up.
 */
async function takeUp(run: CleanRun): Promise<Held | Outcome | 'erased' | null> {
  const { recall } = run;
  if (recall.at !== 'erase') return null;
  const open = recall.openAt('erase');
  recall.reach('erase');
  if (open) return open.held;
  return recall.past?.directive === 'erase' ? hear(run) : null;
}

async function direct(run: CleanRun): Promise<Held | Outcome | 'erased'> {
  const { ruling, known } = run;
  const directed = await run.effects.clean.directErase({
    ...run.errand,
    next: run.start('erase'),
    known,
    ...(ruling && { ruling }),
  });
  if ('held' in directed) return directed.held;
  run.state = directed.state;
  run.touched ||= directed.disks > 0;
  return directed.disks === 0 ? 'erased' : hear(run);
}

/** `erased` when the agent says that all are; whether they are is judged next. */
async function hear(run: CleanRun): Promise<Held | Outcome | 'erased'> {
  run.stand('erase', 'agent');
  const heard = await run.desk.await('erased', course.limits.erase);
  if (heard === 'cancelled') return run.cancelled();
  if (heard === 'late') return unerased(`The agent told no end within ${course.limits.erase / 3_600_000} hours`);
  if ('rebooted' in heard) return run.reboot(heard.rebooted, 'erase');
  return 'failed' in heard ? unerased(heard.failed.message ?? 'The agent failed and says no reason') : 'erased';
}
