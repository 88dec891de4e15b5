import type { Flow } from '../../domain/requests.ts';
import type { PassageContext } from '../passage/context.ts';
import { type Effects, effectOf } from '../passage/effects.ts';
import { moveTo } from './move.ts';
import { look } from './power.ts';

const minute = 60_000;

/**
 * Checks that the machine is healthy before it goes back, and again while it is not. The basic flow tries for ever, and
 * asks nobody (RES→RES); the orchestrated one leaves it to a person after its tries (RES→I), whose word brings it back
 * to be checked anew (I→RES).
 */
export const restore = effectOf(
  (_context, _flow: Flow) => ({ does: 'check its health, and again while it fails', leads: undefined }),
  async (context, effects, flow: Flow): Promise<undefined> => {
    effects.turnBack();
    if (context.recall.again && context.state.opState === 'intervention' && context.stopper === null)
      await intervene(context, effects, 'It was handed to a person, and its workflow was lost since');
    await enterRestore(context, effects, flow);
    const { healthRetries } = context.policy;
    for (let failures = 0; ; ) {
      const health = await look(effects, null);
      if (health.healthy) return;
      failures += 1;
      if (flow === 'orchestrated' && failures > healthRetries) {
        await intervene(context, effects, `Its health check failed ${failures} times: ${health.seen}`);
        failures = 0;
        continue;
      }
      const pause = pauseAfter(failures);
      context.waitsOn('time', pause, `Health check ${failures} failed: ${health.seen}`);
      // What is well goes back, cancelled or not; past its tries it is waited for no longer than somebody wants it.
      if (failures > healthRetries) await context.pause(pause);
      else await context.letPass(pause);
    }
  },
);

// For ever is longer than a history: what is sick for a day is looked at every hour.
function pauseAfter(failures: number): number {
  if (failures < 30) return minute;
  return failures < 150 ? 10 * minute : 60 * minute;
}

/** To restore, by whatever leads there from where the machine stands; by an operator's word where that is what it takes. */
export async function enterRestore({ state, stopper }: PassageContext, effects: Effects, flow: Flow): Promise<void> {
  const by = stopper === null ? {} : { by: stopper };
  const { opState } = state;
  if (opState === 'hard_reboot') await moveTo(effects, 'disabled', flow, 'booted');
  if (opState === 'draining') await moveTo(effects, 'disabled', flow, stopper === null ? 'called off' : 'restore', by);
  if (opState === 'intervention') await moveTo(effects, 'disabled', flow, 'operator', by);
}

/** Hands the machine to a person, whose word brings it back; without an answer it stays there. */
export async function intervene(context: PassageContext, effects: Effects, reason: string): Promise<void> {
  const why = context.state.opState === 'hard_reboot' ? 'reboot time-out' : 'checks used up';
  await moveTo(effects, 'intervention', 'orchestrated', why);
  const answer = await effects.ask({
    fault: `${context.at}/intervention`,
    reason: `${reason}. Mend it and answer "restore"; "abandon" leaves it in intervention.`,
    choices: ['restore', 'abandon'],
  });
  await moveTo(effects, 'disabled', 'orchestrated', 'operator', { by: answer.by });
}
