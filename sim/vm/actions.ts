/** What may be asked of the virtual server through its BMC, checked before anything is done. */
import { z } from 'zod';
import { Trouble } from '../../host/trouble.ts';
import type { VirtualMachine } from './machine.ts';
import { refuseWith, type VmReply } from './reply.ts';
import { overrideMode, overrideStates, overrideTargets, type VmResetType, vmResetTypes } from './tree.ts';

const resetBody = z.strictObject({ ResetType: z.string() });
const done: VmReply = { status: 204 };

const standby = refuseWith(409, 'ResourceInStandby', 'The machine is off: power it on first.');

// Off-when-off and on-when-on are no errors here; controllers differ, and both kinds are in the field.
const resets: Record<VmResetType, (machine: VirtualMachine) => Promise<boolean | undefined>> = {
  On: async (machine) => {
    await machine.powerOn('bmc');
    return true;
  },
  ForceOff: async (machine) => {
    await machine.powerOff('bmc');
    return true;
  },
  GracefulShutdown: (machine) => machine.askToShutDown(false),
  GracefulRestart: (machine) => machine.askToShutDown(true),
  ForceRestart: (machine) => machine.reset(),
  PowerCycle: async (machine) => {
    if (machine.power === 'Off') return false;
    await machine.powerCycle('bmc');
    return true;
  },
};

export async function resetSystem(machine: VirtualMachine, body: unknown): Promise<VmReply> {
  const given = resetBody.safeParse(body);
  if (!given.success)
    return refuseWith(400, 'ActionParameterMissing', 'The action Reset needs ResetType and nothing else.');
  const type = vmResetTypes.find((known) => known === given.data.ResetType);
  if (type === undefined) {
    const text = `ResetType is not one of ${vmResetTypes.join(', ')}.`;
    return refuseWith(400, 'ActionParameterNotSupported', text);
  }
  try {
    return (await resets[type](machine)) ? done : standby;
  } catch (error) {
    if (error instanceof Trouble) return refuseWith(500, 'InternalError', error.message);
    throw error;
  }
}

const bootBody = z.strictObject({
  Boot: z.strictObject({
    BootSourceOverrideTarget: z.string().optional(),
    BootSourceOverrideEnabled: z.string().optional(),
    BootSourceOverrideMode: z.string().optional(),
  }),
});

function unlisted(property: string, allowed: readonly string[]): VmReply {
  return refuseWith(400, 'PropertyValueNotInList', `${property} is not one of ${allowed.join(', ')}.`);
}

/** Sets the boot override. A target without *Enabled* is meant once; *Disabled* clears the target. */
export async function patchVmSystem(machine: VirtualMachine, body: unknown): Promise<VmReply> {
  const given = bootBody.safeParse(body);
  if (!given.success)
    return refuseWith(400, 'PropertyNotWritable', 'Only the override properties of Boot can be written.');
  const boot = given.data.Boot;
  const wantedTarget = boot.BootSourceOverrideTarget ?? machine.override.target;
  const target = overrideTargets.find((known) => known === wantedTarget);
  if (target === undefined) return unlisted('BootSourceOverrideTarget', overrideTargets);
  const wantedState = boot.BootSourceOverrideEnabled ?? (target === 'None' ? 'Disabled' : 'Once');
  const enabled = overrideStates.find((known) => known === wantedState);
  if (enabled === undefined) return unlisted('BootSourceOverrideEnabled', overrideStates);
  const mode = overrideMode(machine.spec);
  if ((boot.BootSourceOverrideMode ?? mode) !== mode) return unlisted('BootSourceOverrideMode', [mode]);
  await machine.boot({ target, enabled });
  return done;
}
