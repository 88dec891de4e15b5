import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Act, ActResult, ControllerResult, Errand } from '../../contract/birth.ts';
import type { Mdb } from '../../mdb/connect.ts';
import {
  type Controller,
  controllerOf,
  intentOf,
  markSent,
  noteController,
  settleIntent,
  writeIntent,
} from '../../mdb/controller.ts';
import { RedfishError } from '../redfish/errors.ts';
import type { Session } from '../redfish/session.ts';
import {
  bootNetworkOnce,
  chooseReset,
  differingAttributes,
  readBios,
  readManager,
  type SystemReading,
  sendReset,
} from '../redfish/system.ts';
import { HeldError, reach } from './reach.ts';
import type { SecretStore } from './secrets.ts';

/** How long the effect of a command is looked for right after it: a power edge shows within seconds. */
const watchFor = 30_000;
const watchEvery = 1000;
/** A third of the heartbeat timeout of `workflows/proxies.ts`. */
const heartbeatEvery = 10_000;

type Before = Record<string, unknown> & { power: string | null; lastReset: string | null };

/** Work on controllers: reads that may be repeated, and acts of which each is sent once. */
export function createHardwareActivities(mdb: Mdb, secrets: SecretStore) {
  return heartbeating({
    /** Reads the controller: is it the right machine's, and are its BIOS settings those of the profile. */
    async checkController(errand: Errand): Promise<ControllerResult> {
      const controller = await controllerOf(mdb, errand.machineId);
      if (controller === null) return { state: 'none', differing: [] };
      return holding(async () =>
        reach(mdb, secrets, controller, async (session, system) => {
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
        return await reach(mdb, secrets, controller, (session, system) =>
          command(mdb, act, controller, session, system),
        );
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
        return await reach(mdb, secrets, controller, (session, system) =>
          observe(mdb, act, controller, session, system, intent.before as Before),
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

async function command(
  mdb: Mdb,
  act: Act,
  controller: Controller,
  session: Session,
  system: SystemReading,
): Promise<ActResult> {
  const plan = await planOf(act, controller, session, system);
  if ('observed' in plan) return plan;
  const before: Before = { power: system.power, lastReset: system.lastReset };
  const { id, machineId, orderId } = { ...act, id: act.intentId };
  const written = await writeIntent(mdb, {
    id,
    machineId,
    orderId,
    kind: act.kind,
    command: plan.command,
    fence: act.fence,
    before,
  });
  if (written === 'stale') return { state: 'not_done', observed: 'a newer order holds this machine; nothing was sent' };
  if (written === 'exists' || !(await markSent(mdb, id)))
    return { state: 'unknown', observed: 'the command was given to an earlier worker' };
  await plan.send();
  return watch(mdb, act, controller, session, system, before);
}

type Plan = { readonly command: Record<string, unknown>; readonly send: () => Promise<void> };

async function planOf(
  act: Act,
  controller: Controller,
  session: Session,
  system: SystemReading,
): Promise<Plan | ActResult> {
  if (act.kind === 'set-bios') {
    const bios = await readBios(session, system);
    const path = bios?.settingsPath;
    if (!path) return { state: 'not_done', observed: 'the controller offers no way to set the BIOS' };
    const attributes = controller.bios ?? {};
    return {
      command: { attributes },
      send: async () => void (await session.write('PATCH', path, { Attributes: attributes })),
    };
  }
  const type = chooseReset(system.power === 'Off' ? 'on' : 'restart', system.resetTypes);
  if (type === null)
    return {
      state: 'not_done',
      observed: `the controller offers no fitting reset type of ${system.resetTypes.join(', ')}`,
    };
  return {
    command: { reset: type, boot: act.kind === 'boot-network' ? 'Pxe once' : 'as set' },
    send: async () => {
      if (act.kind === 'boot-network') await bootNetworkOnce(session, system);
      await sendReset(session, system, type);
    },
  };
}

/** Looks at the effect for a while; what has not shown by then stays unknown, for `settle` to find out. */
async function watch(
  mdb: Mdb,
  act: Act,
  controller: Controller,
  session: Session,
  first: SystemReading,
  before: Before,
): Promise<ActResult> {
  const until = Date.now() + watchFor;
  let system = first;
  for (;;) {
    const seen = await observe(mdb, act, controller, session, system, before);
    if (seen.state === 'done' || Date.now() > until) return seen;
    await Context.current().sleep(watchEvery);
    const fresh = await session.get(system.path);
    system = { ...system, power: asText(fresh.PowerState), lastReset: asText(fresh.LastResetTime) };
  }
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Done is an observed effect: a power edge, a later reset time, the pending settings (S: "Acting on hardware"). */
async function observe(
  mdb: Mdb,
  act: Act,
  controller: Controller,
  session: Session,
  system: SystemReading,
  before: Before,
): Promise<ActResult> {
  const shown = { power: system.power, lastReset: system.lastReset };
  const effect = act.kind === 'set-bios' ? await pendingSet(controller, session, system) : powerEdge(before, shown);
  if (!effect)
    return {
      state: 'unknown',
      observed: `no effect seen: power ${shown.power ?? '?'}, last reset ${shown.lastReset ?? '?'}`,
    };
  await settleIntent(mdb, act.intentId, 'done', shown);
  return { state: 'done', observed: `power ${shown.power ?? '?'}, last reset ${shown.lastReset ?? '?'}` };
}

function powerEdge(before: Before, shown: { power: string | null; lastReset: string | null }): boolean {
  if (before.power === 'Off') return shown.power === 'On' || shown.power === 'PoweringOn';
  return shown.power === 'On' && shown.lastReset !== null && shown.lastReset !== before.lastReset;
}

async function pendingSet(controller: Controller, session: Session, system: SystemReading): Promise<boolean> {
  const bios = await readBios(session, system);
  if (!bios?.settingsPath) return false;
  const pending = await session.get(bios.settingsPath);
  const attributes = (pending.Attributes ?? {}) as Record<string, unknown>;
  return Object.entries(controller.bios ?? {}).every(
    ([name, value]) => attributes[name] === value || bios.attributes[name] === value,
  );
}
