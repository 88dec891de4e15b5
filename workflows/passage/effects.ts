/**
 * The closed list of what a passage may do to the world, and of what it may look at. Steps have nothing else: the proxies
 * are not theirs to import (scripts/directions.ts), so that no passage begins an effect past the gate. Each is told the
 * order and, where its transaction begins the next step, that step's row: steps say only what is theirs to say.
 */

import type { BirthActivities } from '../../activities/birth/index.ts';
import type { CleanActivities } from '../../activities/clean/index.ts';
import type { DrainActivities } from '../../activities/drain/index.ts';
import type { HardwareActivities } from '../../activities/hardware/index.ts';
import type { OutageActivities } from '../../activities/outage/index.ts';
import type { RecordActivities } from '../../activities/records/index.ts';
import type { RepairActivities } from '../../activities/repair/index.ts';
import type { RetireActivities } from '../../activities/retire/index.ts';
import type { Act, ActResult } from '../../contract/hardware.ts';
import type { OperatorAnswer, PassageReference } from '../../contract/passage.ts';
import type { ActKind, ActParameters } from '../../domain/acts.ts';
import type { Resource } from '../../domain/permits/groups.ts';
import type { OperatorQuestion } from '../../domain/question.ts';
import type { PlanLine } from '../../domain/steps.ts';
import type { PassageContext, Undo } from './context.ts';

/** Every activity that a passage may call by its effects or looks, by name; hardware's acts have a way of their own. */
export type Activities = BirthActivities &
  CleanActivities &
  OutageActivities &
  RepairActivities &
  RetireActivities &
  DrainActivities &
  Pick<HardwareActivities, 'checkController' | 'checkHealth' | 'lookAtBoard'>;

type Rest<Input> = Input extends unknown ? Omit<Input, keyof PassageReference | 'next'> : never;
type Arguments<Input> = object extends Rest<Input> ? [input?: Rest<Input>] : [input: Rest<Input>];

/** Activities as steps call them: without what the engine fills in. */
export type Filled<Activities> = {
  readonly [Name in keyof Activities]: Activities[Name] extends (input: infer Input) => infer Output
    ? (...input: Arguments<Input>) => Output
    : never;
};

/** What came of an act; with its time where an earlier run had sent it (ISO 8601). */
export type Acted = ActResult & { readonly act?: Act; readonly sentAt?: string };

/** What changes nothing: it goes on while the passage is held back. */
export interface Looks {
  readonly clean: Filled<Pick<CleanActivities, 'planClean'>>;
  readonly outage: Filled<Pick<OutageActivities, 'readGroups' | 'readPolicy'>>;
  readonly repair: Filled<Pick<RepairActivities, 'missingParts'>>;
  readonly hardware: Filled<Pick<HardwareActivities, 'checkController' | 'checkHealth' | 'lookAtBoard'>>;
}

/** Each waits at the gate before it begins. In a rehearsal, each writes down what it would do. */
export interface Effects {
  readonly birth: Filled<BirthActivities>;
  readonly clean: Filled<Omit<CleanActivities, 'planClean'>>;
  readonly outage: Filled<Omit<OutageActivities, 'readGroups' | 'readPolicy'>>;
  readonly repair: Filled<Omit<RepairActivities, 'missingParts'>>;
  readonly retire: Filled<RetireActivities>;
  /** Looking how far a drain is may evict what has come since. */
  readonly drain: Filled<DrainActivities>;
  readonly records: Pick<RecordActivities, 'keepConsole' | 'keepRecords'>;
  readonly look: Looks;
  /** Acts on hardware once; `what` is how a plan calls it. */
  act<K extends ActKind>(kind: K, parameters?: ActParameters[K], what?: string): Promise<Acted>;
  /** What became of an act, by looking. */
  settle(act: Act): Promise<ActResult>;
  /** Asks a person and waits. `row`: the step whose row is held, where that is not the one that runs. */
  ask(question: OperatorQuestion, row?: string): Promise<OperatorAnswer>;
  /** Asks where the only answers are to try the step again or to give up. */
  askRetry(fault: string, reason: string): Promise<void>;
  /** Waits in line for these permits; from the grant on, acts carry its fence. */
  takePermits(resources: readonly Resource[]): Promise<void>;
  /** From here on the machine is brought back: a cancel ends nothing of that. */
  turnBack(): void;
  /** How the machine is put back where it was when the passage ends before anything was done to it; null: nothing is. */
  undoBy(undo: Undo | null): void;
  /** By whose word the machine comes back. */
  restoredBy(operator: string | null): void;
  /** Writes into the plan in place of doing something; null when it is to be done. */
  readonly plan: ((does: string, command?: PlanLine['command']) => void) | null;
}

/**
 * Something made of several effects and waits, which a rehearsal writes down as one line. `foresee`: that line, or null
 * for none, and what the rehearsal goes on with.
 */
export function effectOf<Input extends readonly unknown[], Output>(
  foresee: (context: PassageContext, ...input: Input) => { readonly does: string | null; readonly leads: Output },
  perform: (context: PassageContext, effects: Effects, ...input: Input) => Promise<Output>,
): (context: PassageContext, effects: Effects, ...input: Input) => Promise<Output> {
  return async (context, effects, ...input) => {
    if (effects.plan === null) return perform(context, effects, ...input);
    const { does, leads } = foresee(context, ...input);
    if (does !== null) effects.plan(does);
    return leads;
  };
}
