import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import type { Treatment } from '../../contract/outage.ts';
import { type RebootRequest, requestOf } from '../../domain/requests.ts';
import { giveBack } from '../outage/back.ts';
import { type Departed, depart } from '../outage/depart.ts';
import { moveTo } from '../outage/move.ts';
import { restart } from '../outage/power.ts';
import { intervene, restore } from '../outage/restore.ts';
import { next, type Outcome } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';
import { type ServiceStep, serviceCourse } from './courses.ts';
import { inProduction, serve } from './serve.ts';

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

    const { flow, semaphores, drain, powerBy: drainBy, policy } = request;
    const notBefore = drain && policy === 'date' ? drainBy : null;
    const departed = await depart(run, 'drain', { semaphores, drain, drainBy, notBefore, flow });
    if ('outcome' in departed) return departed.outcome;
    const { treatment } = departed;

    await run.turnTo('drain', 'reboot', treatment.rebootLimit);
    const up = run.recall.isPast('reboot') ? next : await cycle(run, request, departed);
    if (up.to === 'end') return up;

    run.gate.turnBack();
    await run.turnTo('reboot', 'restore');
    const healthy = await restore(run, 'restore', treatment, request.flow);
    if (healthy !== 'healthy') return healthy.outcome;
    return settle(run, request, treatment);
  });
}

/** The hard reboot: one command, and the wait for what comes up. */
async function cycle(run: Run, { flow }: RebootRequest, { emptied, treatment }: Departed): Promise<Outcome> {
  const { rebootLimit } = treatment;
  const trigger = emptied === 'drained' ? 'drained' : 'drain time-out';
  if (run.recall.again && run.state.opState === 'intervention') {
    const asked = await intervene(run, 'reboot', 'It was rebooted and nothing came up in time');
    return asked === 'restore' ? next : asked.outcome;
  }
  const moved = run.recall.again && run.state.opState !== 'draining';
  if (!run.plans('reboot', 'hard reboot') && !moved) await moveTo(run, 'hard_reboot', flow, trigger);
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
async function settle(run: Run, { postRebootState, flow }: RebootRequest, treatment: Treatment): Promise<Outcome> {
  if (postRebootState === 'production') {
    return giveBack(
      run,
      'restore',
      treatment,
      { to: 'end', state: 'done', note: 'rebooted and back in production' },
      flow,
    );
  }
  if (!run.plans('restore', `leave it in ${postRebootState}`) && postRebootState !== 'disabled')
    await moveTo(run, postRebootState, flow, 'post-reboot state');
  return { to: 'end', state: 'done', note: `rebooted and left in ${postRebootState}, as was asked` };
}
