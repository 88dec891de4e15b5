export interface ProfileFacts {
  readonly vendor: string | null;
  readonly product: string | null;
  readonly cpuThreads: number;
  readonly memoryMib: number;
}

export interface ProfileRule {
  readonly id: string;
  readonly match: ProfileMatch;
  readonly priority: number;
}

/** The profile that fits: the highest priority among those whose every condition holds, then the first by id. */
export function matchProfile<P extends ProfileRule>(profiles: readonly P[], facts: ProfileFacts): P | null {
  const fits = profiles.filter(({ match }) => {
    if (match.vendor !== undefined && match.vendor !== facts.vendor) return false;
    if (match.product !== undefined && match.product !== facts.product) return false;
    if (match.minCpus !== undefined && facts.cpuThreads < match.minCpus) return false;
    return match.minMemoryMib === undefined || facts.memoryMib >= match.minMemoryMib;
  });
  fits.sort((a, b) => b.priority - a.priority || a.id.localeCompare(b.id));
  return fits[0] ?? null;
}

export interface ProfileMatch {
  readonly vendor?: string;
  readonly product?: string;
  readonly minCpus?: number;
  readonly minMemoryMib?: number;
}
