import type { Route, Trigger } from '../../domain/flows.ts';
import type { OpState, Stage } from '../../domain/machine.ts';
import type { PassageRun } from '../passage/run.ts';

/** Moves the machine's state along an edge of a flow, and by whom where the edge is an operator's. */
export async function moveTo(
  run: PassageRun<string>,
  opState: OpState,
  flow: Route,
  trigger: Trigger,
  more: { readonly by?: string; readonly stage?: Stage } = {},
): Promise<void> {
  run.state = await run.effects.outage.moveMachine({ ...run.errand, opState, flow, trigger, ...more });
}
