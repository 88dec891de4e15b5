/** A machine as it is told to other systems. */
export interface ExportedMachine {
  readonly id: string;
  readonly hostname: string | null;
  readonly address: string | null;
  /** The one that it boots from. */
  readonly mac: string;
  /** Of its further cards. */
  readonly macs: readonly string[];
  readonly serial: string | null;
  readonly rack: string | null;
  readonly unit: number | null;
  readonly slot: string | null;
  readonly bmc: string | null;
  /** Name of the secret of its controller. */
  readonly secret: string | null;
  /** Its own tags. */
  readonly tags: Readonly<Record<string, string>>;
  /** Of its rack; a tag of its own goes before one of these. */
  readonly rackTags: Readonly<Record<string, string>>;
  readonly stage: string;
  readonly opState: string;
  readonly bootState: string;
  readonly repairState: string;
  readonly pool: string;
  readonly owner: string | null;
  readonly vendor: string | null;
  readonly product: string | null;
  readonly requiredImage: string | null;
  readonly observedImage: string | null;
  readonly inServiceAt: string | null;
}

export interface ExportedRack {
  readonly id: string;
  readonly row: string | null;
  readonly feed: string | null;
  readonly az: string | null;
  readonly units: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ExportedFleet {
  readonly machines: readonly ExportedMachine[];
  /** Those that the machines stand in. */
  readonly racks: readonly ExportedRack[];
}

export const exportFormats = ['json', 'csv', 'ansible', 'prometheus'] as const;
export type ExportFormat = (typeof exportFormats)[number];
