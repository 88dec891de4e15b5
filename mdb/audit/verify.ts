/** Verifies the chain of the audit, on and on: what is new at once, and all of it now and then. */
import { parseRow } from '../../domain/audit/chain.ts';
import { type ChainOutcome, type WalkOptions, walkChain } from '../../domain/audit/walk.ts';
import type { Seconds } from '../../domain/duration.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { digest, readChain } from './chain.ts';
import { readMark, setMark, verifiedMark } from './marks.ts';

const pageRows = 1000;

/** Walks from the beginning, or from where it is given, to the end. */
export async function verifyChain(
  mdb: MdbOrTransaction,
  options: WalkOptions = {},
  stop?: AbortSignal,
): Promise<ChainOutcome> {
  const walk = walkChain(digest, options);
  let after = options.from?.row ?? 0;
  for (let wanted = true; wanted; ) {
    stop?.throwIfAborted();
    const lines = await readChain(mdb, after, pageRows);
    for (const { line } of lines) {
      const row = parseRow(line);
      if (row === null) throw new Error('a row of the audit is not in the form of this version');
      wanted &&= walk.take(row);
    }
    after = lines.at(-1)?.id ?? after;
    wanted &&= lines.length > 0;
  }
  return walk.end();
}

/**
 * Goes on from the row that was verified last, and begins anew where that is long ago, where the row is not there any
 * more, or where a fault was found before: what a person settled is whole again.
 */
export async function verifyOn(mdb: MdbOrTransaction, wholeEvery: Seconds, stop?: AbortSignal): Promise<ChainOutcome> {
  const mark = await readMark(mdb, verifiedMark);
  const [there] = await readChain(mdb, mark.row - 1, 1);
  const moved = mark.row > 0 && (there?.id !== mark.row || there.hash !== mark.hash);
  const whole = mark.row === 0 || mark.trouble !== null || moved || (mark.wholeAge ?? wholeEvery) >= wholeEvery;
  const outcome = await verifyChain(mdb, whole ? (mark.row > 0 ? { kept: mark } : {}) : { from: mark }, stop);
  const { head, rows, fault } = outcome;
  if (fault !== null) await setMark(mdb, verifiedMark, { ...mark, trouble: fault.message });
  else if (head !== null || whole)
    await setMark(mdb, verifiedMark, {
      ...(head ?? mark),
      rows: whole ? rows : mark.rows + rows,
      whole,
      trouble: null,
    });
  return outcome;
}
