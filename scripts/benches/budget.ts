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

/** What a result exceeds, a sentence each; empty when it keeps every budget. */
export function overBudget(result: BirthResult): string[] {
  const spent = Object.entries(birthBudget).flatMap(([name, most]) => {
    const value = result.per_birth[name as keyof typeof birthBudget];
    return value > most ? [`${value} ${name.replace('_', ' ')} a birth are more than ${most}`] : [];
  });
  const missing = result.machines - result.in_service;
  return [
    ...(missing > 0 ? [`${missing} of ${result.machines} machines are not in service`] : []),
    ...(result.human_signals > 0 ? [`people were needed ${result.human_signals} times`] : []),
    ...(result.per_birth.events === 0 ? ['no workflow was measured'] : []),
    ...spent,
  ];
}
