/** What became of a machine's parts between two readings. */
import { entryAt, type Part, partsInDocument, type RecordedKind } from './parts.ts';

export interface PartChange {
  readonly kind: RecordedKind;
  readonly place: string;
  readonly change: 'added' | 'removed' | 'swapped' | 'version';
  readonly before: unknown;
  readonly after: unknown;
}

/** What one kind of part is from now on, and what became of it since. */
export interface DocumentVerdict {
  readonly document: unknown;
  readonly changes: readonly PartChange[];
}

/**
 * Compares a fresh document of a kind with the kept one. `partial` says that the reading may have missed parts: those
 * that are not in it stay, and none counts as removed. Nothing is a change of what was never seen before.
 */
export function judgeDocument(kind: RecordedKind, kept: unknown, fresh: unknown, partial: boolean): DocumentVerdict {
  if (kept === undefined) return { document: fresh, changes: [] };
  const [before, after] = [partsInDocument(kind, kept), partsInDocument(kind, fresh)];
  const changes = after.flatMap((part) =>
    changeOf(
      kind,
      before.find(({ place }) => place === part.place),
      part,
    ),
  );
  const gone = before.filter(({ place }) => !after.some((part) => part.place === place));
  if (!partial) return { document: fresh, changes: [...changes, ...gone.map((part) => removed(kind, part))] };
  const missed = gone.map(({ place }) => entryAt(kind, kept, place)).filter((entry) => entry !== undefined);
  return { document: Array.isArray(fresh) ? [...fresh, ...missed] : fresh, changes };
}

function removed(kind: RecordedKind, part: Part): PartChange {
  return { kind, place: part.place, change: 'removed', before: part, after: null };
}

function changeOf(kind: RecordedKind, before: Part | undefined, after: Part): PartChange[] {
  const change = { kind, place: after.place, before: before ?? null, after };
  if (before === undefined) return [{ ...change, change: 'added' }];
  if (isOther(before, after)) return [{ ...change, change: 'swapped' }];
  const updated = before.version !== null && after.version !== null && before.version !== after.version;
  return updated ? [{ ...change, change: 'version' }] : [];
}

/** Another part in the same place: by its serial number, or by its model where one of them shows no number. */
function isOther(before: Part, after: Part): boolean {
  if (before.serial !== null && after.serial !== null) return before.serial !== after.serial;
  return before.model !== null && after.model !== null && before.model !== after.model;
}
