import type { Report, ReportKind } from '../../contract/machine.ts';
import type { DisruptionPolicy } from '../../contract/outage.ts';
import type { MachineState, PassageReference } from '../../contract/passage.ts';
import type { Milliseconds } from '../../domain/duration.ts';
import type { Recall } from './recall.ts';
import type { Ended } from './result.ts';

/** What a machine told, or that it told nothing in time. */
export type Received = { readonly report: Report } | { readonly failed: Report } | 'late';

/** Puts the machine back where it was; says how the passage ends then. */
export type Undo = (ended: Ended) => Promise<Ended>;

/**
 * What a step knows, and how it waits. It changes nothing in the world: that is what effects are for. Waits end with
 * `Leave` when the passage is cancelled.
 */
export interface PassageContext<Request = unknown, Facts = unknown> {
  /** The order, as its activities are told of it. */
  readonly order: Readonly<PassageReference>;
  readonly request: Request;
  /** What the passage has found out; its own steps write it. */
  readonly facts: Facts;
  /** Name of the step that runs. */
  readonly at: string;
  /** Where the machine stands, as last told by the MDB. */
  readonly state: MachineState;
  /** Whether a controller of it is known. */
  readonly controller: boolean;
  /** How its pool wants it treated, once something has looked. */
  readonly policy: DisruptionPolicy;
  /** Milliseconds until the fallback of the step. */
  readonly limit: Milliseconds;
  /** What an earlier run of it left, whose workflow was lost. */
  readonly recall: Recall;
  /** Whether a step takes up again what an earlier run had taken. */
  readonly resuming: boolean;
  readonly rehearsing: boolean;
  readonly cancelled: boolean;
  /** Whether the machine would be put back where it was, if the passage ended now. */
  readonly mayUndo: boolean;
  /** Whether a person who had taken it over has ended it. */
  readonly endedByHand: boolean;
  /** Whether a command to the power supply may be given; past the budget, a person decides. */
  readonly mayPower: boolean;
  /** The operator by whose word the machine comes back before its time; null where it is nobody's. */
  readonly stopper: string | null;
  /** The person who ordered it; null where that was Farrier itself, or the machine. */
  readonly operator: string | null;
  /** Shows people on what it waits now, for how many milliseconds (null: for as long as it takes), and why. */
  waitsOn(what: string, limitMs?: number | null, why?: string | null): void;
  /** A sentence for people who look. */
  note(text: string): void;
  /** Waits for a report of this kind from the boot that the passage works with. */
  awaitReport(kind: ReportKind, limitMs?: number): Promise<Received>;
  /** The boot of that inventory is the one to work with from now on. */
  take(report: Report): void;
  /** Leaves a report for the next step. */
  putBack(report: Report): void;
  /** Waits for so many milliseconds. */
  pause(milliseconds: number): Promise<void>;
  /** The same, and says whether a cancel ended the wait, which then ends nothing else. */
  pauseUnlessCancelled(milliseconds: number): Promise<boolean>;
  /** Waits whatever anybody says: what was asked of the machine is under way. */
  letPass(milliseconds: number): Promise<void>;
}
