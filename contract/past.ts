/**
 * What a passage finds of an earlier run of itself, whose workflow was lost: it goes on from there, and takes up what was
 * sent, asked and answered instead of doing it again (docs/rehydrate.md). Plain data.
 */

import type { ActKind } from '../domain/acts.ts';
import type { ActorClass, OpState, OrderClass } from '../domain/machine.ts';
import type { OperatorQuestion } from '../domain/question.ts';
import type { Answer, Report, Steering } from './machine.ts';
import type { MachineState, OperatorAnswer } from './passage.ts';

/** An act whose intent was written. */
export interface PastAct {
  readonly id: string;
  readonly kind: ActKind;
  readonly step: string | null;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  /** ISO 8601; null when it was never sent. */
  readonly sentAt: string | null;
}

/** A permit that was asked for, granted or not, and not given back. */
export interface PastPermit {
  readonly id: string;
  readonly semaphore: string;
  readonly granted: boolean;
}

export interface PastQuestion {
  readonly id: string;
  readonly step: string;
  readonly question: OperatorQuestion & { readonly owner: string };
  /** Null while nobody has answered. */
  readonly answer: OperatorAnswer | null;
}

export interface Past {
  /** The step that ran or was held; null when none did. */
  readonly at: string | null;
  /** Steps that are done. */
  readonly ended: readonly string[];
  /** In the order in which they were written. */
  readonly acts: readonly PastAct[];
  readonly permits: readonly PastPermit[];
  /** In the order in which they were asked. */
  readonly questions: readonly PastQuestion[];
  /** How many questions were asked, to go on counting. */
  readonly questionCount: number;
  /** Answers that were passed on and are not written down yet. */
  readonly answers: readonly Answer[];
  /** What the agent has reported, as far as it may not have been heard. */
  readonly reports: readonly Report[];
  /** Boot nonce of the latest inventory; null before the first. */
  readonly nonce: string | null;
  readonly cancel: Steering | null;
  readonly paused: boolean;
  readonly takenOver: Steering | null;
  /** Where the machine stands. */
  readonly state: MachineState;
  /** Where the machine stood before the order moved it. */
  readonly from: OpState;
  /** Its plan was made and is the one that was reviewed. */
  readonly planned: boolean;
  /** What its agent was told to do last. */
  readonly directive: string;
}

/** What every passage is told when it takes its order. */
export interface Taken {
  /** False when the order was ended before it began. */
  readonly live: boolean;
  /** Why it is not live, in a sentence. */
  readonly why?: string;
  /** The number that acts on hardware carry: of the latest holder, so that an earlier one is refused. */
  readonly fence: number;
  /** Whether a controller is known, so that power can be driven. */
  readonly controller: boolean;
  /** How often the order was begun, this time included. */
  readonly epoch?: number;
  /** What an earlier run of it left, where there was one. */
  readonly past?: Past;
}

export interface BegunPassage extends MachineState, Taken {
  readonly hostname: string | null;
  readonly dryRun: boolean;
  /** Hash of the plan that a person reviewed; null where none was. */
  readonly reviewed: string | null;
  readonly class: OrderClass;
  /** Who ordered it: whose word an operator's edge is. */
  readonly requester: string;
  /** Absent: a person. */
  readonly requesterClass?: ActorClass;
  /** What was asked, as domain/requests.ts has it for this passage. */
  readonly request: Readonly<Record<string, unknown>>;
}
