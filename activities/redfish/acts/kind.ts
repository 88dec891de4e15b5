import type { ZodType } from 'zod';
import type { ActKind } from '../../../contract/hardware.ts';
import type { Probe } from '../probe.ts';
import type { Session } from '../session.ts';
import type { SystemReading } from '../system.ts';

/** The controller that is acted on, whose machine was found to be the one meant. */
export interface Scene {
  readonly session: Session;
  readonly system: SystemReading;
  readonly probe: Probe;
  readonly pace: Pace;
}

/** How time passes: as on the clock, or faster in tests. */
export interface Pace {
  /** Lets milliseconds pass; rejects when the work is cancelled. */
  wait(milliseconds: number): Promise<void>;
  /** Milliseconds that have passed since a time of `Date.now()`. */
  since(time: number): number;
}

export type Plain = Readonly<Record<string, unknown>>;

/** What is seen of an act: `done` is an observed effect, `not_done` the certainty that there is none. */
export interface Seen {
  readonly state: 'done' | 'not_done' | 'unknown';
  /** One sentence. */
  readonly observed: string;
  /** Without this it will not come about, however long one looks. */
  readonly waitsFor?: 'restart';
  /** What the device shows, for the intent's row. */
  readonly facts?: Plain;
}

/** An act that follows another under its own intent. */
export interface FollowUp {
  readonly kind: ActKind;
  readonly parameters: Plain;
  /** Milliseconds to let pass before. */
  readonly after: number;
}

/** One command, ready to be given. */
export interface Plan {
  /** Plain words and references, no secret: all that `observe` needs to know what was asked for. */
  readonly command: Plain;
  /** What the device shows before the command, to be compared with itself only (quirk 35). */
  readonly before: Plain;
  /** Gives the command once. Tells what is worth keeping of the answer, like the task that it began. */
  readonly send: () => Promise<Plain | null>;
  /** Milliseconds that the effect is looked for, where it isn't what is usual of the kind. */
  readonly watchFor?: number;
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
export interface Kind<P, S extends Scene = Scene> {
  readonly parameters: ZodType<P>;
  /** Reads and decides. Gives what is so already as done, and what can't be asked of this controller as not done. */
  plan(scene: S, parameters: P): Promise<Plan | Seen>;
  observe(scene: S, sent: Sent): Promise<Seen>;
  /** Milliseconds that the effect is looked for right after sending, and between looks. */
  readonly watch: Watch;
  /** The same for what takes long, from the sending on and by whoever settles it; absent where one look is enough. */
  readonly follow?: Watch;
}

interface Watch {
  readonly for: number;
  readonly every: number;
}

export function isPlan(planned: Plan | Seen): planned is Plan {
  return 'send' in planned;
}

export const notDone = (observed: string): Seen => ({ state: 'not_done', observed });
