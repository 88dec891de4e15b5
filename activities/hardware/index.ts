import { ApplicationFailure, Context } from '@temporalio/activity';
import type { ControllerResult } from '../../contract/birth.ts';
import type { BoardLook, BoardObservation } from '../../contract/board.ts';
import type { Act, ActResult } from '../../contract/hardware.ts';
import type { HealthInput } from '../../contract/outage.ts';
import type { OrderReference } from '../../contract/passage.ts';
import type { Health } from '../../domain/health.ts';
import { judgeHealth } from '../../domain/health.ts';
import { bootedSince, bootsToCome } from '../../mdb/boot/witness.ts';
import { openClaims } from '../../mdb/claim.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { type ControllerRow, controllerOf, intentOf, noteController } from '../../mdb/controllers/controller.ts';
import { archivedLog } from '../../mdb/controllers/logs.ts';
import { bootedLocallySince } from '../../mdb/orders/passage.ts';
import type { ActClock } from '../../redfish/acts/definition.ts';
import type { ImageSource } from '../../redfish/acts/firmware.ts';
import { differingAttributes, openBiosJob, readBios } from '../../redfish/bios.ts';
import { isStarting } from '../../redfish/effect.ts';
import { RedfishError } from '../../redfish/errors.ts';
import type { SessionPool } from '../../redfish/pool.ts';
import type { Probe } from '../../redfish/probe.ts';
import type { SecretStore } from '../../redfish/secrets.ts';
import type { Session } from '../../redfish/session.ts';
import type { SystemReading } from '../../redfish/system.ts';
import { createBoardLook } from './board.ts';
import { type CommandContext, command, findOut, type LookAt, observeCommand } from './command.ts';
import { untilTimeout } from './follow.ts';
import { noImages } from './images.ts';
import { createPasswordAct } from './passwords.ts';
import { createReach, QuestionError } from './reach.ts';

/** As on the clock; a wait ends with its activity. */
const realClock: ActClock = {
  wait: (milliseconds) => Context.current().sleep(milliseconds),
  since: (time) => Date.now() - time,
};

/**
 * Work on controllers: reads that may be repeated, and acts of which each is sent once. Whoever opened the pool closes
 * it at the end, which deletes the sessions.
 */
