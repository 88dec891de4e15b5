import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { vouchForController } from '../../mdb/identity/vouching.ts';
import { audit, bmcs, machines } from '../../mdb/schema.ts';
import { type Acting, actingOn } from '../hardware/acting.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let db: ThrowawayMdb;
let acting: Acting;

beforeEach(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
  acting = await actingOn(db, 'openbmc');
  // An old board: all that the MDB knows of it is the MAC that it booted with, which its controller does not show.
  await db.mdb.update(machines).set({ systemUuid: null, serial: null }).where(eq(machines.id, acting.machineId));
});
afterEach(async () => {
  await acting.close();
  await db.close();
});

const ann = { class: 'user', name: 'ann' } as const;
const vouch = () => vouchForController(db.mdb, ann, acting.machineId, 'the label in the rack says so');
const act = (intentId: string) => acting.act('power-on', undefined, { intentId });

test("I-3: where a machine shows too little, a person's word is asked for once, and kept", async () => {
  const refused = await act('one');
  expect(refused).toMatchObject({ state: 'not_done', refused: { fault: 'configure/identity' } });
  expect(refused.refused?.reason).toContain(`farrier machine vouch ${acting.machineId}`);
  expect(await vouch()).toBe(true);
  expect(await act('two')).toMatchObject({ state: 'done' });
  expect(await act('three')).toMatchObject({ state: 'done' });
  const [bmc] = await db.mdb.select().from(bmcs).where(eq(bmcs.machineId, acting.machineId));
  expect(bmc).toMatchObject({
    quarantine: null,
    identityAnswer: { by: 'ann', observed: { uuid: acting.machine.hardware.uuid } },
  });
  expect(await db.mdb.select().from(audit).where(eq(audit.action, 'bmc.vouch'))).toHaveLength(1);
});

test('I-3: the word is for what was shown then, and lifts no contradiction', async () => {
  await vouch();
  expect(await act('one')).toMatchObject({ state: 'done' });
  Object.assign(acting.machine.hardware, { serial: 'SIMOTHER77' });
  expect(await act('two')).toMatchObject({ refused: { fault: 'configure/identity' } });
  await vouch();
  await db.mdb
    .update(machines)
    .set({ systemUuid: 'd3cf3088-33c5-4fb6-99d0-cfd25c12e7bf' })
    .where(eq(machines.id, acting.machineId));
  expect(await act('three')).toMatchObject({ refused: { fault: 'configure/identity' } });
});

test('I-3: there is nothing to vouch for without a controller', async () => {
  expect(await vouchForController(db.mdb, ann, 'm-none', 'no')).toBe(false);
});
