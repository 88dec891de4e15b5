import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { recordsWorkflow, recordsWorkflowId } from '../contract/controllers.ts';
import { lifecycleQueue } from '../contract/machine.ts';

/**
 * Makes sure of the Schedule that keeps up the records of a site's controllers. One that is there stays as it is: a
 * person may have paused it or given it another pace.
 */
export async function scheduleRecords(client: Client, siteId: string): Promise<void> {
  const id = recordsWorkflowId(siteId);
  try {
    await client.schedule.create({
      scheduleId: id,
      // What is due decides what is read; a sweep that finds nothing costs one query.
      spec: { intervals: [{ every: '2 minutes' }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
      action: {
        type: 'startWorkflow',
        workflowId: id,
        workflowType: recordsWorkflow,
        taskQueue: lifecycleQueue,
        args: [{ siteId }],
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
