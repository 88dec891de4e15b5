import { z } from 'zod';
import type { ActParameters } from '../../../contract/hardware.ts';
import { type Before, effectShown, readShown, type Shown, shownBy } from '../effect.ts';
import { chooseReset, type PowerWish, sendReset } from '../power.ts';
import { isPlan, type Kind, notDone, type Plan, type Scene, type Seen, type Sent } from './kind.ts';
import { unlessNow } from './moment.ts';

const nothing = z.strictObject({});
/** A power edge shows within seconds; what has not shown by then is for `settle` to find out. */
const watch = { for: 30_000, every: 1000 };
/** Supplies want a moment without power before they are asked for it again (quirk 32 asks for 10 s). */
const offFor = 10_000;
/** What operating systems are commonly given to shut down; less than an activity's own limit. */
const shutdownPatience = 120_000;

/** Plans one reset; not done where the controller offers no fitting type. */
export function planReset(scene: Scene, wish: PowerWish): Plan | Seen {
  const { session, system } = scene;
  const type = chooseReset(wish, system.resetTypes);
  if (type === null) return unfitting(scene);
  return {
    command: { reset: type },
    before: { ...shownBy(system) },
    send: async () => {
      await unlessNow(scene, () => sendReset(session, system, type));
      return null;
    },
  };
}

function unfitting({ system }: Scene): Seen {
  return notDone(`the controller offers no fitting reset type of ${system.resetTypes.join(', ')}`);
}

function words({ power, lastReset }: Shown): string {
  return `power ${power ?? '?'}, last reset ${lastReset ?? '?'}`;
}

function seen(effect: boolean, shown: Shown): Seen {
  if (!effect) return { state: 'unknown', observed: `no effect seen: ${words(shown)}` };
  return { state: 'done', observed: words(shown), facts: { ...shown } };
}

/** Looks for a start: a power edge, a later reset time, an earlier stage of it. */
export async function observeStart({ session, system }: Scene, { before }: Sent): Promise<Seen> {
  const shown = await readShown(session, system);
  return seen(effectShown(before as Before, shown), shown);
}

/** Plans a start of the host: on if it is off, else the way of restarting that its model stands. */
export function planStart(scene: Scene): Plan | Seen {
  if (scene.system.power === 'Off') return planReset(scene, 'on');
  return scene.system.quirks.restart === 'off-then-on' ? planOffAndOn(scene) : planReset(scene, 'restart');
}

function planOffAndOn(scene: Scene): Plan | Seen {
  const off = planReset(scene, 'off');
  return isPlan(off) ? { ...off, next: { kind: 'power-on', parameters: {}, after: offFor } } : off;
}

/** Looks for the start, or for the first half of one that takes two commands. */
export async function observeStarting(scene: Scene, sent: Sent): Promise<Seen> {
  return sent.command.next === undefined ? observeStart(scene, sent) : powerOff.observe(scene, sent);
}

export const restart: Kind<ActParameters['restart']> = {
  parameters: nothing,
  plan: async (scene) => planStart(scene),
  observe: observeStarting,
  watch,
};

export const powerOn: Kind<ActParameters['power-on']> = {
  parameters: nothing,
  plan: async (scene) =>
    scene.system.power === 'On'
      ? { state: 'done', observed: 'it is on already; nothing was sent' }
      : planReset(scene, 'on'),
  observe: async ({ session, system }) => {
    const shown = await readShown(session, system);
    return seen(shown.power === 'On' || shown.power === 'PoweringOn', shown);
  },
  watch,
};

/** Asks the operating system first, and cuts the power once it had its time: the declared fallback. */
export const powerOff: Kind<ActParameters['power-off']> = {
  parameters: z.strictObject({
    how: z.enum(['graceful', 'forced', 'graceful-only']).exactOptional(),
    patience: z.int().min(1000).max(180_000).exactOptional(),
  }),
  plan: async (scene, { how = 'graceful', patience = shutdownPatience }) => {
    if (scene.system.power === 'Off') return { state: 'done', observed: 'it is off already; nothing was sent' };
    if (how === 'forced') return planReset(scene, 'off');
    const asked = planReset(scene, 'shutdown');
    if (!('send' in asked)) return how === 'graceful' ? planReset(scene, 'off') : asked;
    const forced = { kind: 'power-off', parameters: { how: 'forced' }, after: 0 } as const;
    return {
      ...asked,
      watchFor: patience,
      ...(how === 'graceful' && { otherwise: forced }),
    };
  },
  observe: async ({ session, system }) => {
    const shown = await readShown(session, system);
    return seen(shown.power === 'Off', shown);
  },
  watch,
};

/** One command where the controller has one that does it, otherwise off and on. */
export const powerCycle: Kind<ActParameters['power-cycle']> = {
  parameters: nothing,
  plan: async (scene) => {
    if (scene.system.power === 'Off') return notDone('it is off: there is no power to cycle; nothing was sent');
    if (chooseReset('cycle', scene.system.resetTypes) !== null) return planReset(scene, 'cycle');
    return planOffAndOn(scene);
  },
  observe: observeStarting,
  watch,
};
