import { condition } from '@temporalio/workflow';
import type { OwnRung } from '../../contract/repair.ts';
import type { RepairRequest } from '../../domain/requests.ts';
import { depart } from '../outage/depart.ts';
import { moveTo } from '../outage/move.ts';
import { look, restart } from '../outage/power.ts';
import { soak } from '../outage/soak.ts';
import type { Outcome } from '../passage/outcome.ts';
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
  if (await cleared(run, 'reset-bmc')) return healed;
  run.stand('reset-bmc', 'hardware');
  const act = await run.act('reset-bmc');
  if (run.plans('reset-bmc', 'reset-bmc', act.command)) return healed;
  if (act.state !== 'not_done') run.acted = 'reset-bmc';
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
  const departed = await depart(run, rung, { semaphores });
  if ('outcome' in departed) return departed.outcome;
  run.away = true;
  if (run.plans(rung, 'to repair')) return null;
  run.state = await run.effects.repair.moveToRepair(run.errand);
  return null;
}

/** What was seen sick and is well again is not acted on: not before it was watched for the soak time. */
async function cleared(run: RepairRun, rung: OwnRung): Promise<boolean> {
  if (run.dry || !run.sick || !(await look(run, null)).healthy) return false;
  return soak(run, rung, run.treatment.soak);
}

async function cycle(run: RepairRun, rung: 'restart' | 'power-cycle'): Promise<Climbed> {
  if (await cleared(run, rung)) return healed;
  // What is being restored, or in a person's hands, is restarted where it stands: no flow has an edge back.
  if (!run.plans(rung, 'hard reboot') && run.state.opState === 'draining')
    await moveTo(run, 'hard_reboot', 'basic', 'drained');
  if (!run.dry) run.acted = rung;
  const up = await restart(run, rung, run.treatment.rebootLimit, rung);
  if (!run.dry && run.state.opState === 'hard_reboot') await endReboot(run, up === 'up');
  if (typeof up === 'object') return up;
  if (up === 'up' && (await soak(run, rung, run.treatment.soak))) return healed;
  return notHealed(run);
}

/** A machine that stays silent is the next rung's, and not in its reboot any more. */
function endReboot(run: RepairRun, up: boolean): Promise<void> {
  return up ? moveTo(run, 'disabled', 'basic', 'booted') : moveTo(run, 'disabled', 'passage', 'stayed silent');
}

async function notHealed(run: RepairRun): Promise<Climbed> {
  // What was just moved may not be read yet.
  await condition(() => false, 1000);
  const health = await look(run, null);
  run.sick = !health.healthy;
  return { healed: false, seen: health.seen };
}
