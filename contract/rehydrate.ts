/**
 * The comparison of what the MDB has under way with the workflows that exist, and the rehydration of those that are
 * missing (docs/rehydrate.md). Names and plain types.
 */

/** What one side has and the other has not. */
export const mismatchKinds = [
  /** A machine that had an order, without its workflow: it is started, and reads the rest in the MDB. */
  'machine',
  /** An order that should move, and that no workflow knows: it is told again. */
  'order',
  /** An order that runs in the MDB and whose passage has ended: its machine ends it, with a person. */
  'passage',
  /** A passage that runs for an order that has ended, or that the MDB does not have: it is asked to stop. */
  'stray',
  /** Open permits without their semaphore's workflow. */
  'semaphore',
  /** A permit whose order has ended: its semaphore looks at the machine. */
  'permit',
  /** A campaign that is not over, without its workflow. */
  'campaign',
  /** A site without its Schedules. */
  'schedule',
  /** What a person said and was delivered to a workflow that was lost before it heard. */
  'message',
] as const;
export type MismatchKind = (typeof mismatchKinds)[number];

export interface Mismatch {
  readonly kind: MismatchKind;
  /** Id of the machine, order, semaphore, campaign or site. */
  readonly id: string;
  /** One sentence: what is missing, and what is done about it. */
  readonly what: string;
  /** Why it could not be mended; absent where it was, or only looked for. */
  readonly failed?: string;
}

export type MismatchCounts = Readonly<Partial<Record<MismatchKind, number>>>;
