/** How many machines of each group must stay in service. */
import type { CapacityScope, MinimumUnit } from './machine.ts';

/** How many machines of a group must stay in service. */
export interface CapacityRule {
  /** `fleet`, or the name of a column or tag, by whose values there is a group each. */
  readonly scope: CapacityScope;
  /** Value of that column or tag; `*` for each one that has no rule of its own, and for the fleet. */
  readonly name: string;
  readonly min: number;
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

/** Machines of a group: all that belong to its capacity, and those that could be offered. */
export interface GroupCount {
  readonly total: number;
  readonly healthy: number;
}

/** Names of a machine's groups by scope; a machine without a rack has no feed either. */
export type CapacityGroups = Readonly<Record<CapacityScope, string>>;

/** Machines that a group must keep: a share is rounded up, so that 90 % of four is four. */
export function minimum(min: number, unit: MinimumUnit, total: number): number {
  return unit === 'count' ? min : Math.ceil((total * min) / 100);
}

/** A group's own rule, or that of all groups of its kind; null where nobody set one. */
export function ruleFor<R extends Pick<CapacityRule, 'scope' | 'name'>>(
  rules: readonly R[],
  scope: CapacityScope,
  name: string,
): R | null {
  const of = (one: string) => rules.find((rule) => rule.scope === scope && rule.name === one);
  return of(name) ?? of('*') ?? null;
}

/** The first group, in the order of the rules, that would fall below its minimum if it lost one machine. */
export function findShortage(
  groups: CapacityGroups,
  rules: readonly CapacityRule[],
  counts: readonly GroupCount[],
): Shortage | null {
  for (const [index, { scope, min, unit }] of rules.entries()) {
    const { total, healthy } = counts[index] ?? { total: 0, healthy: 0 };
    const need = minimum(min, unit, total);
    if (healthy - 1 < need) return { scope, name: groups[scope] ?? '*', have: healthy, need };
  }
  return null;
}

export function describeShortage({ scope, name, have, need }: Shortage): string {
  const group = scope === 'fleet' ? 'the fleet' : `${scope} ${name}`;
  return `${group} has ${have} machines in service and must keep ${need}`;
}
