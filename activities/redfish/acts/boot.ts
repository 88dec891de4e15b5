import { z } from 'zod';
import type { ActParameters } from '../../../contract/hardware.ts';
import { type BootPlan, type BootTarget, planBoot, planNetworkBoot, writeBoot } from '../boot.ts';
import { planOrder } from '../bootorder.ts';
import { RedfishError } from '../errors.ts';
import { holds } from '../etag.ts';
import { part, text } from '../links.ts';
import type { Json } from '../transport.ts';
import { isPlan, type Kind, notDone, type Scene } from './kind.ts';
import { unlessNow } from './moment.ts';
import { observeStarting, planStart, restart } from './power.ts';

/** The network at the next start, and that start at once. */
export const bootNetwork: Kind<ActParameters['boot-network']> = {
  parameters: z.strictObject({}),
  plan: async (scene) => {
    const { session, system } = scene;
    const reset = planStart(scene);
    if (!isPlan(reset)) return reset;
    const boot = await planNetworkBoot(session, system);
    if (boot === null) return notDone('the controller offers no boot from the network');
    return {
      ...reset,
      command: { ...reset.command, boot: boot.boot, at: boot.path },
      send: async () => {
        await unlessNow(scene, () => writeBoot(session, boot)).catch(withoutReset);
        return reset.send();
      },
    };
  },
  observe: observeStarting,
  watch: restart.watch,
};

/** An override of what is booted from, without a start. */
export const setBoot: Kind<ActParameters['set-boot']> = {
  parameters: z.strictObject({
    target: z.enum(['network', 'pxe', 'http', 'disk', 'cd', 'usb', 'bios', 'none']),
    how: z.enum(['once', 'always']).exactOptional(),
    uri: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .exactOptional(),
  }),
  plan: async (scene, { target, how = 'once', uri }) => {
    const { session, system } = scene;
    const enabled = target === 'none' ? 'Disabled' : how === 'once' ? 'Once' : 'Continuous';
    const override = await planBoot(session, system, { target, enabled, ...(uri !== undefined && { uri }) });
    // Some override the boot once only: what stays is the firmware's own order (quirk 42).
    const order = typeof override === 'string' && enabled === 'Continuous' ? await orderOf(scene, target) : null;
    const planned = order ?? override;
    if (typeof planned === 'string') return notDone(planned);
    const { boot, path } = planned;
    const current = order === null ? {} : part(await session.get(path), 'Boot');
    if (Object.keys(boot).length === 0 || (order !== null && holds(current, boot)))
      return { state: 'done', observed: 'it is set so already; nothing was sent' };
    return {
      command: { boot, at: path },
      before: {},
      send: async () => {
        await unlessNow(scene, () => writeBoot(session, planned));
        return null;
      },
    };
  },
  observe: async ({ session }, { command }) => {
    const shown = part(await session.get(String(command.at)), 'Boot');
    const order = Array.isArray(shown.BootOrder) ? `, order ${shown.BootOrder.join(' ')}` : '';
    const words = `boot from ${text(shown.BootSourceOverrideTarget) ?? '?'}, ${text(shown.BootSourceOverrideEnabled) ?? '?'}${order}`;
    return isSet(shown, part(command, 'boot'))
      ? { state: 'done', observed: words }
      : { state: 'unknown', observed: `not seen to be set: ${words}` };
  },
  watch: { for: 15_000, every: 1000 },
};

async function orderOf({ probe, session }: Scene, target: BootTarget): Promise<BootPlan | null> {
  return planOrder(session, await probe.offer('boot'), target);
}

/** What is switched off may go on to name a target, or not. */
function isSet(shown: Json, { BootSourceOverrideTarget: target, ...others }: Json): boolean {
  const off = others.BootSourceOverrideEnabled === 'Disabled';
  return holds(shown, off || target === undefined ? others : { ...others, BootSourceOverrideTarget: target });
}

/** Whatever became of the boot setting: the reset that it was for has not been sent. */
function withoutReset(error: unknown): never {
  if (!(error instanceof RedfishError)) throw error;
  const { kind, message, status } = error;
  throw new RedfishError(kind, `${message}; no reset was sent`, { status, carriedOut: 'no' });
}
