/** Thrown for places that contradict themselves or the MDB; the message lists every problem, a sentence each. */
export class PlacesError extends Error {
  override readonly name = 'PlacesError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/** Throws PlacesError when there are any problems. */
export function refuseProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw new PlacesError(problems);
}
