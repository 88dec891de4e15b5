/** What the repair passage and its activities say to each other. Plain data: it is written into histories. */
import type { RepairState } from '../domain/machine.ts';
import type { Severity } from '../domain/requests.ts';
import type { PassageReference } from './passage.ts';

/** Attempts that Farrier makes itself; the others are a person's, or another order's. */
export const ownAttempts = ['observe', 'restart', 'reset-bmc', 'power-cycle'] as const satisfies readonly Severity[];
export type OwnAttempt = (typeof ownAttempts)[number];

export interface AttemptInput extends PassageReference {
  readonly fault: string;
  readonly attempt: Severity;
  /** A person's word leads to it: no budget is theirs. */
  readonly byHand?: true;
}

export interface AttemptEnd extends AttemptInput {
  /** `false_positive`: it cleared before anything was done to the machine. */
  readonly outcome: 'healed' | 'false_positive' | 'failed' | 'handed-on';
  readonly seen: string;
}

export interface BundleInput extends PassageReference {
  readonly id: string;
  readonly fault: string;
  readonly evidence: string | null;
  /** What a look at the machine showed just now. */
  readonly seen: string;
  /** When it last started, by its controller's clock; null where that does not tell. */
  readonly reset: string | null;
  /** Sentences on parts that it had and has no more. */
  readonly missing: readonly string[];
  readonly repairState: RepairState;
}

export interface Bundle {
  readonly id: string;
  /** A few lines for a person: what the bundle holds that matters. */
  readonly summary: string;
}

export interface HandOn extends PassageReference {
  readonly to: 'rebirth' | 'retire';
  readonly fault: string;
  readonly why: string;
}

/** A part that a person sends back, or has fitted. */
export interface PartAnswer extends PassageReference {
  readonly fault: string;
  /** The maker's number, or the new part's serial number. */
  readonly number: string;
  readonly by: string;
  /** Of one that goes back: what it is, and its own serial number, as far as somebody said. */
  readonly part?: string | null;
  readonly serial?: string | null;
}
