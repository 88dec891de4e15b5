import type { BeginResult } from '../../contract/birth.ts';
import type { BegunPassage, Taken } from '../../contract/past.ts';
import type { Passage } from '../../domain/machine.ts';
import type { PassageContext } from './context.ts';
import type { Effects } from './effects.ts';
import type { Recall } from './recall.ts';
import { type Ended, next, type StepResult } from './result.ts';

/** What a passage is told at its beginning: a birth knows no dry run and no request, the others no newcomer. */
export type Begun = Taken & Partial<BegunPassage & BeginResult>;

/** One step of a passage, as a runbook would name it. */
export interface Step<Request, Facts> {
  readonly name: string;
  /** What is done in it, in a sentence for who operates. */
  readonly does: string;
  /** What undoes it when the passage ends there; where nothing does, why. */
  readonly undo: string;
  /** Team that its questions go to. */
  readonly owner: string;
  /** Milliseconds until its fallback. */
  readonly limit: number | ((context: PassageContext<Request, Facts>) => number);
  readonly run: (context: PassageContext<Request, Facts>, effects: Effects) => Promise<StepResult>;
  /**
   * What a rehearsal does in its place, for a step that depends on what the machine shows then. Where it is absent, the
   * rehearsal runs the step itself, whose effects write down what they would do.
   */
  readonly foresee?: (context: PassageContext<Request, Facts>, effects: Effects) => Promise<StepResult>;
  /** Takes up what it had taken (permits, what it had looked up), when the passage is begun again behind it. */
  readonly resume?: (context: PassageContext<Request, Facts>, effects: Effects) => Promise<void>;
}

/** A passage: its steps, and what is true of it as a whole. It is run by the engine (`engine.ts`) and by nothing else. */
export interface Definition<Request = unknown, Facts = unknown> {
  readonly passage: Passage;
  readonly steps: readonly Step<Request, Facts>[];
  /** Commands to the power supply in one passage; past that, a person. */
  readonly powerTries: number;
  /** Takes the order; as every passage does where it is absent. */
  readonly begin?: (context: PassageContext<Request, Facts>, effects: Effects) => Promise<Begun>;
  /** What it knows at its beginning besides what every passage knows. */
  readonly facts: (begun: Begun, recall: Recall) => Facts;
  /** How it ends before its first step; null where it goes on. */
  readonly refuse?: (context: PassageContext<Request, Facts>) => Ended | null;
  /** The step at which it goes on when it is begun again; the one that was open where it is absent. */
  readonly resumesAt?: (context: PassageContext<Request, Facts>) => string;
  /** The step that a machine which booted anew goes on at; such a boot means nothing where it is absent. */
  readonly afterBoot?: (context: PassageContext<Request, Facts>) => string;
  /** The steps' rows are begun by the transactions of their effects, which move the machine too, and not between steps. */
  readonly rowsByEffects?: true;
  /** What is left to do when all steps are done. */
  readonly finish: (context: PassageContext<Request, Facts>, effects: Effects) => Promise<Ended>;
  /** What is done when it ends on its way, besides putting the machine back where it was. */
  readonly leave?: (context: PassageContext<Request, Facts>, effects: Effects) => Promise<void>;
  /** Whether the machine stands where only a person moves it on, at such an end; when it stands aside, where absent. */
  readonly holds?: (context: PassageContext<Request, Facts>, ended: Ended) => boolean;
}

/** Foresees a step as one line of the plan. */
export function planned(does: string): (context: unknown, effects: Effects) => Promise<StepResult> {
  return async (_context, effects) => {
    effects.plan?.(does);
    return next;
  };
}
