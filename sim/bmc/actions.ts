import { type Machine, type ResetType, resetTypes } from '../machine.ts';
import type { BootOverride, MachineState } from '../state.ts';
import { overrideModes, overrideTargets } from './documents.ts';
import type { Personality } from './personality.ts';
import { empty, failure, notFound, type Reply, wrongValue } from './reply.ts';

interface Change {
  readonly machine: Machine;
  readonly personality: Personality;
  readonly method: string;
  /** Below `/redfish/v1`. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Carries out a POST or PATCH of a controller. */
export async function act(change: Change): Promise<Reply> {
  const { method, path } = change;
  if (method === 'POST' && path === '/Systems/1/Actions/ComputerSystem.Reset') return resetSystem(change);
  if (method === 'PATCH' && path === '/Systems/1') return patchSystem(change);
  if (method === 'PATCH' && path === '/Systems/1/Bios/Settings') return patchBios(change);
  if (method === 'POST' || method === 'PATCH') return notFound(`/redfish/v1${path}`);
  return failure(405, 'OperationNotAllowed', 'The HTTP method is not allowed on this resource.');
}

async function resetSystem({ machine, personality, body }: Change): Promise<Reply> {
  const type = body.ResetType;
  const known = resetTypes.find((one) => one === type);
  if (!known || !personality.resetTypes.includes(known)) return wrongValue(type, 'ResetType');
  if (personality.redundantPower === 'refuse' && isRedundant(known, machine.state))
    return conflict(known, machine.state);
  return (await machine.reset(known, 'bmc')) ? empty : conflict(known, machine.state);
}

function isRedundant(type: ResetType, { power }: MachineState): boolean {
  return power === 'on' ? type === 'On' || type === 'ForceOn' : type === 'ForceOff';
}

function conflict(type: string, { power }: MachineState): Reply {
  return failure(
    409,
    'ResourceInStandby',
    `The request ${type} could not be performed: the system is powered ${power}.`,
    [type],
  );
}

function patchSystem({ machine, body }: Change): Reply {
  const { Boot: boot, ...others } = body;
  const [other] = Object.keys(others);
  if (other) return failure(400, 'PropertyNotWritable', `The property ${other} is a read only property.`, [other]);
  if (typeof boot !== 'object' || boot === null)
    return failure(400, 'PropertyMissing', 'The property Boot is a required property.', ['Boot']);
  const { override } = machine.state;
  const given = boot as Record<string, unknown>;
  const target = given.BootSourceOverrideTarget ?? override.target;
  const enabled = given.BootSourceOverrideEnabled ?? override.enabled;
  const mode = given.BootSourceOverrideMode ?? override.mode;
  if (!overrideTargets.includes(String(target))) return wrongValue(target, 'BootSourceOverrideTarget');
  if (!['Disabled', 'Once', 'Continuous'].includes(String(enabled)))
    return wrongValue(enabled, 'BootSourceOverrideEnabled');
  if (!overrideModes.includes(String(mode))) return wrongValue(mode, 'BootSourceOverrideMode');
  machine.setOverride({ target, enabled, mode } as BootOverride, 'bmc');
  return empty;
}

function patchBios({ machine, personality, body }: Change): Reply {
  const attributes = body.Attributes;
  if (typeof attributes !== 'object' || attributes === null) {
    return failure(400, 'PropertyMissing', 'The property Attributes is a required property.', ['Attributes']);
  }
  for (const [name, value] of Object.entries(attributes)) {
    const attribute = Object.hasOwn(personality.bios, name) ? personality.bios[name] : undefined;
    if (!attribute)
      return failure(
        400,
        'PropertyUnknown',
        `The property ${name} is not in the list of valid properties for the resource.`,
        [name],
      );
    const fits = attribute.values ? attribute.values.includes(value) : typeof value === typeof attribute.default;
    if (!fits) return wrongValue(value, name);
  }
  machine.setPendingBios(attributes as MachineState['bios'], 'bmc');
  return empty;
}
