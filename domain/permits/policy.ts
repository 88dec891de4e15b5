/** What the policy allows a semaphore. */
import type { Resource } from './groups.ts';
import type { PermitTerms } from './terms.ts';
import type { PermitWindow } from './window.ts';

export interface PermitPolicy {
  /** Members of the group that may be out of service at once: a number, or a percentage of the group, rounded down. */
  readonly capacity: number | null;
  readonly percent: number | null;
  /** At least so many, however small the group. */
  readonly minimum: number;
  readonly queueBound: number;
  readonly leaseSeconds: number;
  readonly limitSeconds: number;
  readonly minHealthy: number | null;
  readonly perMinute: number | null;
  readonly windows: readonly PermitWindow[];
}

const usual = {
  minimum: 1,
  queueBound: 5000,
  leaseSeconds: 3600,
  limitSeconds: 86_400,
  minHealthy: null,
  perMinute: null,
  windows: [],
};

const broadTags = ['fleet', 'site', 'az', 'row', 'feed', 'rack', 'pool', 'sku'];

/**
 * Where nobody has said anything: a tenth of the fleet, of a feed, row, rack or pool, and at least one, so that four
 * machines at home can be worked on too; one of any other group.
 */
export function standardPermitPolicy({ tag }: Pick<Resource, 'tag'>): PermitPolicy {
  const broad = broadTags.includes(tag);
  return broad ? { ...usual, capacity: null, percent: 10 } : { ...usual, capacity: 1, percent: null };
}

/** Stands for every operation, tag or value in the name of a policy. */
export const anything = '*';

/** Of the policies that fit a semaphore, the one that names most of it. */
export function chooseMostNamed<P extends Resource>(fitting: readonly P[]): P | undefined {
  const named = (one: P) =>
    Number(one.value !== anything) * 4 + Number(one.tag !== anything) * 2 + Number(one.operation !== anything);
  return [...fitting].sort((left, right) => named(right) - named(left))[0];
}

export function capacityOf(policy: PermitPolicy, total: number): number {
  if (policy.capacity !== null) return policy.capacity;
  return Math.max(policy.minimum, Math.floor((total * (policy.percent ?? 0)) / 100));
}

export function termsOf(policy: PermitPolicy, total: number): PermitTerms {
  const { queueBound, leaseSeconds, limitSeconds } = policy;
  return {
    capacity: capacityOf(policy, total),
    bound: queueBound,
    lease: leaseSeconds * 1000,
    limit: limitSeconds * 1000,
  };
}

/** The policy with a change in it: a number takes the place of a percentage, and the other way round. */
export function changePolicy(
  { capacity, percent, minimum, queueBound, leaseSeconds, limitSeconds, minHealthy, perMinute, windows }: PermitPolicy,
  change: Partial<PermitPolicy>,
): PermitPolicy {
  const kept = { capacity, percent, minimum, queueBound, leaseSeconds, limitSeconds, minHealthy, perMinute, windows };
  const sized =
    change.capacity !== undefined ? { percent: null } : change.percent !== undefined ? { capacity: null } : {};
  return { ...kept, ...sized, ...change };
}
