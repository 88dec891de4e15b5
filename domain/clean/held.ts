/** What keeps a clean from going on, and what a person can say to it. */
import { type BootState, eraseMethods, type Stage } from '../machine.ts';
import type { OperatorQuestion } from '../question.ts';
import type { DiskToErase } from './plan.ts';
import type { ErasureVerdict } from './proof.ts';

export function unbornHeld({
  bootState,
  stage,
}: {
  readonly bootState: BootState;
  readonly stage: Stage;
}): OperatorQuestion {
  const reason = `Its boot state is ${bootState} and its stage ${stage}: only a machine that was born, and is not retired, can be cleaned. A birth wipes it too.`;
  return { fault: 'clean/not-born', reason, choices: ['retry', 'abandon'] };
}

/** What a person can say about disks that are not erased. */
export function unerased(reason: string): OperatorQuestion {
  return {
    fault: 'clean/not-erased',
    reason: `${reason}. Mend it and answer "retry", or name another method for what is left, "method:NAME" with one of ${eraseMethods.join(', ')}.`,
    choices: ['retry', 'method:NAME', 'abandon'],
  };
}

/** Why the disks count as not erased; null where each has its proof. */
export function proofHeld({ missing, absent }: ErasureVerdict): OperatorQuestion | null {
  if (missing.length > 0) {
    return unerased(missing.map(({ serial, name, why }) => `${name} (serial ${serial}): ${why}`).join('; '));
  }
  if (absent.length === 0) return null;
  const reason = `Disks that were once in this machine are not, and nothing shows that they were erased: ${absent.map(describeAbsent).join('; ')}. Put them back and answer "retry" after a reboot, or answer "vouch": you know that nothing on them can be read by the next owner.`;
  return { fault: 'clean/absent-disks', reason, choices: ['vouch', 'retry', 'abandon'] };
}

/** What could not be seen may hold data: of that nothing is proven, whatever became of the disks that were. */
export function unseenHeld(unseen: readonly string[]): OperatorQuestion | null {
  if (unseen.length === 0) return null;
  const reason = `Storage of this machine could not be seen or understood: ${unseen.join('; ')}. Put it right and answer "retry" after a reboot, or answer "nothing-there": you know that no data is on it.`;
  return { fault: 'clean/unseen', reason, choices: ['nothing-there', 'retry', 'abandon'], onClose: null };
}

/** One sentence on what is proven. */
export function describeProof({ proven, weak }: ErasureVerdict): string {
  const count = `${proven.length} ${proven.length === 1 ? 'disk' : 'disks'} proven erased`;
  return weak.length === 0 ? count : `${count}, ${weak.length} of them only by new file systems (${weak.join(', ')})`;
}

export function describeAbsent({ serial, name, movedTo }: DiskToErase): string {
  return `${name} (serial ${serial}${movedTo === null ? '' : `, now in ${movedTo}`})`;
}
