import { troubleOf } from '../mdb/trouble.ts';

/** Whether an error says that the MDB cannot be used now, as opposed to a fault in what was asked. */
export function isOutage(error: unknown): boolean {
  return troubleOf(error) !== null && violatedConstraint(error) === null;
}

/** The name of the constraint that a statement violated; null for any other error. */
export function violatedConstraint(error: unknown): string | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { constraint } = at as Error & { constraint?: unknown };
    if (typeof constraint === 'string') return constraint;
  }
  return null;
}
