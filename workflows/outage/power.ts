import { ActivityFailure } from '@temporalio/workflow';
import type { ActKind } from '../../domain/acts.ts';
import type { Health } from '../../domain/health.ts';
import type { PassageContext } from '../passage/context.ts';
import type { Effects } from '../passage/effects.ts';
import { rootMessage } from '../passage/failure.ts';

const second = 1000;

/** Where a restart led: `silent` when nothing came up in time. */
export type Restarted = 'up' | 'silent';

/**
 * Restarts the machine once, by its controller or by a person's hand, and waits until it runs its system again. A
 * machine that can't restart itself is the same to it: the command is the controller's.
 */
export async function restart(
  context: PassageContext,
  effects: Effects,
  limitMs: number,
  kind: ActKind & ('restart' | 'power-cycle') = 'restart',
): Promise<Restarted> {
  const since = new Date().toISOString();
  context.waitsOn('hardware', limitMs);
  const sentAt = await power(context, effects, kind);
  return context.rehearsing ? 'up' : awaitUp(context, effects, sentAt ?? since, limitMs);
}

/** When an earlier run of the passage gave the command; null where it did not. */
async function power(
  context: PassageContext,
  effects: Effects,
  kind: 'restart' | 'power-cycle',
): Promise<string | null> {
  let why = 'No controller of it is known';
  let command: ActKind & ('restart' | 'power-cycle' | 'power-on') = kind;
  let sentAt: string | null = null;
  while (context.mayPower) {
    const given = command;
    const act = await effects.act(given);
    sentAt ??= act.sentAt ?? null;
    // What was powered off on the way is to be powered on: there is no power to cycle any more.
    if (act.left === 'off') command = 'power-on';
    if (act.state === 'done' || act.state === 'planned') return sentAt;
    why = act.refused?.reason ?? `Its controller was asked, and is not asked again: ${act.observed}`;
    // What was certainly not done (a worker that ended before it sent anything) may be done; the unknown may not.
    if (act.state === 'unknown' || act.refused || context.rehearsing) break;
    context.note(`${given}: ${act.observed}`);
  }
  await effects.ask({
    fault: `${context.at}/by-hand`,
    reason: `${why}. Restart the machine by hand and answer "done".`,
    choices: ['done', 'abandon'],
  });
  effects.undoBy(null);
  return sentAt;
}

/** Waits until the machine runs its system; looks more rarely as time goes by. */
export async function awaitUp(
  context: PassageContext,
  effects: Effects,
  since: string,
  limitMs: number,
): Promise<Restarted> {
  const until = Date.now() + limitMs;
  for (let looks = 0; ; looks += 1) {
    const left = until - Date.now();
    if (left <= 0) return 'silent';
    // What was asked of the machine is under way: a cancel waits until it is back.
    await context.letPass(Math.min(left, pauseAfter(looks)));
    const health = await look(effects, since);
    if (health.up) return 'up';
    context.waitsOn('reboot', Math.max(0, until - Date.now()), health.seen);
  }
}

// A virtual machine is back within seconds, a server within minutes, one that retrains its memory within half an hour.
function pauseAfter(looks: number): number {
  if (looks < 4) return 2 * second;
  return looks < 10 ? 10 * second : 60 * second;
}

/** Looks at the machine's health; what can't be read is not up. */
export async function look(effects: Effects, since: string | null): Promise<Health> {
  try {
    return await effects.look.hardware.checkHealth({ since });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return { up: false, healthy: false, seen: `its controller could not be read: ${rootMessage(error)}` };
  }
}
