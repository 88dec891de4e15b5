import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { BirthActivities } from '../activities/birth/index.ts';
import type { HardwareActivities } from '../activities/hardware/index.ts';
import type { PassageActivities } from '../activities/passage/index.ts';
import { hardwareQueue } from '../contract/machine.ts';

// Transactions on the MDB: short, idempotent, and safe to run more than once, which is all that a local activity
// promises. They keep trying while the MDB is away (its restart takes seconds, a fail-over minutes); a bug in one
// is a non-retryable failure and ends with a person.
const transaction = {
  startToCloseTimeout: '20 seconds',
  localRetryThreshold: '30 seconds',
  retry: { initialInterval: '250 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
} as const;

export const passageActivities = proxyLocalActivities<PassageActivities>(transaction);
export const birthActivities = proxyLocalActivities<BirthActivities>(transaction);

/** Observations of hardware, by the workers of the machine's own site. */
export function observing(siteId: string) {
  return proxyActivities<Pick<HardwareActivities, 'checkController' | 'settle'>>({
    taskQueue: hardwareQueue(siteId),
    // A controller may hold a read for a minute (quirk 11); reads are repeated freely, for a quarter of an hour.
    startToCloseTimeout: '3 minutes',
    scheduleToCloseTimeout: '15 minutes',
    // A worker that died, or a task lost on its way to one, is noticed by this and not by the long limit above.
    heartbeatTimeout: '30 seconds',
    retry: { initialInterval: '2 seconds', backoffCoefficient: 2, maximumInterval: '1 minute' },
  });
}

/** Acts on hardware, by the workers of the machine's own site. */
export function acting(siteId: string) {
  return proxyActivities<Pick<HardwareActivities, 'act'>>({
    taskQueue: hardwareQueue(siteId),
    // One command, never retried: a lost answer is settled by observing. The limit covers the identity check,
    // the command (some controllers hold a write for over a minute, quirk 11) and the first observation.
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: '30 seconds',
    // The command waits for a hardware worker no longer than its step would.
    scheduleToStartTimeout: '10 minutes',
    retry: { maximumAttempts: 1 },
  });
}
