import { setCurrentDetails } from '@temporalio/workflow';
import { type BirthStep, birthSteps } from '../../contract/birth.ts';
import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import type { Course, Outcome } from '../passage/run.ts';
import { configure } from './configure.ts';
import { deploy } from './deploy.ts';
import { limits, owners } from './limits.ts';
import { profile } from './profile.ts';
import { rack } from './rack.ts';
import { ready } from './ready.ts';
import { register } from './register.ts';
import { BirthRun } from './run.ts';

/** The conveyor belt: each step ends in *next*, in *again* from the register step (the machine booted anew), or for good. */
const belt = [rack, register, configure, profile, deploy, ready] as const;
const registerAt = belt.indexOf(register);
const course: Course<BirthStep> = { passage: 'birth', steps: birthSteps, owners, limits, powerTries: 3 };

/**
 * Birth: from the first boot request to *in service*. Reads like the runbook an operator would write; what each
 * step does is in the file of its name.
 */
export async function birth(input: PassageInput): Promise<PassageSummary> {
  const run = new BirthRun(input, course);
  run.desk.open();

  const begun = await run.beginBirth();
  if (!begun) return run.summary('cancelled');
  return convey(run);
}

/** Moves the machine along the belt until it is in service, or the passage ends. */
async function convey(run: BirthRun): Promise<PassageSummary> {
  let position = 0;
  while (position < belt.length) {
    await run.unpaused();
    const outcome: Outcome = await (belt[position] as (run: BirthRun) => Promise<Outcome>)(run);
    if (outcome.to === 'end') {
      setCurrentDetails(`Ended: ${outcome.note}`);
      return run.end(outcome.state, outcome.note, true);
    }
    position = outcome.to === 'again' ? registerAt : position + 1;
  }
  setCurrentDetails(`In service as ${run.hostname}`);
  return run.summary('done');
}
