/** Shapes of the JSON columns of the MDB. Pure types; each is written and read by typed code only. */
import type { DiskKind, EraseMethod, ImageKind, ImageSystemName } from './machine.ts';

export interface SitePolicy {
  /** Whether a MAC that nobody announced is born by itself. */
  readonly autoBirth: boolean;
  /** `blank`: only blank or Farrier-marked disks may be wiped unasked. `any`: everything on the birth network may. */
  readonly wipe: 'blank' | 'any';
  /** Networks in CIDR notation that hold management controllers; nothing else is ever contacted as one. */
  readonly bmcNetworks: readonly string[];
  /** Cap on requests at once to controllers of this site, for each process; 256 if absent. */
  readonly bmcRequests?: number;
  /** Bootstrap images served one machine for one intent before it is quarantined. */
  readonly bootstrapLimit: number;
  /** Unknown machines recorded a minute before further ones only get a *wait* answer. */
  readonly strangersPerMinute: number;
  /** Template of hostnames by position; knows `{rack}` and `{unit}` (two digits). */
  readonly hostname: string;
  readonly imageSystem: ImageSystemName;
  /** Pools whose machines in service get no updates from the image system; a debug image never gets any. */
  readonly updatesOff?: readonly string[];
}

/** How a machine goes over to its image: by a restart from its own disk, or by going on in the new root. */
export type HandoverWay = 'reboot' | 'in-place';

export interface ProfileMatch {
  readonly vendor?: string;
  readonly product?: string;
  readonly minCpus?: number;
  readonly minMemoryMib?: number;
}

export interface BurninLimits {
  /** Longest time the whole burn-in may take, in seconds. */
  readonly capSeconds: number;
  /** Time each stress part runs, in seconds. */
  readonly stressSeconds: number;
  /** Share of the peers' median below which a benchmark is *below*, e.g. 0.7. */
  readonly peerShare: number;
  /** Peers of the same product needed before they are compared with. */
  readonly minPeers: number;
  /** Absolute floors, by `subject/unit`, e.g. `{ "disk/MB/s": 50 }`. */
  readonly floors: Readonly<Record<string, number>>;
}

export interface ImageLayout {
  /** Size of the boot partition in MiB. */
  readonly bootMib: number;
  /** Whether the root takes the rest of the first disk (`rest`) or a number of MiB. */
  readonly rootMib: number | 'rest';
  /** How the image boots: with the bootstrap kernel and initramfs, or with its own. */
  readonly kernel: 'bootstrap' | 'own';
}

/** SHA-256, in hex, of the kernel and initrd that this site serves and that a machine keeps to start itself. */
export interface BootSums {
  readonly kernel: string;
  readonly initrd: string;
}

/** How the disks are erased that Farrier did not encrypt, by what they are; as all disks of the pool where absent. */
export type EraseByKind = Readonly<Partial<Record<DiskKind, EraseMethod>>>;

/** One disk to erase, as the agent is told. */
export interface EraseTarget {
  readonly serial: string;
  readonly method: EraseMethod;
  /** Whether this order had begun with it before, so that keys that are gone are gone by its own doing. */
  readonly begun: boolean;
}

/** What shows that a disk was erased; figures and words as the agent told them. */
export interface EraseEvidence {
  /** The disk's own words for the end of the command, or why it refused or failed. */
  readonly words?: string;
  readonly seconds?: number;
  /** Marked blocks written before, and how many of them were still there, or only zeros, afterwards. */
  readonly sampled?: number;
  readonly survived?: number;
  readonly blank?: number;
  /** `<byte>:<hash before>:<hash after>` of each of these blocks; hashes are the first 8 bytes of a SHA-256. */
  readonly blocks?: readonly string[];
  /** For `crypto`: whether the machine's key opened the disk before, and whether the key is gone. */
  readonly opened?: boolean;
  readonly keyGone?: boolean;
  /** Who said so where there is no disk to look at, and in what words. */
  readonly vouchedBy?: string;
}

export interface StepDetail {
  /** One sentence for a person. */
  readonly message?: string;
  /** The device that a failure is about, e.g. `sda (serial S3Z8NB0K)`. */
  readonly device?: string;
  readonly seconds?: number;
  /** 0 to 100 while it runs, where the agent tells. */
  readonly percent?: number;
  /** Inputs and version of a decision taken in this step. */
  readonly decision?: Readonly<Record<string, unknown>>;
}

/** What the agent is told to do next. Plain data; secrets are fetched over the agent's own session. */
export type Directive =
  | { readonly do: 'wait' }
  | { readonly do: 'hold'; readonly reason: string }
  | { readonly do: 'burnin'; readonly burninId: string; readonly stressSeconds: number; readonly capSeconds: number }
  | {
      readonly do: 'install';
      readonly image: string;
      readonly imageKind: ImageKind;
      /** Below the file server's root; empty where the agent fetches no image. */
      readonly imagePath: string;
      /** 0 where the agent fetches no image, and leaves the root empty for the image system. */
      readonly bytes: number;
      readonly sha256: string;
      readonly signature: string;
      readonly hostname: string;
      /** Permanent address with prefix length, e.g. `10.1.0.12/16`. */
      readonly address: string;
      readonly gateway: string | null;
      readonly dns: readonly string[];
      readonly mark: string;
      /** Serial of the disk to install on. */
      readonly disk: string;
      readonly layout: ImageLayout;
      readonly boot: BootSums;
      readonly imageSystem: ImageSystemName;
    }
  | {
      readonly do: 'handover';
      readonly hostname: string;
      readonly address: string;
      readonly imageSystem: ImageSystemName;
      readonly how: HandoverWay;
    }
  | {
      readonly do: 'erase';
      /** The only disks that are touched. */
      readonly disks: readonly EraseTarget[];
      /** What the marked blocks are drawn from. */
      readonly seed: string;
      /** Mark and key fingerprint of the disk that Farrier encrypted, for the method `crypto`. */
      readonly mark: string;
      readonly key: string | null;
    }
  | { readonly do: 'reboot' };

/** One sensor of a reading. */
export interface SensorRow {
  readonly chassis: string;
  readonly name: string;
  readonly kind: string;
  readonly value: number;
  readonly unit: string;
  readonly health: string | null;
}

/** One thing that an answer tells, in words of JSON Schema. */
export interface AnswerField {
  readonly type: 'string' | 'number' | 'integer' | 'boolean';
  readonly description?: string;
  readonly enum?: readonly (string | number)[];
  /** A regular expression that the whole text must match. */
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What an answer has to tell besides its choice, e.g. the serial number of a part that was replaced. */
export interface AnswerSchema {
  readonly properties: Readonly<Record<string, AnswerField>>;
  readonly required?: readonly string[];
}

/** One kind of part in a machine: how many there are, and which, as `16 × 32768 MiB`. */
export interface PartCount {
  readonly count: number;
  readonly which: string;
}

/** What a machine is made of; a kind that is not told is absent. */
export type PartSheet = Readonly<Partial<Record<string, PartCount>>>;

/** A person's word that a controller is a machine's, where too few factors tell. */
export interface IdentityWord {
  readonly by: string;
  readonly reason: string;
  /** What the controller showed when the word was first relied on: another one is another question. */
  readonly shown: { readonly uuid: string | null; readonly serials: readonly string[] } | null;
}

/** One thing that a passage would do. Nothing that differs from one look to the next, so that plans can be compared. */
export interface PlanLine {
  readonly step: string;
  readonly does: string;
  /** The command as its controller would be given it. */
  readonly command?: Readonly<Record<string, unknown>>;
}
