/** Two rows of the MDB that may be one machine. */
import { isSameSerial, isSameUuid } from './identity.ts';

/** What a row is known by. */
export interface KnownRow {
  /** Whether it ever reported its inventory. */
  readonly inventoried: boolean;
  readonly uuid: string | null;
  readonly serial: string | null;
  readonly vendor: string | null;
  readonly product: string | null;
  readonly macs: readonly string[];
  /** Serial numbers of the disks that are in it. */
  readonly disks: readonly string[];
}

/** What a machine shows in its inventory. */
export type ObservedMachine = Omit<KnownRow, 'inventoried'>;

const differ = (one: string | null, other: string | null) => one !== null && other !== null && one !== other;

/**
 * Whether the other is the very machine that shows this, met under another of its MACs: at least one of the two has never
 * told an inventory (`inventoried`: whether the first has), what is shown has every card of the other, and nothing that
 * both are known by contradicts.
 */
export function isOneMachine(observed: ObservedMachine, inventoried: boolean, other: KnownRow): boolean {
  if (inventoried && other.inventoried) return false;
  if (observed.uuid !== null && other.uuid !== null && !isSameUuid(observed.uuid, other.uuid)) return false;
  if (observed.serial !== null && other.serial !== null && !isSameSerial(observed.serial, other.serial)) return false;
  if (differ(observed.product, other.product) || differ(observed.vendor, other.vendor)) return false;
  if (!other.macs.every((mac) => observed.macs.includes(mac))) return false;
  return other.disks.length === 0 || other.disks.some((serial) => observed.disks.includes(serial));
}