export function createHardwareActivities(
  mdb: Mdb,
  secrets: SecretStore,
  pool: SessionPool,
  { clock = realClock, images = noImages }: { readonly clock?: ActClock; readonly images?: ImageSource } = {},
) {
  const claims = openClaims(mdb.$client);
  const reach = createReach(mdb, secrets, pool, claims);
  const passwords = createPasswordAct(mdb, secrets, claims, clock);
  const lookAtBoard = createBoardLook(mdb, secrets, pool, claims);
  const context =
    (act: Act, controller: ControllerRow) =>
    (session: Session, system: SystemReading, probe: Probe): CommandContext => ({
      mdb,
      act,
      order: act,
      controller,
      archive: (log) => archivedLog(mdb, act.machineId, log),
      boots: {
        now: () => bootsToCome(mdb, act.machineId, act.intentId),
        since: (at) => bootedSince(mdb, act.machineId, at),
      },
      firmware: controller.firmware,
      credentials: secrets.credentials,
      session,
      system,
      probe,
      clock,
      images,
    });
  return {
    /**
     * Reads the controller: is it the right machine's, and are its BIOS settings in force those that are wanted, of the
     * profile if absent.
     */
    async checkController(order: OrderReference & { bios?: Wanted }): Promise<ControllerResult> {
      const controller = await controllerOf(mdb, order.machineId);
      if (controller === null) return { state: 'none', differing: [] };
      return holding(async () =>
        reach(controller, async (session, system, probe) => {
          await noteController(mdb, order.machineId, {
            vendor: system.vendor,
            firmwareVersion: probe.basis.firmware,
          });
          const wanted = order.bios ?? controller.bios ?? {};
          const bios = Object.keys(wanted).length === 0 ? null : await readBios(session, probe);
          const differing = differingAttributes(wanted, bios);
          // Some show what a job is to set as if it were in force: it is, once no such job is open.
          const job = bios !== null && differing.length === 0 ? await openBiosJob(session, probe) : null;
          if (job !== null) return { state: 'differ', differing: Object.keys(wanted).sort(), job } as const;
          return { state: differing.length === 0 ? 'match' : 'differ', differing } as const;
        }),
      );
    },

    /** Whether the machine runs its system, as its controller and the birther's counts tell. */
    async checkHealth({ machineId, since }: HealthInput): Promise<Health> {
      const bootedLocally = since === null ? null : await bootedLocallySince(mdb, machineId, new Date(since));
      const controller = await controllerOf(mdb, machineId);
      const silent = { power: null, bootProgress: null, health: null, bootedLocally, controller: false };
      if (controller === null) return judgeHealth(silent);
      try {
        return await reach(controller, async (session, system) => {
          const { Status: status } = (await session.get(system.path)) as { Status?: Record<string, unknown> };
          const health = status?.HealthRollup ?? status?.Health;
          const { power, bootProgress, lastReset, witnesses } = system;
          const overall = typeof health === 'string' ? health : null;
          const judged = judgeHealth({
            power,
            bootProgress,
            ...(witnesses.postState && {
              post: { state: witnesses.postState, starting: isStarting({ postState: witnesses.postState }) },
            }),
            health: overall,
            bootedLocally,
            controller: true,
          });
          return { ...judged, ...(lastReset !== null && { reset: lastReset }) };
        });
      } catch (error) {
        if (error instanceof QuestionError) return shutOutOf(await controllerOf(mdb, machineId), error.message);
        throw retryable(error);
      }
    },

    /** Whether another board is in the machine; reads past a quarantine, and changes nothing. */
    async lookAtBoard(request: BoardLook): Promise<BoardObservation> {
      try {
        return await lookAtBoard(request);
      } catch (error) {
        throw retryable(error);
      }
    },

    /** Acts once: intent, identity, one command, observation. A repeated call finds the intent and sends nothing. */
    async act(act: Act): Promise<ActResult> {
      const controller = await controllerOf(mdb, act.machineId);
      if (controller === null) return { state: 'not_done', observed: 'no controller is known; nothing was sent' };
      const known = act.dryRun ? null : await intentOf(mdb, act.intentId);
      if (known) return { state: 'unknown', observed: 'the command was given to an earlier worker' };
      try {
        if (act.kind === 'rotate-password') return await passwords.rotate(act, controller);
        return await reach(controller, (...met) => command(context(act, controller)(...met)));
      } catch (error) {
        return refused(error, await intentOf(mdb, act.intentId));
      }
    },

    /** Looks for the effect of an act whose outcome is not known; never sends it again. */
    async settle(act: Act): Promise<ActResult> {
      const controller = await controllerOf(mdb, act.machineId);
      if (controller === null) return { state: 'unknown', observed: 'the controller is no longer known' };
      const lookAt: LookAt = (one, sent) =>
        reach(controller, (...met) => observeCommand(context(one, controller)(...met), sent));
      try {
        if (act.kind === 'rotate-password') return await passwords.settle(act, controller);
        return await findOut(mdb, act, untilTimeout(mdb, clock, lookAt));
      } catch (error) {
        if (error instanceof QuestionError)
          return { state: 'unknown', observed: error.message, refused: error.question };
        throw retryable(error);
      }
    },
  };
}

/** What a controller that is held tells of its machine: nothing, and whether that is for another machine behind it. */
function shutOutOf(controller: ControllerRow | null, seen: string): Health {
  const { quarantineFor: why = null } = controller ?? {};
  const shutOut = why === 'identity' || why === 'certificate' ? { shutOut: why } : {};
  return { up: false, healthy: false, seen, ...shutOut };
}

type Wanted = Readonly<Record<string, string | number | boolean>>;

export type HardwareActivities = ReturnType<typeof createHardwareActivities>;

async function holding<T>(work: () => Promise<T>): Promise<T | { question: QuestionError['question'] }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof QuestionError) return { question: error.question };
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
    ...(error instanceof QuestionError && { refused: error.question }),
  };
}
