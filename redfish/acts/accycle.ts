import { z } from 'zod';
import type { ActParameters } from '../../domain/acts.ts';
import { type Before, effectObserved, observedOf, readObserved } from '../effect.ts';
import { beforeRestart, observeRestart, restartFollow, restartWatch } from './bmc.ts';
import { type ActContext, type ActDefinition, isPlan, notDone, type Observation, type Sent } from './definition.ts';
import { planReset, powerOff } from './power.ts';

/** What firmware that is told to come back with the mains takes for it at most, before it is told by us. */
const comesBackIn = 30_000;

/**
 * Takes the mains away from the whole machine, its controller included, and gives it back (quirk 33). Some only do so
 * while the host is off: then that is the first half, and this the second. A host that was on is on again at the end:
 * by itself, or powered on as the last part.
 */
export const acCycle: ActDefinition<ActParameters['ac-cycle']> = {
  parameters: z.strictObject({ approvedBy: z.string().min(1).max(200), wasOn: z.boolean().exactOptional() }),
  plan: async (context, parameters) => {
    const offer = await context.probe.offer('acCycle');
    if (offer === null) return notDone('the controller offers no known way to take the mains away');
    const isOn = context.system.power !== 'Off';
    if (offer.offFirst && isOn) {
      const off = await planReset(context, 'off');
      return isPlan(off)
        ? { ...off, next: { kind: 'ac-cycle', parameters: { ...parameters, wasOn: true }, afterMs: 0 } }
        : off;
    }
    return {
      command: { at: offer.target, ...offer.body, ...parameters },
      before: { ...observedOf(context.system), ...(await beforeRestart(context)) },
      send: async () => {
        await context.session.write('POST', offer.target, offer.body);
        return { taken: true };
      },
      ...((isOn || parameters.wasOn === true) && {
        next: { kind: 'power-on' as const, parameters: {}, afterMs: comesBackIn },
      }),
    };
  },
  observe: async (context, sent) =>
    (sent.command.next as { kind?: string } | undefined)?.kind === 'ac-cycle'
      ? powerOff.observe(context, sent)
      : observeCycle(context, sent),
  watch: restartWatch,
  follow: restartFollow,
};

/** The controller went down with the mains; where it doesn't show that, the host started anew. */
async function observeCycle(context: ActContext, sent: Sent): Promise<Observation> {
  const seen = await observeRestart(context, sent);
  if (seen.state === 'done') return { ...seen, observed: `the mains were away: ${seen.observed}` };
  const observed = await readObserved(context.session, context.system).catch(() => null);
  if (sent.before.power === 'Off' || observed === null || !effectObserved(sent.before as Before, observed)) return seen;
  return { state: 'done', observed: 'the machine started anew', facts: { ...observed } };
}
