import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readEvents } from '../../api/events/payload.ts';
import { createEventsApi } from '../../api/events/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { hashOfToken, listEvents, mintSubscription } from '../../mdb/controllers/events.ts';
import { controllerEvents, machines } from '../../mdb/schema.ts';
import { withClockStopped } from '../support/clock.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let db: ThrowawayMdb;
let folder: string;
let app: ReturnType<typeof createEventsApi>;
let origin: string;
let token: string;
let machineId: string;
let count = 0;
const wire = new Agent({ connect: { rejectUnauthorized: false } });

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
  folder = await mkdtemp(join(tmpdir(), 'farrier-events-'));
  const authority = await openAuthority(folder);
  app = createEventsApi({ mdb: db.mdb, authority, log: pino({ level: 'silent' }) });
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app?.close();
  await wire.close();
  await db?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  count += 1;
  machineId = `m-events-${count}`;
  token = randomBytes(32).toString('base64url');
  const mac = `02:bb:00:00:00:${count.toString(16).padStart(2, '0')}`;
  await db.mdb.insert(machines).values({ id: machineId, siteId: 'home', mac });
  await mintSubscription(db.mdb, machineId, hashOfToken(token), 'farrier/home/x');
});

const event = (over: object = {}) => ({
  EventId: '41',
  EventTimestamp: '2026-11-21T08:00:00Z',
  MessageId: 'ResourceEvent.1.3.0.ResourceErrorsDetected',
  Message: 'Fan 3 has stopped',
  MessageSeverity: 'Critical',
  OriginOfCondition: { '@odata.id': '/redfish/v1/Chassis/1' },
  ...over,
});
const payload = (...events: object[]) => ({ '@odata.type': '#Event.v1_9_0.Event', Id: '7', Events: events });

async function send(body: unknown, path = `/events/${token}`, method: 'POST' | 'GET' = 'POST'): Promise<number> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': 'application/json' };
  const answer = await request(origin + path, {
    dispatcher: wire,
    method,
    headers,
    ...(method === 'POST' && { body: text }),
  });
  await answer.body.dump();
  return answer.statusCode;
}
const kept = () => listEvents(db.mdb, machineId, { limit: 100 });

describe('the receiver of events', () => {
  test('keeps what a controller tells, with its own words for time and origin', async () => {
    expect(await send(payload(event()))).toBe(204);
    expect(await kept()).toMatchObject([
      {
        eventId: '41',
        eventTime: '2026-11-21T08:00:00Z',
        messageId: 'ResourceEvent.1.3.0.ResourceErrorsDetected',
        severity: 'Critical',
        message: 'Fan 3 has stopped',
        origin: '/redfish/v1/Chassis/1',
      },
    ]);
  });

  test('keeps an event once, however often it is sent', async () => {
    await Promise.all(Array.from({ length: 10 }, () => send(payload(event(), event()))));
    await send({ ...payload(event()), Id: '8' });
    await send(payload(event({ EventId: '42' })));
    expect((await kept()).map(({ eventId }) => eventId)).toEqual(['42', '41']);
  });

  test('gives whoever has no token of ours 404, and says nothing else', async () => {
    const unknownMachine = randomBytes(32).toString('base64url');
    for (const path of [
      `/events/${unknownMachine}`,
      '/events/',
      '/events/..%2f',
      `/events/${token}x`,
      `/events/${token}/x`,
      '/',
    ])
      expect([path, await send(payload(event()), path)]).toEqual([path, 404]);
    expect(await send('', `/events/${token}`, 'GET')).toBe(404);
    expect(await kept()).toEqual([]);
  });

  test.each([
    ['no JSON', '<html/>', 400],
    ['JSON that is nested too deep', '['.repeat(100_000), 400],
    ['a body above its bound', JSON.stringify({ Events: 'x'.repeat(300_000) }), 413],
    ['a poisoned key', '{"__proto__":{"Events":[]},"Events":[]}', 400],
    ['no list of events', '{"Events":{}}', 400],
    ['events that say nothing', '{"Events":[null,7,{"EventId":{}}]}', 400],
  ])('refuses %s, and lives on', async (_, body, status) => {
    expect(await send(body)).toBe(status);
    expect(await send(payload(event()))).toBe(204);
    expect(await kept()).toHaveLength(1);
  });

  test('takes reports of metrics for no events and for no fault', async () => {
    expect(await send({ '@odata.type': '#MetricReport.v1_5_0.MetricReport', MetricValues: [] })).toBe(204);
    expect(await kept()).toEqual([]);
  });

  test('hears a controller that repeats itself for ever only so often, and others all the same', async () => {
    const other = token;
    const statuses = await withClockStopped(() =>
      Promise.all(Array.from({ length: 260 }, (_, n) => send(payload(event({ EventId: `${n}` }))))),
    );
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(20);
    expect(statuses.filter((status) => status === 204).length).toBeGreaterThan(190);
    token = randomBytes(32).toString('base64url');
    await mintSubscription(db.mdb, machineId, hashOfToken(token), 'x');
    expect(await send(payload(event()))).toBe(204);
    expect(await send(payload(event()), `/events/${other}`)).toBe(404);
  });

  test('keeps the latest five thousand of a machine', async () => {
    const rows = Array.from({ length: 5003 }, (_, n) => ({ machineId, key: `k${n}`, message: `${n}` }));
    await db.mdb.insert(controllerEvents).values(rows);
    await send(payload(event()));
    const count = await db.mdb.$count(controllerEvents);
    const [oldest] = (await listEvents(db.mdb, machineId, { limit: 5100 })).slice(-1);
    expect(oldest?.message).toBe('4');
    expect(count).toBeGreaterThanOrEqual(5000);
  });

  // Last: it uses up what this address may guess.
  test('stops listening to an address that guesses', async () => {
    const guess = () => send('', `/events/${randomBytes(32).toString('base64url')}`);
    const statuses = await withClockStopped(() => Promise.all(Array.from({ length: 80 }, guess)));
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(10);
  });
});

describe('an event', () => {
  const read = (one: object, over: object = {}) => readEvents({ ...payload(one), ...over }, 0);

  test('of an old service has its severity, type and origin by their old names', () => {
    const old = { EventType: 'Alert', Severity: 'Warning', Message: 'x', OriginOfCondition: '/redfish/v1/Systems/1' };
    expect(read(old)).toMatchObject([{ kind: 'Alert', severity: 'Warning', origin: '/redfish/v1/Systems/1' }]);
  });

  test('carries no control characters and no endless text', () => {
    const [row] = read(event({ Message: `a\u001b[31m\r\nb${'c'.repeat(9000)}` })) as { message: string }[];
    expect(row?.message).toMatch(/^a \[31m bc+$/);
    expect(row?.message.length).toBeLessThanOrEqual(2000);
  });

  test('without number and time is told from the next by its payload, or by the minute', () => {
    const bare = { MessageId: 'A.1.0.B', Message: 'x' };
    const key = (rows: unknown) => (rows as { key: string }[])[0]?.key;
    expect(key(read(bare))).not.toBe(key(read(bare, { Id: '8' })));
    expect(key(readEvents({ Events: [bare] }, 0))).toBe(key(readEvents({ Events: [bare] }, 59_000)));
    expect(key(readEvents({ Events: [bare] }, 0))).not.toBe(key(readEvents({ Events: [bare] }, 60_000)));
  });
});
