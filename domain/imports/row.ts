/** What an inventory of elsewhere says, in Farrier's words. */

/** A controller as an inventory names it. Passwords are never taken along. */
export interface ImportedController {
  readonly origin: string;
  /** Name of the secret that lets Farrier in; null where nothing names one. */
  readonly secretRef: string | null;
}

/** One machine of it. */
export interface ImportedMachine {
  /** By which a person finds it again: a line of a table, else its place in the list, from 1. */
  readonly row: number;
  /** Normalised; the one that it boots from first. */
  readonly macs: readonly string[];
  readonly serial: string | null;
  readonly rack: string | null;
  readonly unit: number | null;
  readonly slot: string | null;
  readonly controller: ImportedController | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** A rack with what is known of it besides its name. */
export interface ImportedRack {
  readonly id: string;
  readonly row?: string | null;
  readonly feed?: string | null;
  readonly az?: string | null;
  readonly units?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A sentence about a row, or about the whole where that is null. No value of the inventory is in it: it may be a secret. */
export interface ImportNote {
  readonly row: number | null;
  readonly field: string | null;
  readonly detail: string;
}

/** Everything that an inventory says, and what of it is not understood. */
export interface ForeignInventory {
  readonly machines: readonly ImportedMachine[];
  readonly racks: readonly ImportedRack[];
  /** What cannot be right: while there is any, nothing is changed. */
  readonly problems: readonly ImportNote[];
  /** What is passed over, and why. */
  readonly remarks: readonly ImportNote[];
  /** Fields that mean nothing here, and in how many rows something stands in them. */
  readonly leftOut: readonly { readonly field: string; readonly rows: number }[];
}

export const importFormats = ['csv', 'json', 'yaml', 'netbox', 'ironic', 'maas', 'metal3', 'tinkerbell'] as const;
export type ImportFormat = (typeof importFormats)[number];

/** Characters of an inventory. */
export const maxInventory = 16 * 1024 * 1024;
/** Machines of one import. */
export const maxImported = 10_000;
