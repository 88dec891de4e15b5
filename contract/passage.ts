/**
 * What every passage and its activities say to each other. Plain data: it is written into histories, so it holds no
 * secret and nothing that is large.
 */

import type { Milliseconds } from '../domain/duration.ts';
import type { BootState, OpState, Passage, Stage } from '../domain/machine.ts';
import type { OperatorQuestion } from '../domain/question.ts';

/**
 * Type of the failure that ends a passage whose order is none: the MDB does not have it, or has it for another machine or
 * another passage. Nothing was done, and the same id may be told again.
 */
export const noOrder = 'NoOrder';

/** The order that an activity acts for. */
export interface OrderReference {
  readonly machineId: string;
  readonly siteId: string;
  readonly orderId: string;
}

/** A reference to an order with its passage, under whose name it changes the machine. */
export interface PassageReference extends OrderReference {
  readonly passage: Passage;
  /** Run of the order's passage, as `beginPassage` gave it: what an earlier run writes is refused. */
  readonly epoch?: number | undefined;
}

/** A step that begins: its row is written by the transaction that ends the one before. */
export interface StepStart {
  readonly step: string;
  /** Place among the steps: passages count by tens, so that the agent's own steps sort between them. */
  readonly ordinal: number;
  readonly owner: string;
  /** Milliseconds from now until the fallback. */
  readonly limit: Milliseconds;
}

/** A person's answer to a question, for the activity that is tried again. */
export interface OperatorAnswer {
  readonly answer: string;
  readonly by: string;
  readonly note?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** An answer that was not taken, and why. */
export interface IgnoredInput extends OrderReference {
  readonly why: string;
  readonly answer: string;
}

/** Where the machine stands in the MDB: what a passage's summary tells. */
export interface MachineState {
  readonly stage: Stage;
  readonly opState: OpState;
  readonly bootState: BootState;
  readonly rack: string | null;
  readonly pool: string;
  readonly sku: string | null;
}

export interface HumanStepInput extends PassageReference, OperatorQuestion {
  readonly step: string;
  readonly id: string;
  readonly owner: string;
  /** Milliseconds until the first reminder. */
  readonly remindAfter: Milliseconds;
}

export interface EndInput extends PassageReference {
  readonly state: 'done' | 'failed' | 'cancelled';
  /** For people; nothing is decided by its words. */
  readonly outcome: string;
  /** The machine was left as it was, for a reason that is no fault of its own. */
  readonly skipped?: true;
  /** Whether the machine is left standing where only a person moves it on; its agent, if one listens, is told so. */
  readonly hold: boolean;
}
