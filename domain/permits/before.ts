import type { OpState } from '../machine.ts';

/** How a machine stood when it was granted a permit. */
export interface StateBefore {
  readonly opState: OpState;
  readonly bootId: string | null;
}

/** Why a machine is not back where it was when it got its permit; null where it is, or stands in production. */
export function leftBehind(opState: OpState, before: StateBefore | null): string | null {
  return opState === 'production' || opState === before?.opState ? null : `the machine is still ${opState}`;
}
