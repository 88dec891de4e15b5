import type { MaintenanceRequest } from '../../domain/requests.ts';
import { moveTo } from '../outage/move.ts';
import { look } from '../outage/power.ts';
import { restore } from '../outage/restore.ts';
import { returnToService } from '../outage/return.ts';
import { soak } from '../outage/soak.ts';
import { checkOpen, resumeOutOfService, type TakeOut, takeOutOfService } from '../outage/takeout.ts';
import type { PassageContext } from '../passage/context.ts';
import { type Effects, effectOf } from '../passage/effects.ts';
import { definePassage } from '../passage/engine.ts';
import { done, goTo, Leave, next, refuse, type StepResult } from '../passage/result.ts';
import { refuseOutsideProduction } from '../service/production.ts';
import { batchWork } from './batches.ts';
import { workOff } from './work.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

type MaintenanceContext = PassageContext<MaintenanceRequest>;

/**
 * Maintenance: window → readiness → drain → permit → work → health → stays healthy for a while → back to production.
 * Until it drains, whatever speaks against it leaves the machine where it was.
 */
export const maintenance = definePassage('maintenance', {
  // One reboot a batch of work, and a few batches.
  powerTries: 8,
  refuse: (context) => (context.recall.isPast('window') ? null : refuseOutsideProduction(context)),
  steps: [
    // Windows are agreed upon weeks before.
    {
      name: 'window',
      does: 'waits for its window, and checks that the machine is well enough to be worked on',
      undo: 'nothing is to be undone: it has not left production',
      owner: 'operations',
      limit: 90 * day,
      run: awaitWindow,
    },
    {
      name: 'drain',
      does: 'takes the permits, takes it out of production and waits for its work to end',
      undo: 'it goes back into production as it was, and its permits are given back',
      owner: 'operations',
      // The pool's drain time-out is what ends the wait.
      limit: 7 * day,
      async run(context, effects) {
        await takeOutOfService(context, effects, wayOut(context.request));
        return next;
      },
      resume: (context, effects) => resumeOutOfService(context, effects, wayOut(context.request)),
    },
    // Firmware of several components, each verified and flashed, and the reboots between.
    {
      name: 'work',
      does: 'does what was ordered (firmware, BIOS, reboots, work of hands) with the fewest reboots',
      undo: 'before the first act it goes back into production; from then on nothing: it stays in maintenance for a person',
      owner: 'hardware',
      limit: 6 * hour,
      run: workOffBatches,
    },
    {
      name: 'restore',
      does: 'checks its health, again and again while it fails, and then asks a person',
      undo: 'nothing: it stays out of production while it is not well, and "undrain" checks it anew',
      owner: 'hardware',
      limit: 30 * minute,
      async run(context, effects) {
        await restore(context, effects, 'orchestrated');
        return next;
      },
    },
    {
      name: 'soak',
      does: 'watches that it stays healthy for as long as its pool wants; one that does not is restored anew',
      undo: 'nothing is to be undone: it only looks',
      owner: 'operations',
      limit: soakTime,
      run: staysHealthy,
    },
  ],
  async finish(context, effects) {
    await effects.outage.moveMachine({ stage: 'in_service' });
    await returnToService(context, effects);
    return done('maintained and back in production');
  },
});

function wayOut({ semaphores, drain, window }: MaintenanceRequest): TakeOut {
  return { semaphores, drain, closes: window?.closes ?? null };
}

async function awaitWindow(context: MaintenanceContext, effects: Effects): Promise<StepResult> {
  const { window } = context.request;
  if (window !== null) {
    await untilOpen(context, effects, window.opens, window.closes);
    checkOpen(window.closes);
  }
  // A machine that is not well before the work is for a repair, not for this.
  const health = await look(effects, null);
  if (!health.healthy) throw new Leave(refuse(`the machine is not ready, ${health.seen}`));
  return next;
}

const untilOpen = effectOf(
  // The same line before it opens and within it, so that the plan stays the one that was reviewed.
  (_context, opens: string, closes: string) => ({ does: `begin from ${opens} until ${closes}`, leads: undefined }),
  async (context, _effects, opens: string): Promise<undefined> => {
    const left = Date.parse(opens) - Date.now();
    if (left <= 0) return;
    context.waitsOn('window', left, `Its window opens at ${opens}.`);
    await context.pause(left);
  },
);

async function workOffBatches(context: MaintenanceContext, effects: Effects): Promise<StepResult> {
  await moveTo(effects, 'disabled', 'passage', 'work begins', { stage: 'maintenance' });
  for (const batch of batchWork(context.request.work)) await workOff(context, effects, batch);
  effects.turnBack();
  return next;
}

function soakTime({ request, policy }: MaintenanceContext): number {
  return request.soakMinutes === null ? policy.soak : request.soakMinutes * minute;
}

async function staysHealthy(context: MaintenanceContext, effects: Effects): Promise<StepResult> {
  return (await soak(context, effects, soakTime(context))) ? next : goTo('restore');
}
