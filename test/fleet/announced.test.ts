import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bmcs, intents } from '../../mdb/schema.ts';
import { countEffect, type Whole, wholeFarrier } from './farrier.ts';

const run = promisify(execFile);
const farrierCommand = join(import.meta.dirname, '..', '..', 'farrier');

let whole: Whole;
beforeAll(async () => {
  whole = await wholeFarrier({ racks: 1, perRack: 2, speed: 10, power: 'off' });
}, 900_000);
afterAll(() => whole?.close());

test('an announced machine is powered on through its controller, once, and born; the other stays off', {
  timeout: 180_000,
}, async () => {
  const farrier = async (...args: string[]) =>
    (await run(farrierCommand, args, { env: { ...process.env, FARRIER_API: whole.api } })).stdout;
  const listed = (await (await fetch(`${whole.sim}/machines`)).json()) as {
    machines: { id: string; machineId: string }[];
  };
  const [first] = listed.machines;
  if (!first) throw new Error('the simulator has no machine');
  const mac = first.machineId.slice(2).replace(/(..)(?=.)/g, '$1:');
  expect(await farrier('birth', mac, '--reason', 'a new rack')).toContain(first.machineId);
  await whole.until((rows) => rows.length === 1 && rows[0]?.stage === 'in_service', 150);

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
