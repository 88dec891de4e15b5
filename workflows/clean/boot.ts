import { bootLimitMs } from '../birth/boot.ts';
import type { Effects } from '../passage/effects.ts';
import { next, type StepResult } from '../passage/result.ts';
import type { CleanContext } from './facts.ts';

/** How long a machine that nobody restarts may stay as it is before somebody is asked, in milliseconds. */
const restartTimeoutMs = 7 * 24 * 60 * 60_000;

/**
 * Boot: the fast image at the permanent address, by one restart or by the machine's own next one. It ends with the
 * inventory of what is really in there now. Until then nothing is touched.
 */
export async function boot(context: CleanContext, effects: Effects): Promise<StepResult> {
  for (;;) {
    const booted = await effects.clean.bootClean();
    if ('state' in booted) break;
    // The step's own row is not begun yet.
    await effects.ask(booted.question, 'leave');
  }
  return arrive(context, effects);
}

/** What can be known before it has booted. */
export async function foreseeBoot(context: CleanContext, effects: Effects): Promise<StepResult> {
  await effects.clean.bootClean();
  if (context.facts.request.power === 'cycle' && context.controller) await effects.act('boot-network');
  return next;
}

async function arrive(context: CleanContext, effects: Effects): Promise<StepResult> {
  const restarts = context.facts.request.power === 'cycle';
  const limitMs = restarts ? bootLimitMs : restartTimeoutMs;
  for (;;) {
    if (restarts && context.mayPower) await restart(context, effects);
    context.waitsOn('agent', limitMs);
    const received = await context.awaitReport('inventory', limitMs);
    if (received === 'late' && restarts && context.mayPower) continue;
    if (received !== 'late' && 'report' in received) {
      // It has left its system: nothing puts it back where it was.
      effects.undoBy(null);
      context.take(received.report);
      return next;
    }
    const why =
      received === 'late'
        ? silent(context, limitMs)
        : `The agent failed: ${received.failed.message ?? 'it says no reason'}`;
    await effects.askRetry('clean/boot', why);
  }
}

/** One command; whether it had its effect is seen by the inventory that comes, or does not. */
async function restart(context: CleanContext, effects: Effects): Promise<void> {
  context.waitsOn('hardware');
  const { refused } = await effects.act('boot-network');
  if (refused !== undefined) await effects.ask(refused);
}

function silent({ controller }: CleanContext, limitMs: number): string {
  const hours = Math.round(limitMs / 360_000) / 10;
  const what = controller
    ? 'Look at its console and its network cable.'
    : 'No controller of it is known: restart it by hand.';
  return `No inventory came from the fast image within ${hours} hours. ${what}`;
}
