import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import type { Treatment } from '../../contract/outage.ts';
import { requestOf } from '../../domain/requests.ts';
import { giveBack } from '../outage/back.ts';
import { departAtOnce } from '../outage/depart.ts';
import { awaitUp, restart } from '../outage/power.ts';
import { intervene, restore } from '../outage/restore.ts';
import { type Outcome, refuse } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';
import { type ServiceStep, serviceCourse } from './courses.ts';
import { operatorOf, serve } from './serve.ts';

type Run = PassageRun<ServiceStep>;

/** Power on, off or cycle, now and undrained, by the machine's controller. What was off stays out of production until it is on. */
export function power(input: PassageInput): Promise<PassageSummary> {
  return serve(input, serviceCourse('power', ['reboot', 'restore']), async (run, begun) => {
    const { action, semaphores } = requestOf('power', begun.request);
    if (begun.stage !== 'in_service') return refuse(`the machine is at stage ${begun.stage}`);
    if (!begun.controller) return refuse('no controller of the machine is known');

    run.restorer = operatorOf(begun);
    const treatment = await departAtOnce(run, 'reboot', semaphores);
    if ('outcome' in treatment) return treatment.outcome;
    if (action === 'off') return powerOff(run);
    const up = run.recall.isPast('reboot')
      ? 'up'
      : action === 'on'
        ? await powerOn(run, treatment)
        : await restart(run, 'reboot', treatment.rebootLimit, 'power-cycle');
    if (typeof up === 'object') return up.outcome;
    if (up === 'silent') {
      const asked = await intervene(run, 'reboot', 'It got power and nothing came up');
      if (asked !== 'restore') return asked.outcome;
    }

    run.gate.turnBack();
    await run.turnTo('reboot', 'restore');
    const healthy = await restore(run, 'restore', treatment, 'orchestrated');
    if (healthy !== 'healthy') return healthy.outcome;
    return giveBack(run, 'restore', treatment, { to: 'end', state: 'done', note: 'powered and back in production' });
  });
}

async function powerOff(run: Run): Promise<Outcome> {
  run.stand('reboot', 'hardware');
  const act = await run.act('power-off');
  run.gate.turnBack();
  if (run.plans('reboot', 'power-off', act.command)) return { to: 'end', state: 'done', note: 'planned' };
  if (act.state !== 'done') return { to: 'end', state: 'failed', note: act.refused?.reason ?? act.observed };
  run.state = await run.effects.outage.moveMachine({ ...run.errand, held: 'It was powered off by an order.' });
  return { to: 'end', state: 'done', note: 'powered off' };
}

async function powerOn(run: Run, { rebootLimit }: Treatment): Promise<'up' | 'silent' | { outcome: Outcome }> {
  const since = new Date().toISOString();
  run.stand('reboot', 'hardware', rebootLimit);
  const act = await run.act('power-on');
  run.gate.turnBack();
  if (run.plans('reboot', 'power-on', act.command)) return 'up';
  if (act.state !== 'done')
    return { outcome: { to: 'end', state: 'failed', note: act.refused?.reason ?? act.observed } };
  run.state = await run.effects.outage.moveMachine({ ...run.errand, held: null });
  return awaitUp(run, 'reboot', act.sentAt ?? since, rebootLimit);
}
