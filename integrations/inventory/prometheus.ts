/** Targets for Prometheus, as its discovery over HTTP reads them. */
import type { ExportedMachine } from '../../domain/imports/exported.ts';

export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** One group a machine that has an address: labels begin with `__meta_farrier_`, for relabelling. */
export function renderTargets(machines: readonly ExportedMachine[], port: number): TargetGroup[] {
  return machines.flatMap((machine) =>
    machine.address === null ? [] : [{ targets: [`${machine.address}:${port}`], labels: labelsOf(machine) }],
  );
}

function labelsOf(machine: ExportedMachine): Readonly<Record<string, string>> {
  const { id, hostname, stage, opState, repairState, pool, rack, unit, slot, owner, product } = machine;
  const facts = {
    ...{ id, hostname, stage, op_state: opState, repair_state: repairState, pool, rack, unit, slot, owner, product },
    ...Object.fromEntries(
      Object.entries({ ...machine.rackTags, ...machine.tags }).map(([name, value]) => [`tag_${name}`, value]),
    ),
  };
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) =>
      value === null ? [] : [[`__meta_farrier_${name.replace(/[^A-Za-z0-9_]/g, '_')}`, String(value)]],
    ),
  );
}
