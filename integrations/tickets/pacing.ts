import type { OutsideError } from '../http/errors.ts';

/**
 * Seconds between two looks at an open ticket: two minutes, or so many that one look every other second is enough for
 * all, since a look is two requests and GitHub allows 5,000 an hour.
 */
export function paceOf(mirrors: number): number {
  return Math.max(120, mirrors * 2);
}

/** A system that is down or lets us not in would say the same for each of its tickets: the rest is not tried now. */
export function isDown({ kind, status }: OutsideError): boolean {
  return ['unreachable', 'timeout', 'refused', 'settings'].includes(kind) || status === 429 || status === 503;
}

/** Seconds until the next try: what the other side asked for, else 5, 10 … at most 600. What a person has to mend waits longest. */
export function backOff(attempts: number, error: OutsideError): number {
  if (error.retryAfter !== null) return Math.max(error.retryAfter, 1);
  return error.retryable ? Math.min(5 * 2 ** Math.min(attempts - 1, 10), 600) : 300;
}
