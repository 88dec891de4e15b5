import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eq } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHardwareActivities } from '../../activities/hardware/index.ts';
import { withoutToken } from '../../activities/records/events.ts';
import { createRecordActivities, type RecordActivities } from '../../activities/records/index.ts';
import { createEventsApi } from '../../api/events/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { listEvents, subscriptionOf } from '../../mdb/controllers/events.ts';
import type { RecordKind } from '../../mdb/controllers/inventory.ts';
import { readHardware } from '../../mdb/controllers/inventory.ts';
import { listLogEntries } from '../../mdb/controllers/logs.ts';
import { bmcs, controllerRecords, fences, intents, machines, orders } from '../../mdb/schema.ts';
import { openSessionPool, type SessionPool } from '../../redfish/pool.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import { createFleet, type Fleet } from '../../sim/fleet.ts';
import { type Listening, listenFor } from '../../sim/listen.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let db: ThrowawayMdb;
let folder: string;
let fleet: Fleet;
let listening: Listening;
let pool: SessionPool;
let records: RecordActivities;
let hardware: ReturnType<typeof createHardwareActivities>;
let receiver: ReturnType<typeof createEventsApi>;
let origin: string;
let machineId: string;
let count = 0;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
  folder = await mkdtemp(join(tmpdir(), 'farrier-records-'));
  await mkdir(join(folder, 'secrets'));
  await writeFile(join(folder, 'secrets', 'good'), JSON.stringify({ username: 'admin', password: 'simulated' }));
  const authority = await openAuthority(join(folder, 'authority'));
  receiver = createEventsApi({ mdb: db.mdb, authority, log: pino({ level: 'silent' }) });
  origin = await receiver.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await receiver?.close();
  await db?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  count += 1;
  const sim = join(folder, `sim-${count}`);
  fleet = createFleet({
    racks: 1,
    perRack: 1,
    folder: sim,
    speed: 1000,
    seed: count,
    bootUrl: 'http://127.0.0.1:9',
    ca: '',
  });
  listening = await listenFor(fleet, '127.0.0.1:0', 'ports');
  pool = openSessionPool();
  const secrets = secretFolder(join(folder, 'secrets'));
  records = createRecordActivities(db.mdb, secrets, pool, { receiver: origin });
  hardware = createHardwareActivities(db.mdb, secrets, pool);
  machineId = `m-records-${count}`;
  const { hardware: built } = simulated();
  const mac = `02:cc:00:00:00:${count.toString(16).padStart(2, '0')}`;
  await db.mdb
    .insert(machines)
    .values({ id: machineId, siteId: 'home', mac, systemUuid: built.uuid, serial: built.serial });
  await db.mdb
    .insert(bmcs)
    .values({ machineId, origin: listening.originOf(built), secretRef: 'good', firmwareVersion: '1' });
  await db.mdb.insert(fences).values({ machineId, fence: 1 });
});
afterEach(async () => {
  await pool.close();
  await listening.close();
  await fleet.stop();
  await db.mdb.delete(bmcs).where(eq(bmcs.machineId, machineId));
});

function simulated() {
  const [machine] = fleet.machines;
  if (!machine) throw new Error('no machine');
  return machine;
}
const run = <I, T>(activity: (input: I) => Promise<T>, input: I): Promise<T> =>
  new MockActivityEnvironment().run(activity as (input: unknown) => Promise<T>, input);
const keep = (...kinds: RecordKind[]) =>
  run(records.keepRecords, { siteId: 'home', due: [{ machineId, records: kinds }] });
const act = (kind: string, parameters: object) =>
  run(hardware.act as (input: unknown) => Promise<unknown>, {
    ...{ machineId, siteId: 'home', orderId: null, intentId: randomUUID(), fence: 1 },
    ...{ kind, parameters },
  });
const effects = async (effect: string) => (await fleet.journal.read()).filter((entry) => entry.effect === effect);
const noted = async () => {
  const [row] = await db.mdb.select().from(controllerRecords).where(eq(controllerRecords.machineId, machineId));
  return row;
};

