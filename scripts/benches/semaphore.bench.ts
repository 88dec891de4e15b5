/**
 * One semaphore on a dev server of the bench's own: permits a second, and how large its history is with thousands in
 * line. Everything runs on this machine: PostgreSQL, Temporal, the worker, and those who ask. Ends with a line of JSON.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Client, WithStartWorkflowOperation, WorkflowIdConflictPolicy } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { z } from 'zod';
import { createPermitActivities } from '../../activities/permits/index.ts';
import { lifecycleQueue } from '../../contract/machine.ts';
import {
  type PermitAnswer,
  type PermitRequest,
  type SemaphoreStatus,
  semaphoreId,
  semaphoreWorkflow,
} from '../../contract/semaphore.ts';
import { cacheFolder } from '../../host/cache.ts';
import { startPostgres } from '../../host/postgres.ts';
import { startTemporal } from '../../host/temporal.ts';
import { connectMdb, type Mdb } from '../../mdb/connect.ts';
import { migrateMdb } from '../../mdb/migrate.ts';
import { machines, semaphores, sites } from '../../mdb/schema.ts';
import { sitePolicy } from '../../test/support/site.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { reportBounds } from './verdict.ts';

const { values } = parseArgs({
  options: {
    permits: { type: 'string', default: '600' },
    queue: { type: 'string', default: '5000' },
    askers: { type: 'string', default: '9' },
  },
});
const whole = z.coerce.number().int().min(1).max(7000);
const [count, queue, askers] = [values.permits, values.queue, values.askers].map((value) => whole.parse(value)) as [
  number,
  number,
  number,
];

/** Budgets of the issue: grants a second, and bytes of one history. */
const minPermits = 20;
const maxBytes = 4 * 1024 * 1024;

Runtime.install({ logger: new DefaultLogger('ERROR') });
const folder = await mkdtemp(join(tmpdir(), 'farrier-bench-'));
const search = { cache: cacheFolder(process.env), path: process.env['PATH'] ?? '' };
const postgres = await startPostgres({ folder: join(folder, 'postgres'), database: 'bench', durable: false });
const temporal = await startTemporal({ dataFile: null, logFile: join(folder, 'log'), uiPort: null, ...search });
const environment = await TestWorkflowEnvironment.createFromExistingServer({ address: temporal.address });
const connection = connectMdb({ url: postgres.url, name: 'bench', connections: 20 });
try {
  await migrateMdb(connection.mdb);
  await writeFleet(connection.mdb);
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: lifecycleQueue,
    workflowBundle: await workflowBundle(folder),
    activities: createPermitActivities(connection.mdb),
    shutdownGraceTime: 0,
  });
  process.exitCode = await worker.runUntil(() => bench(environment.client));
} finally {
  await connection.close();
  await environment.teardown();
  await temporal.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

async function writeFleet(mdb: Mdb): Promise<void> {
  await mdb.insert(sites).values({ id: 'home', name: 'home', domain: 'home.example', policy: sitePolicy });
  const hex = (number: number) => number.toString(16).padStart(2, '0');
  const rows = Array.from({ length: Math.max(count, queue) }, (_, index) => ({
    id: `m-525400aa${hex(index >> 8)}${hex(index & 255)}`,
    siteId: 'home',
    mac: `52:54:00:aa:${hex(index >> 8)}:${hex(index & 255)}`,
  }));
  for (let from = 0; from < rows.length; from += 1000) await mdb.insert(machines).values(rows.slice(from, from + 1000));
  const by = { operation: 'reboot', tag: 'rack', updatedBy: 'bench', reason: 'bench' };
  await mdb.insert(semaphores).values([
    { ...by, value: 'open', capacity: 100_000 },
    { ...by, value: 'ten', capacity: 10, queueBound: 7000 },
    { ...by, value: 'closed', capacity: 0, queueBound: 7000 },
  ]);
}

function request(index: number): PermitRequest {
  const machineId = `m-525400aa${index.toString(16).padStart(4, '0')}`;
  const orderId = `maintenance-${machineId.slice(2)}-${randomUUID().slice(0, 8)}`;
  const workflowId = `machine/${machineId}/maintenance/${orderId}`;
  return { id: randomUUID(), machineId, siteId: 'home', class: 'maintenance', workflowId, orderId };
}

function ask(client: Client, semaphore: string, one: PermitRequest): Promise<PermitAnswer> {
  return client.workflow.executeUpdateWithStart('acquire', {
    args: [one],
    updateId: one.id,
    startWorkflowOperation: new WithStartWorkflowOperation(semaphoreWorkflow, {
      workflowId: semaphore,
      taskQueue: lifecycleQueue,
      args: [{}],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    }),
  }) as Promise<PermitAnswer>;
}

/** All of them, a few at once: the server takes ten updates in flight. */
async function byMany<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: askers }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
    }),
  );
}

