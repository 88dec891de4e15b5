import { isSameSerial, isSameUuid, normaliseUuid } from './identity.ts';
import { cleanSerials, sameMachine } from './samemachine.ts';

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
export function judgeSwap(known: KnownBoard, observed: BoardObserved): SwapVerdict {
  const factors = compare(known, observed);
  const agree = factors.filter(([, same]) => same).map(([factor]) => factor);
  const differ = factors.filter(([, same]) => !same).map(([factor]) => factor);
  const verdict = sameMachine({ ...known, bmcMacs: known.bmcMac === null ? [] : [known.bmcMac] }, observed);
  // Ports move with their card: with another controller's MAC beside them they don't make it the same board.
  const onPorts = verdict.same && verdict.matched.every((factor) => factor.endsWith('mac'));
  if (verdict.same && !differ.includes('key') && !(onPorts && differ.includes('bmc-mac'))) return { is: 'same' };
  if (differ.length === 0) return { is: 'unclear', reason: verdict.same ? 'nothing differs' : verdict.reason };
  if (agree.length === 0) return { is: 'other', reason: `of ${differ.join(', ')}, nothing agrees` };
  const bootPortGone = observed.macs.length > 0 && !observed.macs.includes(known.bootMac);
  return { is: 'swapped', agree, differ, bootPortGone };
}

/** Each factor that both sides show, and whether they have it in common. */
function compare(known: KnownBoard, observed: BoardObserved): [BoardFactor, boolean][] {
  const one = (value: string | null) => (value === null ? [] : [value]);
  type Pair = [BoardFactor, readonly string[], readonly string[], ((some: string, other: string) => boolean)?];
  const pairs: Pair[] = [
    ['uuid', one(normaliseUuid(known.uuid)), one(normaliseUuid(observed.uuid)), isSameUuid],
    ['serial', cleanSerials(known.serials), cleanSerials(observed.serials), isSameSerial],
    ['nic-mac', known.macs, observed.macs],
    ['bmc-mac', one(known.bmcMac), observed.bmcMacs],
    ['key', one(known.key), one(observed.key)],
  ];
  return pairs.flatMap(([factor, before, now, isSame = (some, other) => some === other]) =>
    before.length === 0 || now.length === 0
      ? []
      : [[factor, now.some((value) => before.some((other) => isSame(value, other)))] as [BoardFactor, boolean]],
  );
}

/** What tells one machine from another, as far as its controller shows it. `key` is that of its certificate. */
export const boardFactors = ['uuid', 'serial', 'nic-mac', 'bmc-mac', 'key'] as const;

export type BoardFactor = (typeof boardFactors)[number];

/** What a controller shows; normalised, fillers left out. */
export interface BoardObserved {
  readonly uuid: string | null;
  /** On the machine's label. */
  readonly serial: string | null;
  readonly boardSerial: string | null;
  /** Of the system, its cases and its model number: whatever may be the one that is known. */
  readonly serials: readonly string[];
  readonly macs: readonly string[];
  readonly bmcMacs: readonly string[];
  /** SHA-256 of the certificate's public key in base64; null without TLS. */
  readonly key: string | null;
}
