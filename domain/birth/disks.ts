import type { OperatorQuestion } from '../question.ts';

/** Which disk took the place of which: the one of the same name, else the next one. Pure. */
export function pairDisks(gone: readonly FittedDisk[], come: readonly FittedDisk[]): DiskChange[] {
  const left = [...come];
  const take = (index: number) => (index < 0 ? null : (left.splice(index, 1)[0] ?? null));
  const named = gone.map((before) => ({ before, after: take(left.findIndex(({ name }) => name === before.name)) }));
  const paired = named.map(({ before, after }) => ({ before, after: after ?? take(left.length > 0 ? 0 : -1) }));
  return [...paired, ...left.map((after) => ({ before: null, after }))];
}

/**
 * Who has confirmed the changes already: whoever reported the serial number of every disk that came, and there is one for
 * each that went. Null when nobody has.
 */
export function confirmedBy(changes: readonly DiskChange[], fitted: ReadonlyMap<string, string>): string | null {
  const words = changes.map(({ after }) => (after === null ? null : (fitted.get(after.serial) ?? null)));
  return words.every((by) => by !== null) ? (words[0] ?? null) : null;
}

export function disksHeld(changes: readonly DiskChange[]): OperatorQuestion {
  return {
    fault: 'register/disks-changed',
    reason: `Since it was last in service its disks changed: ${changes.map(describe).join('; ')}. Answer "accept" when that is as it should be.`,
    choices: ['accept', 'retry', 'abandon'],
    // Whoever closes a ticket has not said that these disks are the right ones.
    onClose: null,
  };
}

function describe({ before, after }: DiskChange): string {
  if (before === null) return `${after?.name} ${words(after)} is new`;
  if (after === null) return `${before.name} ${words(before)} is gone, and nothing is in its place`;
  return `${before.name} ${words(before)} is gone, and ${after.name} ${words(after)} is in its place`;
}

function words(disk: FittedDisk | null): string {
  return disk === null ? '' : `(serial ${disk.serial}, ${(disk.bytes / 1e9).toFixed(1)} GB)`;
}

export interface FittedDisk {
  readonly serial: string;
  readonly name: string;
  readonly bytes: number;
}

/** A disk in the place of another; one of the two where nothing went, or nothing came. */
export interface DiskChange {
  readonly before: FittedDisk | null;
  readonly after: FittedDisk | null;
}
