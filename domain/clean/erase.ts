/** What an agent is told to erase, and what shows that it did. */
import type { DiskKind, EraseMethod } from '../machine.ts';

/** How the disks are erased that Farrier did not encrypt, by what they are; as all disks of the pool where absent. */
export type EraseByKind = Readonly<Partial<Record<DiskKind, EraseMethod>>>;

/** One disk to erase, as the agent is told. */
export interface EraseTarget {
  readonly serial: string;
  readonly method: EraseMethod;
  /** Whether this order had begun with it before, so that keys that are gone are gone by its own doing. */
  readonly begun: boolean;
}

/** What shows that a disk was erased; figures and words as the agent reported them. */
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
