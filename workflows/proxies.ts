import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { BirthActivities } from '../activities/birth/index.ts';
import type { CleanActivities } from '../activities/clean/index.ts';
import type { DrainActivities } from '../activities/drain/index.ts';
import type { HardwareActivities } from '../activities/hardware/index.ts';
import type { OrderActivities } from '../activities/orders/index.ts';
import type { OutageActivities } from '../activities/outage/index.ts';
import type { PassageActivities } from '../activities/passage/index.ts';
import type { RecordActivities } from '../activities/records/index.ts';
import type { RepairActivities } from '../activities/repair/index.ts';
import type { RetireActivities } from '../activities/retire/index.ts';
import { hardwareQueue } from '../contract/machine.ts';
import { type ActKind, takesLong } from '../domain/acts.ts';

// Transactions on the MDB: short, idempotent, and safe to run more than once, which is all that a local activity
// promises. They keep trying while the MDB is away (its restart takes seconds, a fail-over minutes); which errors say so
// is for the boundary of activities, which marks any other as one that ends with a person (docs/decisions/errors.md).
const transaction = {
  startToCloseTimeout: '20 seconds',
  localRetryThreshold: '30 seconds',
  retry: {
    initialInterval: '250 milliseconds',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
    // A later run of the passage has the order: no try will find it otherwise.
    nonRetryableErrorTypes: ['StaleRun'] as string[],
  },
} as const;

export const orderActivities = proxyLocalActivities<OrderActivities>(transaction);
export const passageActivities = proxyLocalActivities<PassageActivities>(transaction);
export const outageActivities = proxyLocalActivities<OutageActivities>(transaction);
export const repairActivities = proxyLocalActivities<RepairActivities>(transaction);
export const retireActivities = proxyLocalActivities<RetireActivities>(transaction);
export const birthActivities = proxyLocalActivities<BirthActivities>(transaction);
export const cleanActivities = proxyLocalActivities<CleanActivities>(transaction);

/** Observations of hardware, by the workers of the machine's own site. */
export function observing(siteId: string) {
  return proxyActivities<Pick<HardwareActivities, 'checkController' | 'checkHealth' | 'lookAtBoard' | 'settle'>>({
    taskQueue: hardwareQueue(siteId),
    // A controller may hold a read for a minute (quirk 11); reads are repeated freely, for a quarter of an hour.
    startToCloseTimeout: '3 minutes',
    scheduleToCloseTimeout: '15 minutes',
    // A worker that died, or a task lost on its way to one, is noticed by this and not by the long limit above.
    heartbeatTimeout: '30 seconds',
    retry: { initialInterval: '2 seconds', backoffCoefficient: 2, maximumInterval: '1 minute' },
  });
}

/** What the controller of one machine tells, read anew and kept in the MDB, by the workers of the machine's own site. */
export function recording(siteId: string) {
  return proxyActivities<Pick<RecordActivities, 'keepConsole' | 'keepRecords'>>({
    taskQueue: hardwareQueue(siteId),
    // Logs and some hundred reads of a controller that may be slow. What can't be read is reported and not tried again: a
    // controller that is silent is part of what is found out.
    startToCloseTimeout: '10 minutes',
    scheduleToCloseTimeout: '15 minutes',
    heartbeatTimeout: '1 minute',
    retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '1 minute', maximumAttempts: 2 },
  });
}

/** Looking for the effect of an act, by the workers of the machine's own site. */
export function settling(siteId: string, kind: ActKind) {
  if (!takesLong(kind)) return observing(siteId);
  return proxyActivities<Pick<HardwareActivities, 'settle'>>({
    taskQueue: hardwareQueue(siteId),
    // A firmware update is followed to its end, for two hours at most (quirk 60), by one worker after another.
    startToCloseTimeout: '150 minutes',
    scheduleToCloseTimeout: '4 hours',
    heartbeatTimeout: '30 seconds',
    retry: { initialInterval: '2 seconds', backoffCoefficient: 2, maximumInterval: '1 minute' },
  });
}

/** Acts on hardware, by the workers of the machine's own site. */
export function actingAt(siteId: string, kind?: ActKind) {
  const long = kind !== undefined && takesLong(kind);
  return proxyActivities<Pick<HardwareActivities, 'act'>>({
    taskQueue: hardwareQueue(siteId),
    // One command, never retried: a lost answer is settled by observing. The limit covers the identity check,
    // the command (some controllers hold a write for over a minute, quirk 11) and the first observation; of firmware
    // the upload, and the time that an image is verified before it is started.
    startToCloseTimeout: long ? '90 minutes' : '5 minutes',
    heartbeatTimeout: '30 seconds',
    // The command waits for a hardware worker no longer than its step would.
    scheduleToStartTimeout: '10 minutes',
    retry: { maximumAttempts: 1 },
  });
}

/** Schedulers, asked by the workers of the machine's own site: they reach what the site's machines are part of. */
export function draining(siteId: string) {
  return proxyActivities<DrainActivities>({
    taskQueue: hardwareQueue(siteId),
    // An eviction waits for pods that take their time to end; each call may be repeated.
    startToCloseTimeout: '2 minutes',
    // A scheduler that is down for a while is asked again by the drain's own look at it.
    scheduleToCloseTimeout: '10 minutes',
    heartbeatTimeout: '30 seconds',
    retry: { initialInterval: '2 seconds', backoffCoefficient: 2, maximumInterval: '1 minute' },
  });
}
