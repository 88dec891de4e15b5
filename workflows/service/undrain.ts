import type { UndrainRequest } from '../../domain/requests.ts';
import { enterRestore, restore } from '../outage/restore.ts';
import { returnToService } from '../outage/return.ts';
import type { PassageContext } from '../passage/context.ts';
import { type Effects, effectOf } from '../passage/effects.ts';
import { definePassage } from '../passage/engine.ts';
import { done, type Ended, next, refuse, type StepResult } from '../passage/result.ts';
import { limits, powerTries } from './production.ts';

/**
 * Stop draining, or bring back what stands aside: to restore, and from there to production once it is healthy. A
 * machine in intervention comes back by this too, which is the operator's word (I→RES).
 */
export const undrain = definePassage('undrain', {
  powerTries,
  refuse: refuseWhatStandsElsewhere,
  steps: [
    {
      name: 'restore',
      does: 'stops the drain or takes it from where it stands aside, checks its health and puts it back',
      undo: 'nothing: it stays in restore while it is not healthy, and "drain" takes it out again',
      owner: 'operations',
      limit: limits.restore,
      run: bringBack,
    },
  ],
  finish: async ({ request }) =>
    done(request.to === 'disabled' ? 'out of production, in restore' : 'back in production'),
});

function isBack({ state, request }: PassageContext<UndrainRequest>): boolean {
  return state.stage === 'in_service' && state.opState === 'production' && request.to === 'production';
}

function refuseWhatStandsElsewhere(context: PassageContext<UndrainRequest>): Ended | null {
  const { request, state, recall, operator } = context;
  const { stage, opState } = state;
  // Its drain was stopped by this very order, or had ended before.
  if (isBack(context)) {
    const moved = recall.past !== null && recall.past.from !== 'production';
    return done(moved ? 'back in production' : 'in production already: nothing was done');
  }
  if (!standsAside(context) || (opState === 'production' && stage === 'in_service'))
    return refuse(`the machine is ${opState}, stage ${stage}`);
  const ways = request.to === 'production' ? ['draining', 'disabled'] : ['disabled'];
  // Begun again, it is on its way already.
  if (request.flow === 'basic' && !recall.again && !ways.includes(opState))
    return refuse(`the basic flow has no edge from ${opState} to restore`);
  return opState === 'intervention' && operator === null
    ? refuse('the machine is in intervention, and only a person brings it back from there')
    : null;
}

/** Installed, and out of production: by a drain, or left there by a maintenance, repair or reboot that ended on its way. */
function standsAside({ state: { stage, bootState } }: PassageContext<UndrainRequest>): boolean {
  return stage === 'in_service' || (bootState === 'healthy' && (stage === 'maintenance' || stage === 'repair'));
}

async function bringBack(context: PassageContext<UndrainRequest>, effects: Effects): Promise<StepResult> {
  const { flow, to } = context.request;
  effects.restoredBy(context.operator);
  await effects.look.outage.readPolicy();
  if (to === 'disabled') {
    await stopDraining(context, effects);
    return next;
  }
  // The basic flow has no edge from draining to restore.
  if (flow === 'orchestrated' || context.state.opState !== 'draining') await restore(context, effects, flow);
  await returnToService(context, effects, flow);
  return next;
}

const stopDraining = effectOf(
  () => ({ does: 'stop draining and leave it out of production', leads: undefined }),
  async (context, effects): Promise<undefined> => {
    await enterRestore(context, effects, (context.request as UndrainRequest).flow);
    return undefined;
  },
);
