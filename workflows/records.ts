import { proxyActivities } from '@temporalio/workflow';
import type { RecordActivities } from '../activities/records/index.ts';
import type { RecordsInput, RecordsSummary } from '../contract/controllers.ts';
import { hardwareQueue } from '../contract/machine.ts';

/** Batches of one sweep: what is left over is the next one's, which finds it due all the same. */
const maxBatches = 200;

function keeping(siteId: string) {
  return proxyActivities<RecordActivities>({
    taskQueue: hardwareQueue(siteId),
    // Fifty controllers, six at a time, each with some hundred reads of a slow one; whole machines hang meanwhile.
    startToCloseTimeout: '30 minutes',
    // A worker that died is noticed by this: the batch is read again, and what was kept is found kept.
    heartbeatTimeout: '1 minute',
    retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '1 minute', maximumAttempts: 5 },
  });
}

/** Looks after all of a site's records that are due: subscriptions, logs, inventories. Started by a Schedule. */
export async function records({ siteId }: RecordsInput): Promise<RecordsSummary> {
  const { dueRecords, keepRecords } = keeping(siteId);
  const summary = { controllers: 0, failed: 0 };
  for (let batch = 0; batch < maxBatches; batch += 1) {
    const due = await dueRecords({ siteId });
    if (due.length === 0) break;
    const failed = await keepRecords({ siteId, due });
    summary.controllers += due.length;
    summary.failed += failed.length;
  }
  return summary;
}
