import { z } from 'zod';
import type { ActParameters } from '../../../contract/hardware.ts';
import { bootNetworkOnce, planNetworkBoot } from '../boot.ts';
import { RedfishError } from '../errors.ts';
import { isPlan, type Kind, notDone } from './kind.ts';
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
        await unlessNow(scene, () => bootNetworkOnce(session, boot)).catch(withoutReset);
        return reset.send();
      },
    };
  },
  observe: observeStarting,
  watch: restart.watch,
};

/** Whatever became of the boot setting: the reset that it was for has not been sent. */
function withoutReset(error: unknown): never {
  if (!(error instanceof RedfishError)) throw error;
  const { kind, message, status } = error;
  throw new RedfishError(kind, `${message}; no reset was sent`, { status, carriedOut: 'no' });
}
