/** A person's word on a mainboard that was replaced. */

import { normaliseMac } from '../machine.ts';
import { type BoardObserved, judgeSwap, type KnownBoard } from './board.ts';
import { isSameSerial, isSameUuid, normaliseSerial, normaliseUuid } from './identity.ts';
import { sameMachine } from './samemachine.ts';

/** What a person said of the new board. */
export interface BoardAnswer {
  readonly by: string;
  /** From the new board's label. */
  readonly serial: string;
  readonly uuid?: string;
  /** MAC of the port that the machine boots from. */
  readonly mac?: string;
  readonly key?: string;
}

/** What the machine is known by with its new board. */
export interface BoardChange {
  readonly uuid: string | null;
  readonly serial: string | null;
  readonly boardSerial: string;
  readonly mac: string;
  /** Ports that it has from now on, besides those it is known by. */
  readonly macs: readonly string[];
  readonly bmcMac: string | null;
  readonly key: string | null;
}

type BoardAnswerVerdict =
  | { readonly why: string }
  | { readonly agree: readonly string[]; readonly differ: readonly string[]; readonly change: BoardChange };

/** Whether a person's word fits what was seen, and what the machine is known by then. */
export function judgeBoardAnswer(
  known: KnownBoard & { readonly serial: string | null },
  observed: BoardObserved,
  answer: BoardAnswer,
): BoardAnswerVerdict {
  const verdict = judgeSwap(known, observed);
  if (verdict.is !== 'swapped') return { why: 'reason' in verdict ? verdict.reason : 'nothing differs any more' };
  const { agree, differ, bootPortGone } = verdict;
  const uuid = normaliseUuid(answer.uuid);
  if (differ.includes('uuid') && !(uuid !== null && observed.uuid !== null && isSameUuid(uuid, observed.uuid)))
    return { why: `its system UUID is ${observed.uuid}, and ${answer.uuid ?? 'none'} was said` };
  if (differ.includes('key') && answer.key !== observed.key)
    return { why: `its certificate's key is ${observed.key}, and ${answer.key ?? 'none'} was said` };
  const serial = normaliseSerial(answer.serial);
  if (serial === null) return { why: `${answer.serial} is no serial number` };
  if (observed.boardSerial !== null && !isSameSerial(observed.boardSerial, serial))
    return { why: `its board's serial number is ${observed.boardSerial}, and ${serial} was said` };
  const mac = bootPortGone ? normaliseMac(answer.mac ?? '') : known.bootMac;
  if (mac === null || (bootPortGone && !observed.macs.includes(mac)))
    return {
      why: `the port it booted from is gone: it shows ${observed.macs.join(', ')}, and ${answer.mac ?? 'none'} was said`,
    };
  const change = {
    uuid: observed.uuid ?? known.uuid,
    serial: differ.includes('serial') ? observed.serial : known.serial,
    boardSerial: serial,
    mac,
    macs: observed.macs.filter((one) => !known.macs.includes(one)),
    bmcMac: differ.includes('bmc-mac') ? (observed.bmcMacs[0] ?? null) : known.bmcMac,
    key: observed.key,
  };
  return isKnownAgain(change, known, observed)
    ? { agree, differ, change }
    : { why: 'it shows too little to be known again by two factors' };
}

/** Accepted, it has to pass the check that each later act makes. */
function isKnownAgain(change: BoardChange, known: KnownBoard, observed: BoardObserved): boolean {
  const serials = [change.serial, change.boardSerial, ...known.serials];
  const then = { uuid: change.uuid, serials, bootMac: change.mac, macs: [...known.macs, ...change.macs] };
  return sameMachine(then, observed).same;
}
