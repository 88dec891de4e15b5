import { condition } from '@temporalio/workflow';
import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import type { Treatment } from '../../contract/outage.ts';
import { type MaintenanceRequest, requestOf } from '../../domain/requests.ts';
import { giveBack } from '../outage/back.ts';
import { closed, depart } from '../outage/depart.ts';
import { moveTo } from '../outage/move.ts';
import { look } from '../outage/power.ts';
import { restore } from '../outage/restore.ts';
import { soak } from '../outage/soak.ts';
import { type Outcome, refuse } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';
import { inProduction, serve } from '../service/serve.ts';
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
    const refused = run.recall.isPast('window')
      ? null
      : (inProduction(begun) ?? (await awaitWindow(run, request)) ?? (await checkReady(run)));
    if (refused) return refused;

    await run.turnTo('window', 'drain');
    const { semaphores, drain, window } = request;
    const departed = await depart(run, 'drain', { semaphores, drain, closes: window?.closes ?? null });
    if ('outcome' in departed) return departed.outcome;
    const { treatment } = departed;

    await run.turnTo('drain', 'work');
    if (run.recall.isPast('work')) return comeBack(run, request, treatment);
    if (!run.plans('work', 'to maintenance'))
      await moveTo(run, 'disabled', 'passage', 'work begins', { stage: 'maintenance' });
    for (const batch of batchWork(request.work)) {
      const worked = await workOff(run, batch, treatment);
      if (worked.to === 'end') return worked;
    }
    return comeBack(run, request, treatment);
  });
}

async function awaitWindow(run: Run, { window }: MaintenanceRequest): Promise<Outcome | null> {
  if (window === null) return null;
  // The same line before it opens and within it, so that the plan stays the one that was reviewed.
  if (run.plans('window', `begin from ${window.opens} until ${window.closes}`)) return closed(window.closes);
  const left = Date.parse(window.opens) - Date.now();
  if (left > 0) {
    run.stand('window', 'window', left, `Its window opens at ${window.opens}.`);
    if (await condition(() => run.desk.cancelled !== null, left)) return run.cancelled();
  }
  return closed(window.closes);
}

/** A machine that is not well before the work is for a repair, not for this. */
async function checkReady(run: Run): Promise<Outcome | null> {
  const health = await look(run, null);
  if (health.healthy) return null;
  return refuse(`the machine is not ready, ${health.seen}`);
}

async function comeBack(run: Run, request: MaintenanceRequest, treatment: Treatment): Promise<Outcome> {
  run.gate.turnBack();
  await run.turnTo('work', 'restore');
  const minutes = request.soakMinutes;
  const during = minutes === null ? treatment.soak : minutes * 60_000;
  for (;;) {
    const healthy = run.recall.isPast('restore') ? 'healthy' : await restore(run, 'restore', treatment, 'orchestrated');
    if (healthy !== 'healthy') return healthy.outcome;
    await run.turnTo('restore', 'soak', during);
    if (await soak(run, 'soak', during)) break;
    await run.turnTo('soak', 'restore');
  }
  if (!run.plans('soak', 'back to service'))
    run.state = await run.effects.outage.moveMachine({ ...run.errand, stage: 'in_service' });
  return giveBack(run, 'soak', treatment, { to: 'end', state: 'done', note: 'maintained and back in production' });
}
