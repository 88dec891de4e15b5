import type { Flow } from '../../domain/requests.ts';
import type { PassageContext } from '../passage/context.ts';
import type { Effects } from '../passage/effects.ts';
import { undrainWork } from './drain.ts';
import { moveTo } from './move.ts';
import { restore } from './restore.ts';

/**
 * Lets work come again and puts the machine back into production. What was draining goes back by restore in the
 * orchestrated flow (D→RES→P), and at once in the basic one, which has no such edge.
 */
export async function returnToService(context: PassageContext, effects: Effects, flow: Flow = 'basic'): Promise<void> {
  // Who took it over brings it back too.
  if (context.endedByHand) return;
  effects.turnBack();
  effects.undoBy(null);
  if (flow === 'orchestrated' && context.state.opState === 'draining') await restore(context, effects, flow);
  if (['maintenance', 'repair'].includes(context.state.stage))
    await effects.outage.moveMachine({ stage: 'in_service' });
  if (context.policy.drains) await undrainWork(context, effects);
  await enterProduction(context, effects, flow);
}

/** What still drains comes back by the operator's word who stopped it, or by nobody's. */
async function enterProduction({ state, stopper }: PassageContext, effects: Effects, flow: Flow): Promise<void> {
  if (state.opState === 'hard_reboot') await moveTo(effects, 'disabled', 'basic', 'booted');
  if (state.opState !== 'draining') return moveTo(effects, 'production', flow, 'check passed');
  if (stopper === null) return moveTo(effects, 'production', 'basic', 'called off');
  return moveTo(effects, 'production', 'basic', 'stop draining', { by: stopper });
}
