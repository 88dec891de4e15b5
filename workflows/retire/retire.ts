import { setCurrentDetails } from '@temporalio/workflow';
import { cleanSteps } from '../../contract/clean.ts';
import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import { requestOf } from '../../domain/requests.ts';
import { end, erasing, plan, walk } from '../clean/clean.ts';
import { switchOff } from '../clean/install.ts';
import { course } from '../clean/limits.ts';
import { CleanRun } from '../clean/run.ts';
import { frame } from '../passage/frame.ts';
import type { Ended, Outcome } from '../passage/outcome.ts';
import { mustRehearse, rehearse } from '../service/serve.ts';

/**
 * Retirement: out of service, every disk proven erased, a password that nobody knows on its controller, its name,
 * address and place given back. What is known of it is kept.
 */
export async function retire(input: PassageInput): Promise<PassageSummary> {
  const run = new CleanRun(input, { ...course, passage: 'retire', steps: cleanSteps.slice(0, 4) });
  const go = async () => {
    const begun = await run.begin();
    if (!begun.live) return run.unbegun(begun.why);
    const { method, semaphores } = requestOf('retire', begun.request);
    run.request = { method, semaphores, owner: null, power: run.controller ? 'cycle' : 'wait' };
    run.takeUpClean(begun);
    const rehearsed = mustRehearse(run, begun) ? await rehearse(run, begun, () => foresee(run)) : null;
    return rehearsed ?? depart(run);
  };
  return frame(run, go, (ended) => end(run, ended));
}

async function foresee(run: CleanRun): Promise<Outcome> {
  const planned = await plan(run);
  if (run.controller) run.plans('prove', 'a password that nobody knows on its controller');
  run.plans('prove', 'name, address and place given back');
  return planned;
}

async function depart(run: CleanRun): Promise<PassageSummary> {
  const ended = await walk(run, erasing);
  if (ended !== null && ended.state !== 'done') return end(run, ended);
  const credentials = await resetCredentials(run);
  if (typeof credentials !== 'string') return end(run, credentials);
  const proof = ended?.note ?? run.proof;
  const note = [proof, credentials, await switchOff(run)].filter((part) => part !== null).join('; ');
  run.state = await run.effects.retire.retireMachine({ ...run.errand, note });
  setCurrentDetails('Retired');
  return run.summary('done', note);
}

/** Whoever gets the machine next gets its controller without a password of ours that works. */
async function resetCredentials(run: CleanRun): Promise<string | Ended> {
  if (!run.controller) return 'no controller of it is known';
  const act = await run.act('rotate-password');
  if (act.state === 'done') return 'its controller has a new password';
  const ruling = await run.ask('prove', {
    fault: 'retire/credentials',
    reason: `The password of its controller could not be changed: ${act.refused?.reason ?? act.observed}. Change it by hand and answer "done".`,
    choices: ['done', 'abandon'],
  });
  if (!('outcome' in ruling)) return `the password of its controller was changed by ${ruling.by}`;
  return ruling.outcome.to === 'end' ? ruling.outcome : { to: 'end', state: 'failed', note: 'the machine booted anew' };
}
