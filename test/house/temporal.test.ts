import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, expect, test } from 'vitest';
import { attributes } from '../../contract/attributes.ts';
import { devServer, timeSkipping } from '../support/temporal.ts';

const dev = await devServer();
const skipping = await timeSkipping();
afterAll(async () => {
  await dev?.teardown();
  await skipping?.teardown();
});

async function nap(environment: TestWorkflowEnvironment, duration: string, machine: string | null): Promise<string> {
  const taskQueue = `nap-${process.pid}`;
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowsPath: fileURLToPath(new URL('../support/workflows/nap.ts', import.meta.url)),
  });
  return worker.runUntil(
    environment.client.workflow.execute('nap', { workflowId: taskQueue, taskQueue, args: [duration, machine] }),
  );
}

test.skipIf(!skipping)('the test server skips a month', async () => {
  if (skipping) expect(await nap(skipping, '30d', null)).toBe('slept 30d');
});

test.skipIf(!dev)('the dev server runs workflows that carry our search attributes', async () => {
  if (!dev) return;
  expect(await nap(dev, '10ms', 'm-1')).toBe('slept 10ms');
  const reported = await dev.client.workflow.getHandle(`nap-${process.pid}`).describe();
  expect(reported.typedSearchAttributes.get(attributes.machine)).toBe('m-1');
});
