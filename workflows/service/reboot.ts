import type { RebootRequest } from '../../domain/requests.ts';
import type { Emptied } from '../outage/drain.ts';
import { moveTo } from '../outage/move.ts';
import { restart } from '../outage/power.ts';
import { intervene, restore } from '../outage/restore.ts';
import { returnToService } from '../outage/return.ts';
import { resumeOutOfService, type TakeOut, takeOutOfService } from '../outage/takeout.ts';
import type { PassageContext } from '../passage/context.ts';
import type { Effects } from '../passage/effects.ts';
import { definePassage } from '../passage/engine.ts';
import { done, type Ended, next, type StepResult } from '../passage/result.ts';
import { limits, powerTries, refuseOutsideProduction } from './production.ts';

type RebootContext = PassageContext<RebootRequest, { emptied: Emptied }>;

/**
 * Drain and reboot, along the edges of BrainSlug's flows: production → draining → hard reboot → restore → production,
 * or to another state that was asked for.
 */
export const reboot = definePassage('reboot', {
  // Begun again behind the drain, its work is waited for no more.
  facts: (_begun, { past }) => ({ emptied: (past ? 'drained' : 'undrained') as Emptied }),
  powerTries,
  refuse: refuseOutsideProduction,
  steps: [
    {
      name: 'drain',
      does: 'takes the permits, takes it out of production and waits for its work to end',
      undo: 'it goes back into production as it was, and its permits are given back',
      owner: 'operations',
      limit: limits.drain,
      async run(context, effects) {
        context.facts.emptied = await takeOutOfService(context, effects, wayOut(context.request));
        return next;
      },
      resume: (context, effects) => resumeOutOfService(context, effects, wayOut(context.request)),
    },
    {
      name: 'reboot',
      does: 'restarts it once, and waits for what comes up',
      undo: 'before the command it goes back into production; a restart that was sent is seen through',
      owner: 'hardware',
      limit: ({ policy }) => policy.rebootLimit,
      run: cycle,
    },
    {
      name: 'restore',
      does: 'checks its health, again and again while it fails, and then asks a person',
      undo: 'nothing: it stays out of production while it is not well, and "undrain" checks it anew',
      owner: 'operations',
      limit: limits.restore,
      async run(context, effects) {
        await restore(context, effects, context.request.flow);
        return next;
      },
    },
  ],
  finish: settle,
});

function wayOut({ flow, semaphores, drain, powerBy: drainBy, policy }: RebootRequest): TakeOut {
  return { semaphores, drain, drainBy, notBefore: drain && policy === 'date' ? drainBy : null, flow };
}

/** The hard reboot: one command, and the wait for what comes up. */
async function cycle(context: RebootContext, effects: Effects): Promise<StepResult> {
  const { recall, request, facts } = context;
  const { flow } = request;
  const { rebootLimit } = context.policy;
  if (recall.again && context.state.opState === 'intervention') {
    await intervene(context, effects, 'It was rebooted and nothing came up in time');
    return next;
  }
  const moved = recall.again && context.state.opState !== 'draining';
  const trigger = facts.emptied === 'drained' ? 'drained' : 'drain time-out';
  if (!moved) await moveTo(effects, 'hard_reboot', flow, trigger);
  const restarted = await restart(context, effects, rebootLimit);
  if (restarted === 'up') {
    effects.turnBack();
    return next;
  }
  const minutes = Math.round(rebootLimit / 60_000);
  const reason = `It was rebooted and nothing came up within ${minutes} minutes`;
  // REB→I is an edge of the orchestrated flow only; the basic one stays in its reboot until somebody has helped.
  if (flow === 'orchestrated') await intervene(context, effects, reason);
  else
    await effects.ask({
      fault: 'reboot/silent',
      reason: `${reason}. Bring it up and answer "up".`,
      choices: ['up', 'abandon'],
    });
  effects.turnBack();
  return next;
}

/** Back to production, or to the state that was asked for after the reboot. */
async function settle(context: RebootContext, effects: Effects): Promise<Ended> {
  const { postRebootState, flow } = context.request;
  if (postRebootState === 'production') {
    await returnToService(context, effects, flow);
    return done('rebooted and back in production');
  }
  if (postRebootState !== 'disabled') await moveTo(effects, postRebootState, flow, 'post-reboot state');
  return done(`rebooted and left in ${postRebootState}, as was asked`);
}
