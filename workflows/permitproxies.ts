import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { PermitActivities } from '../activities/permits/index.ts';

// The ledger: one transaction on the MDB, idempotent. After these seconds the semaphore tells those who ask that they
// wait, and tries the same batch again.
export const ledgerActivities = proxyLocalActivities<Pick<PermitActivities, 'settlePermits' | 'restorePermits'>>({
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: '20 seconds',
  localRetryThreshold: '20 seconds',
  retry: { initialInterval: '250 milliseconds', backoffCoefficient: 2, maximumInterval: '5 seconds' },
});

// Reads of Temporal and the MDB; a lease waits for their answer, so they may take a few tries, but not for ever.
export const lookActivities = proxyActivities<Pick<PermitActivities, 'describeHolder' | 'readTraces'>>({
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '2 minutes',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '15 seconds' },
});

// Messages to a semaphore. Not local: the semaphore answers by the same workers, whose places for local activities
// would all be taken by those who wait for it. They carry an id, so that they may be repeated; they go on until
// Temporal takes them, as a permit that is not given back is missed by everyone else.
export const permitActivities = proxyActivities<Pick<PermitActivities, 'askPermit' | 'sendToSemaphore'>>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '250 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
});
