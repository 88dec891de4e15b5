/** What activities are made from: functions of what they work with, and of one input. */
type Functions<Means> = Readonly<Record<string, (means: Means, input: never) => Promise<unknown>>>;

export type BoundActivities<Means, F extends Functions<Means>> = {
  readonly [Name in keyof F]: F[Name] extends (means: Means, input: infer Input) => infer Output
    ? (input: Input) => Output
    : never;
};

/** The same functions as activities, which get their input alone. */
export function bindAll<Means, F extends Functions<Means>>(means: Means, functions: F): BoundActivities<Means, F> {
  const bound = Object.entries(functions).map(([name, work]) => [name, (input: never) => work(means, input)]);
  return Object.fromEntries(bound) as BoundActivities<Means, F>;
}
