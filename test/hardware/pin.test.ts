import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHardwareActivities } from '../../activities/hardware/index.ts';
import { bmcs, machines } from '../../mdb/schema.ts';
import { openSessionPool } from '../../redfish/pool.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import { createFleet, type Fleet } from '../../sim/fleet.ts';
import { type Listening, listenFor } from '../../sim/listen.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let db: ThrowawayMdb;
let folder: string;
let fleet: Fleet;
let listening: Listening;
const order = { machineId: 'm-pin', siteId: 'home', orderId: '' };

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
  folder = await mkdtemp(join(tmpdir(), 'farrier-pin-'));
  await mkdir(join(folder, 'secrets'));
  await writeFile(join(folder, 'secrets', 'good'), JSON.stringify({ username: 'admin', password: 'simulated' }));
  fleet = createFleet({ racks: 1, perRack: 1, folder, bootUrl: 'http://127.0.0.1:9', ca: '' });
  listening = await listenFor(fleet, '127.0.0.1:0', 'ports', 'https');
  const { uuid, serial } = simulated().hardware;
  const { machineId: id } = order;
  await db.mdb.insert(machines).values({ id, siteId: 'home', mac: '02:ee:00:00:00:01', systemUuid: uuid, serial });
  const origin = listening.originOf(simulated().hardware);
  await db.mdb.insert(bmcs).values({ machineId: id, origin, secretRef: 'good' });
});
afterAll(async () => {
  await listening?.close();
  await fleet?.stop();
  await db?.close();
  await rm(folder, { recursive: true, force: true });
});

function simulated() {
  const [machine] = fleet.machines;
  if (!machine) throw new Error('no machine');
  return machine;
}

/** Checks the controller in a process of its own, as far as sessions go. */
async function check(): Promise<unknown> {
  const pool = openSessionPool();
  try {
    const { checkController } = createHardwareActivities(db.mdb, secretFolder(join(folder, 'secrets')), pool);
    return await new MockActivityEnvironment().run(checkController as (input: unknown) => Promise<unknown>, order);
  } finally {
    await pool.close();
  }
}
const row = async () => (await db.mdb.select().from(bmcs).where(eq(bmcs.machineId, order.machineId)))[0];
const signIns = async () =>
  (await fleet.journal.read()).filter(({ effect }) => effect === 'session-opened' || effect === 'session-refused')
    .length;

test('the key of the first contact is pinned; another one ends it before credentials are sent', async () => {
  expect(await check()).toMatchObject({ state: 'match' });
  const { pin } = (await row()) ?? {};
  expect(pin).toMatch(/^[\w+/]{43}=$/);
  expect(await check()).toMatchObject({ state: 'match' });
  const before = await signIns();
  await listening.changeCertificate(simulated());
  expect(await check()).toMatchObject({ question: { fault: 'configure/pin-changed' } });
  expect(await row()).toMatchObject({ pin, quarantine: expect.stringContaining('another certificate') });
  expect(await check()).toMatchObject({ question: { fault: 'configure/quarantine' } });
  expect(await signIns()).toBe(before);
});
