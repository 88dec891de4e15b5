import type { Route, Trigger } from '../../domain/flows.ts';
import type { OpState, Stage } from '../../domain/machine.ts';
import type { Effects } from '../passage/effects.ts';

/** Moves the machine's state along an edge of a flow, and by whom where the edge is an operator's. */
export async function moveTo(
  effects: Effects,
  opState: OpState,
  flow: Route,
  trigger: Trigger,
  more: { readonly by?: string; readonly stage?: Stage } = {},
): Promise<void> {
  await effects.outage.moveMachine({ opState, flow, trigger, ...more });
}
