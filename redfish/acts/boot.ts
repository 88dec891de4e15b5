import { z } from 'zod';
import type { ActParameters } from '../../domain/acts.ts';
import {
  type BootPlan,
  type BootTarget,
  confirmBoot,
  hasOnlyOrder,
  isSet,
  planBoot,
  planNetworkBoot,
  writeBoot,
} from '../boot.ts';
import { type OrderPlan, planOrder, readBootOrder, sameOrder } from '../bootorder.ts';
import { hasStarted, type Observed } from '../effect.ts';
import { RedfishError } from '../errors.ts';
import { part, text } from '../links.ts';
import {
  type ActContext,
  type ActDefinition,
  type ActPlan,
  type FollowUp,
  isPlan,
  notDone,
  type Observation,
  type Sent,
} from './definition.ts';
import { unlessNow } from './moment.ts';
import { followStart, gracefulRestart, observeStarting, planStart } from './power.ts';

/** The network at the next start, and that start at once. */
export const bootNetwork: ActDefinition<ActParameters['boot-network']> = {
  parameters: z.strictObject({}),
  plan: async (context) => {
    const { firmware, session, system } = context;
    const reset = await planStart(context);
    if (!isPlan(reset)) return reset;
    if (await hasOnlyOrder(session, system)) return planByOrder(context, reset);
    const boot = await planNetworkBoot(session, system, firmware);
    if (boot === null) return notDone('the controller offers no boot from the network');
    return bootThen(context, reset, boot);
  },
  observe: async (context, sent) =>
    sent.command.once === 'order' ? observeByOrder(context, sent) : observeStarting(context, sent),
  watch: gracefulRestart.watch,
  follow: (sent) => (sent.command.once === 'order' ? { totalMs: 840_000, intervalMs: 5000 } : followStart(sent)),
};

/** The boot setting first, and the reset only once the setting is seen: some answer with a success and drop it. */
function bootThen(context: ActContext, reset: ActPlan, boot: BootPlan): ActPlan {
  const { clock, session } = context;
  return {
    ...reset,
    command: { ...reset.command, boot: boot.boot, at: boot.path },
    send: async () => {
      await unlessNow(context, () => writeBoot(session, boot))
        .then((path) => confirmBoot(session, path, boot.boot, (milliseconds) => clock.wait(milliseconds)))
        .catch(withoutReset);
      return reset.send();
    },
  };
}

/** By the firmware's order, which stays until it is put back: that is owed from the moment it is written. */
async function planByOrder(context: ActContext, reset: ActPlan): Promise<ActPlan | Observation> {
  const order = await orderOf(context, 'network');
  if (order === null) return notDone('the controller overrides no boot, and has no boot from the network in its order');
  if (sameOrder(order.was, order.boot.BootOrder)) return reset;
  // Off first: its order is changed when nothing is left to do but to power it on.
  if (reset.next) return { ...reset, next: { ...reset.next, kind: 'boot-network' } };
  const parameters = { order: order.was, instead: order.boot.BootOrder };
  const next: FollowUp = { kind: 'boot-order', parameters, afterMs: 0, owed: true };
  const plan = bootThen(context, reset, order);
  return { ...plan, command: { ...plan.command, once: 'order' }, next };
}

/** Put back before firmware has read it, the order would be of no use: done is a start that came past that. */
async function observeByOrder(context: ActContext, sent: Sent): Promise<Observation> {
  const seen = await observeStarting(context, { ...sent, command: { ...sent.command, next: undefined } });
  if (seen.state !== 'done') return seen;
  const requested = typeof sent.before.bootsSince === 'string' && (await context.boots?.since(sent.before.bootsSince));
  if (requested === true || hasStarted((seen.facts ?? {}) as Partial<Observed>)) return seen;
  return { ...seen, state: 'unknown', observed: `it started, and has not come to boot yet: ${seen.observed}` };
}

