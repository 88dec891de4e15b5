import { findFault } from '../faults.ts';
import type { SimMachine } from '../machine.ts';
import type { Power } from '../state.ts';

/** The power state that the controller tells, which may lag behind the true one. */
export function powerShown({ state, powerMoved, world }: SimMachine): Power {
  const stale = findFault(state.faults, 'stale-power');
  if (!stale || Date.now() - powerMoved >= (stale.seconds * 1000) / world.speed) return state.power;
  return state.power === 'on' ? 'off' : 'on';
}
