import type { LedgerBatch, LedgerRest, LedgerResult } from '../../contract/semaphore.ts';
import { acting } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { readTraces } from '../../mdb/permits/holder.ts';
import { restOf, settleBatch } from '../../mdb/permits/permits.ts';
import { askPermit, describeHolder, sendToSemaphore } from './messages.ts';

/**
 * What semaphores and their requesters do outside the sandbox: the ledger in the MDB, and messages over the worker's
 * own client. Each may run more than once.
 */
export function createPermitActivities(mdb: Mdb) {
  return {
    /** Writes one batch of a semaphore, and grants. */
    settlePermits: (ledgerBatch: LedgerBatch): Promise<LedgerResult> =>
      acting(mdb, { class: 'system', name: 'semaphore' }, null, (tx) => settleBatch(tx, ledgerBatch)),
    /** What the ledger holds open of a semaphore. */
    restorePermits: ({ semaphore }: { semaphore: string }): Promise<LedgerRest> => restOf(mdb, semaphore),
    /** What a holder that is gone did to its machine. */
    readTraces: ({ permitId }: { permitId: string }) => readTraces(mdb, permitId),
    describeHolder,
    askPermit,
    sendToSemaphore,
  };
}

export type PermitActivities = ReturnType<typeof createPermitActivities>;
