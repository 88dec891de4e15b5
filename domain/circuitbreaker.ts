/**
 * The storm brake: when too many machines leave production in too short a time, whatever the reason, all further
 * machines are kept in production until it has cooled down or a person says otherwise.
 */
import type { PermitGate } from './permits/terms.ts';

export interface BreakerState {
  readonly engagedAt: Date | null;
  /** When it lets go by itself; null while engaged: not before a person releases it. */
  readonly coolUntil: Date | null;
  readonly reason: string | null;
  readonly engagedBy: string | null;
  /** Until then a person has switched it off. */
  readonly overrideUntil: Date | null;
}

export interface BreakerLimits {
  /** Machines that may leave production a minute. */
  readonly perMinute: number;
  /** Share of one pool, rack or feed, in percent, that may leave within the window. */
  readonly share: number;
  /** Machines that left a group below which its share is not looked at. */
  readonly shareFloor: number;
  readonly windowMinutes: number;
  readonly coolMinutes: number;
}

export function isOverridden({ overrideUntil }: BreakerState, now: number): boolean {
  return overrideUntil !== null && overrideUntil.getTime() > now;
}

/**
 * Whether it keeps machines in production at this moment. It lets go with the next one that asks to leave: until then its row still
 * says when it engaged.
 */
export function isEngaged(breaker: BreakerState, now: number): boolean {
  const cooled = breaker.coolUntil !== null && breaker.coolUntil.getTime() <= now;
  return breaker.engagedAt !== null && !isOverridden(breaker, now) && !cooled;
}

export function describeEngaged({ reason, coolUntil }: BreakerState): string {
  const end = coolUntil === null ? 'a person releases it' : coolUntil.toISOString();
  return `the storm brake is engaged until ${end}: ${reason}`;
}

/** What it means for permits: what leaves is held by it too, so that a grant would only wait there. */
export function breakerGateOf(breaker: BreakerState, now: number): PermitGate | null {
  if (!isEngaged(breaker, now)) return null;
  const reason = `the storm brake is engaged: ${breaker.reason ?? 'no reason given'}`;
  return { kind: 'brake', reason, until: breaker.coolUntil?.getTime() ?? null };
}

/** Groups that half of must not leave at once. */
export const stormScopes = ['feed', 'rack', 'pool'] as const;
export type StormScope = (typeof stormScopes)[number];

/** Machines that left production within the last minute; and of each of a machine's groups within the window. */
export interface TakenOut extends Readonly<Record<StormScope, { readonly left: number; readonly total: number }>> {
  readonly minute: number;
}

/** What makes one more machine that leaves a storm, in words; null when nothing does. */
export function findStorm(
  { perMinute, share, shareFloor, windowMinutes }: BreakerLimits,
  counted: TakenOut,
  groups: Readonly<Record<string, string>>,
): string | null {
  if (counted.minute + 1 > perMinute) return `${counted.minute} machines left production within a minute`;
  for (const scope of stormScopes) {
    const { left, total } = counted[scope];
    if (left + 1 <= shareFloor || (left + 1) * 100 <= total * share) continue;
    return `${left} of ${total} machines of ${scope} ${groups[scope]} left production within ${windowMinutes} minutes`;
  }
  return null;
}
