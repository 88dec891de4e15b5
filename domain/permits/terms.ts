/** What the policy says at the moment. Durations in milliseconds. */
export interface PermitTerms {
  readonly capacity: number;
  readonly bound: number;
  readonly lease: number;
  readonly limit: number;
}

/** Why those in front do not go on, and when that may change by itself. */
export interface PermitGate {
  readonly kind: 'capacity' | 'window' | 'rate' | 'healthy' | 'brake';
  readonly reason: string;
  readonly until: number | null;
}
