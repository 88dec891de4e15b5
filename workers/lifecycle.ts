import { createHash } from 'node:crypto';
import { Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { lifecycleQueue } from '../contract/machine.ts';
import { connectMdb } from '../mdb/connect.ts';
import { startAlive } from '../mdb/processes.ts';
import { describedPassages } from '../workflows/described.ts';
import { workflowBundle } from './bundle.ts';
import { connectWorker, openLog, quietRuntime, runUntilStopped } from './process.ts';
import { readSettings, settings } from './settings.ts';

const env = readSettings(settings.lifecycle);
const log = openLog('lifecycle', env.FARRIER_LOG);
quietRuntime(log);
const { mdb, close } = connectMdb({
  url: env.FARRIER_MDB_URL,
  name: 'farrier lifecycle',
  // For up to 140 activities at once; why so few, and the long wait: docs/decisions/pools.md.
  connections: 20,
  waitMs: 15_000,
});
const [connection, bundle] = await Promise.all([
  connectWorker(log, env.TEMPORAL_ADDRESS),
  workflowBundle(env.FARRIER_DATA),
]);
const worker = await Worker.create({
  connection,
  namespace: env.TEMPORAL_NAMESPACE,
  taskQueue: lifecycleQueue,
  workflowBundle: bundle,
  ...createActivities(mdb),
  maxCachedWorkflows: env.FARRIER_CACHED_WORKFLOWS,
  maxConcurrentWorkflowTaskExecutions: 40,
  maxConcurrentLocalActivityExecutions: 40,
  shutdownGraceTime: '10 seconds',
});
const version = createHash('sha256').update(JSON.stringify(describedPassages)).digest('hex').slice(0, 12);
const alive = startAlive(mdb, { name: 'lifecycle', siteId: '', flows: { version, passages: describedPassages } });
await runUntilStopped(log, worker);
alive.stop();
await connection.close();
await close();
