/** What the MDB knows that an import is held against. */
import type { ImportedRack } from './row.ts';

export interface KnownMachine {
  readonly id: string;
  /** Of its cards, and the one it boots from. */
  readonly macs: readonly string[];
  readonly serial: string | null;
  readonly rack: string | null;
  readonly unit: number | null;
  readonly slot: string | null;
  /** Its controller, or the one that is expected for it. */
  readonly controller: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Whether it ever booted: from then on its own inventory says what it is. */
  readonly seen: boolean;
  readonly retired: boolean;
}

export interface KnownRack extends ImportedRack {
  readonly units: number;
  readonly siteId: string;
}

export interface KnownFleet {
  readonly siteId: string;
  readonly machines: readonly KnownMachine[];
  readonly racks: readonly KnownRack[];
  /** Controllers that are expected, of whichever machine. */
  readonly expected: readonly { readonly origin: string; readonly serial: string | null }[];
  /** Where controllers may be. */
  readonly bmcNetworks: readonly string[];
}
