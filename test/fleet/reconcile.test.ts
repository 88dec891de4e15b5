import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reconcileWorkflowId } from '../../contract/reconcile.ts';
import { campaigns, orders, profiles } from '../../mdb/schema.ts';
import { countEffect, type Whole, wholeFarrier } from './farrier.ts';

const run = promisify(execFile);
const farrierCommand = join(import.meta.dirname, '..', '..', 'farrier');

let whole: Whole;
beforeAll(async () => {
  whole = await wholeFarrier({ racks: 1, perRack: 2, speed: 50 });
}, 900_000);
afterAll(() => whole?.close());

const farrier = async (...args: string[]) =>
  (await run(farrierCommand, args, { env: { ...process.env, FARRIER_API: whole.api } })).stdout;
const because = ['--reason', 'a test'];
const maintained = () => whole.up.mdb.select().from(orders).where(eq(orders.passage, 'maintenance'));

/** Rounds are those that the test asks for: none of its own time comes between. */
async function pauseSchedule(): Promise<void> {
  const connection = await Connection.connect({ address: whole.up.temporal.address });
  try {
    await new Client({ connection }).schedule.getHandle(reconcileWorkflowId('home')).pause();
  } finally {
    await connection.close();
  }
}

test('what is wanted of machines is told where they differ, and brought about where their pool leaves it to Farrier', {
  timeout: 900_000,
}, async () => {
  const [machine] = await whole.until((rows) => rows.filter(({ stage }) => stage === 'in_service').length === 2, 240);
  await pauseSchedule();
  await farrier('profile', 'set', 'quick', '--bios', '{"PowerProfile":"Efficiency"}', ...because);
  expect(await farrier('reconcile')).toContain('2 compared: 0 as wanted, 2 not');
  expect(await farrier('drift', machine?.id ?? '')).toMatch(/bios +PowerProfile +Efficiency +Balanced/);
  expect(countEffect(await whole.journal(), 'bios-pending').size).toBe(0);
  expect(await maintained()).toEqual([]);

  await farrier('pool', 'set', 'general', '--soak-minutes', '0', ...because);
  const limits = '{"pace":{"soakMinutes":0},"semaphores":{"reboot":"rack"}}';
  await farrier('pool', 'set', 'general', '--reconcile', 'authoritative', '--reconcile-limits', limits, ...because);
  // By hand, in the MDB: the next round sees what is wanted now.
  await whole.up.mdb.update(profiles).set({ bios: { PowerProfile: 'Performance' } });
  expect(await farrier('reconcile')).toMatch(/started +drift-/);
  const state = async () => (await whole.up.mdb.select().from(campaigns))[0]?.state;
  await expect.poll(state, { timeout: 400_000, interval: 500 }).toBe('done');
  expect(await farrier('reconcile')).toContain('2 compared: 2 as wanted, 0 not');
  expect((await maintained()).map(({ state, requester }) => [state, requester])).toEqual([
    ['done', 'reconcile'],
    ['done', 'reconcile'],
  ]);
  const applied = (await whole.journal()).filter(({ effect }) => effect === 'bios-applied');
  expect(applied.map(({ detail }) => detail)).toEqual([
    { PowerProfile: 'Performance' },
    { PowerProfile: 'Performance' },
  ]);
});
