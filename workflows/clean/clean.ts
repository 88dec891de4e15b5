import { requestOf } from '../../domain/requests.ts';
import { deploy } from '../birth/deploy.ts';
import { deployStep, readyStep } from '../birth/steps.ts';
import { undrainWork } from '../outage/drain.ts';
import type { Effects } from '../passage/effects.ts';
import { definePassage } from '../passage/engine.ts';
import { done, type Ended, next, type StepResult } from '../passage/result.ts';
import { type CleanContext, type CleanFacts, cleanFacts, wasInService } from './facts.ts';
import { switchOff } from './power.ts';
import { afterBoot, erasing, leaveUntouched } from './steps.ts';

/**
 * Clean: what the old owner left is made unreadable, disk by disk, and only with the proof of each does the machine get
 * a new one. It ends installed for the new owner, or switched off where nobody is named.
 */
export const clean = definePassage<'clean', CleanFacts>('clean', {
  steps: [...erasing, { ...deployStep, run: install, foresee: foreseeInstall }, readyStep],
  powerTries: 4,
  rowsByEffects: true,
  facts: (begun, recall) => cleanFacts(requestOf('clean', begun.request ?? {}), begun, recall),
  afterBoot: afterBoot('deploy'),
  async finish(context, effects) {
    effects.turnBack();
    if (wasInService(context) && context.policy.drains) await undrainWork(context, effects);
    return { ...done(`in service for ${context.facts.request.owner}`), recorded: true };
  },
  leave: leaveUntouched,
  holds: ({ state }) => state.opState !== 'production',
});

/**
 * The agent is told to put an image on the proven machine, as at the end of a birth. One that nobody gets is switched
 * off instead.
 */
async function install(context: CleanContext, effects: Effects): Promise<StepResult> {
  if (context.facts.request.owner === null) return giveToNobody(context, effects);
  const { at, past } = context.recall;
  // An earlier run had told it.
  const isReported = at === 'deploy' && past?.directive === 'install';
  context.recall.reach('deploy');
  for (let directed = isReported; !directed; ) {
    const install = await effects.clean.directReinstall();
    directed = 'state' in install;
    if (!('state' in install)) await effects.ask(install.question);
  }
  return deploy(context, effects);
}

async function giveToNobody(context: CleanContext, effects: Effects): Promise<Ended> {
  // Proven is proven: a cancel takes nothing of it back.
  effects.turnBack();
  const power = await switchOff(context, effects);
  return done(`${context.facts.proof}; it has no owner${power === null ? '' : ` and is ${power}`}`);
}

async function foreseeInstall(context: CleanContext, effects: Effects): Promise<StepResult> {
  const { owner } = context.facts.request;
  effects.plan?.(owner === null ? 'take its owner away' : `give it to ${owner} and install it`);
  if (owner !== null) return next;
  await switchOff(context, effects);
  return done('planned');
}
