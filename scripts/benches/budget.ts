import type { Bound } from './verdict.ts';

/** What a birth costs the control plane, in the form that `scripts/bench birth` prints. */
export interface BirthResult {
  readonly bench: 'birth';
  readonly machines: number;
  readonly in_service: number;
  readonly failed: number;
  /** Answers and cancellations by people. */
  readonly human_signals: number;
  /** From the moment the first machine is powered on until the last one is in service. */
  readonly seconds: number;
  /** Means over the sampled machines: all their workflows, activity attempts and not only activities. */
  readonly per_birth: {
    readonly activity_tasks: number;
    readonly signals: number;
    readonly events: number;
    readonly history_bytes: number;
  };
  /** Processor seconds from power-on to the end. */
  readonly cpu_seconds: Readonly<Record<string, number>>;
  /** Resident memory at the end. */
  readonly rss_mib: Readonly<Record<string, number>>;
}

/** Budgets of one birth: docs/design, "Budgets". Counts only: they are the same on every machine. */
export const birthBudget = { activity_tasks: 12, signals: 6, events: 200, history_bytes: 200_000 } as const;

/** Every budget of a birth beside what was measured. */
export function birthBounds(result: BirthResult): Bound[] {
  const spent = Object.entries(birthBudget).map(([name, most]): Bound => {
    const measured = result.per_birth[name as keyof typeof birthBudget];
    return { what: `${name.replace('_', ' ')} a birth`, measured, budget: ['at most', most] };
  });
  return [
    { what: 'machines in service', measured: result.in_service, budget: ['at least', result.machines] },
    { what: 'times a person was needed', measured: result.human_signals, budget: ['at most', 0] },
    // Nothing spent is nothing measured.
    { what: 'events a birth', measured: result.per_birth.events, budget: ['at least', 1] },
    ...spent,
  ];
}
