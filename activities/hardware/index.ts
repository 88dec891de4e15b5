import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Act, ActResult, ControllerResult, Errand } from '../../contract/birth.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { controllerOf, intentOf, noteController, settleIntent } from '../../mdb/controller.ts';
import { RedfishError } from '../redfish/errors.ts';
import type { SessionPool } from '../redfish/pool.ts';
import { differingAttributes, readBios, readManager } from '../redfish/system.ts';
import { command, observe } from './acts.ts';
import { type Before, shownBy } from './effect.ts';
import { createReach, HeldError } from './reach.ts';
import type { SecretStore } from './secrets.ts';

/** A third of the heartbeat timeout of `workflows/proxies.ts`. */
const heartbeatEvery = 10_000;

/**
 * Work on controllers: reads that may be repeated, and acts of which each is sent once. Whoever opened the pool closes
 * it at the end, which deletes the sessions.
 */
export function createHardwareActivities(mdb: Mdb, secrets: SecretStore, pool: SessionPool) {
  const reach = createReach(mdb, secrets, pool);
  return heartbeating({
    /** Reads the controller: is it the right machine's, and are its BIOS settings those of the profile. */
    async checkController(errand: Errand): Promise<ControllerResult> {
      const controller = await controllerOf(mdb, errand.machineId);
      if (controller === null) return { state: 'none', differing: [] };
      return holding(async () =>
        reach(controller, async (session, system) => {
          const manager = await readManager(session, system);
          await noteController(mdb, errand.machineId, {
            vendor: system.vendor,
            firmwareVersion: manager?.firmwareVersion ?? null,
          });
          const wanted = controller.bios ?? {};
          const bios = Object.keys(wanted).length === 0 ? null : await readBios(session, system);
          const differing = differingAttributes(wanted, bios);
          return { state: differing.length === 0 ? 'match' : 'differ', differing } as const;
        }),
      );
    },

    /** Acts once: intent, identity, one command, observation. A repeated call finds the intent and sends nothing. */
    async act(act: Act): Promise<ActResult> {
      const controller = await controllerOf(mdb, act.machineId);
      if (controller === null) return { state: 'not_done', observed: 'no controller is known; nothing was sent' };
      const known = await intentOf(mdb, act.intentId);
      if (known) return { state: 'unknown', observed: 'the command was given to an earlier worker' };
      try {
        return await reach(controller, (session, system) => command({ mdb, act, controller, session, system }));
      } catch (error) {
        return refused(error, await intentOf(mdb, act.intentId));
      }
    },

    /** Looks for the effect of an act whose outcome is not known; never sends it again. */
    async settle(act: Act): Promise<ActResult> {
      const intent = await intentOf(mdb, act.intentId);
      if (intent === null) return { state: 'not_done', observed: 'no intent was written, so nothing was sent' };
      if (intent.state === 'written') {
        await settleIntent(mdb, act.intentId, 'not_done', { reason: 'the worker ended before it sent anything' });
        return { state: 'not_done', observed: 'the worker ended before it sent anything' };
      }
      if (intent.state === 'done' || intent.state === 'not_done')
        return { state: intent.state, observed: 'settled before' };
      const controller = await controllerOf(mdb, act.machineId);
      if (controller === null) return { state: 'unknown', observed: 'the controller is no longer known' };
      try {
        return await reach(controller, (session, system) =>
          observe({ mdb, act, controller, session, system }, intent.before as Before, shownBy(system)),
        );
      } catch (error) {
        if (error instanceof HeldError) return { state: 'unknown', observed: error.message, refused: error.held };
        throw retryable(error);
      }
    },
  });
}

type Activities = Record<string, (input: never) => Promise<unknown>>;

/** A controller may take a minute to answer; meanwhile the heartbeat tells that the worker lives. */
function heartbeating<A extends Activities>(activities: A): A {
  const beating = Object.entries(activities).map(([name, activity]) => [
    name,
    async (input: never) => {
      const context = Context.current();
      context.heartbeat();
      const beat = setInterval(() => context.heartbeat(), heartbeatEvery);
      try {
        return await activity(input);
      } finally {
        clearInterval(beat);
      }
    },
  ]);
  return Object.fromEntries(beating) as A;
}

export type HardwareActivities = ReturnType<typeof createHardwareActivities>;

async function holding<T>(work: () => Promise<T>): Promise<T | { held: HeldError['held'] }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HeldError) return { held: error.held };
    throw retryable(error);
  }
}

/** The one place where a controller's errors become Temporal's: by kind, never by text. */
function retryable(error: unknown): unknown {
  if (!(error instanceof RedfishError)) return error;
  return ApplicationFailure.create({
    message: error.message,
    type: `redfish/${error.kind}`,
    nonRetryable: !error.retryable,
  });
}

function refused(error: unknown, intent: Awaited<ReturnType<typeof intentOf>>): ActResult {
  const observed = error instanceof Error ? error.message : String(error);
  const sent = intent !== null && intent.state !== 'written';
  return {
    state: sent ? 'unknown' : 'not_done',
    observed,
    ...(error instanceof HeldError && { refused: error.held }),
  };
}
