import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { imagesOf, noImages } from '../activities/hardware/images.ts';
import { createActivities } from '../activities/index.ts';
import { hardwareQueue } from '../contract/machine.ts';
import { connectionFolder } from '../integrations/http/connection.ts';
import { connectMdb } from '../mdb/connect.ts';
import { startAlive } from '../mdb/processes.ts';
import { openSessionPool } from '../redfish/pool.ts';
import { secretFolder } from '../redfish/secrets.ts';
import { connectClient, connectWorker, openLog, quietRuntime, runUntilStopped } from './process.ts';
import { scheduleReconcile, scheduleRecords } from './schedules.ts';
import { readSettings, settings } from './settings.ts';

const env = readSettings(settings.hardware);
const log = openLog('hardware', env.FARRIER_LOG);
quietRuntime(log);
const { mdb, close } = connectMdb({
  url: env.FARRIER_MDB_URL,
  name: 'farrier hardware',
  // Ten for up to 256 activities at once, and two that carry the claims of acts and of records: docs/decisions/pools.md.
  connections: 12,
  waitMs: 15_000,
});
const connection = await connectWorker(log, env.TEMPORAL_ADDRESS);
const sessions = openSessionPool();
const secrets = join(env.FARRIER_DATA, 'secrets');
const worker = await Worker.create({
  connection,
  namespace: env.TEMPORAL_NAMESPACE,
  taskQueue: hardwareQueue(env.FARRIER_SITE),
  ...createActivities(mdb, {
    secrets: secretFolder(secrets),
    connections: connectionFolder(secrets),
    sessions,
    images: env.FARRIER_BOOT_URL ? imagesOf(env.FARRIER_BOOT_URL, join(env.FARRIER_DATA, 'firmware')) : noImages,
    receiver: env.FARRIER_EVENTS_URL ?? null,
  }),
  // Each that meets a dead controller waits for its time limits: a tenth of a site must not take all the places.
  maxConcurrentActivityTaskExecutions: 256,
  shutdownGraceTime: '20 seconds',
});
const client = await connectClient(log, env.TEMPORAL_ADDRESS, env.TEMPORAL_NAMESPACE);
// Controllers can be worked on all the same.
await scheduleRecords(client, env.FARRIER_SITE).catch((error: Error) =>
  log.warn({ error: error.message }, 'the sweep that keeps up the records of controllers could not be scheduled'),
);
await scheduleReconcile(client, env.FARRIER_SITE).catch((error: Error) =>
  log.warn({ error: error.message }, 'the reconciler could not be scheduled'),
);
await client.connection.close();
const alive = startAlive(mdb, { name: 'hardware', siteId: env.FARRIER_SITE });
await runUntilStopped(log, worker).finally(sessions.close);
alive.stop();
await connection.close();
await close();
