import { requestOf } from '../../domain/requests.ts';
import { type CleanContext, type CleanFacts, cleanFacts } from '../clean/facts.ts';
import { switchOff } from '../clean/power.ts';
import { afterBoot, erasing, leaveUntouched } from '../clean/steps.ts';
import type { Effects } from '../passage/effects.ts';
import { definePassage } from '../passage/engine.ts';
import { done, type Ended } from '../passage/result.ts';

/**
 * Retirement: out of service, every disk proven erased, a password that nobody knows on its controller, its name,
 * address and place given back. What is known of it is kept.
 */
export const retire = definePassage<'retire', CleanFacts>('retire', {
  steps: erasing,
  powerTries: 4,
  rowsByEffects: true,
  facts(begun, recall) {
    const { semaphores } = requestOf('retire', begun.request ?? {});
    return cleanFacts({ semaphores, owner: null, power: begun.controller ? 'cycle' : 'wait' }, begun, recall);
  },
  afterBoot: afterBoot('prove'),
  finish: retireMachine,
  leave: leaveUntouched,
  holds: ({ state }) => state.opState !== 'production',
});

async function retireMachine(context: CleanContext, effects: Effects): Promise<Ended> {
  const credentials = await resetCredentials(context, effects);
  const power = await switchOff(context, effects);
  const note = [context.facts.proof, credentials, power].filter((part) => part !== null).join('; ');
  await effects.retire.retireMachine({ note });
  return { ...done(note), recorded: true };
}

/** Whoever gets the machine next gets its controller without a password of ours that works. */
async function resetCredentials(context: CleanContext, effects: Effects): Promise<string> {
  if (!context.controller) return 'no controller of it is known';
  const act = await effects.act('rotate-password', undefined, 'a password that nobody knows on its controller');
  if (act.state === 'done' || act.state === 'planned') return 'its controller has a new password';
  const { by } = await effects.ask({
    fault: 'retire/credentials',
    reason: `The password of its controller could not be changed: ${act.refused?.reason ?? act.observed}. Change it by hand and answer "done".`,
    choices: ['done', 'abandon'],
  });
  return `the password of its controller was changed by ${by}`;
}
