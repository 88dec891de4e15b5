import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { afterAll, describe, expect, test } from 'vitest';
import type { RecordActivities } from '../../activities/records/index.ts';
import { recordsWorkflowId } from '../../contract/controllers.ts';
import { hardwareQueue } from '../../contract/machine.ts';
import { scheduleRecords } from '../../workers/schedules.ts';
import type { records } from '../../workflows/records.ts';
import { devServer } from '../support/temporal.ts';

const server = await devServer();
afterAll(() => server?.teardown());

/** Runs one sweep against doubles of its activities. */
async function sweep(activities: Pick<RecordActivities, 'dueRecords' | 'keepRecords'>) {
  if (!server) throw new Error('no server');
  const siteId = randomUUID();
  const worker = await Worker.create({
    connection: server.nativeConnection,
    taskQueue: hardwareQueue(siteId),
    workflowsPath: fileURLToPath(new URL('../../workflows/records.ts', import.meta.url)),
    activities,
  });
  return worker.runUntil(
    server.client.workflow.execute<typeof records>('records', {
      workflowId: recordsWorkflowId(siteId),
      taskQueue: hardwareQueue(siteId),
      args: [{ siteId }],
    }),
  );
}

describe.skipIf(server === null)('the sweep over the records of a site', () => {
  test('goes on while something is due, and tells of how many something failed', async () => {
    const due = [['a', 'b'], ['c'], []].map((ids) =>
      ids.map((machineId) => ({ machineId, records: ['logs' as const] })),
    );
    const requests: string[] = [];
    const summary = await sweep({
      dueRecords: async () => due.shift() ?? [],
      keepRecords: async ({ due: batch }) => {
        requests.push(...batch.map(({ machineId }) => machineId));
        return batch.some(({ machineId }) => machineId === 'b') ? ['b'] : [];
      },
    });
    expect(requests).toEqual(['a', 'b', 'c']);
    expect(summary).toEqual({ controllers: 3, failed: 1 });
  });

  test('is scheduled once, and left as a person set it', async () => {
    if (!server) return;
    const siteId = randomUUID();
    const handle = server.client.schedule.getHandle(recordsWorkflowId(siteId));
    try {
      await scheduleRecords(server.client, siteId);
      await handle.pause('for a while');
      await scheduleRecords(server.client, siteId);
      const { state, action } = await handle.describe();
      expect(state).toMatchObject({ paused: true, note: 'for a while' });
      expect(action).toMatchObject({ workflowType: 'records', args: [{ siteId }] });
    } finally {
      await handle.delete();
    }
  });
});
