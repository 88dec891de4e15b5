import type { ProofInput, ProofResult } from '../../contract/clean.ts';
import type { PassageReference } from '../../contract/passage.ts';
import { describeProof, proofHeld, unseenHeld } from '../../domain/clean/held.ts';
import { judgeErasing } from '../../domain/clean/proof.ts';
import { requestOf } from '../../domain/requests.ts';
import { acting, record, type Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { disksToErase, vouch } from '../../mdb/machines/erasing.ts';
import * as passage from '../../mdb/orders/passage.ts';
import { actorOf, stateOf } from '../passage/order.ts';

/**
 * The end of the old owner's time: the owner changes in the transaction that finds the proof of every disk ever seen in
 * the machine, and in no other. A second identical call changes nothing.
 */
export function proveErased(mdb: Mdb, input: ProofInput): Promise<ProofResult> {
  const { machineId, orderId, next, answer } = input;
  return acting(mdb, actorOf(input), orderId, async (tx): Promise<ProofResult> => {
    const machine = await passage.lockMachine(tx, machineId);
    const ended = await passage.stepEnded(tx, orderId, next.step);
    if (!ended) {
      await passage.settleStep(tx, orderId, 'erase', 'done');
      await passage.beginStep(tx, orderId, next);
    }
    const disks = await disksToErase(tx, machineId, orderId);
    if (answer?.answer === 'vouch') {
      await vouch(tx, input, judgeErasing(disks).absent, { class: 'user', name: answer.by });
    }
    const judged = judgeErasing(await disksToErase(tx, machineId, orderId));
    const question = proofHeld(judged) ?? (answer?.answer === 'nothing-there' ? null : unseenHeld(machine.unseen));
    if (question !== null) return { question };
    const note = describeProof(judged);
    if (!ended) await handOver(tx, input, machine, note);
    return { state: stateOf(await passage.lockMachine(tx, machineId)), note };
  });
}

async function handOver(
  tx: Transaction,
  order: PassageReference,
  machine: passage.OrderedMachineRow,
  note: string,
): Promise<void> {
  const { machineId, orderId } = order;
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
  await record(tx, { actor: actorOf(order), action: 'clean.proven', machineId, orderId, detail });
}
