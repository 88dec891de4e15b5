import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MachineStatus } from '../../contract/machine.ts';
import { cacheFolder } from '../../host/cache.ts';
import { startTemporal, type Temporal } from '../../host/temporal.ts';
import { findTemporalCli } from '../../host/temporalcli.ts';
// Quiets the SDK.
import '../support/temporal.ts';
import { type Bench, withBench } from './bench.ts';

const cache = cacheFolder(process.env);
const path = process.env['PATH'] ?? '';
const cli = await findTemporalCli({ cache, path }).catch(() => null);
const why = cli === null ? ' (skipped: there is no temporal CLI)' : '';

describe.skipIf(cli === null)(`a machine that continues as new${why}`, () => {
  let folder: string;
  let server: Temporal;
  let environment: TestWorkflowEnvironment;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farrier-continue-'));
    // The server suggests it after ten events instead of thousands: every passage's end is one.
    const dynamicConfig = { 'limit.historyCount.suggestContinueAsNew': 10 };
    server = await startTemporal({
      dataFile: null,
      logFile: join(folder, 'log'),
      uiPort: null,
      cache,
      path,
      dynamicConfig,
    });
    environment = await TestWorkflowEnvironment.createFromExistingServer({ address: server.address });
  });
  afterAll(async () => {
    await environment?.teardown();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const runOf = async (bench: Bench) => (await bench.machine.describe()).runId;
  const status = (bench: Bench) => bench.machine.query<MachineStatus>('status');

  test('keeps its last passage, the ids it has seen, what waits, and that it is paused', async () => {
    await withBench(environment, {}, async (bench) => {
      const first = await runOf(bench);
      await bench.goOn();
      await expect.poll(() => runOf(bench)).not.toBe(first);
      expect(await status(bench)).toMatchObject({
        last: { outcome: 'done', stage: 'in_service' },
        waitingOn: 'order',
      });

      // The order that is done comes once more, as at-least-once delivery may bring it.
      const second = await runOf(bench);
      await bench.machine.signal('order', { id: bench.orderId, passage: 'birth' });
      await bench.machine.signal('pause');
      await bench.machine.signal('order', { id: 'next-1', passage: 'undrain' });
      await bench.machine.signal('order', { id: 'next-2', passage: 'undrain' });
      await expect.poll(async () => (await status(bench)).waitingOrders).toEqual(['next-1', 'next-2']);
      expect(bench.calls.filter((call) => call === 'beginBirth')).toHaveLength(1);

      await bench.machine.signal('resume');
      await expect.poll(async () => (await status(bench)).last?.orderId).toBe('next-2');
      expect(bench.calls.filter((call) => call === 'endOrder done')).toHaveLength(2);
      expect(await runOf(bench)).not.toBe(second);
    });
  });
});
