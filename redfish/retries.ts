import type { RedfishError } from './errors.ts';

/** Whatever a controller asks for: an activity has to end, and another may be luckier. */
const maxWaitMs = 30_000;
/** A read is asked at most this often; what is then still busy is the caller's to try later. */
const attempts = 3;
const minWaitMs = 1000;

/** Milliseconds that a `Retry-After` asks for, as seconds or as a date (RFC 9110, 10.2.3); null for anything else. */
export function retryAfterOf(header: string | string[] | undefined, now: number): number | null {
  const value = (Array.isArray(header) ? header[0] : header)?.trim() ?? '';
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = /^[A-Z][a-z]{2}, /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/**
 * Milliseconds until a failed read is asked again; null when it is not. Capped, and spread by up to a quarter, so that
 * a thousand controllers of one site don't come back at the same moment. `chance` is in [0, 1).
 */
export function waitBefore(attempt: number, error: RedfishError, chance: number): number | null {
  if (error.kind !== 'busy' || attempt >= attempts) return null;
  const waitMs = error.retryAfterMs ?? minWaitMs * 2 ** (attempt - 1);
  return Math.round(Math.min(waitMs, maxWaitMs) * (1 + chance / 4));
}
