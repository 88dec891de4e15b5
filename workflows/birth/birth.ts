import { setCurrentDetails } from '@temporalio/workflow';
import type { BirthInput, PassageSummary } from '../../contract/machine.ts';
import { birthActivities } from '../proxies.ts';
import { configure } from './configure.ts';
import { deploy } from './deploy.ts';
import { profile } from './profile.ts';
import { rack } from './rack.ts';
import { ready } from './ready.ts';
import { register } from './register.ts';
import { BirthRun, type Outcome } from './run.ts';

/** The conveyor belt: each step ends in *next*, in *again* from the register step (the machine booted anew), or for good. */
const belt = [rack, register, configure, profile, deploy, ready] as const;
const registerAt = belt.indexOf(register);

/**
 * Birth: from the first boot request to *in service*. Reads like the runbook an operator would write; what each
 * step does is in the file of its name.
 */
export async function birth(input: BirthInput): Promise<PassageSummary> {
  const run = new BirthRun(input);
  run.desk.open();

  const begun = await run.begin();
  if (!begun) return run.summary('cancelled');

  let position = 0;
  while (position < belt.length) {
    await run.unpaused();
    const outcome: Outcome = await (belt[position] as (run: BirthRun) => Promise<Outcome>)(run);
    if (outcome.to === 'end') {
      await birthActivities.endOrder({ ...run.errand, state: outcome.state, outcome: outcome.note });
      setCurrentDetails(`Ended: ${outcome.note}`);
      return run.summary(outcome.state, outcome.note);
    }
    position = outcome.to === 'again' ? registerAt : position + 1;
  }
  setCurrentDetails(`In service as ${run.hostname}`);
  return run.summary('done');
}
