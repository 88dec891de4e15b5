import { z } from 'zod';
import type { ActParameters } from '../../../contract/hardware.ts';
import { readBios, setBios as send } from '../bios.ts';
import { part } from '../links.ts';
import { type Kind, notDone, type Scene, type Sent } from './kind.ts';
import { unlessNow } from './moment.ts';

/** Pending settings are listed at once, where they are listed at all. */
const watch = { for: 30_000, every: 1000 };

/** Makes settings pending. They are in force after a restart, if at all: only a later reading tells. */
export const setBios: Kind<ActParameters['set-bios']> = {
  parameters: z.strictObject({
    attributes: z.record(z.string().max(256), z.union([z.string().max(4096), z.number(), z.boolean()])).exactOptional(),
  }),
  plan: async (scene, { attributes = {} }) => {
    const { session, system } = scene;
    const bios = await readBios(session, system);
    const settingsPath = bios?.settingsPath;
    if (!settingsPath) return notDone('the controller offers no way to set the BIOS');
    return {
      command: { attributes },
      before: {},
      send: async () => {
        await unlessNow(scene, () => send(session, { ...bios, settingsPath }, attributes));
        return null;
      },
    };
  },
  observe: async (scene, sent) =>
    (await isSet(scene, sent))
      ? { state: 'done', observed: 'the settings are pending or in force' }
      : { state: 'unknown', observed: 'the settings are neither pending nor in force' },
  watch,
};

async function isSet({ session, system }: Scene, { command }: Sent): Promise<boolean> {
  const bios = await readBios(session, system);
  if (!bios?.settingsPath) return false;
  const pending = part(await session.get(bios.settingsPath), 'Attributes');
  return Object.entries(part(command, 'attributes')).every(
    ([name, value]) => pending[name] === value || bios.attributes[name] === value,
  );
}
