import { z } from 'zod';
import type { ActParameters } from '../../domain/acts.ts';
import { RedfishError } from '../errors.ts';
import { text } from '../links.ts';
import { type ActContext, type ActDefinition, notDone, type Observation, type Plain, type Sent } from './definition.ts';

/** Best first: a controller that is asked gently stores what it has to. */
const resetTypes = ['GracefulRestart', 'ForceRestart'];

/** Controllers take up to some minutes to start again; the rest is for `settle`. */
export const restartWatch = { totalMs: 180_000, intervalMs: 5000 };
export const restartFollow = { totalMs: 600_000, intervalMs: 10_000 };
/** Between the two readings that have to agree. */
const apart = 3000;

/** What was seen of a controller's restart by this process, which its resources may not tell. */
const absences = new WeakMap<ActContext, { readonly login: object; away: boolean }>();

/** What tells later that a controller started again; call it before the command. */
export async function beforeRestart(context: ActContext): Promise<Plain> {
  const { session, system } = context;
  absences.set(context, { login: session.login(), away: false });
  const manager = system.managerPath === null ? {} : await session.get(system.managerPath);
  return { managerReset: text(manager.LastResetTime), power: system.power };
}

/**
 * Whether the controller started again: its own reset time is another one, or it was away and knows us no more. What it
 * tells right after that is not believed (quirk 34): done are two readings in a row that agree on the host's power.
 */
export async function observeRestart(context: ActContext, { before, answer }: Sent): Promise<Observation> {
  const absence = absences.get(context);
  try {
    const first = await stateOf(context);
    const other = first.managerReset !== null && before.managerReset !== null;
    const restarted = other && first.managerReset !== before.managerReset;
    const forgot =
      answer?.taken === true && absence !== undefined && (absence.away || absence.login !== context.session.login());
    if (!restarted && !forgot) return { state: 'unknown', observed: 'the controller has not started again yet' };
    await context.clock.wait(apart);
    const second = await stateOf(context);
    const stable = second.power !== null && first.power === second.power && first.managerReset === second.managerReset;
    if (!stable) return { state: 'unknown', observed: 'the controller started again, and what it tells still changes' };
    const observed = `the controller started again; the machine's power is ${second.power}, was ${before.power ?? '?'}`;
    return { state: 'done', observed, facts: second };
  } catch (error) {
    if (!(error instanceof RedfishError)) throw error;
    if (absence && error.retryable) absence.away = true;
    return { state: 'unknown', observed: `the controller is away: ${error.message}` };
  }
}

async function stateOf({ session, system }: ActContext) {
  const observed = await session.get(system.path);
  const manager = system.managerPath === null ? {} : await session.get(system.managerPath);
  return { power: text(observed.PowerState), managerReset: text(manager.LastResetTime) };
}

/** Starts the controller itself again; the host is not to notice. */
export const resetBmc: ActDefinition<ActParameters['reset-bmc']> = {
  parameters: z.strictObject({}),
  plan: async (context) => {
    const reset = (await context.probe.offer('manager'))?.reset ?? null;
    if (reset === null) return notDone('the controller offers no way to start it again');
    const { target, values } = reset;
    const type = resetTypes.find((one) => values.length === 0 || values.includes(one));
    if (type === undefined) return notDone(`the controller offers no fitting reset type of ${values.join(', ')}`);
    return {
      command: { reset: type, at: target },
      before: await beforeRestart(context),
      send: async () => {
        await context.session.write('POST', target, { ResetType: type });
        return { taken: true };
      },
    };
  },
  observe: observeRestart,
  watch: restartWatch,
  follow: restartFollow,
};
