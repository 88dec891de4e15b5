/**
 * Names under which a machine has something: columns, and tags beside them. What each column is in the MDB is said in
 * `mdb/machines/attributes.ts`.
 */
import { bootStates, opStates, repairStates, stages } from './machine.ts';

/** Where a machine stands or belongs: columns that count as tags too. */
export const placeNames = ['rack', 'row', 'feed', 'az', 'pool', 'sku'] as const;
export type PlaceName = (typeof placeNames)[number];

/** Names of columns, which are no names of tags. */
export const columnNames = [
  ...placeNames,
  'id',
  'machine',
  'mac',
  'hostname',
  'site',
  'unit',
  'stage',
  'state',
  'opstate',
  'boot',
  'repair',
  'owner',
  'profile',
  'image',
  'required-image',
  'vendor',
  'product',
  'serial',
  'firmware',
  'bios',
  'drift-campaign',
] as const;
export type ColumnName = (typeof columnNames)[number];

/** Whether a name is that of a column; with `tag`, of one that counts as a tag. */
export function isColumn({ key, tag }: Attribute): boolean {
  return (tag ? placeNames : columnNames).some((name) => name === key);
}

/** A name, and whether it asks for the tag where a column has the same. */
export interface Attribute {
  readonly key: string;
  readonly tag: boolean;
}

/** All that a column can be, where that is a list of words. */
export const columnWords: Readonly<Record<string, readonly string[]>> = {
  stage: stages,
  state: opStates,
  opstate: opStates,
  boot: bootStates,
  repair: repairStates,
};
