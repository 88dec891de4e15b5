/** What people write as policy, and every version of which is kept. */
export const policyKinds = [
  ...['site', 'profile', 'pool', 'semaphore', 'permit-groups', 'capacity'],
  ...['circuit-breaker', 'ticket-route', 'oncall', 'approval', 'provider'],
] as const;
export type PolicyKind = (typeof policyKinds)[number];
