import type { BoardFactor, BoardShown } from '../../contract/board.ts';
import { normaliseSerial, normaliseUuid } from '../../mdb/identity.ts';
import { sameMachine } from './identity.ts';

/** What the MDB knows a machine by. */
export interface KnownBoard {
  readonly uuid: string | null;
  readonly serials: readonly (string | null)[];
  readonly bootMac: string;
  /** The one that it boots from among them. */
  readonly macs: readonly string[];
  readonly bmcMac: string | null;
  readonly key: string | null;
}

export type SwapVerdict =
  | { readonly is: 'same' }
  | {
      readonly is: 'swapped';
      readonly agree: readonly BoardFactor[];
      readonly differ: readonly BoardFactor[];
      readonly bootPortGone: boolean;
    }
  | { readonly is: 'other'; readonly reason: string }
  | { readonly is: 'unclear'; readonly reason: string };

/**
 * Whether what is shown is the machine, the machine with another board in it, or another machine: at least one factor
 * has to agree before anybody is asked to accept the ones that differ. Pure.
 */
export function judgeSwap(known: KnownBoard, shown: BoardShown): SwapVerdict {
  const factors = compare(known, shown);
  const agree = factors.filter(([, same]) => same).map(([factor]) => factor);
  const differ = factors.filter(([, same]) => !same).map(([factor]) => factor);
  const verdict = sameMachine(known, shown);
  if (verdict.same && !differ.includes('key')) return { is: 'same' };
  if (differ.length === 0) return { is: 'unclear', reason: verdict.same ? 'nothing differs' : verdict.reason };
  if (agree.length === 0) return { is: 'other', reason: `of ${differ.join(', ')}, nothing agrees` };
  const bootPortGone = shown.macs.length > 0 && !shown.macs.includes(known.bootMac);
  return { is: 'swapped', agree, differ, bootPortGone };
}

/** Each factor that both sides show, and whether they have it in common. */
function compare(known: KnownBoard, shown: BoardShown): [BoardFactor, boolean][] {
  const serials = (list: readonly (string | null)[]) =>
    list.flatMap((serial) => normaliseSerial(serial)?.toUpperCase() ?? []);
  const one = (value: string | null) => (value === null ? [] : [value]);
  const pairs: [BoardFactor, readonly string[], readonly string[]][] = [
    ['uuid', one(normaliseUuid(known.uuid)), one(normaliseUuid(shown.uuid))],
    ['serial', serials(known.serials), serials(shown.serials)],
    ['nic-mac', known.macs, shown.macs],
    ['bmc-mac', one(known.bmcMac), shown.bmcMacs],
    ['key', one(known.key), one(shown.key)],
  ];
  return pairs.flatMap(([factor, before, now]) =>
    before.length === 0 || now.length === 0
      ? []
      : [[factor, now.some((value) => before.includes(value))] as [BoardFactor, boolean]],
  );
}
