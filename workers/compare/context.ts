import type { Client } from '@temporalio/client';
import type { Mdb } from '../../mdb/connect.ts';
import type { Existing } from './existing.ts';
import type { MismatchTally } from './tally.ts';

/** One comparison under way. */
export interface ComparisonContext {
  readonly client: Client;
  readonly mdb: Mdb;
  readonly existing: Existing;
  readonly tally: MismatchTally;
  /** Which machines it is about; null for everything. */
  readonly selector: string | null;
  /** It only says what it would do. */
  readonly dryRun: boolean;
  /** Machines whose workflow was started just now: they read in the MDB whatever they have to know. */
  readonly started: Set<string>;
  /** Orders that were told again of late, with the time: once every ten minutes is enough. */
  readonly sentAt: Map<string, number>;
  /** Tells that it goes on; throws when it is to stop. */
  readonly beat: (machines: number) => Promise<void>;
}

/** Requests to Temporal at once. */
const atOnce = 16;

/** Works through items, a bounded number at once; one that fails does not keep the others from being done. */
export async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items].reverse();
  const one = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, one));
}

/** Mends one mismatch, unless this only looks; what can't be mended now is told with the reason, and found again. */
export async function mend(
  { tally, dryRun }: ComparisonContext,
  mismatch: Parameters<MismatchTally['add']>[0],
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    if (!dryRun) await work();
    tally.add(mismatch);
  } catch (error) {
    tally.add({ ...mismatch, failed: error instanceof Error ? error.message : String(error) });
  }
}
