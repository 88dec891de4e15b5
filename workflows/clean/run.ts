import type { CleanStep } from '../../contract/clean.ts';
import type { PassageInput } from '../../contract/machine.ts';
import type { Treatment } from '../../contract/outage.ts';
import type { PersonsRuling } from '../../contract/passage.ts';
import { type CleanRequest, requestOf } from '../../contract/requests.ts';
import type { OpState } from '../../mdb/machine.ts';
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

  constructor(input: PassageInput, own: Course<CleanStep> = course) {
    super(input, own);
  }
}
