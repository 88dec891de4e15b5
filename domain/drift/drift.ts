/** What is wanted of machines against what was last read of them. */
import type { PartSheet } from './sheet.ts';

export const driftKinds = ['bios', 'firmware', 'hardware'] as const;

export type DriftKind = (typeof driftKinds)[number];

/** Who showed it: the controller, or the machine itself as its agent found it. */
export const driftSources = ['controller', 'host'] as const;

export type DriftSource = (typeof driftSources)[number];

/** A firmware that is wanted. Without a file it is compared and never brought about. */
export interface FirmwareSpec {
  readonly version: string;
  /** Path below the image root, and its SHA-256 in hex. */
  readonly file?: string;
  readonly sha256?: string;
}

export const partKinds = ['cpus', 'memoryMib', 'dimms', 'disks', 'nics', 'accelerators'] as const;

export type PartKind = (typeof partKinds)[number];

/** How many of each kind a machine must have at least. */
export type HardwareSpec = Readonly<Partial<Record<PartKind, number>>>;

/** As the machine's agent found it. */
export interface HostParts {
  readonly memoryMib: number | null;
  readonly cpus: readonly { readonly model: string; readonly cores: number; readonly threads: number }[];
  readonly dimms: readonly { readonly mib: number }[];
  readonly disks: readonly { readonly bytes: number }[];
  readonly nics: number;
  readonly accelerators: readonly { readonly vendor: string; readonly device: string }[];
}

/** What its controller reported, by kind. */
export type Documents = Readonly<Record<string, unknown>>;

/** What it was made of at first. */
export interface SheetRow {
  readonly host: PartSheet;
  readonly controller: PartSheet | null;
}

/** Times are milliseconds since 1970, null for never. */
export interface DriftFacts {
  readonly machineId: string;
  readonly wants: {
    readonly bios: Readonly<Record<string, string | number | boolean>>;
    readonly firmware: Readonly<Record<string, FirmwareSpec>>;
    readonly hardware: HardwareSpec;
  };
  readonly controller: boolean;
  readonly inServiceAt: number;
  /** When settings and versions were last read, and why not since. */
  readonly settingsAt: number | null;
  readonly settingsError: string | null;
  /** When the controller was last read whole. */
  readonly inventoryAt: number | null;
  readonly documents: Documents;
  /** When a document of its parts last became another one. */
  readonly partsAt: number | null;
  /** When its agent last reported what it is made of. */
  readonly hostAt: number | null;
  readonly firmware: 'bios' | 'uefi' | null;
  readonly host: HostParts;
  readonly sheet: SheetRow | null;
  /** When an act last set its BIOS. */
  readonly biosSetAt: number | null;
}

/** Times are milliseconds since 1970. */
export interface DriftFinding {
  readonly name: string;
  readonly want: string;
  /** Null for what is not shown. */
  readonly have: string | null;
  readonly source: DriftSource;
  readonly note: string | null;
  readonly unknownSince: number | null;
}

/** What was found of one kind: the differences, or why nothing can be said of any. */
export type Findings =
  | { readonly kind: DriftKind; readonly found: readonly DriftFinding[] }
  | {
      readonly kind: DriftKind;
      readonly unknown: { readonly want: string; readonly since: number; readonly why: string };
    };
