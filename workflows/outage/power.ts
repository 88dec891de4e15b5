import { ActivityFailure, condition } from '@temporalio/workflow';
import type { ActKind } from '../../domain/acts.ts';
import type { Health } from '../../domain/health.ts';
import { rootMessage } from '../passage/failure.ts';
import type { Outcome } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';

const second = 1000;

/** Where a restart led: `up`, `silent` when nothing came up in time, or out of the passage. */
export type Restarted = 'up' | 'silent' | { readonly outcome: Outcome };

/**
 * Restarts the machine once, by its controller or by a person's hand, and waits until it runs its system again. A
 * machine that can't restart itself is the same to it: the command is the controller's.
 */
export async function restart<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  limit: number,
  kind: ActKind & ('restart' | 'power-cycle') = 'restart',
): Promise<Restarted> {
  const since = new Date().toISOString();
  run.stand(step, 'hardware', limit);
  const powered = await power(run, step, kind);
  if ('outcome' in powered) return powered;
  if (run.dry) return 'up';
  return awaitUp(run, step, powered.sentAt ?? since, limit);
}

/** `sentAt`: when an earlier run of the passage gave the command. */
interface Powered {
  readonly sentAt: string | null;
}

async function power<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  kind: 'restart' | 'power-cycle',
): Promise<Powered | { readonly outcome: Outcome }> {
  let why = 'No controller of it is known';
  let next: ActKind & ('restart' | 'power-cycle' | 'power-on') = kind;
  let sentAt: string | null = null;
  while (run.mayPower) {
    const asked = next;
    const act = await run.act(asked);
    sentAt ??= act.sentAt ?? null;
    // What was powered off on the way is to be powered on: there is no power to cycle any more.
    if (act.left === 'off') next = 'power-on';
    if (act.state === 'planned') run.plans(step, kind, act.command);
    if (act.state === 'done' || act.state === 'planned') return { sentAt };
    why = act.refused?.reason ?? `Its controller was asked, and is not asked again: ${act.observed}`;
    // What was certainly not done (a worker that ended before it sent anything) may be done; the unknown may not.
    if (act.state === 'unknown' || act.refused) break;
    run.desk.note(`${asked}: ${act.observed}`);
  }
  if (run.plans(step, `ask a person to restart it: ${why}`)) return { sentAt };
  const ruling = await run.ask(step, {
    fault: `${step}/by-hand`,
    reason: `${why}. Restart the machine by hand and answer "done".`,
    choices: ['done', 'abandon'],
  });
  if ('outcome' in ruling) return ruling;
  run.undo = null;
  return { sentAt };
}

/** Waits until the machine runs its system; looks more rarely as time goes by. */
export async function awaitUp<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  since: string,
  limit: number,
): Promise<'up' | 'silent'> {
  const until = Date.now() + limit;
  for (let looks = 0; ; looks += 1) {
    const left = until - Date.now();
    if (left <= 0) return 'silent';
    // What was asked of the machine is under way: a cancel waits until it is back.
    await condition(() => false, Math.min(left, pauseAfter(looks)));
    const health = await look(run, since);
    if (health.up) return 'up';
    run.stand(step, 'reboot', Math.max(0, until - Date.now()), health.seen);
  }
}

// A virtual machine is back within seconds, a server within minutes, one that retrains its memory within half an hour.
function pauseAfter(looks: number): number {
  if (looks < 4) return 2 * second;
  return looks < 10 ? 10 * second : 60 * second;
}

/** Looks at the machine's health; what can't be read is not up. */
export async function look<Step extends string>(run: PassageRun<Step>, since: string | null): Promise<Health> {
  try {
    return await run.looks.hardware.checkHealth({ ...run.errand, since });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return { up: false, healthy: false, seen: `its controller could not be read: ${rootMessage(error)}` };
  }
}
