import { ActivityFailure, log, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { ReconcileActivities } from '../activities/reconcile/index.ts';
import type { RecordActivities } from '../activities/records/index.ts';
import { hardwareQueue } from '../contract/machine.ts';
import type { ReconcileInput, ReconcileSummary } from '../contract/reconcile.ts';

// Some seconds for thousands of machines, a transaction for every 200; what they wrote is found by a repeat. What fails
// for good is the next round's, which reads everything anew.
const { beginReconcile, compareSite, proposeCampaigns, endReconcile } = proxyActivities<ReconcileActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '1 minute',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds', maximumAttempts: 5 },
});

function reading(siteId: string) {
  return proxyActivities<Pick<RecordActivities, 'readSettings'>>({
    taskQueue: hardwareQueue(siteId),
    // Fifty controllers, six at a time, of which each may hold a read for minutes.
    startToCloseTimeout: '30 minutes',
    // Without the site's workers there is no reading; what was read before is compared all the same.
    scheduleToStartTimeout: '10 minutes',
    heartbeatTimeout: '1 minute',
    // A worker that died; controllers that can't be read are an outcome, and looked at again in the next round.
    retry: { initialInterval: '5 seconds', maximumAttempts: 2 },
  });
}

/**
 * One round over a site: reads settings and versions where some are wanted, compares every machine with its profile,
 * keeps the drift, and plans or starts the campaigns that its pools leave to it. Started by a Schedule and on demand; it
 * knows nothing but its site, and may be repeated, or die anywhere.
 */
export async function reconcile({ siteId }: ReconcileInput): Promise<ReconcileSummary> {
  const roundId = workflowInfo().runId;
  const since = await beginReconcile({ siteId, roundId });
  const readings = await readAll(siteId, since);
  const compared = await compareSite({ siteId });
  const proposed = await proposeCampaigns({ siteId });
  const summary = { ...readings, ...compared, ...proposed };
  await endReconcile({ roundId, summary });
  return summary;
}

async function readAll(siteId: string, since: string): Promise<Pick<ReconcileSummary, 'read' | 'unread'>> {
  const { readSettings } = reading(siteId);
  const sum = { read: 0, unread: 0 };
  try {
    for (let after: string | null = ''; after !== null; ) {
      const page: Awaited<ReturnType<typeof readSettings>> = await readSettings({ siteId, since, after });
      sum.read += page.read;
      sum.unread += page.unread;
      after = page.after;
    }
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.warn('controllers could not be read', { error: String(error.cause?.message ?? error.message) });
  }
  return sum;
}
