import type { Mismatch, MismatchCounts, MismatchKind } from '../../contract/rehydrate.ts';

/** Mismatches that are kept one by one; past that they are counted only. */
const kept = 100;

/** What a comparison found. */
export class MismatchTally {
  machines = 0;
  readonly found: Mismatch[] = [];
  private readonly numbers: Partial<Record<MismatchKind, number>> = {};

  get counts(): MismatchCounts {
    return this.numbers;
  }

  add(mismatch: Mismatch): void {
    this.numbers[mismatch.kind] = (this.numbers[mismatch.kind] ?? 0) + 1;
    if (this.found.length < kept) this.found.push(mismatch);
  }
}
