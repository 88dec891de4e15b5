/** What the clean passage and its activities say to each other. Plain data: it is written into histories. */

import type { OperatorQuestion } from '../domain/question.ts';
import type { MachineState, OperatorAnswer, PassageReference, StepStart } from './passage.ts';

export type CleanMove = PassageReference & { readonly next: StepStart };

export type CleanBoot = { readonly state: MachineState } | { readonly question: OperatorQuestion };

/** A person's word may name another method (`method:overwrite`) for the disks that are not erased yet. */
export type EraseInput = CleanMove & {
  readonly answer?: OperatorAnswer;
  /** Whether a person said that a machine which shows another identity is the one meant. */
  readonly known?: boolean;
};

/** How many disks the agent was told to erase; none when each has its proof. */
export type EraseDirected =
  | { readonly state: MachineState; readonly disks: number }
  | { readonly question: OperatorQuestion };

export type ProofInput = CleanMove & { readonly answer?: OperatorAnswer };

/** Whether each disk ever seen in the machine has its proof, and so the new owner; `note` says in a sentence which. */
export type ProofResult =
  | { readonly state: MachineState; readonly note: string }
  | { readonly question: OperatorQuestion };

export type InstallDirected = { readonly state: MachineState } | { readonly question: OperatorQuestion };
