import type { ZodType } from 'zod';
import type { ActKind } from '../../domain/acts.ts';
import type { Probe } from '../probe.ts';
import type { Session } from '../session.ts';
import type { SystemReading } from '../system.ts';

/** The controller that is acted on, whose machine was found to be the one meant. */
export interface ActContext {
  readonly session: Session;
  readonly system: SystemReading;
  readonly probe: Probe;
  readonly clock: ActClock;
  /** What else tells of the machine's starts; absent where nobody but the controller is asked. */
  readonly boots?: BootWitness;
  /** How the machine was seen to boot, by the agent; absent or null where that is not known. */
  readonly firmware?: 'bios' | 'uefi' | null;
}

/** The requests for a boot that the birther was asked: a machine that asks has started. */
export interface BootWitness {
  /**
   * The moment after which a request tells of another start, by the witness's own clock; null where the request of a
   * start that was asked for before is still to come, and would be taken for it.
   */
  now(): Promise<string | null>;
  /** Whether the machine asked, and was given something to boot, after that moment. */
  since(moment: string): Promise<boolean>;
}

/** How time passes: as on the clock, or faster in tests. */
export interface ActClock {
  /** Lets milliseconds pass; rejects when the work is cancelled. */
  wait(milliseconds: number): Promise<void>;
  /** Milliseconds that have passed since a time of `Date.now()`. */
  since(time: number): number;
}

export type Plain = Readonly<Record<string, unknown>>;

/** What is seen of an act: `done` is an observed effect, `not_done` the certainty that there is none. */
export interface Observation {
  readonly state: 'done' | 'not_done' | 'unknown';
  /** One sentence. */
  readonly observed: string;
  /** Without this it will not come about, however long one looks. */
  readonly waitsFor?: 'restart';
  /** What the device shows, for the intent's row. */
  readonly facts?: Plain;
  /** What is to be known at the next look, by whomever: it is kept with the answer to the command. */
  readonly keep?: Plain;
}

/** An act that follows another under its own intent. */
export interface FollowUp {
  readonly kind: ActKind;
  readonly parameters: Plain;
  /** Milliseconds to let pass before. */
  readonly afterMs: number;
  /**
   * Set for what puts back a thing that the first one changed for a while: it is given whatever became of the first, and
   * also later, by whoever finds that it was not. It looks by itself whether there is still something to put back.
   */
  readonly owed?: true;
}

/** One command, ready to be given. */
export interface ActPlan {
  /** Plain words and references, no secret: all that `observe` needs to know what was asked for. */
  readonly command: Plain;
  /** What the device shows before the command, to be compared with itself only (quirk 35). */
  readonly before: Plain;
  /** Gives the command once. Tells what is worth keeping of the answer, like the task that it began. */
  readonly send: () => Promise<Plain | null>;
  /** Milliseconds that the effect is looked for, where it isn't what is usual of the kind. */
  readonly watchMs?: number;
  /** Given when this one is done: the second half of what takes two commands. */
  readonly next?: FollowUp;
  /** The declared fallback, given when no effect of this one showed in the time it is looked for. */
  readonly otherwise?: FollowUp;
}

/** A command that was given, as its intent tells it: by this process, or by one that is dead. */
export interface Sent {
  readonly command: Plain;
  readonly before: Plain;
  /** Null when the answer was lost with the process that waited for it. */
  readonly answer: Plain | null;
}

/**
 * A kind of act: plan, send once, observe. Whoever runs it writes the intent between planning and sending, and calls
 * `observe` as often as it likes: it only reads.
 */
export interface ActDefinition<P, S extends ActContext = ActContext> {
  readonly parameters: ZodType<P>;
  /** Reads and decides. Gives what is so already as done, and what can't be asked of this controller as not done. */
  plan(context: S, parameters: P): Promise<ActPlan | Observation>;
  observe(context: S, sent: Sent): Promise<Observation>;
  /** Milliseconds that the effect is looked for right after sending, and between looks. */
  readonly watch: Watch;
  /** The same for what takes long, from the sending on and by whoever settles it; absent where one look is enough. */
  readonly follow?: Watch | ((sent: Sent) => Watch | undefined);
}

export interface Watch {
  readonly totalMs: number;
  readonly intervalMs: number;
}

export function isPlan(planned: ActPlan | Observation): planned is ActPlan {
  return 'send' in planned;
}

export const notDone = (observed: string): Observation => ({ state: 'not_done', observed });