describe('events', () => {
  test('reach the MDB from a controller that is subscribed once, and again once the subscription was lost', async () => {
    expect(await keep('events')).toEqual([]);
    const first = await subscriptionOf(db.mdb, machineId);
    expect(await keep('events')).toEqual([]);
    expect(await effects('subscribed')).toHaveLength(1);
    expect((await subscriptionOf(db.mdb, machineId))?.tokenHash).toBe(first?.tokenHash);
    const told = async () => (await listEvents(db.mdb, machineId, { limit: 10 })).map(({ message }) => message);
    simulated().note('test-event');
    await expect.poll(told).toEqual(['test-event']);
    if (simulated().state.controller) simulated().state.controller = {};
    expect(await keep('events')).toEqual([]);
    expect(await subscriptionOf(db.mdb, machineId)).toMatchObject({ renewals: 1 });
    simulated().note('test-event');
    await expect.poll(told).toEqual(['test-event', 'test-event']);
  });

  test('are subscribed to once by workers that come at the same time', async () => {
    await Promise.all([keep('events'), keep('events'), keep('events')]);
    expect(await effects('subscribed')).toHaveLength(1);
    simulated().note('test-event');
    await expect.poll(async () => (await listEvents(db.mdb, machineId, { limit: 10 })).length).toBe(1);
  });

  test('are not asked for any more where nobody listens, and a refused address is not told on', async () => {
    await keep('events');
    const deaf = createRecordActivities(db.mdb, secretFolder(join(folder, 'secrets')), pool, { receiver: null });
    await db.mdb.delete(controllerRecords).where(eq(controllerRecords.machineId, machineId));
    expect((await run(deaf.dueRecords, { siteId: 'home' }))[0]?.records).toContain('events');
    await run(deaf.keepRecords, { siteId: 'home', due: [{ machineId, records: ['events'] }] });
    expect(await effects('unsubscribed')).toHaveLength(1);
    expect(await subscriptionOf(db.mdb, machineId)).toBeNull();
    await db.mdb.delete(controllerRecords).where(eq(controllerRecords.machineId, machineId));
    expect((await run(deaf.dueRecords, { siteId: 'home' }))[0]?.records).not.toContain('events');
    expect(withoutToken('the value https://10.0.0.1:8444/events/aB-_9 for')).toBe(
      'the value https://10.0.0.1:8444/events/… for',
    );
  });

  test('sent twice are kept once, lost ones do no harm, and garbage is kept out', async () => {
    await keep('events');
    simulated().setFault({ kind: 'events-repeated', times: 3 });
    simulated().note('test-event');
    await expect.poll(() => effects('event-told')).toHaveLength(4);
    expect(await listEvents(db.mdb, machineId, { limit: 10 })).toHaveLength(1);
    simulated().clearFault();
    simulated().setFault({ kind: 'events-garbage', how: 'deep' });
    simulated().note('test-event');
    await expect.poll(() => effects('event-untold')).toHaveLength(1);
    expect(await listEvents(db.mdb, machineId, { limit: 10 })).toHaveLength(1);
  });
});

describe('logs', () => {
  const entries = async () =>
    (await listLogEntries(db.mdb, machineId, { limit: 100 })).map(
      ({ log, message }) => `${log.split('/').at(-1)}: ${message}`,
    );
  const log = '/redfish/v1/Systems/1/LogServices/SEL';

  test('are read incrementally, and kept over a clearing by somebody else', async () => {
    simulated().note('reset', { by: 'one' });
    expect(await keep('logs')).toEqual([]);
    simulated().note('reset', { by: 'two' });
    await keep('logs');
    await keep('logs');
    expect((await entries()).filter((text) => text.startsWith('SEL')).sort()).toEqual([
      'SEL: reset by one',
      'SEL: reset by two',
    ]);
    const headers = { authorization: `Basic ${Buffer.from('admin:simulated').toString('base64')}` };
    await fetch(`${listening.originOf(simulated().hardware)}${log}/Actions/LogService.ClearLog`, {
      method: 'POST',
      headers,
    });
    simulated().note('reset', { by: 'three' });
    await keep('logs');
    expect((await entries()).filter((text) => text.startsWith('SEL')).sort()).toEqual([
      'SEL: reset by one',
      'SEL: reset by three',
      'SEL: reset by two',
    ]);
  });

  test('are cleared only once every entry is kept', async () => {
    simulated().note('reset', { by: 'one' });
    expect(await act('clear-log', { log })).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('not archived'),
    });
    await keep('logs');
    simulated().note('reset', { by: 'two' });
    expect(await act('clear-log', { log })).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('1 entries of'),
    });
    expect(await effects('log-cleared')).toEqual([]);
    await keep('logs');
    expect(await act('clear-log', { log })).toMatchObject({ state: 'done' });
    expect(await effects('log-cleared')).toHaveLength(1);
    await keep('logs');
    expect(await act('clear-log', { log })).toMatchObject({
      state: 'done',
      observed: expect.stringContaining('empty already'),
    });
    expect((await entries()).filter((text) => text.startsWith('SEL'))).toHaveLength(2);
  });

  test('that nobody may clear, or that are not there, are told so', async () => {
    expect(await act('clear-log', { log: '/etc/passwd' })).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('log'),
    });
    expect(await act('clear-log', { log: `${log}X` })).toMatchObject({ state: 'not_done' });
    expect(await effects('log-cleared')).toEqual([]);
  });
});