function rack(value: string): string {
  return semaphoreId({ operation: 'reboot', tag: 'rack', value });
}

async function bench(client: Client): Promise<number> {
  const atOnce = await grantAtOnce(client);
  const inTurn = await grantInTurn(client);
  const line = await fillQueue(client);
  const result = { bench: 'semaphore', permits: count, at_once_per_s: atOnce, in_turn_per_s: inTurn, ...line };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return reportBounds([
    { what: 'permits a second, granted in the answer', measured: atOnce, budget: ['at least', minPermits] },
    { what: 'permits a second, granted to those in line', measured: inTurn, budget: ['at least', minPermits] },
    { what: 'requests in line', measured: line.waiting, budget: ['at least', queue] },
    { what: 'bytes of the largest history', measured: line.largest_history_bytes, budget: ['at most', maxBytes] },
  ]);
}

/** Room for everyone: asked, granted in the answer, given back. */
async function grantAtOnce(client: Client): Promise<number> {
  const semaphore = rack('open');
  const began = performance.now();
  await byMany(
    Array.from({ length: count }, (_, index) => request(index)),
    async (one) => {
      const answer = await ask(client, semaphore, one);
      if (answer.state !== 'granted') throw new Error(`${one.id} is ${answer.state}`);
      await client.workflow.getHandle(semaphore).signal('release', { id: one.id });
    },
  );
  return perSecond(count, began);
}

/** Ten permits for all who wait: a grant is a batch of the ledger, and a signal. */
async function grantInTurn(client: Client): Promise<number> {
  const semaphore = rack('ten');
  const number = Math.min(count, 600);
  // Nobody runs under these workflow ids: each grant finds its requester gone and goes on to the next.
  await byMany(
    Array.from({ length: number + 10 }, (_, index) => request(index)),
    async (one) => {
      await ask(client, semaphore, one);
    },
  );
  const handle = client.workflow.getHandle(semaphore);
  const status = () => handle.query<SemaphoreStatus>('status');
  const { holders } = await status();
  const began = performance.now();
  for (const { id } of holders) await handle.signal('release', { id });
  for (let left = await status(); left.waiting > 0 || left.holders.length > 0; left = await status()) await sleep(20);
  return perSecond(number, began);
}

/** Nobody is let through: all stand in line, in as many runs as the server's limits make of it. */
async function fillQueue(client: Client) {
  const semaphore = rack('closed');
  const began = performance.now();
  await byMany(
    Array.from({ length: queue }, (_, index) => request(index)),
    async (one) => {
      const answer = await ask(client, semaphore, one);
      if (answer.state !== 'queued') throw new Error(`${one.id} is ${answer.state}: ${JSON.stringify(answer)}`);
    },
  );
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const { waiting } = await client.workflow.getHandle(semaphore).query<SemaphoreStatus>('status');
  // Visibility follows a moment after the workflow.
  await sleep(2000);
  const sizes: number[] = [];
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = "${semaphore}"` })) {
    const { raw } = await client.workflow.getHandle(semaphore, runId).describe();
    sizes.push(Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0));
  }
  return { waiting, queued_in_s: seconds, runs: sizes.length, largest_history_bytes: Math.max(...sizes) };
}

function perSecond(number: number, began: number): number {
  return Math.round((number / (performance.now() - began)) * 10_000) / 10;
}
