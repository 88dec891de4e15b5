import type { Effects } from '../passage/effects.ts';
import { next, type StepResult } from '../passage/result.ts';
import type { BirthContext } from './facts.ts';

/**
 * Profile and benchmark: the agent burns the machine in; its figures are held against the profile and against its
 * peers, and the image follows from them. A machine that fails goes on to the debug image, so that it can be looked
 * at; it is not offered as capacity.
 */
export async function profile(context: BirthContext, effects: Effects): Promise<StepResult> {
  await takeUp(context, effects);
  const started = await effects.birth.startProfile();
  if (started.burnin === 'run') await burnIn(context, effects, started.limit);
  for (;;) {
    const decided = await effects.birth.decideProfile();
    if (!('question' in decided)) return next;
    await effects.ask(decided.question);
  }
}

/** A burn-in about which a person was being asked, when the workflow was lost, is not begun again unasked. */
async function takeUp(context: BirthContext, effects: Effects): Promise<void> {
  const { recall } = context;
  if (recall.at !== 'profile') return;
  const open = recall.openAt('profile');
  recall.reach('profile');
  if (open !== null && /^profile\/(agent|overdue)$/.test(open.question.fault))
    await burnIn(context, effects, context.limit);
}

async function burnIn(context: BirthContext, effects: Effects, limitMs: number): Promise<void> {
  for (;;) {
    context.waitsOn('agent', limitMs);
    const received = await context.awaitReport('burnin', limitMs);
    if (received === 'late') await overdue(context, effects, limitMs);
    else if ('report' in received) return;
    else
      await effects.askRetry(
        'profile/agent',
        `The burn-in could not run: ${received.failed.message ?? 'no reason given'}`,
      );
    await effects.birth.startProfile();
  }
}

/** No result in time: the machine is restarted once within the budget (it then starts over), else a person looks. */
async function overdue(context: BirthContext, effects: Effects, limitMs: number): Promise<void> {
  if (context.mayPower && (await effects.act('boot-network')).state === 'done') return;
  const minutes = Math.round(limitMs / 60_000);
  await effects.askRetry(
    'profile/overdue',
    `The burn-in reported no result within ${minutes} minutes; the machine may hang.`,
  );
}
