import type { PassageContext } from '../passage/context.ts';
import { type Ended, refuse } from '../passage/result.ts';

const minute = 60_000;
const week = 7 * 24 * 60 * minute;

/** Milliseconds until the fallback of the steps that operators' actions are made of. */
export const limits = {
  // Jobs run for up to a week; the pool's own drain time-out is what ends the wait.
  drain: week,
  // A big server's self-test; the pool's own reboot time-out is what ends the wait.
  reboot: 30 * minute,
  // Health checks, each a minute after the other.
  restore: 30 * minute,
} as const;

/** Only what was certainly not done is tried again. */
export const powerTries = 3;

/** An action begins on a machine that is in service, and production or draining; from elsewhere no flow has an edge. */
export function refuseOutsideProduction({ state: { stage, opState }, recall: { past } }: PassageContext): Ended | null {
  // Begun again, it stands where the earlier run has brought it.
  if (past && (past.from === 'production' || past.from === 'draining')) return null;
  if (stage === 'in_service' && (opState === 'production' || opState === 'draining')) return null;
  return refuse(`the machine is ${opState}, stage ${stage}`);
}
