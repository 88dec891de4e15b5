import type { Milliseconds } from '../duration.ts';
import type { Severity } from '../requests.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

interface Budget {
  /** How often in which time, for one machine whatever the fault. */
  readonly max: number;
  readonly withinMs: number;
  /** Milliseconds after the last of these attempts: a machine needs time to show what an act did. */
  readonly coolDownMs: number;
}

/**
 * How often a machine may be treated so before it is a case for the next attempt: what did not help twice in a day will not
 * help a third time, and a machine that needs it daily is sick.
 */
const budgets: Partial<Record<Severity, Budget>> = {
  restart: { max: 2, withinMs: day, coolDownMs: 10 * minute },
  'reset-bmc': { max: 2, withinMs: day, coolDownMs: 10 * minute },
  'power-cycle': { max: 2, withinMs: day, coolDownMs: 10 * minute },
  rebirth: { max: 1, withinMs: 7 * day, coolDownMs: 10 * minute },
};

export interface PastAttempt {
  readonly attempt: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Whether the attempt may be made, from those made before. */
export function judgeAttempt(attempt: Severity, history: readonly PastAttempt[], now: number): AttemptVerdict {
  const budget = budgets[attempt];
  if (!budget) return { may: true, wait: 0 };
  const same = history.filter((one) => one.attempt === attempt && now - one.at < budget.withinMs);
  if (same.length >= budget.max) {
    const days = budget.withinMs / day;
    return {
      may: false,
      why: `${attempt} was tried ${same.length} times within ${days === 1 ? 'a day' : `${days} days`}`,
    };
  }
  // What people do shows when they say so.
  const last = Math.max(0, ...history.filter(({ attempt: one }) => Object.hasOwn(budgets, one)).map(({ at }) => at));
  return { may: true, wait: last === 0 ? 0 : Math.max(0, last + budget.coolDownMs - now) };
}

/** Whether the attempt may be made, and after how many milliseconds; or why its budget is used up. */
export type AttemptVerdict =
  | { readonly may: true; readonly wait: Milliseconds }
  | { readonly may: false; readonly why: string };
