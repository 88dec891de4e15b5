import type { OrderReference } from '../../contract/passage.ts';
import type { ActKind, ActParameters } from '../../domain/acts.ts';
import type { ControllerRow } from '../../mdb/controllers/controller.ts';
import { createAccount, removeAccount } from '../../redfish/acts/accounts.ts';
import { acCycle } from '../../redfish/acts/accycle.ts';
import { resetBios, setBios } from '../../redfish/acts/bios.ts';
import { resetBmc } from '../../redfish/acts/bmc.ts';
import { bootNetwork, bootOrder, setBoot } from '../../redfish/acts/boot.ts';
import { type Archive, clearLog } from '../../redfish/acts/clearlog.ts';
import type { ActDefinition } from '../../redfish/acts/definition.ts';
import { eraseDrive } from '../../redfish/acts/erase.ts';
import { type FirmwareContext, startFirmware, updateFirmware } from '../../redfish/acts/firmware.ts';
import { indicator } from '../../redfish/acts/indicator.ts';
import { ejectMedia, insertMedia } from '../../redfish/acts/media.ts';
import { gracefulRestart, powerCycle, powerOff, powerOn } from '../../redfish/acts/power.ts';
import { secureBoot, secureBootKeys } from '../../redfish/acts/secureboot.ts';
import type { Credentials } from '../../redfish/login.ts';

/** A context with what the MDB knows of the machine. Acts that need none of it are in `redfish/acts`. */
export interface MachineContext extends FirmwareContext {
  readonly order: OrderReference;
  readonly controller: ControllerRow;
  /** What is kept of the controller's logs. */
  readonly archive: Archive;
  /** What is behind a reference into the secret store. */
  readonly credentials: (reference: string) => Promise<Credentials>;
}

/**
 * Everything that Farrier does to hardware, but for passwords (`passwords.ts`). A further kind of act is a parameter
 * type in the contract and a line here.
 */
const acts: { readonly [K in Exclude<ActKind, 'rotate-password'>]: ActDefinition<ActParameters[K], MachineContext> } = {
  'power-on': powerOn,
  'power-off': powerOff,
  'power-cycle': powerCycle,
  restart: gracefulRestart,
  'clear-log': {
    ...clearLog(async () => null),
    plan: (context, parameters) => clearLog(context.archive).plan(context, parameters),
  },
  'boot-network': bootNetwork,
  'boot-order': bootOrder,
  'set-boot': setBoot,
  'update-firmware': updateFirmware,
  'start-firmware': startFirmware,
  'reset-bios': resetBios,
  'set-bios': {
    ...setBios,
    plan: (context, { attributes }) =>
      setBios.plan(context, { attributes: attributes ?? context.controller.bios ?? {} }),
  },
  'create-account': {
    ...createAccount({ username: '', password: async () => '' }),
    plan: async (context, parameters) => {
      const { username, password } = await context.credentials(parameters.secretRef);
      return createAccount({ username, password: async () => password }).plan(context, parameters);
    },
  },
  'remove-account': {
    ...removeAccount({ username: '' }),
    plan: async (context, parameters) =>
      removeAccount(await context.credentials(context.controller.secretRef)).plan(context, parameters),
  },
  indicator,
  'reset-bmc': resetBmc,
  'ac-cycle': acCycle,
  'secure-boot': secureBoot,
  'secure-boot-keys': secureBootKeys,
  'insert-media': {
    ...insertMedia(null),
    plan: async (context, parameters) => {
      const { secretRef } = parameters;
      return insertMedia(secretRef === undefined ? null : await context.credentials(secretRef)).plan(
        context,
        parameters,
      );
    },
  },
  'eject-media': ejectMedia,
  'erase-drive': eraseDrive,
};

export function actOf(kind: ActKind): ActDefinition<unknown, MachineContext> {
  return acts[kind as keyof typeof acts] as ActDefinition<unknown, MachineContext>;
}
