/** How far the work on a machine has gone from it, as its scheduler tells. */
export interface DrainProgress {
  readonly drained: boolean;
  /** Pieces of work that are left; null where the scheduler doesn't tell. */
  readonly left: number | null;
  /** One sentence for a person. */
  readonly sentence: string;
}
