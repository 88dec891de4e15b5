import type { OperatorQuestion } from '../question.ts';

export interface FoundDisk {
  readonly name: string;
  readonly serial: string;
  /** `blank`, `farrier`, or the name of a foreign signature. */
  readonly content: string;
  readonly mark: string | null;
}

/**
 * Whether the disks may be written. They may when every one is blank or carries the machine's own mark, or when the
 * site's policy or a person says so; a mark of another machine counts as foreign. Null when they may.
 */
export function wipeHeld(
  disks: readonly FoundDisk[],
  machine: { readonly mark: string; readonly wipeReason: string | null },
  policy: 'blank' | 'any',
): OperatorQuestion | null {
  if (policy === 'any' || machine.wipeReason !== null) return null;
  const foreign = disks.filter(
    (disk) => disk.content !== 'blank' && !(disk.content === 'farrier' && disk.mark === machine.mark),
  );
  if (foreign.length === 0) return null;
  const list = foreign.map((disk) => `${disk.name} (serial ${disk.serial}) holds ${describe(disk)}`).join('; ');
  return {
    fault: 'register/foreign-disks',
    reason: `Its disks are not blank and not this machine's own: ${list}. Answer "wipe" only if all that may be lost.`,
    choices: ['wipe', 'retry', 'abandon'],
  };
}

function describe(disk: FoundDisk): string {
  return disk.content === 'farrier' ? 'the mark of another machine' : disk.content;
}
