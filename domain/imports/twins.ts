/** Rows of one inventory that claim the same: of each at most one can be right. */
import { serialKey } from '../identity/identity.ts';
import type { ImportedMachine, ImportNote } from './row.ts';

/** One problem for each that two rows or more have in common, at the last of them. */
export function findTwins(machines: readonly ImportedMachine[]): ImportNote[] {
  return [
    ...twins(machines, 'mac', ({ macs }) => macs, 'has the same MAC as'),
    ...twins(
      machines,
      'serial',
      ({ serial }) => (serial === null ? [] : [serialKey(serial)]),
      'has the same serial number as',
    ),
    ...twins(
      machines,
      'controller',
      ({ controller }) => (controller === null ? [] : [controller.origin]),
      'has the same controller as',
    ),
    ...twins(machines, 'unit', placesOf, 'stands in the same place as'),
  ];
}

function placesOf({ rack, unit, slot }: ImportedMachine): string[] {
  return rack === null || unit === null ? [] : [`${rack}/${unit}.${slot ?? ''}`];
}

function twins(
  machines: readonly ImportedMachine[],
  field: string,
  keysOf: (machine: ImportedMachine) => readonly string[],
  what: string,
): ImportNote[] {
  const rows = new Map<string, number>();
  const found = new Map<string, ImportNote>();
  for (const machine of machines)
    for (const key of new Set(keysOf(machine))) {
      const first = rows.get(key);
      if (first === undefined) rows.set(key, machine.row);
      else found.set(`${first} ${machine.row}`, { row: machine.row, field, detail: `${what} row ${first}` });
    }
  return [...found.values()];
}
