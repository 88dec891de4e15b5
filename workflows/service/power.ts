import type { PowerRequest } from '../../domain/requests.ts';
import { awaitUp, type Restarted, restart } from '../outage/power.ts';
import { intervene, restore } from '../outage/restore.ts';
import { returnToService } from '../outage/return.ts';
import { resumeOutAtOnce, takeOutAtOnce } from '../outage/takeout.ts';
import type { PassageContext } from '../passage/context.ts';
import type { Effects } from '../passage/effects.ts';
import { definePassage } from '../passage/engine.ts';
import { done, type Ended, failed, next, refuse, type StepResult } from '../passage/result.ts';
import { limits, powerTries } from './production.ts';

/** Power on, off or cycle, now and undrained, by the machine's controller. What was off stays out of production until it is on. */
export const power = definePassage('power', {
  powerTries,
  refuse({ state, controller }) {
    if (state.stage !== 'in_service') return refuse(`the machine is at stage ${state.stage}`);
    return controller ? null : refuse('no controller of the machine is known');
  },
  steps: [
    {
      name: 'reboot',
      does: 'takes it out of production undrained and gives the one command to its power that was ordered',
      undo: 'before the command it goes back into production; one that was sent is seen through, and "power on" undoes "power off"',
      owner: 'hardware',
      limit: limits.reboot,
      run: command,
      resume: (context, effects) => resumeOutAtOnce(effects, context.request.semaphores),
    },
    {
      name: 'restore',
      does: 'checks its health, again and again while it fails, and then asks a person',
      undo: 'nothing: it stays out of production while it is not well, and "undrain" checks it anew',
      owner: 'operations',
      limit: limits.restore,
      async run(context, effects) {
        effects.restoredBy(context.operator);
        await restore(context, effects, 'orchestrated');
        return next;
      },
    },
  ],
  async finish(context, effects) {
    await returnToService(context, effects);
    return done('powered and back in production');
  },
});

async function command(context: PassageContext<PowerRequest>, effects: Effects): Promise<StepResult> {
  const { action, semaphores } = context.request;
  effects.restoredBy(context.operator);
  await takeOutAtOnce(context, effects, semaphores);
  if (action === 'off') return powerOff(context, effects);
  const { rebootLimit } = context.policy;
  const up =
    action === 'on'
      ? await powerOn(context, effects, rebootLimit)
      : await restart(context, effects, rebootLimit, 'power-cycle');
  if (typeof up === 'object') return up;
  if (up === 'silent') await intervene(context, effects, 'It got power and nothing came up');
  effects.turnBack();
  return next;
}

async function powerOff(context: PassageContext, effects: Effects): Promise<Ended> {
  context.waitsOn('hardware');
  const act = await effects.act('power-off');
  effects.turnBack();
  if (act.state === 'planned') return done('planned');
  if (act.state !== 'done') return failed(act.refused?.reason ?? act.observed);
  await effects.outage.moveMachine({ held: 'It was powered off by an order.' });
  return done('powered off');
}

async function powerOn(context: PassageContext, effects: Effects, limitMs: number): Promise<Restarted | Ended> {
  const since = new Date().toISOString();
  context.waitsOn('hardware', limitMs);
  const act = await effects.act('power-on');
  effects.turnBack();
  if (act.state === 'planned') return 'up';
  if (act.state !== 'done') return failed(act.refused?.reason ?? act.observed);
  await effects.outage.moveMachine({ held: null });
  return awaitUp(context, effects, act.sentAt ?? since, limitMs);
}
