import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { ApiClient } from '../../client/api.ts';
import { keepEvents } from '../../mdb/controllers/events.ts';
import { keepDocuments, keepSensors, noteRecord } from '../../mdb/controllers/inventory.ts';
import { keepLogs } from '../../mdb/controllers/logs.ts';
import { machines } from '../../mdb/schema.ts';
import { runFarrier } from '../support/commandline.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

const machineId = 'm-told-1';
let db: ThrowawayMdb;
let folder: string;
let app: Awaited<ReturnType<typeof createPeopleApi>>;
let api: ApiClient;
let origin: string;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
  folder = await mkdtemp(join(tmpdir(), 'farrier-told-'));
  const authority = await openAuthority(folder);
  app = await createPeopleApi({
    mdb: db.mdb,
    siteId: 'home',
    images: folder,
    authority,
    log: pino({ level: 'silent' }),
  });
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  api = new ApiClient({ url: origin });
  await db.mdb.insert(machines).values({ id: machineId, siteId: 'home', mac: '02:dd:00:00:00:01' });
  const event = (n: number) => ({ key: `k${n}`, eventId: `${n}`, message: `fan ${n}\u001b[31m`, severity: 'Critical' });
  await keepEvents(db.mdb, machineId, [event(1), event(2), event(3)]);
  const entry = {
    fingerprint: 'f',
    entryId: '7',
    created: '1970-01-01',
    severity: 'OK',
    message: 'power on',
    messageId: null,
  };
  const log = { log: '/redfish/v1/Systems/1/LogServices/SEL', name: 'SEL', cursor: ['f'], restarted: false };
  await keepLogs(db.mdb, machineId, [{ ...log, reached: 'end', entries: [entry] }]);
  const drive = { kind: 'drives', document: [{ slot: '0', serial: 'S9', bytes: null }], hash: 'h' };
  const swap = {
    kind: 'drives',
    place: '0',
    change: 'swapped',
    before: { serial: 'S1' },
    after: { serial: 'S9' },
  } as const;
  await keepDocuments(db.mdb, machineId, '1.2', () => ({ documents: [drive], changes: [swap] }));
  await keepSensors(db.mdb, machineId, { watts: 402, sensors: [] });
  await noteRecord(db.mdb, machineId, 'logs', 'it does not answer');
});
afterAll(async () => {
  await app?.close();
  await db?.close();
  await rm(folder, { recursive: true, force: true });
});

const farrier = (...words: string[]) => runFarrier(origin, words);

describe('what a controller reported', () => {
  test('is shown by the API: parts, changes, power, and what could not be read', async () => {
    const view = await api.hardware(machineId);
    expect(view).toMatchObject({
      documents: [{ kind: 'drives', document: [{ serial: 'S9' }], firmwareVersion: '1.2' }],
      changes: [{ place: '0', change: 'swapped' }],
      power: [{ watts: 402 }],
    });
    expect(view.records.find(({ record }) => record === 'logs')).toMatchObject({ error: 'it does not answer' });
  });

  test('is part of what happened to the machine', async () => {
    const reported = (await api.timeline(machineId)).filter(({ kind }) => kind === 'hardware');
    expect(reported).toMatchObject([{ text: 'drives 0 swapped S1 → S9', by: 'controller' }]);
  });

  test('is in the figures of the fleet: what it draws, and that it could not be read', async () => {
    const metrics = await app.inject({ url: '/metrics', headers: { host: '127.0.0.1' } });
    expect(metrics.body).toMatch(/^farrier_power_watts 402$/m);
    expect(metrics.body).toMatch(/^farrier_controllers_unread 1$/m);
    const { findings } = await api.doctor();
    expect(findings.find(({ name }) => name === 'controllers')).toMatchObject({ ok: false });
  });

  test('is given a page at a time, newest first', async () => {
    const events = (query: string) =>
      app.inject({ url: `/api/v1/machines/${machineId}/events?${query}`, headers: { host: '127.0.0.1' } });
    const first = (await events('limit=2')).json();
    expect(first.events.map((one: { eventId: string }) => one.eventId)).toEqual(['3', '2']);
    const second = (await events(`limit=2&after=${first.next}`)).json();
    expect(second).toMatchObject({ events: [{ eventId: '1' }], next: null });
    expect((await events('limit=0')).statusCode).toBe(400);
    await expect(api.controllerEvents('m-nobody')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('is read on the command line, with nothing of it acted on by the terminal', async () => {
    expect(await farrier('hardware', 'show', machineId)).toMatch(/402 W[\s\S]*serial S9[\s\S]*swapped +S1 +S9/);
    const events = await farrier('hardware', 'events', machineId, '--limit', '1');
    expect(events).toContain('fan 3');
    expect(events).not.toContain('\u001b');
    expect(await farrier('hardware', 'logs', machineId)).toMatch(/1970-01-01 +SEL +7 +OK +power on/);
  });
});