describe('the inventory', () => {
  const observed = () => readHardware(db.mdb, machineId, 100);

  test('is kept whole, and written again only where it is different', async () => {
    expect(await keep('inventory')).toEqual([]);
    const first = await observed();
    expect(first.documents.map(({ kind }) => kind)).toContain('drives');
    expect(first.documents.every(({ firmwareVersion }) => firmwareVersion === '1.12.3')).toBe(true);
    expect(first.changes).toEqual([]);
    expect(first.readings).toMatchObject([{ watts: expect.any(Number) }]);
    await keep('inventory');
    expect((await observed()).documents).toEqual(first.documents);
    const { readings } = await observed();
    expect(readings.map(({ sensors }) => sensors.length > 0)).toEqual([true, false]);
  });

  test('tells firmware that has another version', async () => {
    await keep('inventory');
    simulated().powerOn('test');
    simulated().state.controller = { firmware: { BMC: '1.13.0' } };
    await keep('inventory');
    const { changes } = await observed();
    expect(changes.map(({ kind, place, change }) => [kind, place, change]).sort()).toEqual([
      ['controllers', '1', 'version'],
      ['firmware', 'BMC', 'version'],
    ]);
  });
});

describe('the sweep', () => {
  const due = () => run(records.dueRecords, { siteId: 'home' });

  test('asks for what is due, once, of controllers that a passage has met', async () => {
    expect(await due()).toEqual([{ machineId, records: ['events', 'logs', 'inventory'] }]);
    await keep('events', 'logs', 'inventory');
    expect(await due()).toEqual([]);
    const reset = { id: randomUUID(), machineId, kind: 'reset-bmc', command: {}, fence: 1, settledAt: new Date() };
    await db.mdb.insert(intents).values({ ...reset, state: 'done' });
    expect(await due()).toEqual([{ machineId, records: ['events'] }]);
    await db.mdb.delete(intents).where(eq(intents.machineId, machineId));
    await db.mdb.update(bmcs).set({ quarantine: 'said so' }).where(eq(bmcs.machineId, machineId));
    await db.mdb.delete(controllerRecords).where(eq(controllerRecords.machineId, machineId));
    expect(await due()).toEqual([]);
    await db.mdb.update(bmcs).set({ quarantine: null, firmwareVersion: null }).where(eq(bmcs.machineId, machineId));
    expect(await due()).toEqual([]);
    await db.mdb
      .update(bmcs)
      .set({ firmwareVersion: '1', origin: 'https://127.0.0.1:1' })
      .where(eq(bmcs.machineId, machineId));
    expect(await due()).toEqual([]);
  });

  test('leaves a machine to the passage that works on it, and to the one that it has just come out of', async () => {
    const order = { id: `birth-${machineId}`, machineId, passage: 'birth', reason: 'test' } as const;
    await db.mdb.insert(orders).values({ ...order, requester: 'ann', state: 'running' });
    expect(await due()).toEqual([]);
    await db.mdb.update(orders).set({ state: 'done' }).where(eq(orders.id, order.id));
    await db.mdb.update(machines).set({ inServiceAt: new Date() }).where(eq(machines.id, machineId));
    expect(await due()).toEqual([]);
    await db.mdb
      .update(machines)
      .set({ inServiceAt: new Date(Date.now() - 600_000) })
      .where(eq(machines.id, machineId));
    expect(await due()).toHaveLength(1);
  });

  test('notes why a controller could not be reached, and does not ask again at once', async () => {
    await db.mdb.update(bmcs).set({ origin: 'http://127.0.0.1:9' }).where(eq(bmcs.machineId, machineId));
    expect(await keep('events', 'logs', 'inventory')).toEqual([machineId]);
    expect(await noted()).toMatchObject({
      logsError: expect.stringContaining('127.0.0.1:9'),
      eventsAt: expect.any(Date),
    });
    expect(await due()).toEqual([]);
  });
});
