import { unerased } from '../../domain/clean/held.ts';
import type { OperatorQuestion } from '../../domain/question.ts';
import type { Effects } from '../passage/effects.ts';
import { next, type StepResult } from '../passage/result.ts';
import type { CleanContext } from './facts.ts';

/**
 * Erase: the agent erases the disks that have no proof yet, each by its method. What a disk refuses is refused: another
 * method is a person's to name. A machine that lost its power in the middle comes by here again.
 */
export async function erase(context: CleanContext, effects: Effects): Promise<StepResult> {
  const { facts } = context;
  for (;;) {
    const trouble = (await takeUp(context)) ?? (await direct(context, effects));
    if (trouble === 'erased') return next;
    const answer = await effects.ask(trouble);
    if (answer.answer === 'erase') facts.known = true;
    else facts.answer = answer;
  }
}

/** Disk by disk, by the same reads. */
export async function foreseeErase(_context: CleanContext, effects: Effects): Promise<StepResult> {
  for (const does of await effects.look.clean.planClean()) effects.plan?.(does);
  return next;
}

/**
 * What an earlier run of the clean had begun: a question that was open is asked again as it was, and an agent that was
 * told to erase is not told twice. Null where there is nothing to take up.
 */
async function takeUp(context: CleanContext): Promise<OperatorQuestion | 'erased' | null> {
  const { recall } = context;
  if (recall.at !== 'erase') return null;
  const open = recall.openAt('erase');
  recall.reach('erase');
  if (open) return open.question;
  return recall.past?.directive === 'erase' ? awaitErased(context) : null;
}

async function direct(context: CleanContext, effects: Effects): Promise<OperatorQuestion | 'erased'> {
  const { facts } = context;
  const { answer, known } = facts;
  const directed = await effects.clean.directErase({ known, ...(answer && { answer }) });
  if ('question' in directed) return directed.question;
  facts.touched ||= directed.disks > 0;
  return directed.disks === 0 ? 'erased' : awaitErased(context);
}

/** `erased` when the agent says that all are; whether they are is judged next. */
async function awaitErased(context: CleanContext): Promise<OperatorQuestion | 'erased'> {
  context.waitsOn('agent');
  const received = await context.awaitReport('erased');
  if (received === 'late') return unerased(`The agent reported no end within ${context.limit / 3_600_000} hours`);
  return 'failed' in received ? unerased(received.failed.message ?? 'The agent failed and says no reason') : 'erased';
}
