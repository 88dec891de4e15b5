import type { OperatorAnswer } from '../../contract/passage.ts';
import type { OpState } from '../../domain/machine.ts';
import type { SemaphoreTags } from '../../domain/requests.ts';
import { type InstallFacts, installFacts } from '../birth/facts.ts';
import type { PassageContext } from '../passage/context.ts';
import type { Begun } from '../passage/definition.ts';
import type { Recall } from '../passage/recall.ts';

/** What was asked of a clean or a retirement. */
export interface CleanOrder {
  /** Who gets the machine once its disks are proven empty; null leaves it to nobody. */
  readonly owner: string | null;
  readonly power: 'wait' | 'cycle';
  readonly semaphores: SemaphoreTags;
}

/** What a passage knows that erases a machine. */
export interface CleanFacts extends InstallFacts {
  readonly request: CleanOrder;
  /** Where it stood before, for a clean that ends before anything was touched. */
  readonly before: OpState;
  /** What a person said about disks that are not erased, for the next try. */
  answer: OperatorAnswer | undefined;
  /** Whether a person said that a machine which shows another identity is the one meant. */
  known: boolean;
  /** Whether the agent was told to erase: what was on its disks may be gone. */
  touched: boolean;
  /** Whether every disk has its proof: from here on a machine that boots anew is installed and not erased. */
  proven: boolean;
  /** What there is of it, in a sentence. */
  proof: string;
}

export type CleanContext = PassageContext<unknown, CleanFacts>;

/** Takes up what an earlier run of it left, where there was one. */
export function cleanFacts(request: CleanOrder, { opState = 'disabled', past }: Begun, recall: Recall): CleanFacts {
  const at = recall.at;
  const facts: CleanFacts = {
    ...installFacts,
    request,
    before: past?.from ?? opState,
    answer: undefined,
    known: false,
    touched: recall.isPast('boot'),
    proven: at === 'deploy' || at === 'ready',
    proof: '',
  };
  // What a person said about the erase, and the agent was not told yet.
  const said = past?.questions.findLast(({ step }) => step === 'erase')?.answer;
  if (at !== 'erase' || past?.directive === 'erase' || !said || said.by === 'farrier') return facts;
  return said.answer === 'erase' ? { ...facts, known: true } : { ...facts, answer: said };
}

/** Whether it has to be taken out of service first. */
export function wasInService({ facts: { before } }: CleanContext): boolean {
  return before === 'production' || before === 'draining';
}
