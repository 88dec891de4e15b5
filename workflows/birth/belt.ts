import { setCurrentDetails } from '@temporalio/workflow';
import { type BirthStep, birthSteps } from '../../contract/birth.ts';
import type { PassageSummary } from '../../contract/machine.ts';
import type { Ended, Outcome } from '../passage/outcome.ts';
import type { Course } from '../passage/run.ts';
import { configure } from './configure.ts';
import { deploy } from './deploy.ts';
import { limits, owners } from './limits.ts';
import { profile } from './profile.ts';
import { rack } from './rack.ts';
import { ready } from './ready.ts';
import { register } from './register.ts';
import type { BirthRun } from './run.ts';

/** The conveyor belt: each step ends in *next*, in *again* from the register step (the machine booted anew), or for good. */
const belt = [rack, register, configure, profile, deploy, ready] as const;
const registerAt = belt.indexOf(register);

/** Both passages that move along the belt: the first time, and again. */
export function beltCourse(passage: 'birth' | 'rebirth'): Course<BirthStep> {
  return { passage, steps: birthSteps, owners, limits, powerTries: 3 };
}

/** Where an earlier run stood; one whose machine had just booted anew starts over from its inventory. */
function begins({ recall }: BirthRun): number {
  if (recall.past?.at === null && recall.past.ended.includes('rack')) return registerAt;
  return Math.max(0, birthSteps.indexOf((recall.at ?? 'rack') as BirthStep));
}

/** Moves the machine along the belt until it is in service, or the passage ends. */
export async function convey(run: BirthRun): Promise<PassageSummary> {
  let position = begins(run);
  for (const first = position; position < belt.length; ) {
    if (position !== first) await run.closeLeft();
    await run.gate.pass();
    const outcome: Outcome = await (belt[position] as (run: BirthRun) => Promise<Outcome>)(run);
    if (outcome.to === 'end') return leaveBelt(run, outcome);
    position = outcome.to === 'again' ? registerAt : position + 1;
  }
  setCurrentDetails(`In service as ${run.hostname}`);
  return run.summary('done');
}

/** Half installed, it stands until a person says more. */
export function leaveBelt(run: BirthRun, ended: Ended): Promise<PassageSummary> {
  setCurrentDetails(`Ended: ${ended.note}`);
  return run.end(ended, true);
}
