import { ActivityFailure, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { AdoptionActivities, AdoptionLooks } from '../activities/adoption/index.ts';
import type { AdoptionInput } from '../contract/adoption.ts';
import { hardwareQueue } from '../contract/machine.ts';
import type { AdoptionSeen } from '../domain/adoption.ts';

// A transaction on the MDB, that finds what it did before; it waits for one that is away.
const { endAdoption } = proxyLocalActivities<AdoptionActivities>({
  startToCloseTimeout: '20 seconds',
  localRetryThreshold: '30 seconds',
  retry: { initialInterval: '250 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
});

function looking(siteId: string) {
  return proxyActivities<AdoptionLooks>({
    taskQueue: hardwareQueue(siteId),
    // Some dozens of reads of a controller that may be slow; somebody waits for the answer.
    startToCloseTimeout: '5 minutes',
    scheduleToStartTimeout: '2 minutes',
    scheduleToCloseTimeout: '15 minutes',
    heartbeatTimeout: '30 seconds',
    retry: { initialInterval: '2 seconds', backoffCoefficient: 2, maximumInterval: '30 seconds', maximumAttempts: 4 },
  });
}

/**
 * Adoption: who is behind a controller's address is read, and the machine announced with the order for its birth, which
 * does all that is done to it. Nothing but reads happens here; a dry run ends with the plan.
 */
export async function adoption({ adoptionId, siteId }: AdoptionInput): Promise<void> {
  await endAdoption({ adoptionId, seen: await look(adoptionId, siteId) });
}

async function look(adoptionId: string, siteId: string): Promise<AdoptionSeen> {
  try {
    return await looking(siteId).lookAtController({ adoptionId });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return { why: `its controller could not be looked at: ${error.cause?.message ?? error.message}` };
  }
}
