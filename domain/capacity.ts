import type { CapacityScope, MinimumUnit } from './machine.ts';

/** How many machines of a group must stay in service. */
export interface CapacityRule {
  /** `fleet`, or the name of a column or tag, by whose values there is a group each. */
  readonly scope: CapacityScope;
  /** Value of that column or tag; `*` for each one that has no rule of its own, and for the fleet. */
  readonly name: string;
  readonly least: number;
  readonly unit: MinimumUnit;
}

/** A group of the machine's, with what it has and what it must keep. */
export interface Shortage {
  readonly scope: CapacityScope;
  readonly name: string;
  readonly have: number;
  readonly need: number;
}

export interface CapacityListing extends Shortage {
  readonly total: number;
  /** Null: nobody set a minimum. */
  readonly rule: CapacityRule | null;
}
