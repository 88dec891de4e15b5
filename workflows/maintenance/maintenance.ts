import { condition } from '@temporalio/workflow';
import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import type { Treatment } from '../../contract/outage.ts';
import { type MaintenanceRequest, requestOf } from '../../contract/requests.ts';
import { drain, drainPlan } from '../outage/drain.ts';
import { leaveService } from '../outage/leave.ts';
import { takePermit } from '../outage/permit.ts';
import { look } from '../outage/power.ts';
import { restore } from '../outage/restore.ts';
import { soak } from '../outage/soak.ts';
import { next, type Outcome, refuse, spared } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';
import { outageActivities } from '../proxies.ts';
import { giveBack, inProduction, serve } from '../service/serve.ts';
import { batchWork } from './batches.ts';
import { type MaintenanceStep, maintenanceCourse } from './limits.ts';
import { workOff } from './work.ts';

type Run = PassageRun<MaintenanceStep>;

/**
 * Maintenance: window → readiness → drain → permit → work → health → stays healthy for a while → back to production.
 * Until it drains, whatever speaks against it leaves the machine where it was.
 */
export function maintenance(input: PassageInput): Promise<PassageSummary> {
  return serve(input, maintenanceCourse, async (run, begun) => {
    const request = requestOf('maintenance', begun.request);
    const refused = inProduction(begun) ?? (await awaitWindow(run, request)) ?? (await checkReady(run));
    if (refused) return refused;

    await run.turnTo('window', 'drain');
    const left = await leave(run, request);
    if ('to' in left) return left;
    const emptied = request.drain ? await empty(run, left) : next;
    if (emptied.to === 'end') return giveBack(run, 'drain', left, emptied);
    const waited = (await takePermit(run, 'drain', 'reboot', request.semaphores.reboot)) ?? closed(request);
    if (waited) return giveBack(run, 'drain', left, waited);

    await run.turnTo('drain', 'work');
    if (!run.plans('work', 'to maintenance'))
      run.state = await outageActivities.moveMachine({ ...run.errand, opState: 'disabled', stage: 'maintenance' });
    for (const batch of batchWork(request.work)) {
      const worked = await workOff(run, batch, left);
      if (worked.to === 'end') return worked;
    }
    return comeBack(run, request, left);
  });
}

async function awaitWindow(run: Run, { window }: MaintenanceRequest): Promise<Outcome | null> {
  if (window === null) return null;
  const left = Date.parse(window.opens) - Date.now();
  if (left > 0 && !run.plans('window', `wait until ${window.opens}`)) {
    run.stand('window', 'window', left, `Its window opens at ${window.opens}.`);
    if (await condition(() => run.desk.cancelled !== null, left)) return run.cancelled();
  }
  return closed({ window });
}

function closed({ window }: Pick<MaintenanceRequest, 'window'>): Outcome | null {
  if (window === null || Date.now() < Date.parse(window.closes)) return null;
  return refuse(`its window closed at ${window.closes}`);
}

/** A machine that is not well before the work is for a repair, not for this. */
async function checkReady(run: Run): Promise<Outcome | null> {
  const health = await look(run, null);
  if (health.healthy) return null;
  return refuse(`the machine is not ready, ${health.seen}`);
}

async function leave(run: Run, request: MaintenanceRequest): Promise<Treatment | Outcome> {
  const unpermitted = await takePermit(run, 'drain', 'drain', request.semaphores.drain);
  if (unpermitted) return unpermitted;
  const treatment = await leaveService(run, 'drain', 'draining');
  return 'outcome' in treatment ? treatment.outcome : treatment;
}

async function empty(run: Run, treatment: Treatment): Promise<Outcome> {
  const drained = await drain(run, 'drain', drainPlan(treatment, null));
  if (typeof drained === 'object') return drained.outcome;
  if (drained !== 'skipped') return next;
  return spared;
}

async function comeBack(run: Run, request: MaintenanceRequest, treatment: Treatment): Promise<Outcome> {
  await run.turnTo('work', 'restore');
  const minutes = request.soakMinutes;
  const during = minutes === null ? treatment.soak : minutes * 60_000;
  for (;;) {
    const healthy = await restore(run, 'restore', treatment, 'orchestrated');
    if (healthy !== 'healthy') return healthy.outcome;
    await run.turnTo('restore', 'soak', during);
    if (await soak(run, 'soak', during)) break;
    await run.turnTo('soak', 'restore');
  }
  if (!run.plans('soak', 'back to service'))
    run.state = await outageActivities.moveMachine({ ...run.errand, stage: 'in_service' });
  return giveBack(run, 'soak', treatment, { to: 'end', state: 'done', note: 'maintained and back in production' });
}
