/** Parts as a controller shows them, each with what became of its place. Pure. */
import type { HardwareView } from '../../contract/hardwareviews.ts';
import { type Part, partsInDocument, type RecordedKind, recordedKinds } from '../../domain/records/parts.ts';
import { formatTime } from '../time.ts';
import { plainWord } from '../words.ts';

type Change = HardwareView['changes'][number];

export interface PartRow extends Part {
  readonly kind: string;
  /** Whether it is there now. */
  readonly isThere: boolean;
  /** Newest first, a sentence each. */
  readonly history: readonly string[];
}

const isRecorded = (kind: string): kind is RecordedKind => (recordedKinds as readonly string[]).includes(kind);

/** Parts that are there, in the order of their kinds; then places that something has gone from. */
export function rowsOfParts({ documents, changes }: Pick<HardwareView, 'documents' | 'changes'>): PartRow[] {
  const byPlace = Map.groupBy(changes, ({ kind, place }) => `${kind} ${place}`);
  const there = documents.flatMap(({ kind, document }) =>
    isRecorded(kind)
      ? partsInDocument(kind, document).map((part) => ({
          ...{ ...part, kind, isThere: true },
          history: (byPlace.get(`${kind} ${part.place}`) ?? []).map(describeChange),
        }))
      : [],
  );
  const known = new Set(there.map(({ kind, place }) => `${kind} ${place}`));
  const gone = [...byPlace].flatMap(([key, [latest, ...before]]) => {
    if (latest === undefined || known.has(key)) return [];
    const { kind, place } = latest;
    const history = [latest, ...before].map(describeChange);
    return [{ kind, place, serial: null, model: null, version: null, isThere: false, history }];
  });
  return [...there, ...gone];
}

/** `2026-11-20 10:00:00: swapped, S1 → S9, confirmed by ann`. */
function describeChange({ seenAt, change, before, after, confirmedBy }: Change): string {
  const values = [before, after].map(nameOf);
  const how = values.every((one) => one === null) ? null : values.map((one) => one ?? 'nothing').join(' → ');
  const who = confirmedBy === null ? null : `confirmed by ${confirmedBy}`;
  return `${formatTime(seenAt)}: ${[plainWord(change), how, who].filter((said) => said !== null).join(', ')}`;
}

/** What tells one part from another in its place. */
function nameOf(part: unknown): string | null {
  if (typeof part !== 'object' || part === null) return null;
  const { serial, version, model } = part as Readonly<Record<string, unknown>>;
  const told = [serial, version, model].find((one) => typeof one === 'string' && one !== '');
  return typeof told === 'string' ? told : null;
}
