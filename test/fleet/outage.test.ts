/** All of a rack asked to reboot, one permit, workers killed: judged by the simulator's journal alone. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orders } from '../../mdb/schema.ts';
import { countEffect, type Whole, wholeFarrier } from './farrier.ts';
import { maxDown } from './operator.ts';

const run = promisify(execFile);
const farrierCommand = join(import.meta.dirname, '..', '..', 'farrier');
const rackOf = Number(process.env.FARRIER_TEST_RACK ?? 40);

let whole: Whole;
beforeAll(async () => {
  whole = await wholeFarrier({ racks: 1, perRack: rackOf, speed: 40 });
}, 900_000);
afterAll(() => whole?.close());

const farrier = async (...args: string[]) =>
  (await run(farrierCommand, args, { env: { ...process.env, FARRIER_API: whole.api } })).stdout;

test('at no moment two are down, each is rebooted once, nothing is stuck', { timeout: 1_200_000 }, async () => {
  const rows = await whole.until((all) => all.length === rackOf && all.every((row) => row.stage === 'in_service'), 420);
  const before = (await whole.journal()).at(-1)?.seq ?? 0;
  const rack = rows[0]?.rackId ?? '';
  // The brake is for storms, and takes a rack in minutes for one: here only the permit is to hold machines back.
  await farrier('brake', 'set', '--share', '100', '--per-minute', '1000', '--reason', 'a whole rack is meant');
  await farrier('semaphore', 'resize', `reboot/rack=${rack}`, '1', '--reason', 'one at a time');
  const spec = ['--reason', 'a new kernel', '--reboot-group', 'rack', '--no-drain'];
  await farrier('reboot', '--selector', `rack=${rack}`, '--count', String(rackOf), ...spec);

  const live = async () => {
    const all = await whole.up.mdb.select().from(orders).where(eq(orders.passage, 'reboot'));
    return all.filter(({ state }) => state === 'waiting' || state === 'running').length;
  };
  const killed = ['hardware', 'lifecycle', 'dispatch', 'hardware', 'lifecycle'] as const;
  for (const name of killed) {
    const restarts = whole.supervisor.find(name)?.restarts ?? 0;
    const count = await live();
    if (count > 1) await expect.poll(live, { timeout: 240_000 }).toBeLessThan(count);
    whole.supervisor.signal(name, 'SIGKILL');
    await whole.supervisor.settled(name, restarts + 1);
  }
  await expect.poll(live, { timeout: 900_000, interval: 1000 }).toBe(0);

  const journal = (await whole.journal()).filter(({ seq }) => seq > before);
  expect(maxDown(journal)).toBe(1);
  const resets = countEffect(journal, 'reset');
  expect([resets.size, Math.max(...resets.values())]).toEqual([rackOf, 1]);
  const states = await whole.up.mdb.select().from(orders).where(eq(orders.passage, 'reboot'));
  expect(new Set(states.map(({ state }) => state))).toEqual(new Set(['done']));
  await whole.until((all) => all.every((row) => row.opState === 'production' && row.held === null), 240);
});
