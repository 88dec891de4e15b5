/** Histories of the reconciler: a round that reads two pages, and one whose site has nobody who reads. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { hardwareQueue, lifecycleQueue } from '../../contract/machine.ts';
import { reconcileWorkflow, reconcileWorkflowId } from '../../contract/reconcile.ts';
import { bundle } from '../workflows/bench.ts';

type Reading = (page: { readonly after: string }) => Promise<object>;

export const reconcileScenarios: Record<string, Reading> = {
  reconcile: async ({ after }) => ({ read: 50, unread: 1, after: after === '' ? 'm-50' : null }),
  'reconcile-unread': async () => {
    throw new Error('the MDB is away');
  },
};

const found = { machines: 2, conformant: 1, drifting: 1, unknown: 0, found: 1, resolved: 0 };
const proposed = { planned: ['drift-1'], started: [], withdrawn: [] };

/** Plays a round on a server; the workflow is there when `keep` is called. */
export async function playReconcile(
  environment: TestWorkflowEnvironment,
  name: string,
  keep: (workflowId: string) => Promise<void>,
): Promise<void> {
  const shared = { connection: environment.nativeConnection, shutdownGraceTime: 0 };
  const lifecycle = await Worker.create({
    ...shared,
    taskQueue: lifecycleQueue,
    workflowBundle: await bundle(),
    activities: {
      beginReconcile: async () => '2026-11-21T00:00:00.000Z',
      compareSite: async () => found,
      proposeCampaigns: async () => proposed,
      endReconcile: async () => undefined,
    },
  });
  const activities = { readSettings: reconcileScenarios[name] as Reading };
  const hardware = await Worker.create({ ...shared, taskQueue: hardwareQueue('home'), activities });
  const workflowId = reconcileWorkflowId(name);
  await hardware.runUntil(
    lifecycle.runUntil(async () => {
      const args = [{ siteId: 'home' }];
      await environment.client.workflow.execute(reconcileWorkflow, { workflowId, taskQueue: lifecycleQueue, args });
      await keep(workflowId);
    }),
  );
}
