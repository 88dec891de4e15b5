import { type CleanStep, cleanSteps } from '../../contract/clean.ts';
import type { PassageInput } from '../../contract/machine.ts';
import type { Treatment } from '../../contract/outage.ts';
import type { PersonsRuling } from '../../contract/passage.ts';
import type { BegunPassage } from '../../contract/past.ts';
import type { OpState } from '../../domain/machine.ts';
import { type CleanRequest, requestOf } from '../../domain/requests.ts';
import { InstallRun } from '../passage/install.ts';
import type { Course } from '../passage/run.ts';
import { course } from './limits.ts';

/** One clean under way: what it knows besides what every passage that installs knows. */
export class CleanRun extends InstallRun<CleanStep> {
  request: CleanRequest = requestOf('clean', {});
  /** Where it stood before, for a clean that ends before anything was touched. */
  before: OpState = 'disabled';
  /** What a person said about disks that are not erased, for the next try. */
  ruling: PersonsRuling | undefined;
  /** Whether a person said that a machine which shows another identity is the one meant. */
  known = false;
  /** How its pool wants it treated; null while that has not mattered. */
  treatment: Treatment | null = null;
  /** Whether the agent was told to erase: what was on its disks may be gone. */
  touched = false;
  /** Whether every disk has its proof: from here on a machine that boots anew is installed and not erased. */
  proven = false;
  /** What there is of it, in a sentence. */
  proof = '';

  /** Takes up what an earlier run of it left, where there was one. */
  takeUpClean({ opState, past }: BegunPassage): void {
    this.before = past?.from ?? opState;
    const { at } = this.recall;
    this.touched = cleanSteps.indexOf('erase') <= cleanSteps.indexOf((at ?? 'leave') as CleanStep);
    this.proven = at === 'deploy' || at === 'ready';
    // What a person said about the erase, and the agent was not told yet.
    const said = past?.questions.findLast(({ step }) => step === 'erase')?.ruling;
    if (at !== 'erase' || past?.directive === 'erase' || !said || said.by === 'farrier') return;
    if (said.answer === 'erase') this.known = true;
    else this.ruling = said;
  }

  constructor(input: PassageInput, own: Course<CleanStep> = course) {
    super(input, own);
  }
}
