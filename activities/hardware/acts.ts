import { Context } from '@temporalio/activity';
import type { Act, ActResult } from '../../contract/birth.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { type Controller, markSent, settleIntent, writeIntent } from '../../mdb/controller.ts';
import { bootNetworkOnce, planNetworkBoot } from '../redfish/boot.ts';
import { RedfishError } from '../redfish/errors.ts';
import type { Session } from '../redfish/session.ts';
import { chooseReset, readBios, type SystemReading, sendReset, setBios } from '../redfish/system.ts';
import { type Before, effectShown, type Shown, shownBy } from './effect.ts';

/** How long the effect of a command is looked for right after it: a power edge shows within seconds. */
const watchFor = 30_000;
const watchEvery = 1000;
/** Quirks 31 and 41: a change of power shortly after another, or a boot setting during POST, is refused for a while. */
const notNowTries = 12;
const notNowEvery = 5000;

/** One act on one controller, whose machine was found to be the one meant. */
export interface Scene {
  readonly mdb: Mdb;
  readonly act: Act;
  readonly controller: Controller;
  readonly session: Session;
  readonly system: SystemReading;
}

type Plan = { readonly command: Record<string, unknown>; readonly send: () => Promise<void> };

/** Gives the command once: plan, intent, one sending, observation. */
export async function command(scene: Scene): Promise<ActResult> {
  const { mdb, act, system } = scene;
  const plan = await planOf(scene);
  if ('observed' in plan) return plan;
  const before: Before = { ...shownBy(system) };
  const { intentId: id, machineId, orderId, kind, fence } = act;
  const written = await writeIntent(mdb, { id, machineId, orderId, kind, command: plan.command, fence, before });
  if (written === 'stale') return { state: 'not_done', observed: 'a newer order holds this machine; nothing was sent' };
  if (written === 'exists' || !(await markSent(mdb, id)))
    return { state: 'unknown', observed: 'the command was given to an earlier worker' };
  try {
    await plan.send();
  } catch (error) {
    if (error instanceof RedfishError && error.carriedOut === 'no') return notDone(scene, before, error);
    throw error;
  }
  return watch(scene, before);
}

/**
 * A controller that certainly did nothing: a success where what was wanted is so already (quirk 29), else not done, in
 * the vendor's words.
 */
async function notDone(scene: Scene, before: Before, error: RedfishError): Promise<ActResult> {
  const { mdb, act, session, system } = scene;
  const fresh = await session.get(system.path).then(shownOf, () => null);
  if (fresh !== null) {
    const seen = await observe(scene, before, fresh).catch(() => null);
    if (seen?.state === 'done') return seen;
  }
  await settleIntent(mdb, act.intentId, 'not_done', { reason: error.message });
  return { state: 'not_done', observed: error.message };
}

async function planOf(scene: Scene): Promise<Plan | ActResult> {
  const { act, session, system } = scene;
  if (act.kind === 'set-bios') return planBios(scene);
  const type = chooseReset(system.power === 'Off' ? 'on' : 'restart', system.resetTypes);
  if (type === null)
    return {
      state: 'not_done',
      observed: `the controller offers no fitting reset type of ${system.resetTypes.join(', ')}`,
    };
  const reset = () => unlessNow(() => sendReset(session, system, type));
  if (act.kind === 'restart') return { command: { reset: type, boot: 'as set' }, send: reset };
  const boot = await planNetworkBoot(session, system);
  if (boot === null) return { state: 'not_done', observed: 'the controller offers no boot from the network' };
  return {
    command: { reset: type, boot: boot.boot, at: boot.path },
    send: async () => {
      await unlessNow(() => bootNetworkOnce(session, boot)).catch(withoutReset);
      await reset();
    },
  };
}

async function planBios({ controller, session, system }: Scene): Promise<Plan | ActResult> {
  const bios = await readBios(session, system);
  const settingsPath = bios?.settingsPath;
  if (!settingsPath) return { state: 'not_done', observed: 'the controller offers no way to set the BIOS' };
  const attributes = controller.bios ?? {};
  return {
    command: { attributes },
    send: () => unlessNow(() => setBios(session, { ...bios, settingsPath }, attributes)),
  };
}

/** Whatever became of the boot setting: the reset that it was for has not been sent. */
function withoutReset(error: unknown): never {
  if (!(error instanceof RedfishError)) throw error;
  const { kind, message, status } = error;
  throw new RedfishError(kind, `${message}; no reset was sent`, { status, carriedOut: 'no' });
}

/** Sends, and sends again only what the controller refused because of the moment. */
async function unlessNow(send: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const refused = error instanceof RedfishError && error.kind === 'not-now' && error.carriedOut === 'no';
      if (!refused || attempt >= notNowTries) throw error;
      await Context.current().sleep(notNowEvery);
    }
  }
}

/** Looks at the effect for a while; what has not shown by then stays unknown, for `settle` to find out. */
async function watch(scene: Scene, before: Before): Promise<ActResult> {
  const until = Date.now() + watchFor;
  for (let shown = shownBy(scene.system); ; ) {
    const seen = await observe(scene, before, shown);
    if (seen.state === 'done' || Date.now() > until) return seen;
    await Context.current().sleep(watchEvery);
    shown = shownOf(await scene.session.get(scene.system.path));
  }
}

function shownOf(system: Readonly<Record<string, unknown>>): Shown {
  const progress = system.BootProgress as Readonly<Record<string, unknown>> | undefined;
  return {
    power: asText(system.PowerState),
    lastReset: asText(system.LastResetTime),
    bootProgress: asText(progress?.LastState),
  };
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Done is an observed effect: a power edge, a later reset time, the pending settings (S: "Acting on hardware"). */
export async function observe(scene: Scene, before: Before, shown: Shown): Promise<ActResult> {
  const words = `power ${shown.power ?? '?'}, last reset ${shown.lastReset ?? '?'}`;
  const effect = scene.act.kind === 'set-bios' ? await pendingSet(scene) : effectShown(before, shown);
  if (!effect) return { state: 'unknown', observed: `no effect seen: ${words}` };
  await settleIntent(scene.mdb, scene.act.intentId, 'done', { ...shown });
  return { state: 'done', observed: words };
}

async function pendingSet({ controller, session, system }: Scene): Promise<boolean> {
  const bios = await readBios(session, system);
  if (!bios?.settingsPath) return false;
  const pending = await session.get(bios.settingsPath);
  const attributes = (pending.Attributes ?? {}) as Record<string, unknown>;
  return Object.entries(controller.bios ?? {}).every(
    ([name, value]) => attributes[name] === value || bios.attributes[name] === value,
  );
}
