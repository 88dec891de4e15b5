interface Known {
  readonly evidence: string | null;
  readonly seen: string;
  readonly missing: readonly string[];
  readonly logs: readonly {
    readonly severity: string | null;
    readonly message: string | null;
    readonly created: string | null;
  }[];
  readonly events: readonly { readonly severity: string | null; readonly message: string | null }[];
  readonly tests: readonly { readonly verdict: string | null; readonly finding: string | null }[];
  readonly acts: readonly { readonly kind: string; readonly state: string }[];
}

const bad = new Set(['critical', 'warning']);

/** What a person reads first: the complaint, what is seen now, and the worst that the records hold. Pure. */
export function summarise({ evidence, seen, missing, logs, events, tests, acts }: Known): string {
  const worst = [...logs, ...events].filter(({ severity }) => bad.has(severity?.toLowerCase() ?? '')).slice(0, 5);
  const [test] = tests;
  return [
    evidence,
    ...missing,
    `Now: ${seen}.`,
    ...worst.map(({ severity, message }) => `${severity}: ${message ?? '(no words)'}`),
    test?.verdict && `Last burn-in: ${test.verdict}${test.finding ? `, ${test.finding}` : ''}.`,
    acts.length > 0 &&
      `Last acts: ${acts
        .slice(0, 5)
        .map(({ kind, state }) => `${kind} ${state}`)
        .join(', ')}.`,
  ]
    .filter((line) => typeof line === 'string' && line !== '')
    .join('\n');
}
