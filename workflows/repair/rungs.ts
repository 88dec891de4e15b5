import { condition } from '@temporalio/workflow';
import type { OwnRung } from '../../contract/repair.ts';
import type { RepairRequest } from '../../contract/requests.ts';
import { drain, drainPlan } from '../outage/drain.ts';
import { leaveService } from '../outage/leave.ts';
import { takePermit } from '../outage/permit.ts';
import { look, restart } from '../outage/power.ts';
import { soak } from '../outage/soak.ts';
import { type Outcome, spared } from '../passage/outcome.ts';
import { outageActivities, repairActivities } from '../proxies.ts';
import { giveBack } from '../service/serve.ts';
import type { RepairRun } from './run.ts';

/** Where a rung led: healed, to the next one with what was seen, or out of the passage. */
export type Climbed =
  | { readonly healed: true }
  | { readonly healed: false; readonly seen: string }
  | { readonly outcome: Outcome };

const healed: Climbed = { healed: true };

/** Climbs one of the rungs that need no person. */
export async function climb(run: RepairRun, rung: OwnRung, request: RepairRequest): Promise<Climbed> {
  if (rung === 'observe') return observe(run);
  if (rung === 'reset-bmc') return resetController(run);
  const away = await goAway(run, rung, request);
  if (away !== null) return { outcome: away };
  return cycle(run, rung);
}

/** Many a fault is gone when somebody looks (S3.4): what stays well for a while was none. */
async function observe(run: RepairRun): Promise<Climbed> {
  if (await soak(run, 'observe', run.treatment.soak)) return healed;
  return notHealed(run);
}

/** The machine runs on; only its controller starts again. */
async function resetController(run: RepairRun): Promise<Climbed> {
  if (!run.controller) return { healed: false, seen: 'no controller of it is known' };
  run.stand('reset-bmc', 'hardware');
  const act = await run.act('reset-bmc');
  if (run.plans('reset-bmc', 'reset-bmc', act.command)) return healed;
  if (act.state !== 'done') return { healed: false, seen: act.refused?.reason ?? act.observed };
  return (await soak(run, 'reset-bmc', run.treatment.soak)) ? healed : notHealed(run);
}

/** Out of production, emptied, and with the permit to be down; at once where it is out already. Null when it is. */
export async function goAway(
  run: RepairRun,
  rung: 'restart' | 'power-cycle' | 'ticket' | 'rma',
  { semaphores }: RepairRequest,
): Promise<Outcome | null> {
  if (run.away) return null;
  const refused = await takePermit(run, rung, 'reboot', semaphores.reboot);
  if (refused) return refused;
  const left = await leaveService(run, rung, 'draining');
  if ('outcome' in left) return left.outcome;
  const drained = await drain(run, rung, drainPlan(left, null));
  if (typeof drained === 'object') return giveBack(run, rung, left, drained.outcome);
  if (drained === 'skipped') return giveBack(run, rung, left, spared);
  run.away = true;
  if (run.plans(rung, 'to repair')) return null;
  run.state = await repairActivities.moveToRepair(run.errand);
  return null;
}

async function cycle(run: RepairRun, rung: 'restart' | 'power-cycle'): Promise<Climbed> {
  if (!run.plans(rung, 'hard reboot'))
    run.state = await outageActivities.moveMachine({ ...run.errand, opState: 'hard_reboot' });
  const up = await restart(run, rung, run.treatment.rebootLimit, rung);
  if (!run.dry) run.state = await outageActivities.moveMachine({ ...run.errand, opState: 'disabled' });
  if (typeof up === 'object') return up;
  if (up === 'up' && (await soak(run, rung, run.treatment.soak))) return healed;
  return notHealed(run);
}

async function notHealed(run: RepairRun): Promise<Climbed> {
  // What was just moved may not be read yet.
  await condition(() => false, 1000);
  const health = await look(run, null);
  return { healed: false, seen: health.seen };
}
