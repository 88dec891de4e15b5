import type { BoardAccept, BoardAccepted } from '../../contract/board.ts';
import type { PassageReference } from '../../contract/passage.ts';
import type { KnownBoard } from '../../domain/identity/board.ts';
import { type BoardChange, judgeBoardAnswer } from '../../domain/identity/boardanswer.ts';
import { type Actor, acting, record } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import * as boards from '../../mdb/identity/boards.ts';
import * as passage from '../../mdb/orders/passage.ts';
import { answerStep } from '../../mdb/people/answering.ts';

/**
 * Writes the identity of the new board, with its certificate, and lifts the quarantine: all in one transaction, on the
 * word of a person and only if what they said is what was seen. Gives why it was not.
 */
export async function acceptBoard(mdb: Mdb, input: BoardAccept): Promise<BoardAccepted> {
  const accepted = await writeAccepted(mdb, input);
  if (accepted.accepted) await settleLookalikes(mdb, input);
  return accepted;
}

/** What booted with the new board before it was accepted, and was asked about as a newcomer, is this machine. */
async function settleLookalikes(mdb: Mdb, { machineId, orderId, answer }: BoardAccept): Promise<void> {
  const open = await boards.questionsOfLookalikes(mdb, machineId);
  const answerer = { class: 'user', name: answer.by, role: 'operator' } as const;
  const note = `its board was accepted in ${orderId}`;
  for (const { step, choices } of open)
    if (choices.includes('same-machine')) await answerStep(mdb, answerer, { step, answer: 'same-machine', note });
}

function writeAccepted(mdb: Mdb, input: BoardAccept): Promise<BoardAccepted> {
  const { id, machineId, orderId, observed, answer } = input;
  const actor: Actor = { class: 'user', name: answer.by, epoch: input.epoch };
  return acting(mdb, actor, orderId, async (tx): Promise<BoardAccepted> => {
    await passage.lockMachine(tx, machineId);
    const before = await boards.isAccepted(tx, id);
    if (before) return { accepted: true, ...before };
    const known = await boards.readKnownBoard(tx, machineId);
    const owner = await boards.ownerOfIdentity(tx, machineId, observed);
    const judged = owner === null ? judgeBoardAnswer(known, observed, answer) : { why: owner };
    if ('why' in judged) return { accepted: false, why: judged.why };
    const { agree, differ, change } = judged;
    const keysLost = known.keyStore === 'nvram' || known.keyStore === 'tpm';
    const row = {
      id,
      machineId,
      orderId,
      acceptedBy: answer.by,
      serial: answer.serial,
      before: known,
      agreed: agree,
      differed: differ,
    };
    await boards.writeBoard(tx, row, { ...change, keysLost });
    const reason = sentence(known, change, keysLost);
    const detail = { id, reason, agree, differ, before: shortly(known), after: shortly(change), keysLost };
    await record(tx, { actor, action: 'repair.board-accepted', machineId, orderId, detail });
    return { accepted: true, keysLost };
  });
}

/** The controller shows the machine's own identity after all: it may be talked to again, since a person has looked. */
export function liftQuarantine(mdb: Mdb, input: PassageReference & { by: string }): Promise<void> {
  const { machineId, orderId, by, epoch } = input;
  const actor: Actor = { class: 'user', name: by, epoch };
  return acting(mdb, actor, orderId, async (tx) => {
    const was = await boards.endQuarantine(tx, machineId);
    if (was === null) return;
    await record(tx, { actor, action: 'bmc.release', machineId, orderId, detail: { was, reason: 'it is the same' } });
  });
}

/** For the machine's timeline. */
function sentence(known: KnownBoard, { uuid, boardSerial }: BoardChange, keysLost: boolean): string {
  const was = known.uuid === uuid ? '' : `, system UUID ${known.uuid ?? 'none'} → ${uuid ?? 'none'}`;
  return `a mainboard with the serial number ${boardSerial}${was}${keysLost ? '; the keys of its disks are lost' : ''}`;
}

function shortly(one: Pick<KnownBoard, 'uuid' | 'bmcMac' | 'key'> & { readonly serial: string | null }) {
  const { uuid, serial, bmcMac, key } = one;
  return { uuid, serial, bmcMac, key };
}
