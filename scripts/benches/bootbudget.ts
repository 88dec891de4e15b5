import type { Bound } from './verdict.ts';

export interface DecisionFigures {
  readonly per_second: number;
  /** By the CPU seconds that the birther itself used: what does not depend on what else the machine does. */
  readonly per_core_second: number;
  readonly p99_ms: number;
  readonly errors: number;
}

/** What the birther takes, in the form that `scripts/bench boot` prints. */
export interface BootResult {
  readonly bench: 'boot';
  readonly seconds: number;
  readonly machines: number;
  readonly healthy: DecisionFigures;
  readonly bootstrap: DecisionFigures;
  readonly at_200_per_second: { readonly p50_ms: number; readonly p99_ms: number; readonly errors: number };
  readonly first_boots: { readonly per_second: number; readonly errors: number };
  readonly fetches_10_mib: { readonly per_second: number; readonly cpu_ms_each: number; readonly errors: number };
}

/** Budgets of the birther: docs/boot.md, "Figures". Milliseconds, and counts a second. */
const budget = { decisions: 2000, p99: 20, fetches: 100 } as const;

/** Every budget of the birther beside what was measured; whatever failed was not served. */
export function bootBounds(result: BootResult): Bound[] {
  const { healthy, bootstrap, at_200_per_second: steady, first_boots: first, fetches_10_mib: fetches } = result;
  const parts = { healthy, bootstrap, 'at 200 a second': steady, 'first boots': first, fetches };
  return [
    {
      what: 'decisions a second of CPU, healthy',
      measured: healthy.per_core_second,
      budget: ['at least', budget.decisions],
    },
    {
      what: 'decisions a second of CPU, bootstrap',
      measured: bootstrap.per_core_second,
      budget: ['at least', budget.decisions],
    },
    { what: 'ms at 200 a second, 99 of 100', measured: steady.p99_ms, budget: ['at most', budget.p99] },
    { what: 'first boots a second', measured: first.per_second, budget: ['at least', 1] },
    { what: 'fetches of 10 MiB a second', measured: fetches.per_second, budget: ['at least', budget.fetches] },
    ...Object.entries(parts).map(
      ([name, { errors }]): Bound => ({ what: `errors, ${name}`, measured: errors, budget: ['at most', 0] }),
    ),
  ];
}
