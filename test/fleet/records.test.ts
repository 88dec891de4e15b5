import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordsWorkflowId } from '../../contract/controllers.ts';
import { machines } from '../../mdb/schema.ts';
import { type Whole, wholeFarrier } from './farrier.ts';

const run = promisify(execFile);
const farrierCommand = join(import.meta.dirname, '..', '..', 'farrier');

let whole: Whole;
beforeAll(async () => {
  whole = await wholeFarrier({ racks: 1, perRack: 1, speed: 50 });
}, 900_000);
afterAll(() => whole?.close());

const farrier = async (...args: string[]) =>
  (await run(farrierCommand, args, { env: { ...process.env, FARRIER_API: whole.api } })).stdout;

test('a machine in service is subscribed to, and read, by the sweep; what its controller then tells is to be seen', async () => {
  const [machine] = await whole.until((rows) => rows[0]?.stage === 'in_service', 240);
  if (!machine) throw new Error('there is no machine');
  // The sweep leaves the newly born alone for a while.
  await whole.up.mdb.update(machines).set({ inServiceAt: new Date(Date.now() - 3_600_000) });
  const connection = await Connection.connect({ address: whole.up.temporal.address });
  try {
    await new Client({ connection }).schedule.getHandle(recordsWorkflowId('home')).trigger();
  } finally {
    await connection.close();
  }
  await expect.poll(() => farrier('hardware', 'show', machine.id)).toMatch(/drives[\s\S]*No part of it/);
  await expect.poll(async () => (await whole.journal()).filter(({ effect }) => effect === 'subscribed').length).toBe(1);
  await fetch(`${whole.sim}/machines/${machine.id}/power`, { method: 'POST', body: '{"do":"ForceRestart"}' });
  await expect.poll(() => farrier('hardware', 'events', machine.id)).toContain('reset by control');
});
