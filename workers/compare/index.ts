import type { Client } from '@temporalio/client';
import type { Mdb } from '../../mdb/connect.ts';
import { type Compared, noteProgress } from '../../mdb/orders/comparisons.ts';
import type { ComparisonContext } from './context.ts';
import { listExisting } from './existing.ts';
import { compareGroups } from './groups.ts';
import { compareMachines } from './machines.ts';
import { compareOrders } from './orders.ts';
import { MismatchTally } from './tally.ts';

export interface CompareOptions {
  readonly client: Client;
  readonly mdb: Mdb;
  /** Row that is told of the progress. */
  readonly id: string;
  readonly selector: string | null;
  readonly dryRun: boolean;
  readonly sentAt: Map<string, number>;
  readonly signal: AbortSignal;
}

/**
 * Compares what the MDB has under way with the workflows that exist, and brings back what either side lost
 * (docs/rehydrate.md). May be repeated, interrupted, and done beside a Temporal that has everything: nothing is started
 * that runs. Machines come first, so that who holds a permit is there before its semaphore asks.
 */
export async function compare({
  client,
  mdb,
  id,
  selector,
  dryRun,
  sentAt,
  signal,
}: CompareOptions): Promise<Compared> {
  const tally = new MismatchTally();
  try {
    const context: ComparisonContext = {
      ...{ client, mdb, selector, dryRun, sentAt, tally },
      existing: await listExisting(client),
      started: new Set(),
      beat: async (machines) => {
        signal.throwIfAborted();
        await noteProgress(mdb, id, machines);
      },
    };
    await compareMachines(context);
    await compareOrders(context);
    if (selector === null) await compareGroups(context);
    return asCompared(tally, null);
  } catch (error) {
    return asCompared(tally, error instanceof Error ? error.message : String(error));
  }
}

function asCompared({ machines, counts, found }: MismatchTally, error: string | null): Compared {
  return { machines, counts, found, error };
}
