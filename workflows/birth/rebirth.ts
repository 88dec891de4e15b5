import type { RebirthRequest } from '../../domain/requests.ts';
import { takeOutAtOnce } from '../outage/takeout.ts';
import type { PassageContext } from '../passage/context.ts';
import type { Effects } from '../passage/effects.ts';
import { definePassage } from '../passage/engine.ts';
import { Leave, next, refuse, type StepResult } from '../passage/result.ts';
import { type BirthFacts, birthFacts } from './facts.ts';
import { rack } from './rack.ts';
import { birthSteps, endInService, resumesAt } from './steps.ts';

const week = 7 * 24 * 60 * 60_000;

interface RebirthFacts extends BirthFacts {
  /** Whether it has booted, or was told to, towards its inventory: from there on there is no way back. */
  gone: boolean;
}

type RebirthContext = PassageContext<RebirthRequest, RebirthFacts>;

const [rackStep, ...others] = birthSteps;

/**
 * Rebirth: the boot state is set, and the machine's next reboot applies it, or a power cycle that was asked for. From
 * its inventory on it goes along the same steps as at its birth, under its permanent address: burn-in, identity, image.
 */
export const rebirth = definePassage<'rebirth', RebirthFacts>('rebirth', {
  steps: [
    {
      ...rackStep,
      name: 'rack',
      does: 'sets its boot state, and waits for the reboot that applies it, or power-cycles it where that was asked for',
      undo: 'until it has booted, its boot state is set back and it stands where it stood; from then on nothing',
      owner: 'hands',
      limit: week,
      run: awaitBoot,
      foresee: foreseeBoot,
    },
    ...others,
  ],
  powerTries: 3,
  rowsByEffects: true,
  resumesAt,
  afterBoot: () => 'register',
  facts: (_begun, recall) => ({ ...birthFacts(false), gone: recall.isPast('rack') }),
  finish: endInService,
  async leave(context, effects) {
    // Its next boot is of its own disk again, and it stands where it stood.
    if (!isGone(context)) await effects.birth.unsetRebirth();
  },
  holds: isGone,
});

function isGone({ facts, mayUndo }: RebirthContext): boolean {
  return facts.gone && !mayUndo;
}

/** Until the machine's agent has reported its inventory. */
async function awaitBoot(context: RebirthContext, effects: Effects): Promise<StepResult> {
  await setRebirth(context, effects);
  const { facts, request, recall } = context;
  facts.mustBoot =
    recall.hasAct('boot-network') ||
    (context.controller && request.power === 'cycle') ||
    !(await bootsByItself(context, effects));
  if (facts.mustBoot) await takeOutAtOnce(context, effects, request.semaphores);
  facts.gone = true;
  return rack(context, effects);
}

async function setRebirth({ request: { wipe } }: RebirthContext, effects: Effects): Promise<void> {
  const doubt = await effects.birth.setRebirth({ wipe, dryRun: false });
  if (doubt !== null) throw new Leave(refuse(doubt));
}

/** Waits for its next reboot; false where a person wants it cycled instead. */
async function bootsByItself(context: RebirthContext, effects: Effects): Promise<boolean> {
  for (;;) {
    context.waitsOn('reboot', week, 'Its next reboot brings the bootstrap image.');
    const received = await context.awaitReport('inventory', week);
    if (received !== 'late') {
      if ('failed' in received) continue;
      context.putBack(received.report);
      return true;
    }
    const { answer } = await effects.ask({
      fault: 'rack/no-reboot',
      reason: `It has not rebooted for ${week / 86_400_000} days. "cycle" restarts it towards the network, "wait" waits on.`,
      choices: context.controller ? ['wait', 'cycle', 'abandon'] : ['wait', 'abandon'],
    });
    if (answer === 'cycle') return false;
  }
}

/** What can be known before the machine has booted: the rest follows from what it shows then. */
async function foreseeBoot(context: RebirthContext, effects: Effects): Promise<StepResult> {
  const { wipe, power, semaphores } = context.request;
  await setRebirth(context, effects);
  effects.plan?.(`its next boot gets the bootstrap image${wipe ? ', and its disks may be wiped' : ''}`);
  if (power !== 'cycle' || !context.controller) return next;
  await takeOutAtOnce(context, effects, semaphores);
  const act = await effects.act('boot-network');
  if (act.state !== 'planned') throw new Leave(refuse(act.observed));
  return next;
}
