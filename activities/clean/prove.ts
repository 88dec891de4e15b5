import { type ProofInput, type ProofResult, unerased } from '../../contract/clean.ts';
import type { PassageErrand } from '../../contract/passage.ts';
import { type ErasureVerdict, judgeErasing } from '../../domain/clean/proof.ts';
import type { Held } from '../../domain/question.ts';
import { requestOf } from '../../domain/requests.ts';
import { acting, record, type Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { disksToErase, vouch } from '../../mdb/machines/erasing.ts';
import * as passage from '../../mdb/orders/passage.ts';
import { actorOf, stateOf } from '../passage/course.ts';
import { describeAbsent } from './erase.ts';

/**
 * The end of the old owner's time: the owner changes in the transaction that finds the proof of every disk ever seen in
 * the machine, and in no other. A second identical call changes nothing.
 */
export function proveErased(mdb: Mdb, input: ProofInput): Promise<ProofResult> {
  const { machineId, orderId, next, ruling } = input;
  return acting(mdb, actorOf(input), orderId, async (tx): Promise<ProofResult> => {
    const machine = await passage.lockMachine(tx, machineId);
    const ended = await passage.stepEnded(tx, orderId, next.step);
    if (!ended) {
      await passage.settleStep(tx, orderId, 'erase', 'done');
      await passage.beginStep(tx, orderId, next);
    }
    const disks = await disksToErase(tx, machineId, orderId);
    if (ruling?.answer === 'vouch') {
      await vouch(tx, input, judgeErasing(disks).absent, { class: 'user', name: ruling.by });
    }
    const judged = judgeErasing(await disksToErase(tx, machineId, orderId));
    const held = findHeld(judged) ?? (ruling?.answer === 'nothing-there' ? null : unseenHeld(machine.unseen));
    if (held !== null) return { held };
    const note = describe(judged);
    if (!ended) await handOver(tx, input, machine, note);
    return { state: stateOf(await passage.lockMachine(tx, machineId)), note };
  });
}

function findHeld({ lacking, absent }: ErasureVerdict): Held | null {
  if (lacking.length > 0) {
    return unerased(lacking.map(({ serial, name, why }) => `${name} (serial ${serial}): ${why}`).join('; '));
  }
  if (absent.length === 0) return null;
  const reason = `Disks that were once in this machine are not, and nothing shows that they were erased: ${absent.map(describeAbsent).join('; ')}. Put them back and answer "retry" after a reboot, or answer "vouch": you know that nothing on them can be read by the next owner.`;
  return { fault: 'clean/absent-disks', reason, choices: ['vouch', 'retry', 'abandon'] };
}

/** What could not be seen may hold data: of that nothing is proven, whatever became of the disks that were. */
function unseenHeld(unseen: readonly string[]): Held | null {
  if (unseen.length === 0) return null;
  const reason = `Storage of this machine could not be seen or understood: ${unseen.join('; ')}. Put it right and answer "retry" after a reboot, or answer "nothing-there": you know that no data is on it.`;
  return { fault: 'clean/unseen', reason, choices: ['nothing-there', 'retry', 'abandon'], onClose: null };
}

function describe({ proven, weak }: ErasureVerdict): string {
  const count = `${proven.length} ${proven.length === 1 ? 'disk' : 'disks'} proven erased`;
  return weak.length === 0 ? count : `${count}, ${weak.length} of them only by new file systems (${weak.join(', ')})`;
}

async function handOver(
  tx: Transaction,
  errand: PassageErrand,
  machine: passage.OrderedMachineRow,
  note: string,
): Promise<void> {
  const { machineId, orderId } = errand;
  const { owner } = requestOf('clean', (await passage.orderOf(tx, orderId)).request);
  await passage.updateMachine(tx, machineId, {
    owner,
    requiredImage: null,
    keyStore: null,
    keyFingerprint: null,
    held: null,
    directive: { do: 'wait' },
  });
  await passage.settleStep(tx, orderId, 'prove', 'done', { message: note });
  const detail = { before: machine.owner, owner, note };
  await record(tx, { actor: actorOf(errand), action: 'clean.proven', machineId, orderId, detail });
}
