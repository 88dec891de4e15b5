import type { ImageKind } from '../machine.ts';

/** What the choice of an image is made from; kept with the step, so that a choice can be explained years later. */
export interface ImageFacts {
  readonly verdict: 'pass' | 'fail' | 'below' | 'cut';
  readonly cpuThreads: number;
  readonly memoryMib: number;
  readonly diskCount: number;
  readonly storageBytes: number;
  readonly accelerators: number;
}

/** Raised with every change of the rule below. */
export const choiceVersion = 1;

const terabyte = 1e12;

/**
 * The preferred kind of image (S2.20, S2.21): debug unless the burn-in passed; storage for a machine that is mostly
 * disks — at least 8 disks and 20 TB, no accelerator, and at most 4 GiB of memory for each terabyte; else compute.
 */
export function chooseImage(facts: ImageFacts): ImageKind {
  if (facts.verdict !== 'pass') return 'debug';
  const terabytes = facts.storageBytes / terabyte;
  const mostlyDisks = facts.diskCount >= 8 && terabytes >= 20 && facts.memoryMib / 1024 <= terabytes * 4;
  return mostlyDisks && facts.accelerators === 0 ? 'storage' : 'compute';
}

export interface TargetDisk {
  readonly name: string;
  readonly serial: string;
  readonly bytes: number;
  readonly rotational: boolean;
}

/** The disk to install on: the smallest solid-state one that holds the root, else the smallest that does. */
export function chooseDisk(disks: readonly TargetDisk[], needBytes: number): TargetDisk | null {
  const fit = disks.filter((disk) => disk.bytes >= needBytes);
  fit.sort(
    (a, b) => Number(a.rotational) - Number(b.rotational) || a.bytes - b.bytes || a.serial.localeCompare(b.serial),
  );
  return fit[0] ?? null;
}
