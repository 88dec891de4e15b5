import { and, eq, isNull } from 'drizzle-orm';
import type { BoardAccept, BoardAccepted, BoardWord } from '../../contract/board.ts';
import type { PassageErrand } from '../../contract/passage.ts';
import type { BoardShown } from '../../domain/identity/board.ts';
import { judgeSwap, type KnownBoard } from '../../domain/identity/board.ts';
import { isSameSerial, isSameUuid, normaliseSerial, normaliseUuid } from '../../domain/identity/identity.ts';
import { sameMachine } from '../../domain/identity/samemachine.ts';
import { normaliseMac } from '../../domain/machine.ts';
import { type Actor, acting, record } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import * as boards from '../../mdb/identity/boards.ts';
import * as passage from '../../mdb/orders/passage.ts';
import { answerStep } from '../../mdb/people/answering.ts';
import { humanSteps, machines } from '../../mdb/schema.ts';

type Change = Omit<boards.BoardChange, 'keysLost'>;

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
async function settleLookalikes(mdb: Mdb, { machineId, orderId, word }: BoardAccept): Promise<void> {
  const open = await mdb
    .select({ step: humanSteps.id, choices: humanSteps.choices })
    .from(humanSteps)
    .innerJoin(machines, eq(machines.id, humanSteps.machineId))
    .where(and(eq(machines.resembles, machineId), isNull(humanSteps.answeredAt)));
  const answerer = { class: 'user', name: word.by, role: 'operator' } as const;
  const note = `its board was accepted in ${orderId}`;
  for (const { step, choices } of open)
    if (choices.includes('same-machine')) await answerStep(mdb, answerer, { step, answer: 'same-machine', note });
}

function writeAccepted(mdb: Mdb, input: BoardAccept): Promise<BoardAccepted> {
  const { id, machineId, orderId, shown, word } = input;
  const actor: Actor = { class: 'user', name: word.by, epoch: input.epoch };
  return acting(mdb, actor, orderId, async (tx): Promise<BoardAccepted> => {
    await passage.lockMachine(tx, machineId);
    const before = await boards.isAccepted(tx, id);
    if (before) return { accepted: true, ...before };
    const known = await boards.readKnownBoard(tx, machineId);
    const owner = await boards.ownerOfIdentity(tx, machineId, shown);
    const judged = owner === null ? judgeWord(known, shown, word) : { why: owner };
    if ('why' in judged) return { accepted: false, why: judged.why };
    const { agree, differ, change } = judged;
    const keysLost = known.keyStore === 'nvram' || known.keyStore === 'tpm';
    const row = {
      id,
      machineId,
      orderId,
      acceptedBy: word.by,
      serial: word.serial,
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
export function endQuarantine(mdb: Mdb, input: PassageErrand & { by: string }): Promise<void> {
  const { machineId, orderId, by, epoch } = input;
  const actor: Actor = { class: 'user', name: by, epoch };
  return acting(mdb, actor, orderId, async (tx) => {
    const was = await boards.endQuarantine(tx, machineId);
    if (was === null) return;
    await record(tx, { actor, action: 'bmc.release', machineId, orderId, detail: { was, reason: 'it is the same' } });
  });
}

type Judged =
  | { readonly why: string }
  | { readonly agree: readonly string[]; readonly differ: readonly string[]; readonly change: Change };

/** Whether a person's word fits what was seen, and what the machine is known by then. Pure. */
export function judgeWord(
  known: KnownBoard & { readonly serial: string | null },
  shown: BoardShown,
  word: BoardWord,
): Judged {
  const verdict = judgeSwap(known, shown);
  if (verdict.is !== 'swapped') return { why: 'reason' in verdict ? verdict.reason : 'nothing differs any more' };
  const { agree, differ, bootPortGone } = verdict;
  const uuid = normaliseUuid(word.uuid);
  if (differ.includes('uuid') && !(uuid !== null && shown.uuid !== null && isSameUuid(uuid, shown.uuid)))
    return { why: `its system UUID is ${shown.uuid}, and ${word.uuid ?? 'none'} was said` };
  if (differ.includes('key') && word.key !== shown.key)
    return { why: `its certificate's key is ${shown.key}, and ${word.key ?? 'none'} was said` };
  const serial = normaliseSerial(word.serial);
  if (serial === null) return { why: `${word.serial} is no serial number` };
  if (shown.boardSerial !== null && !isSameSerial(shown.boardSerial, serial))
    return { why: `its board's serial number is ${shown.boardSerial}, and ${serial} was said` };
  const mac = bootPortGone ? normaliseMac(word.mac ?? '') : known.bootMac;
  if (mac === null || (bootPortGone && !shown.macs.includes(mac)))
    return {
      why: `the port it booted from is gone: it shows ${shown.macs.join(', ')}, and ${word.mac ?? 'none'} was said`,
    };
  const change = {
    uuid: shown.uuid ?? known.uuid,
    serial: differ.includes('serial') ? shown.serial : known.serial,
    boardSerial: serial,
    mac,
    macs: shown.macs.filter((one) => !known.macs.includes(one)),
    bmcMac: differ.includes('bmc-mac') ? (shown.bmcMacs[0] ?? null) : known.bmcMac,
    key: shown.key,
  };
  return isKnownAgain(change, known, shown)
    ? { agree, differ, change }
    : { why: 'it shows too little to be known again by two factors' };
}

/** Accepted, it has to pass the check that each later act makes. */
function isKnownAgain(change: Change, known: KnownBoard, shown: BoardShown): boolean {
  const serials = [change.serial, change.boardSerial, ...known.serials];
  const then = { uuid: change.uuid, serials, bootMac: change.mac, macs: [...known.macs, ...change.macs] };
  return sameMachine(then, shown).same;
}

/** For the machine's timeline. */
function sentence(known: KnownBoard, { uuid, boardSerial }: Change, keysLost: boolean): string {
  const was = known.uuid === uuid ? '' : `, system UUID ${known.uuid ?? 'none'} → ${uuid ?? 'none'}`;
  return `a mainboard with the serial number ${boardSerial}${was}${keysLost ? '; the keys of its disks are lost' : ''}`;
}

function shortly(one: Pick<KnownBoard, 'uuid' | 'bmcMac' | 'key'> & { readonly serial: string | null }) {
  const { uuid, serial, bmcMac, key } = one;
  return { uuid, serial, bmcMac, key };
}
