/** What is said of a step of a passage: what came of it, what it would do, and what it is. */
import type { Seconds } from './duration.ts';
import type { Passage } from './machine.ts';

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

/** A step as the workers that run it define it, for people who read it. */
export interface StepDescription {
  readonly name: string;
  readonly does: string;
  readonly owner: string;
  /** Until its fallback; null where the order or the pool says it. */
  readonly limitSeconds: Seconds | null;
  /** What undoes it when the passage ends there; where nothing does, why. */
  readonly undo: string;
}

export interface PassageDescription {
  readonly passage: Passage;
  readonly steps: readonly StepDescription[];
}

/** The passages of one version of Farrier. */
export interface FlowsDescription {
  /** Of these definitions: another text, another version. */
  readonly version: string;
  readonly passages: readonly PassageDescription[];
}
