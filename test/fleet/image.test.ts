import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { humanSteps, images } from '../../mdb/schema.ts';
import { countEffect, type Whole, wholeFarrier } from './farrier.ts';

const run = promisify(execFile);
const farrierCommand = join(import.meta.dirname, '..', '..', 'farrier');

let whole: Whole;
beforeAll(async () => {
  whole = await wholeFarrier({ racks: 1, perRack: 1, speed: 10, power: 'off' });
}, 900_000);
afterAll(() => whole?.close());

test('an image whose bytes are not those that were signed is not installed; mended and answered, the birth goes on', async () => {
  const [image] = await whole.up.mdb.select().from(images).where(eq(images.kind, 'compute'));
  const file = join(whole.up.layout.images, image?.path ?? '');
  const good = await readFile(file);
  const bad = Buffer.from(good);
  bad[bad.length - 20] = (bad[bad.length - 20] ?? 0) ^ 1;
  await writeFile(file, bad);
  const listed = (await (await fetch(`${whole.sim}/machines`)).json()) as { machines: { id: string }[] };
  const place = listed.machines[0]?.id ?? '';
  await fetch(`${whole.sim}/machines/${place}/power`, { method: 'POST', body: JSON.stringify({ do: 'On' }) });

  await whole.until(([row]) => /failed at image/.test(row?.held ?? ''), 240);
  const steps = () => whole.up.mdb.select().from(humanSteps);
  await expect.poll(steps).toHaveLength(1);
  const [step] = await steps();
  expect(step?.question).toMatch(/checksum|sha/i);
  expect([...countEffect(await whole.journal(), 'installed').values()]).toEqual([]);

  await writeFile(file, good);
  await run(farrierCommand, ['step', 'answer', step?.id ?? '', 'retry'], {
    env: { ...process.env, FARRIER_API: whole.api },
  });
  await whole.until(([row]) => row?.stage === 'in_service', 240);
});
