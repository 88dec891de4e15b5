/**
 * The contract of the machine's workflows: every name that another party needs to start, find, signal or query
 * them. Plain types and functions without dependencies; workflow code, workers, clients and tests import it.
 * All messages are plain JSON, so that the stock `temporal` CLI can send them.
 */

import type { ActorClass, BootState, OpState, OrderClass, Passage, Stage } from '../domain/machine.ts';
import type { AnswerSchema } from '../domain/question.ts';

export const machineWorkflow = 'machine';

/** Lifecycle workers: workflows and their transactions on the MDB. */
export const lifecycleQueue = 'lifecycle';

/** Hardware workers of one site: only they reach its controllers. */
export function hardwareQueue(siteId: string): string {
  return `hardware/${siteId}`;
}

export function machineWorkflowId(machineId: string): string {
  return `machine/${machineId}`;
}

export function passageWorkflowId(machineId: string, passage: Passage, orderId: string): string {
  return `machine/${machineId}/${passage}/${orderId}`;
}

/** Input of the `machine` workflow; the second and later runs carry what the earlier one left over. */
export interface MachineInput {
  readonly machineId: string;
  readonly siteId: string;
  readonly carried?: MachineCarried;
}

export interface MachineCarried {
  readonly waiting: readonly OrderMessage[];
  /** Orders that are paused, whether they wait here or have not come yet. */
  readonly pausedOrders?: readonly string[];
  /** Ids of messages that have been taken, newest last; bounded. */
  readonly seen: readonly string[];
  readonly lastPassage?: PassageSummary;
  readonly paused: boolean;
}

/** An order as it is told to the machine; the row in the MDB holds the rest. */
export interface OrderMessage {
  /** Order id; a repeated one is dropped. */
  readonly id: string;
  readonly passage: Passage;
  /** The most urgent class goes first; `maintenance` where none is told. */
  readonly class?: OrderClass;
  /** ISO 8601: it waits until then, and lets others go first. */
  readonly notBefore?: string;
  /** ISO 8601: it ends as refused when it has not begun by then. */
  readonly deadline?: string;
  /** The MDB has it under way and no passage of it runs: it is taken although it was taken before. */
  readonly again?: true;
}

/** What the MDB has under way of a machine, for a workflow that begins and knows nothing. */
export interface MachineBacklog {
  /** The order that runs: it is begun again before all others. */
  readonly underWay: OrderMessage | null;
  /** Oldest first. */
  readonly waiting: readonly OrderMessage[];
  readonly pausedOrders: readonly string[];
  readonly paused: boolean;
  readonly lastPassage: PassageSummary | null;
}

/** Input of every passage. */
export interface PassageInput {
  readonly machineId: string;
  readonly siteId: string;
  readonly orderId: string;
}

export interface PassageSummary {
  readonly orderId: string;
  readonly passage: Passage;
  readonly outcome: 'done' | 'failed' | 'cancelled';
  /** The machine was left as it was, for a reason that is no fault of its own. */
  readonly skipped?: true;
  readonly stage: Stage;
  readonly opState: OpState;
  readonly bootState: BootState;
  readonly rack?: string;
  readonly pool?: string;
  readonly sku?: string;
  readonly note?: string;
  /** Why it was not begun: the order had ended before. */
  readonly unbegun?: string;
}

/** What happened at the machine, told through the outbox; facts are in the MDB, this only says which arrived. */
export const reportKinds = ['inventory', 'burnin', 'erased', 'installed', 'ready', 'failed'] as const;
export type ReportKind = (typeof reportKinds)[number];

export interface Report {
  /** De-duplication id, equal to the outbox key. */
  readonly id: string;
  readonly kind: ReportKind;
  /** Boot nonce of the agent's session that reported. */
  readonly nonce: string;
  /** For `failed`: the agent's step and its sentence. */
  readonly step?: string;
  readonly message?: string;
}

/**
 * The answer to a human step. `step` is the human step's id, as shown by `farrier step list`, by the `status`
 * query and in the workflow's details.
 */
export interface Answer {
  readonly step: string;
  readonly answer: string;
  readonly by: string;
  readonly note?: string;
  /** What the question wants to know besides, as its schema says. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface Cancel {
  readonly orderId: string;
  readonly by: string;
  readonly reason: string;
  /** Absent: a person's word. */
  readonly class?: ActorClass;
}

/** Pauses, resumes or takes over one order; without an order id, `pause` and `resume` are about the whole machine. */
export interface Steering {
  readonly orderId: string;
  readonly by: string;
  readonly reason: string;
}

/** Signal names; each has an update of the same name where a caller wants to hear whether it was taken. */
export const signals = {
  order: 'order',
  report: 'report',
  answer: 'answer',
  cancel: 'cancel',
  pause: 'pause',
  resume: 'resume',
  takeover: 'takeover',
  brainslug: 'brainslug',
} as const;

export const updates = {
  order: 'order',
  answer: 'answer',
  brainslug: 'brainslug',
  cancel: 'cancel',
  pause: 'pause',
  resume: 'resume',
  takeover: 'takeover',
} as const;

export const queries = { status: 'status' } as const;

/** What the `status` query of a machine or passage tells. Times are ISO 8601 in UTC. */
export interface MachineStatus {
  readonly machineId: string;
  readonly passage: Passage | null;
  readonly orderId: string | null;
  readonly step: string | null;
  readonly since: string;
  /** `agent`, `person`, `hardware`, `permit`, `capacity`, `drain`, `reboot`, `window`, `time`, `nothing` or `order`. */
  readonly waitingOn: string;
  /** Time at which the step's fallback starts; null where nothing runs. */
  readonly limit: string | null;
  /** Why it waits, in a sentence, where there is more to say than on what. */
  readonly why: string | null;
  readonly humanStep: HumanQuestion | null;
  readonly waitingOrders: readonly string[];
  readonly paused: boolean;
  /** Who took the passage over, to do the rest by hand. */
  readonly takenOver: string | null;
  readonly last: PassageSummary | null;
  /** Messages that were recorded and ignored, newest last, at most twenty. */
  readonly ignored: readonly string[];
}

export interface HumanQuestion {
  readonly id: string;
  readonly question: string;
  readonly choices: readonly string[];
  readonly owner: string;
  /** What an answer has to tell besides its choice. */
  readonly schema?: AnswerSchema;
}
