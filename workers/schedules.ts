import { type Client, ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Duration } from '@temporalio/common';
import { recordsWorkflow, recordsWorkflowId } from '../contract/controllers.ts';
import { lifecycleQueue } from '../contract/machine.ts';
import { reconcileWorkflow, reconcileWorkflowId } from '../contract/reconcile.ts';

/**
 * Makes sure of the Schedule that keeps up the records of a site's controllers. One that is there stays as it is: a
 * person may have paused it or given it another pace.
 */
export function scheduleRecords(client: Client, siteId: string): Promise<void> {
  // What is due decides what is read; a sweep that finds nothing costs one query.
  return ensure(client, recordsWorkflow, recordsWorkflowId(siteId), siteId, '2 minutes');
}

/** The same of the reconciler, which reads all that something is wanted of. */
export function scheduleReconcile(client: Client, siteId: string): Promise<void> {
  return ensure(client, reconcileWorkflow, reconcileWorkflowId(siteId), siteId, '30 minutes');
}

export async function isScheduled(client: Client, id: string): Promise<boolean> {
  try {
    await client.schedule.getHandle(id).describe();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

async function ensure(
  client: Client,
  workflowType: string,
  id: string,
  siteId: string,
  every: Duration,
): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: id,
      spec: { intervals: [{ every }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
      action: {
        type: 'startWorkflow',
        workflowId: id,
        workflowType,
        taskQueue: lifecycleQueue,
        args: [{ siteId }],
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
