import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adoptions, bmcs, expectedBmcs, intents, orders } from '../../mdb/schema.ts';
import { countEffect, type Whole, wholeFarrier } from './farrier.ts';

const run = promisify(execFile);
const farrierCommand = join(import.meta.dirname, '..', '..', 'farrier');

let whole: Whole;
beforeAll(async () => {
  whole = await wholeFarrier({ racks: 1, perRack: 2, speed: 10, power: 'off' });
}, 900_000);
afterAll(() => whole?.close());

const farrier = async (...args: string[]) =>
  (await run(farrierCommand, args, { env: { ...process.env, FARRIER_API: whole.api } })).stdout;

test('an announced machine is powered on through its controller, once, and born; the other stays off', async () => {
  const listed = (await (await fetch(`${whole.sim}/machines`)).json()) as {
    machines: { id: string; machineId: string }[];
  };
  const [first] = listed.machines;
  if (!first) throw new Error('the simulator has no machine');
  const mac = first.machineId.slice(2).replace(/(..)(?=.)/g, '$1:');
  expect(await farrier('birth', mac, '--reason', 'a new rack')).toContain(first.machineId);
  await whole.until((rows) => rows.length === 1 && rows[0]?.stage === 'in_service', 240);

  const acts = await whole.up.mdb.select().from(intents);
  expect(acts.map(({ kind, state, fence }) => [kind, state, fence])).toEqual([['boot-network', 'done', 1]]);
  expect((await whole.up.mdb.select().from(bmcs).where(eq(bmcs.machineId, first.machineId)))[0]).toMatchObject({
    quarantine: null,
  });
  const journal = await whole.journal();
  expect(Object.fromEntries(countEffect(journal, 'boot-override'))).toEqual({ [first.id]: 1 });
  expect(Object.fromEntries(countEffect(journal, 'power-on'))).toMatchObject({ [first.id]: 1 });
  expect([...countEffect(journal, 'power-on').keys()]).toEqual([first.id]);
});

test('born again only when its disks may be wiped: restarted once, by a new order under a higher fence', async () => {
  const [before] = await whole.until((rows) => rows.length === 1, 240);
  if (!before) throw new Error('there is no machine');
  const again = ['birth', before.id, '--reason', 'a new owner', '--id', 'again-1'];
  await expect(farrier(...again)).rejects.toMatchObject({
    stderr: expect.stringContaining('is in service and a birth wipes it'),
  });
  await farrier(...again, '--wipe');
  await farrier(...again, '--wipe');
  const stateOf = async () => (await whole.up.mdb.select().from(orders).where(eq(orders.id, 'again-1')))[0]?.state;
  await expect.poll(stateOf).toBe('done');
  const [after] = await whole.until(([row]) => row?.stage === 'in_service', 240);
  expect(after).toMatchObject({
    hostname: before.hostname,
    address: before.address,
    bootState: 'healthy',
    opState: 'production',
  });

  const acts = await whole.up.mdb.select().from(intents).orderBy(intents.writtenAt);
  expect(acts.map(({ kind, state }) => [kind, state])).toEqual([
    ['boot-network', 'done'],
    ['boot-network', 'done'],
  ]);
  // The second took permits of its rack and the fleet first, each with a fence of its own.
  expect(acts[1]?.fence).toBeGreaterThan(acts[0]?.fence ?? Number.POSITIVE_INFINITY);
  const journal = await whole.journal();
  expect([...countEffect(journal, 'handed-over').values()]).toEqual([2]);
  expect([...countEffect(journal, 'boot-override').values()]).toEqual([2]);
});

test('the other one is taken in by the address of its controller alone: read, announced, powered on once, and born', async () => {
  const { mdb } = whole.up;
  const [expected] = await mdb.delete(expectedBmcs).returning();
  if (!expected) throw new Error('the simulator announced no controller');
  const how = ['--bmc', expected.origin, '--bmc-secret', expected.secretRef, '--reason', 'its MAC is not known'];
  const planned = await farrier('machine', 'adopt', ...how, '--dry-run');
  expect(planned).toMatch(/Would: announce m-[0-9a-f]{12}: /);
  const [hash = ''] = /[0-9a-f]{64}/.exec(planned) ?? [];
  expect(await farrier('machine', 'adopt', ...how, '--plan', hash)).toContain(
    'is adopted; its birth is order birth-adopt-',
  );
  const rows = await whole.until((all) => all.length === 2 && all.every(({ stage }) => stage === 'in_service'), 240);
  const [{ machineId = null } = {}] = await mdb.select().from(adoptions).where(eq(adoptions.state, 'adopted'));
  expect(rows.map(({ id }) => id)).toContain(machineId);
  const acts = await mdb
    .select()
    .from(intents)
    .where(eq(intents.machineId, machineId ?? ''));
  expect(acts.map(({ kind, state }) => [kind, state])).toEqual([['boot-network', 'done']]);
  expect([...countEffect(await whole.journal(), 'boot-override').values()]).toEqual([2, 1]);
});
