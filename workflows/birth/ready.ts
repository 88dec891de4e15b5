import type { OperatorAnswer } from '../../contract/passage.ts';
import type { Effects } from '../passage/effects.ts';
import { next, type StepResult } from '../passage/result.ts';
import type { InstallContext } from './facts.ts';

/**
 * Ready: the machine has handed over and comes up in its image; it is in service when the installed system has said
 * who it is, from its own disk, and that agrees with the MDB.
 */
export async function ready(context: InstallContext, effects: Effects): Promise<StepResult> {
  const limitMs = context.facts.readyLimit ?? context.limit;
  for (;;) {
    context.waitsOn('agent', limitMs);
    const received = await context.awaitReport('ready', limitMs);
    if (received === 'late') {
      await silent(context, effects, limitMs);
      continue;
    }
    const complaint =
      'failed' in received ? (received.failed.message ?? 'The installed system failed.') : received.report.message;
    if (complaint === undefined) {
      await finish(effects);
      return next;
    }
    await effects.askRetry('ready/disagrees', complaint);
  }
}

async function finish(effects: Effects): Promise<void> {
  let answer: OperatorAnswer | undefined;
  for (;;) {
    const finished = await effects.birth.finishBirth({ ...(answer && { answer }) });
    if (!('question' in finished)) return;
    answer = await effects.ask(finished.question);
  }
}

async function silent(context: InstallContext, effects: Effects, limitMs: number): Promise<void> {
  const act = context.facts.mayRestart && context.mayPower ? await effects.act('restart') : null;
  if (act?.state === 'done') return;
  const tried = act === null ? '' : ` A restart by its controller: ${act.observed}`;
  await effects.askRetry(
    'ready/silent',
    `The installed system did not report within ${limitMs / 60_000} minutes of the hand-over; it may not boot.${tried}`,
  );
}
