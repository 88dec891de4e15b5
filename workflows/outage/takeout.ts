import type { Flow, SemaphoreTags } from '../../domain/requests.ts';
import type { PassageContext } from '../passage/context.ts';
import type { Effects } from '../passage/effects.ts';
import { Leave, refuse } from '../passage/result.ts';
import { drainPlan, drainWork, type Emptied } from './drain.ts';
import { leaveService } from './leave.ts';
import { takePermit } from './permit.ts';
import { returnToService } from './return.ts';

/** How a machine is to leave, where that is not the usual way. */
export interface TakeOut {
  readonly semaphores: SemaphoreTags;
  /** False: its work is not waited for. */
  readonly drain?: boolean;
  /** ISO 8601: when its time to drain is up; its pool says when absent or null. */
  readonly drainBy?: string | null;
  /** ISO 8601: drained early, it waits until then. */
  readonly notBefore?: string | null;
  /** ISO 8601: from then on it may not go any more. */
  readonly closes?: string | null;
  /** Whether it goes down afterwards, which takes a permit of its own; false for a drain only. */
  readonly down?: boolean;
  /** Whether it is put back into production when it does not go after all. */
  readonly back?: boolean;
  readonly flow?: Flow;
}

/**
 * Takes a machine out of service: the permit to drain → out of production as its owners' capacity allows → its work ends
 * → the permit to be down. What ends this on the way puts it back where it was.
 */
export async function takeOutOfService(context: PassageContext, effects: Effects, how: TakeOut): Promise<Emptied> {
  await takePermit(effects, 'drain', how.semaphores);
  await leaveService(context, effects, 'draining');
  if (how.back !== false) putBack(context, effects, how.flow);
  const { policy } = context;
  const emptied =
    how.drain === false ? 'undrained' : await drainWork(context, effects, drainPlan(policy, how.drainBy ?? null));
  await awaitTime(context, how);
  if (how.down !== false) await takePermit(effects, 'reboot', how.semaphores);
  checkOpen(how.closes ?? null);
  return emptied;
}

/** An earlier run of the passage took it out: what it held for that is held on, and nothing is drained again. */
export async function resumeOutOfService(
  context: PassageContext,
  effects: Effects,
  { semaphores, down, back, flow }: TakeOut,
): Promise<void> {
  await effects.look.outage.readPolicy();
  // Where that run sent nothing to it yet, a cancel puts it back as if it had not been lost.
  if (context.recall.acted === 0 && back !== false) putBack(context, effects, flow);
  await takePermit(effects, 'drain', semaphores);
  if (down !== false) await takePermit(effects, 'reboot', semaphores);
}

/** The same for what is done to a machine as it is, undrained. */
export async function takeOutAtOnce(
  context: PassageContext,
  effects: Effects,
  semaphores: SemaphoreTags,
): Promise<void> {
  await takePermit(effects, 'reboot', semaphores);
  const { opState } = context.state;
  await leaveService(context, effects, 'disabled');
  if (opState === 'production') putBack(context, effects);
}

export async function resumeOutAtOnce(effects: Effects, semaphores: SemaphoreTags): Promise<void> {
  await takePermit(effects, 'reboot', semaphores);
  await effects.look.outage.readPolicy();
}

function putBack(context: PassageContext, effects: Effects, flow?: Flow): void {
  effects.undoBy(async (ended) => {
    await returnToService(context, effects, flow);
    return ended;
  });
}

async function awaitTime(context: PassageContext, { notBefore }: TakeOut): Promise<void> {
  if (!notBefore || context.rehearsing) return;
  const left = Date.parse(notBefore) - Date.now();
  context.waitsOn('time', Math.max(0, left), `Drained; it goes on at ${notBefore}`);
  if (left > 0) await context.pause(left);
}

/** Leaves where the time in which it may go is over. */
export function checkOpen(closes: string | null): void {
  if (closes !== null && Date.now() >= Date.parse(closes)) throw new Leave(refuse(`its window closed at ${closes}`));
}
