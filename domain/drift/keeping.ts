/** Drift as it is kept: never "fine" for want of a reading. */
import type { DriftFinding, DriftKind, Findings } from './drift.ts';

/** Name of the one row that stands for a whole kind of which nothing is known. */
export const wholeKind = '*';

/** A drift whose campaign was not long ago keeps it when it comes again: milliseconds. */
export const coolDownMs = 24 * 3_600_000;

/** A drift that is open. */
export interface OpenDrift {
  readonly kind: DriftKind;
  readonly name: string;
  readonly want: string;
  readonly have: string | null;
}

export interface SettledFinding extends DriftFinding {
  readonly kind: DriftKind;
}

/** What stays open of a kind. Of one that can't be read, everything stays as it was last known. */
export function settleFindings(findings: Findings, mine: readonly OpenDrift[]): SettledFinding[] {
  const { kind } = findings;
  if ('found' in findings) return findings.found.map((finding) => ({ ...finding, kind }));
  const { want, since, why } = findings.unknown;
  const rows = mine.filter((row) => row.kind === kind && row.name !== wholeKind);
  const shared = { kind, source: 'controller', note: why, unknownSince: since } as const;
  if (rows.length > 0) return rows.map(({ name, want: wanted, have }) => ({ ...shared, name, want: wanted, have }));
  return [{ ...shared, name: wholeKind, want, have: null }];
}

/** What a machine counts as, by what stays open of it. */
export function conformityOf(open: readonly SettledFinding[]): 'conformant' | 'drifting' | 'unknown' {
  const drifting = open.some(({ have, unknownSince }) => have !== null && unknownSince === null);
  return drifting ? 'drifting' : open.length > 0 ? 'unknown' : 'conformant';
}