/** Puts back the firmware's order, if it is still what it was changed to. */
export const bootOrder: ActDefinition<ActParameters['boot-order']> = {
  parameters: z.strictObject({
    order: z.array(z.string().max(256)).min(1).max(256),
    instead: z.array(z.string().max(256)).max(256),
  }),
  plan: async (context, { order, instead }) => {
    const { orderPath } = await context.probe.offer('boot');
    if (orderPath === null) return notDone('the controller shows no boot order');
    const now = await readBootOrder(context.session, orderPath);
    if (sameOrder(now, order)) return { state: 'done', observed: 'the boot order is as it was; nothing was sent' };
    if (!sameOrder(now, instead))
      return {
        state: 'done',
        observed: `somebody has changed the boot order meanwhile, and it stays: ${now.join(' ')}`,
      };
    const boot: BootPlan = { path: orderPath, boot: { BootOrder: order } };
    return {
      command: { boot: boot.boot, at: orderPath },
      before: {},
      send: async () => {
        await unlessNow(context, () => writeBoot(context.session, boot));
        return null;
      },
    };
  },
  observe: observeBoot,
  watch: { totalMs: 15_000, intervalMs: 1000 },
};

/** An override of what is booted from, without a start. */
export const setBoot: ActDefinition<ActParameters['set-boot']> = {
  parameters: z.strictObject({
    target: z.enum(['network', 'pxe', 'http', 'disk', 'cd', 'usb', 'bios', 'none']),
    how: z.enum(['once', 'always']).exactOptional(),
    uri: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .exactOptional(),
  }),
  plan: async (context, { target, how = 'once', uri }) => {
    const { firmware, session, system } = context;
    const enabled = target === 'none' ? 'Disabled' : how === 'once' ? 'Once' : 'Continuous';
    const only = await hasOnlyOrder(session, system);
    if (only && how === 'once') return notDone('the controller has a boot order only, and overrides no boot once');
    const override = only
      ? 'the controller overrides no boot'
      : await planBoot(session, system, { target, enabled, ...(uri !== undefined && { uri }) }, firmware);
    // Some override the boot once only: what stays is the firmware's own order (quirk 42).
    const order = typeof override === 'string' && enabled === 'Continuous' ? await orderOf(context, target) : null;
    const planned = order ?? override;
    if (typeof planned === 'string') return notDone(planned);
    const { boot, path } = planned;
    if (Object.keys(boot).length === 0 || (order !== null && sameOrder(order.was, order.boot.BootOrder)))
      return { state: 'done', observed: 'it is set so already; nothing was sent' };
    return {
      command: { boot, at: path },
      before: {},
      send: async () => ({ at: await unlessNow(context, () => writeBoot(session, planned)) }),
    };
  },
  observe: observeBoot,
  watch: { totalMs: 15_000, intervalMs: 1000 },
};

/** Reads back at the place that took it. */
async function observeBoot({ session }: ActContext, { answer, command }: Sent): Promise<Observation> {
  const observed = part(await session.get(String(answer?.at ?? command.at)), 'Boot');
  const order = Array.isArray(observed.BootOrder) ? `, order ${observed.BootOrder.join(' ')}` : '';
  const words = `boot from ${text(observed.BootSourceOverrideTarget) ?? '?'}, ${text(observed.BootSourceOverrideEnabled) ?? '?'}${order}`;
  return isSet(observed, part(command, 'boot'))
    ? { state: 'done', observed: words }
    : { state: 'unknown', observed: `not seen to be set: ${words}` };
}

async function orderOf({ probe, session, system }: ActContext, target: BootTarget): Promise<OrderPlan | null> {
  return planOrder(session, await probe.offer('boot'), target, system.path);
}

/** Whatever became of the boot setting: the reset that it was for has not been sent. */
function withoutReset(error: unknown): never {
  if (!(error instanceof RedfishError)) throw error;
  const { kind, message, status } = error;
  throw new RedfishError(kind, `${message}; no reset was sent`, { status, carriedOut: 'no' });
}
