import { isOurReason, type TakenNode } from './drain.ts';

/** A node as Slurm shows it. */
export interface SlurmNode {
  readonly name: string;
  /** State and flags, in capitals. */
  readonly states: ReadonlySet<string>;
  /** What it becomes after a reboot that Slurm was asked for. */
  readonly next: readonly string[];
  /** Stays when the state that it was given for has ended, in Slurm 24.11. */
  readonly reason: string;
  readonly allocated: number;
}

/** Whether it takes no new jobs. */
export function isOut({ states }: SlurmNode): boolean {
  return states.has('DRAIN') || states.has('DOWN') || states.has('FAIL');
}

/** What Slurm itself writes where it sets a node down that it lost; whoever sets one down by hand says another. */
const slurmsOwn = /^(not responding|node unexpectedly rebooted)$/i;

/** Whether Slurm took it out by itself, and would put it back by itself as soon as it answers. */
export function isLost({ states, reason }: SlurmNode): boolean {
  return states.has('DOWN') && !states.has('DRAIN') && !states.has('FAIL') && slurmsOwn.test(reason);
}

/**
 * Whether Farrier took it out: the MDB says so, and its reason is the one that was left then. A reason alone is not
 * enough: Slurm may keep it, and show it beside the drain of somebody who gave none.
 */
export function isOurs({ reason }: SlurmNode, taken: TakenNode | null | undefined): boolean {
  if (taken === undefined) return isOurReason(reason);
  return taken !== null && taken.endedAt === null && isOurReason(reason, taken.orderId);
}

/** What Slurm says that others took it out for. */
export function reasonOf({ reason }: SlurmNode): string {
  if (reason === '') return 'no reason';
  return isOurReason(reason) ? `no reason but an older one of ours, "${reason}"` : reason;
}

/** A sentence on a reboot that Slurm was asked for and that has not ended; null for none. */
export function describeReboot({ name, states, next }: SlurmNode): string | null {
  const flags = [...states].filter((state) => state.startsWith('REBOOT'));
  if (flags.length === 0) return null;
  const then = next.filter((state) => !/^(INVALID|UNKNOWN)$/i.test(state));
  const after = then.length === 0 ? '' : ` and to make it ${then.join('+')} then`;
  return `somebody asked Slurm to reboot ${name}${after} (${flags.join(', ')})`;
}

/** Whether nothing on it runs by its own state: it is known, and holds no work. */
export function isIdle({ states, allocated }: SlurmNode): boolean {
  const rests = states.has('IDLE') || states.has('DOWN');
  return rests && allocated === 0 && !['ALLOCATED', 'MIXED', 'COMPLETING'].some((state) => states.has(state));
}
