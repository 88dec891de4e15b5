import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { isNull } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordsWorkflowId } from '../../contract/controllers.ts';
import { boards, humanSteps, machines } from '../../mdb/schema.ts';
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

test('with another mainboard it is shut out, accepted in its repair by a person, and reborn as itself', async () => {
  const [before] = await whole.until((rows) => rows[0]?.stage === 'in_service', 240);
  if (!before) throw new Error('there is no machine');
  // Its disks came before that, whatever the test before said.
  await whole.up.mdb.update(machines).set({ inServiceAt: new Date() });
  const ask = (part: string, method: string, body?: string) =>
    fetch(`${whole.sim}/machines/${before.id}/${part}`, { method, ...(body && { body }) });
  const { uuid } = (await (await ask('board', 'PUT')).json()) as { uuid: string };
  expect(uuid).not.toBe(before.systemUuid);
  await ask('power', 'POST', '{"do":"On"}');
  await farrier('repair', before.id, '--reason', 'no contact', '--fault', 'board/dead');
  // The new board may have booted before, and be asked about as a newcomer: that is settled with it.
  const unanswered = () => whole.up.mdb.select().from(humanSteps).where(isNull(humanSteps.answeredAt));
  const open = async () => (await unanswered()).filter(({ machineId }) => machineId === before.id);
  await expect.poll(open).toMatchObject([{ question: expect.stringContaining('These differ: system UUID.') }]);
  const [step] = await open();
  const answer = (word: object) =>
    farrier('step', 'answer', step?.id ?? '', 'accept', '--data', JSON.stringify({ serial: 'NB-7', ...word }));
  await answer({ uuid });
  await whole.until(([row]) => row?.systemUuid === uuid, 240);
  const [after] = await whole.until(
    ([row]) => row?.stage === 'in_service' && row.opState === 'production' && row.repairState === 'none',
    240,
  );
  await expect.poll(unanswered).toEqual([]);
  expect(after).toMatchObject({
    id: before.id,
    systemUuid: uuid,
    boardSerial: before.boardSerial,
    hostname: before.hostname,
  });
  expect(after?.keyFingerprint).not.toBe(before.keyFingerprint);
  expect(await whole.up.mdb.select().from(boards)).toMatchObject([
    { serial: 'NB-7', keysLost: true, differed: ['uuid'] },
  ]);
  expect((await whole.journal()).filter(({ effect }) => effect === 'installed')).toHaveLength(2);
});
