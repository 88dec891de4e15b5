import { z } from 'zod';
import type { ActParameters } from '../../domain/acts.ts';
import { readSecureBoot } from '../secureboot.ts';
import { type ActDefinition, notDone } from './definition.ts';
import { unlessNow } from './moment.ts';

const none = 'the controller offers no Secure Boot settings';
/** Quirk 53: the resource may answer 500 while it changes. */
const watch = { totalMs: 120_000, intervalMs: 3000 };

/** Turns Secure Boot on or off from the next start on; whether it then is, only a reading after that start tells. */
export const secureBoot: ActDefinition<ActParameters['secure-boot']> = {
  parameters: z.strictObject({ enabled: z.boolean() }),
  plan: async (context, { enabled }) => {
    const offer = await context.probe.offer('secureBoot');
    if (offer === null) return notDone(none);
    const observed = await readSecureBoot(context.session, offer.path);
    if (observed.enabled === enabled)
      return observed.inForce === enabled
        ? { state: 'done', observed: 'it is so, and in force' }
        : { state: 'done', observed: 'it is set so already, and not in force before a restart', waitsFor: 'restart' };
    if (enabled && observed.mode === 'SetupMode')
      return notDone('it has no keys (SetupMode): reset them to their defaults first, and restart the machine');
    return {
      command: { at: offer.path, enabled },
      before: { ...observed },
      send: async () => {
        await unlessNow(context, () => context.session.write('PATCH', offer.path, { SecureBootEnable: enabled }));
        return null;
      },
    };
  },
  observe: async ({ session }, { command }) => {
    const observed = await readSecureBoot(session, String(command.at));
    return observed.enabled === command.enabled
      ? {
          state: 'done',
          observed: 'it is set so, from the next start on',
          facts: { ...observed },
          ...(observed.inForce !== command.enabled && { waitsFor: 'restart' as const }),
        }
      : { state: 'unknown', observed: 'it is not shown as set' };
  },
  watch,
};

/** The mode in which each leaves the machine, by UEFI 2.10, 32.3: without a platform key it is in setup mode. */
const modes: Readonly<Record<string, readonly string[]>> = {
  ResetAllKeysToDefault: ['UserMode', 'DeployedMode'],
  DeleteAllKeys: ['SetupMode'],
  DeletePK: ['SetupMode'],
};

/** Puts the keys of Secure Boot back to the maker's, or takes them away; shown by its mode, on some after a restart. */
export const secureBootKeys: ActDefinition<ActParameters['secure-boot-keys']> = {
  parameters: z.strictObject({ reset: z.enum(['ResetAllKeysToDefault', 'DeleteAllKeys', 'DeletePK']) }),
  plan: async (context, { reset }) => {
    const offer = await context.probe.offer('secureBoot');
    if (offer === null) return notDone(none);
    const { resetKeys } = offer;
    if (resetKeys === null) return notDone('the controller offers no reset of the keys');
    // Listed inline on few (quirk 53): what is not listed anywhere is left to the controller to refuse.
    if (resetKeys.values.length > 0 && !resetKeys.values.includes(reset))
      return notDone(`the controller offers ${resetKeys.values.join(', ')}, and not ${reset}`);
    return {
      command: { at: resetKeys.target, path: offer.path, reset },
      before: { ...(await readSecureBoot(context.session, offer.path)) },
      send: async () => {
        await unlessNow(context, () => context.session.write('POST', resetKeys.target, { ResetKeysType: reset }));
        return null;
      },
    };
  },
  observe: async ({ session }, { command, before }) => {
    const observed = await readSecureBoot(session, String(command.path));
    const fits = observed.mode !== null && modes[String(command.reset)]?.includes(observed.mode) === true;
    if (fits && observed.mode !== before.mode)
      return {
        state: 'done',
        observed: `its mode is ${observed.mode}, was ${before.mode ?? '?'}`,
        facts: { ...observed },
      };
    const words = fits ? 'as before, which does not tell' : 'not what this leads to: it may take a restart';
    return { state: 'unknown', observed: `its mode is ${observed.mode ?? '?'}, ${words}` };
  },
  watch: { totalMs: 30_000, intervalMs: 3000 },
};
