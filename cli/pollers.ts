/** Whether workers poll their task queues, as Temporal sees it. */
import { Connection } from '@temporalio/client';
import type { Finding } from '../contract/api.ts';
import { lifecycleQueue } from '../contract/machine.ts';

/** Whether Temporal answers; asked here, since the API never waits for it. */
export async function askTemporal(address: string): Promise<Finding> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: '3s' });
    await connection.close();
    return { name: 'temporal', ok: true, message: `Temporal answers at ${address}` };
  } catch {
    const message = `Temporal does not answer at ${address}; orders wait in the outbox meanwhile`;
    return { name: 'temporal', ok: false, message };
  }
}

/** A worker asks at least once a minute; Temporal lists those of the last five. In milliseconds. */
const maxSilenceMs = 90_000;

/** A finding for each queue; one that can't be described is not taken for polled. */
export async function askPollers(address: string, namespace: string, queues: readonly string[]): Promise<Finding[]> {
  const connection = await Connection.connect({ address, connectTimeout: '3s' });
  try {
    return await Promise.all(queues.map((queue) => askQueue(connection, namespace, queue)));
  } finally {
    await connection.close();
  }
}

async function askQueue(connection: Connection, namespace: string, queue: string): Promise<Finding> {
  const name = `queue ${queue}`;
  try {
    // Workflows run on the lifecycle queue; on both are activities, which on the lifecycle queue are mostly local.
    const taskQueueType = queue === lifecycleQueue ? 1 : 2;
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: queue },
      taskQueueType,
    });
    const seen = (pollers ?? []).map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000);
    const ok = seen.some((at) => Date.now() - at < maxSilenceMs);
    return { name, ok, message: ok ? `${seen.length} workers poll it` : 'no worker polls it: its orders do not move' };
  } catch (error) {
    return { name, ok: false, message: `Temporal does not tell who polls it: ${(error as Error).message}` };
  }
}
