import type { Treatment } from '../../contract/outage.ts';
import type { Flow } from '../../domain/requests.ts';
import type { Outcome } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';
import { undrainWork } from './drain.ts';
import { moveTo } from './move.ts';
import { restore } from './restore.ts';

/**
 * Lets work come again and puts the machine back into production; the outcome stays what it was. What was draining goes
 * back by restore in the orchestrated flow (D→RES→P), and at once in the basic one, which has no such edge.
 */
export async function giveBack<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  treatment: Treatment,
  outcome: Outcome,
  flow: Flow = 'basic',
): Promise<Outcome> {
  // Who took it over brings it back too.
  if (run.takeover.ended !== null) return outcome;
  run.gate.turnBack();
  run.undo = null;
  if (flow === 'orchestrated' && run.state.opState === 'draining') {
    const healthy = await restore(run, step, treatment, flow);
    if (healthy !== 'healthy') return healthy.outcome;
  }
  if (['maintenance', 'repair'].includes(run.state.stage) && !run.dry)
    run.state = await run.effects.outage.moveMachine({ ...run.errand, stage: 'in_service' });
  if (treatment.drains) await undrainWork(run, step);
  if (!run.plans(step, 'put it back into production')) await enterProduction(run, flow);
  return outcome;
}

/** What still drains comes back by the operator's word who stopped it, or by nobody's. */
async function enterProduction(run: PassageRun<string>, flow: Flow): Promise<void> {
  const { stopper } = run;
  if (run.state.opState === 'hard_reboot') await moveTo(run, 'disabled', 'basic', 'booted');
  if (run.state.opState !== 'draining') return moveTo(run, 'production', flow, 'check passed');
  if (stopper === null) return moveTo(run, 'production', 'basic', 'called off');
  return moveTo(run, 'production', 'basic', 'stop draining', { by: stopper });
}
