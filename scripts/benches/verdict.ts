/** One measured number beside its budget. */
export interface Bound {
  /** What was measured, with its unit: `ms until the first step, 99 of 100 orders`. */
  readonly what: string;
  readonly measured: number;
  /** The budget: `at most` or `at least` this. */
  readonly budget: readonly ['at most' | 'at least', number];
}

/** Whether a number keeps its budget; one that was not measured does not. */
export function holds({ measured, budget: [side, limit] }: Bound): boolean {
  return side === 'at most' ? measured <= limit : measured >= limit;
}

export function boundLine(bound: Bound): string {
  const [side, limit] = bound.budget;
  return `${holds(bound) ? 'held' : 'MISSED'}: ${bound.measured} ${bound.what} (${side} ${limit})`;
}

/** Tells every budget and how it went on standard error; the exit code of the bench: 0 when all were held. */
export function reportBounds(bounds: readonly Bound[]): number {
  for (const bound of bounds) process.stderr.write(`${boundLine(bound)}\n`);
  return bounds.every(holds) ? 0 : 1;
}
