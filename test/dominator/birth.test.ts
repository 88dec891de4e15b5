import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { and, eq, isNull } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { audit, humanSteps } from '../../mdb/schema.ts';
import { countEffect, type Whole, wholeFarrier } from '../fleet/farrier.ts';

const perRack = 4;

describe('a rack of a site with a Dominator', () => {
  let whole: Whole;
  beforeAll(async () => {
    whole = await wholeFarrier({ racks: 1, perRack, speed: 10, power: 'off' });
    await send('PUT', `${whole.api}/api/v1/image-system`, { system: 'dominator', reason: 'the test has one' });
  }, 900_000);
  afterAll(() => whole?.close());

  async function send(method: string, url: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  }
  const powerOn = (unit: number) => send('POST', `${whole.sim}/machines/s001-u0${unit}/power`, { do: 'On' });
  const list = async () =>
    (await (await fetch(`${whole.api}/dominator/mdb.json`)).json()) as { Hostname: string; Tags: object }[];

  test('asks a person for the subd that the site lacks, and goes on when it is there', async () => {
    await powerOn(1);
    await whole.until((rows) => /has no boot\/subd/.test(rows[0]?.held ?? ''), 120);
    expect(await list()).toEqual([]);
    await writeFile(join(whole.data, 'images/boot/subd'), 'stands for the real one');
    const [step] = await whole.up.mdb.select().from(humanSteps).where(isNull(humanSteps.answeredAt));
    await send('POST', `${whole.api}/api/v1/steps/${step?.id}/answer`, { answer: 'retry' });
    await whole.until((rows) => rows[0]?.stage === 'in_service', 120);
    expect(await list()).toMatchObject([{ Tags: {} }]);
  });

  test('is born: handed over in place, root filled, local boot, report, in that order', async () => {
    for (let unit = 2; unit <= perRack; unit += 1) await powerOn(unit);
    const rows = await whole.until(
      (all) => all.length === perRack && all.every(({ stage }) => stage === 'in_service'),
      200,
    );
    expect((await list()).map(({ Hostname }) => Hostname)).toEqual(rows.map(({ hostname }) => hostname).sort());
    const journal = await whole.journal();
    expect([...countEffect(journal, 'root-filled').values()]).toEqual(Array(perRack).fill(1));
    const place = journal.find(({ effect }) => effect === 'root-filled')?.machine;
    const after = journal.filter(({ machine }) => machine === place).map(({ effect }) => effect);
    expect(after.slice(after.indexOf('handed-over'))).toEqual([
      'handed-over',
      'root-filled',
      'reset',
      'boot-request',
      'disk-booted',
      'ready',
    ]);
    const deployed = await whole.up.mdb
      .select()
      .from(audit)
      .where(and(eq(audit.action, 'machine.deployed'), eq(audit.machineId, rows[0]?.id ?? '')));
    expect(deployed).toMatchObject([{ detail: { imageSystem: 'dominator', firstFetch: 'unthrottled' } }]);
  });
});
