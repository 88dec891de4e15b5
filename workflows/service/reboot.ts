import { condition } from '@temporalio/workflow';
import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import type { Treatment } from '../../contract/outage.ts';
import { type RebootRequest, requestOf } from '../../contract/requests.ts';
import { drain, drainPlan } from '../outage/drain.ts';
import { leaveService } from '../outage/leave.ts';
import { takePermit } from '../outage/permit.ts';
import { restart } from '../outage/power.ts';
import { intervene, restore } from '../outage/restore.ts';
import { next, type Outcome, spared } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';
import { outageActivities } from '../proxies.ts';
import { type ServiceStep, serviceCourse } from './courses.ts';
import { giveBack, inProduction, serve } from './serve.ts';

type Run = PassageRun<ServiceStep>;

/**
 * Drain and reboot, along the edges of BrainSlug's flows: production → draining → hard reboot → restore → production,
 * or to another state that was asked for.
 */
export function reboot(input: PassageInput): Promise<PassageSummary> {
  return serve(input, serviceCourse('reboot'), async (run, begun) => {
    const refused = inProduction(begun);
    if (refused) return refused;
    const request = requestOf('reboot', begun.request);

    const unpermitted = await takePermit(run, 'drain', 'drain', request.semaphores.drain);
    if (unpermitted) return unpermitted;
    const treatment = await leaveService(run, 'drain', 'draining');
    if ('outcome' in treatment) return treatment.outcome;
    const emptied = request.drain ? await empty(run, request, treatment) : next;
    if (emptied.to === 'end') return giveBack(run, 'drain', treatment, emptied, request.flow);

    const waited = await takePermit(run, 'drain', 'reboot', request.semaphores.reboot);
    if (waited) return giveBack(run, 'drain', treatment, waited, request.flow);

    await run.turnTo('drain', 'reboot', treatment.rebootLimit);
    const up = await cycle(run, request, treatment);
    if (up.to === 'end') return up;

    await run.turnTo('reboot', 'restore');
    const healthy = await restore(run, 'restore', treatment, request.flow);
    if (healthy !== 'healthy') return healthy.outcome;
    return settle(run, request, treatment);
  });
}

/** Draining, until it is empty or its time is up; then, by date, until the moment that was asked for. */
async function empty(run: Run, request: RebootRequest, treatment: Treatment): Promise<Outcome> {
  const drained = await drain(run, 'drain', drainPlan(treatment, request.powerBy));
  if (typeof drained === 'object') return drained.outcome;
  if (drained === 'skipped') return spared;
  if (request.policy === 'date' && request.powerBy !== null && !run.dry) {
    const left = Date.parse(request.powerBy) - Date.now();
    run.stand('drain', 'time', Math.max(0, left), `Drained; it is rebooted at ${request.powerBy}`);
    if (left > 0 && (await condition(() => run.desk.cancelled !== null, left))) return run.cancelled();
  }
  return next;
}

/** The hard reboot: one command, and the wait for what comes up. */
async function cycle(run: Run, { flow }: RebootRequest, { rebootLimit }: Treatment): Promise<Outcome> {
  if (!run.plans('reboot', 'hard reboot'))
    run.state = await outageActivities.moveMachine({ ...run.errand, opState: 'hard_reboot' });
  const restarted = await restart(run, 'reboot', rebootLimit);
  if (restarted === 'up') return next;
  if (restarted !== 'silent') return restarted.outcome;
  const minutes = Math.round(rebootLimit / 60_000);
  const reason = `It was rebooted and nothing came up within ${minutes} minutes`;
  // REB→I is an edge of the orchestrated flow only; the basic one stays in its reboot until somebody has helped.
  if (flow === 'orchestrated') {
    const asked = await intervene(run, 'reboot', reason);
    return asked === 'restore' ? next : asked.outcome;
  }
  const ruling = await run.ask('reboot', {
    fault: 'reboot/silent',
    reason: `${reason}. Bring it up and answer "up".`,
    choices: ['up', 'abandon'],
  });
  return 'outcome' in ruling ? ruling.outcome : next;
}

/** Back to production, or to the state that was asked for after the reboot. */
async function settle(run: Run, { postRebootState }: RebootRequest, treatment: Treatment): Promise<Outcome> {
  if (postRebootState === 'production') {
    return giveBack(run, 'restore', treatment, { to: 'end', state: 'done', note: 'rebooted and back in production' });
  }
  if (!run.plans('restore', `leave it in ${postRebootState}`) && postRebootState !== 'disabled')
    run.state = await outageActivities.moveMachine({ ...run.errand, opState: postRebootState });
  return { to: 'end', state: 'done', note: `rebooted and left in ${postRebootState}, as was asked` };
}
