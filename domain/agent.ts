import type { EraseEvidence } from './clean/erase.ts';
import type { EraseMethod } from './machine.ts';

/** The agent's steps, in the order in which it takes them (docs/agent.md). */
export const agentSteps = [
  'watchdog',
  'clock',
  'network',
  'inventory',
  'lldp',
  'burnin',
  'erase',
  'keys',
  'partition',
  'filesystem',
  'bootloader',
  'image',
  'root',
  'installed',
  'handover',
] as const;
export type AgentStep = (typeof agentSteps)[number];

/** What the agent found in its machine, checked and in the forms that the MDB keeps. Absent facts are null. */
export interface Inventory {
  readonly system: {
    readonly vendor: string | null;
    readonly product: string | null;
    readonly serial: string | null;
    readonly uuid: string | null;
    readonly sku: string | null;
    readonly boardSerial: string | null;
    readonly biosVersion: string | null;
    readonly firmware: 'bios' | 'uefi' | null;
  };
  readonly memoryMib: number;
  readonly cpus: readonly CpuFact[];
  readonly dimms: readonly DimmFact[];
  readonly disks: readonly DiskFact[];
  readonly nics: readonly NicFact[];
  readonly accelerators: readonly AcceleratorFact[];
  readonly bmc: { readonly address: string | null; readonly mac: string | null } | null;
  readonly watchdog: string | null;
  readonly tpm: string | null;
  /** Storage that could not be seen or understood, a sentence each: data may be on it. */
  readonly unseen?: readonly string[];
  /** What was told and left out, a sentence each with its reason. */
  readonly leftOut?: readonly string[];
}

export interface CpuFact {
  readonly socket: number;
  readonly model: string;
  readonly cores: number;
  readonly threads: number;
}

export interface DimmFact {
  readonly slot: string;
  readonly mib: number;
  readonly serial: string | null;
  readonly partNumber: string | null;
  readonly speedMts: number | null;
}

export interface DiskFact {
  /** Its name: its serial number, where that is not single its WWID, or `no-serial:<name>` where it has none. */
  readonly serial: string;
  readonly wwid?: string | null;
  readonly name: string;
  readonly model: string | null;
  readonly bytes: number;
  readonly rotational: boolean;
  readonly content: string;
  readonly mark: string | null;
}

export interface NicFact {
  readonly mac: string;
  readonly name: string;
  readonly driver: string | null;
  readonly pci: string | null;
  readonly speedMbps: number | null;
  readonly carrier: boolean | null;
  readonly neighbourChassis: string | null;
  readonly neighbourPort: string | null;
  readonly neighbourPortSubtype?: string | null;
  readonly neighbourPortDescription?: string | null;
  readonly neighbourName: string | null;
}

export interface AcceleratorFact {
  readonly pci: string;
  readonly vendor: string;
  readonly device: string;
}

export interface StepFact {
  readonly name: AgentStep;
  readonly state: 'running' | 'done' | 'failed';
  readonly seconds: number | null;
  readonly device: string | null;
  readonly message: string | null;
}

export interface BurninPartFact {
  readonly kind: 'stress' | 'benchmark';
  readonly subject: 'cpu' | 'memory' | 'disk' | 'network';
  readonly device: string;
  readonly ok: boolean;
  readonly value: number | null;
  readonly unit: string | null;
  readonly seconds: number;
  readonly message: string | null;
}

export interface BurninFact {
  readonly parts: readonly BurninPartFact[];
  /** Null while the burn-in goes on and these are the parts so far. */
  readonly finish: { readonly seconds: number; readonly cut: boolean } | null;
}

/** Where the erasing of one disk stands. `begun` is reported before its first byte is touched. */
export interface DiskErasedFact {
  readonly serial: string;
  readonly name: string;
  readonly method: EraseMethod;
  readonly state: 'begun' | 'done' | 'refused' | 'failed';
  readonly evidence: EraseEvidence;
}

export interface ErasedFact {
  readonly disks: readonly DiskErasedFact[];
  /** The end of the directive with this number; null while disks are still being erased. */
  readonly finish: { readonly seq: number; readonly seconds: number } | null;
}

export interface InstalledFact {
  readonly image: string;
  readonly sha256: string;
  readonly mark: string;
  readonly keyStore: 'nvram' | 'tpm' | 'none';
  /** Fingerprint of the disk keys; the keys never leave the machine. */
  readonly key: string | null;
  readonly disk: string;
}

export interface ReadyFact {
  readonly bootId: string;
  readonly hostname: string;
  readonly address: string;
  readonly image: string;
  readonly mark: string;
}
