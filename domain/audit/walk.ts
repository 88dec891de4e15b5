/** Walks the chain of the audit, whatever its length, with some hundred rows in memory, and says where it is broken. */
import type { Milliseconds } from '../duration.ts';
import { type ChainRow, type Digest, isIntact } from './chain.ts';

export interface ChainFault {
  readonly kind: 'changed' | 'removed' | 'inserted' | 'reordered' | 'backdated' | 'cut';
  /** The first row that is not as it was written; for `removed` the one after what is missing. */
  readonly row: number;
  readonly message: string;
}

/** Where a chain ends: kept elsewhere, it shows later that nothing of it was cut off. */
export interface ChainHead {
  readonly row: number;
  readonly hash: string;
}

export interface ChainOutcome {
  readonly rows: number;
  /** The last row that was found in its place; null where there is none. */
  readonly head: (ChainHead & { readonly at: string }) | null;
  readonly fault: ChainFault | null;
}

export interface ChainWalk {
  /** False once no further row is wanted: what is wrong is known. */
  take(row: ChainRow): boolean;
  end(): ChainOutcome;
}

export interface WalkOptions {
  /** Where it begins; the first row of all by default. */
  readonly from?: ChainHead | undefined;
  /** A head that was kept elsewhere and must be met on the way; its row may be unknown. */
  readonly kept?: { readonly row?: number | undefined; readonly hash: string } | undefined;
}

/** Rows that are remembered behind and looked at ahead, to tell what was done to a chain. */
const window = 500;
/** Clocks are set back by so much when they are put right. */
const clockTolerance: Milliseconds = 5000;

export function walkChain(digest: Digest, { from, kept }: WalkOptions = {}): ChainWalk {
  const behind = new Map<string, number>([[from?.hash ?? '', from?.row ?? 0]]);
  const ahead: ChainRow[] = [];
  let rows = 0;
  let last: ChainRow | null = null;
  let backdated: ChainFault | null = null;
  let met = kept === undefined || (kept.hash === from?.hash && (kept.row ?? from.row) === from.row);

  const hash = () => last?.hash ?? from?.hash ?? '';
  const row = () => last?.id ?? from?.row ?? 0;

  function accept(next: ChainRow): void {
    if (last && Date.parse(last.at) - Date.parse(next.at) > clockTolerance)
      backdated ??= {
        kind: 'backdated',
        row: next.id,
        message: `row ${next.id} says it was written at ${next.at}, and row ${last.id} before it at ${last.at}`,
      };
    rows += 1;
    last = next;
    behind.set(next.hash, next.id);
    if (behind.size > window) behind.delete(behind.keys().next().value as string);
    met ||= kept?.hash === next.hash && (kept.row ?? next.id) === next.id;
  }

  return {
    take(next) {
      if (ahead.length > 0) return ahead.push(next) < window;
      const intact = isIntact(next, digest);
      // Written to a file or sent twice; the chain itself has no two rows of one number.
      if (intact && behind.get(next.hash) === next.id) return true;
      if (intact && next.previous === hash() && next.id > row()) accept(next);
      else ahead.push(next);
      return true;
    },
    end() {
      const head = last ? { row: last.id, hash: last.hash, at: last.at } : null;
      const [bad] = ahead;
      const broken = bad ? findFault({ bad, ahead, behind, hash: hash(), row: row(), digest }) : null;
      const cut = met || !kept ? null : findCut(kept, row());
      return { rows, head, fault: broken ?? cut ?? backdated };
    },
  };
}

interface Break {
  readonly bad: ChainRow;
  readonly ahead: readonly ChainRow[];
  readonly behind: ReadonlyMap<string, number>;
  /** Of the last row that is in its place. */
  readonly hash: string;
  readonly row: number;
  readonly digest: Digest;
}

function findFault({ bad, ahead, behind, hash, row, digest }: Break): ChainFault {
  const place = row === 0 ? 'the beginning' : `row ${row}`;
  const fault = (kind: ChainFault['kind'], at: number, message: string) => ({ kind, row: at, message });
  const heir = ahead.slice(1).find(({ previous }) => previous === hash);
  if (heir && ahead.some((each) => each.hash === bad.previous))
    return fault('reordered', bad.id, `row ${bad.id} stands before the row that it follows`);
  const intact = isIntact(bad, digest);
  if (heir && isIntact(heir, digest) && bad.previous !== hash)
    return fault('inserted', bad.id, `row ${bad.id} is not of this chain: row ${heir.id} goes on from ${place}`);
  if (heir && intact) return fault('inserted', bad.id, `row ${bad.id} and row ${heir.id} both go on from ${place}`);
  const parent = bad.previous === hash ? undefined : behind.get(bad.previous);
  if (parent !== undefined) {
    const first = [...behind.values()].find((id) => id > parent) ?? bad.id;
    return fault('inserted', first, `row ${first} was put in: row ${bad.id} goes on from row ${parent}`);
  }
  if (!intact) return fault('changed', bad.id, `row ${bad.id} was changed: its hash is not that of what it says`);
  if (bad.id === row + 1 && row > 0)
    return fault('changed', row, `row ${row} was written anew: row ${bad.id} goes on from another row in its place`);
  return fault(
    'removed',
    bad.id,
    `between ${place} and row ${bad.id} rows are missing, or what stood there is another`,
  );
}

function findCut(kept: NonNullable<WalkOptions['kept']>, row: number): ChainFault {
  const named = kept.row === undefined ? `The row with the hash ${kept.hash}` : `Row ${kept.row} as it was kept`;
  return {
    kind: 'cut',
    row: kept.row ?? row,
    message: `${named} is not in the chain, which ends at row ${row}: rows were cut off, or written anew`,
  };
}
