import type { Milliseconds } from '../duration.ts';

/** What the policy says at the moment. Durations in milliseconds. */
export interface PermitTerms {
  readonly capacity: number;
  readonly bound: number;
  readonly lease: Milliseconds;
  readonly limit: Milliseconds;
}

/** Why those in front do not go on, and when that may change by itself. */
export interface PermitGate {
  readonly kind: 'capacity' | 'window' | 'rate' | 'healthy' | 'brake';
  readonly reason: string;
  readonly until: number | null;
}
