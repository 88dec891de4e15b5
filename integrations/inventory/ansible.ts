/** A dynamic inventory of Ansible: what its scripts answer to `--list`, with the variables of all hosts. */
import type { ExportedMachine } from '../../domain/imports/exported.ts';

interface Group {
  readonly hosts?: readonly string[];
  readonly children?: readonly string[];
}

export type AnsibleInventory = Readonly<Record<string, Group>> & {
  readonly _meta: { readonly hostvars: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
};

/** Groups of `pool_…`, `rack_…`, `stage_…` and `tag_NAME_VALUE`; a machine is called by its hostname, else its id. */
export function renderAnsible(machines: readonly ExportedMachine[]): AnsibleInventory {
  const groups = new Map<string, string[]>();
  for (const machine of machines)
    for (const group of groupsOf(machine)) groups.set(group, [...(groups.get(group) ?? []), hostOf(machine)]);
  const named = [...groups].sort(([one], [other]) => (one < other ? -1 : 1));
  const hostvars = Object.fromEntries(machines.map((machine) => [hostOf(machine), variablesOf(machine)]));
  return {
    ...{ all: { children: [...named.map(([name]) => name), 'ungrouped'] } },
    ...Object.fromEntries(named.map(([name, hosts]) => [name, { hosts }])),
    _meta: { hostvars },
  } as unknown as AnsibleInventory;
}

const hostOf = ({ hostname, id }: ExportedMachine) => hostname ?? id;

function groupsOf({ pool, rack, stage, tags, rackTags }: ExportedMachine): Set<string> {
  const names = [
    ...[`pool_${pool}`, `stage_${stage}`, ...(rack === null ? [] : [`rack_${rack}`])],
    ...Object.entries({ ...rackTags, ...tags }).map(([name, value]) => `tag_${name}_${value}`),
  ];
  return new Set(names.map(groupName));
}

/** Ansible takes letters, digits and underscores. */
const groupName = (text: string) => text.replace(/[^A-Za-z0-9_]/g, '_');

function variablesOf(machine: ExportedMachine): Readonly<Record<string, unknown>> {
  const { id, address, mac, serial, rack, unit, slot, pool, owner, stage, opState, vendor, product } = machine;
  const facts = {
    ...{ id, mac, serial, rack, unit, slot, pool, owner, stage, op_state: opState, vendor, product },
    ...{ bmc: machine.bmc, required_image: machine.requiredImage, tags: { ...machine.rackTags, ...machine.tags } },
  };
  return { ...(address !== null && { ansible_host: address }), farrier: facts };
}
