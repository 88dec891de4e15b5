/** What is said of a step of a passage: what came of it, and what it would do. */

export interface StepDetail {
  /** One sentence for a person. */
  readonly message?: string;
  /** The device that a failure is about, e.g. `sda (serial S3Z8NB0K)`. */
  readonly device?: string;
  readonly seconds?: number;
  /** 0 to 100 while it runs, where the agent tells. */
  readonly percent?: number;
  /** Inputs and version of a decision taken in this step. */
  readonly decision?: Readonly<Record<string, unknown>>;
}

/** One thing that a passage would do. Nothing that differs from one look to the next, so that plans can be compared. */
export interface PlanLine {
  readonly step: string;
  readonly does: string;
  /** The command as its controller would be given it. */
  readonly command?: Readonly<Record<string, unknown>>;
}
