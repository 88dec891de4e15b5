import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { eq, sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { type Authority, openAuthority } from '../../boot/authority.ts';
import {
  audit,
  bmcs,
  bootCounts,
  burninParts,
  burnins,
  expectedBmcs,
  humanSteps,
  images,
  machines,
  orders,
  outbox,
  sites,
  steps,
  tags,
  tickets,
} from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { bear } from './agents.ts';

let base: ThrowawayMdb;
let app: Awaited<ReturnType<typeof createPeopleApi>>;
let authority: Authority;
let folder: string;

beforeAll(async () => {
  base = await throwawayMdb();
  folder = await mkdtemp(join(tmpdir(), 'farrier-api-'));
  authority = await openAuthority(join(folder, 'authority'));
  const log = pino({ level: 'silent' });
  app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log });
  await writeSite(base.mdb);
});
afterAll(async () => {
  await app?.close();
  await base?.close();
  await rm(folder, { recursive: true });
});

async function ask(
  method: 'GET' | 'POST' | 'PUT',
  url: string,
  payload?: object | string,
  headers: Record<string, string> = {},
) {
  const json = payload === undefined || headers['content-type'] ? {} : { 'content-type': 'application/json' };
  const response = await app.inject({
    method,
    url,
    ...(payload === undefined ? {} : { payload }),
    headers: { ...json, ...headers },
  });
  return {
    status: response.statusCode,
    body: /^application\/(problem\+)?json/.test(String(response.headers['content-type']))
      ? response.json()
      : response.body,
  };
}
const get = (url: string) => ask('GET', `/api/v1${url}`);
const post = (url: string, body: object | string, headers = {}) => ask('POST', `/api/v1${url}`, body, headers);

/** A human step that waits, as a passage opens one. */
async function question(born: { machineId: string; orderId: string }) {
  const id = `${born.orderId}:register:1`;
  await base.mdb
    .insert(tickets)
    .values({ id: `T-${id}`, machineId: born.machineId, fault: 'unknown-port', title: 't', body: 'b' });
  await base.mdb.insert(humanSteps).values({
    id,
    machineId: born.machineId,
    orderId: born.orderId,
    step: 'register',
    ticketId: `T-${id}`,
    owner: 'dc',
    question: 'Which unit is it in?',
    choices: ['retry', 'abandon'],
    remindAt: new Date(Date.now() + 3_600_000),
  });
  return id;
}

describe('machines', () => {
  it('are announced, listed, shown and found by id, MAC and hostname', async () => {
    const made = await post('/machines', {
      mac: 'A4-BF-01-00-00-01',
      rack: 'A01',
      unit: 1,
      bmc: { origin: 'https://10.9.0.1', secretRef: 'a01-1' },
    });
    expect(made).toMatchObject({ status: 201, body: { id: 'm-a4bf01000001' } });
    await base.mdb.update(machines).set({ hostname: 'a01-01' }).where(eq(machines.id, 'm-a4bf01000001'));
    for (const name of ['m-a4bf01000001', 'a4:bf:01:00:00:01', 'A4BF.0100.0001', 'a01-01']) {
      const { body } = await get(`/machines/${encodeURIComponent(name)}`);
      expect(body.machine).toMatchObject({
        id: 'm-a4bf01000001',
        rack: 'A01',
        unit: 1,
        stage: 'racked',
        offerable: false,
      });
      expect(body.status).toMatchObject({
        where: 'racked, disabled, rack A01 unit 1',
        why: 'nothing is ordered',
        blockedOn: 'nothing',
      });
    }
    expect((await get('/machines?rack=A01&stage=racked&held=false')).body.machines).toHaveLength(1);
    expect(await base.mdb.select().from(expectedBmcs)).toMatchObject([
      { mac: 'a4:bf:01:00:00:01', secretRef: 'a01-1' },
    ]);
    expect((await post('/machines', { mac: 'a4:bf:01:00:00:02', switch: 'sw-A02', port: 'swp3' })).status).toBe(201);
    expect((await get('/machines/m-a4bf01000002')).body.machine).toMatchObject({ rack: 'A02', unit: 3 });
  });

  it('have a controller that was shut out released, with a reason, by those who may', async () => {
    const path = '/machines/m-a4bf01000001/controller/release';
    expect((await post(path, { reason: 'looked' })).status).toBe(404);
    const origin = 'https://10.9.0.1';
    const shut = { quarantine: 'it refused the credentials', quarantineFor: 'credentials' } as const;
    await base.mdb.insert(bmcs).values({ machineId: 'm-a4bf01000001', origin, secretRef: 'a01-1', ...shut });
    expect(await post(path, {})).toMatchObject({ status: 400, body: { error: { field: 'reason' } } });
    expect(await post(path, { reason: 'unlocked at the console' })).toMatchObject({ status: 200 });
    expect(await post(path, { reason: 'again' })).toMatchObject({ status: 409 });
    expect((await get('/machines/m-a4bf01000001')).body.parts.bmc).toMatchObject({ quarantine: null });
    await base.mdb.delete(bmcs);
  });

  const bad: [string, object, number, string][] = [
    ['a MAC that is none', { mac: '00:00:00:00:00:00' }, 400, 'mac'],
    ['a multicast MAC', { mac: '01:00:5e:00:00:01' }, 400, 'mac'],
    ['a MAC twice', { mac: 'a4:bf:01:00:00:01' }, 409, 'mac'],
    ['a slot twice', { mac: 'a4:bf:01:00:00:09', rack: 'A01', unit: 1 }, 409, 'unit'],
    ['an unknown rack', { mac: 'a4:bf:01:00:00:09', rack: 'Z9', unit: 1 }, 404, 'rack'],
    ['a unit beyond the rack', { mac: 'a4:bf:01:00:00:09', rack: 'A01', unit: 60 }, 400, 'unit'],
    ['an unknown port', { mac: 'a4:bf:01:00:00:09', switch: 'sw-A01', port: 'swp99' }, 404, 'port'],
    ['half a place', { mac: 'a4:bf:01:00:00:09', rack: 'A01' }, 400, 'unit'],
    ['an unknown field', { mac: 'a4:bf:01:00:00:09', stage: 'in_service' }, 400, ''],
    ['a rack that is a script', { mac: 'a4:bf:01:00:00:09', rack: 'a\n#!ipxe', unit: 1 }, 400, 'rack'],
    ...[
      'http://127.0.0.1@evil',
      'https://169.254.169.254',
      'https://metadata.internal',
      'http://[::1]',
      'http://0x0a090001/',
      'https://10.9.0.1/redfish',
      'https://192.168.1.1',
      'file:///etc/passwd',
    ].map((origin): [string, object, number, string] => [
      `a controller at ${origin}`,
      { mac: 'a4:bf:01:00:00:09', bmc: { origin, secretRef: 'x' } },
      400,
      'bmc.origin',
    ]),
  ];
  it.each(bad)('with %s are refused', async (_what, body, status, field) => {
    const answer = await post('/machines', body);
    expect(answer).toMatchObject({
      status,
      body: { error: { code: expect.any(String), message: expect.any(String) } },
    });
    if (field) expect(answer.body.error.field).toBe(field);
    expect(await get('/machines/a4:bf:01:00:00:09')).toMatchObject({ status: 404 });
  });

  it('come a page at a time', async () => {
    const all = (await get('/machines?limit=1000')).body.machines.map(({ id }: { id: string }) => id);
    const paged: string[] = [];
    for (let after = ''; ; ) {
      const { body } = await get(`/machines?limit=1${after}`);
      paged.push(...body.machines.map(({ id }: { id: string }) => id));
      if (body.next === null) break;
      after = `&after=${body.next}`;
    }
    expect(paged).toEqual(all);
    expect(await get('/machines?limit=5000')).toMatchObject({ status: 400 });
    expect(await get('/machines?stage=flying')).toMatchObject({ status: 400 });
    expect(await get('/machines?colour=red')).toMatchObject({ status: 400 });
    expect(await get('/machines/nobody')).toMatchObject({ status: 404 });
  });
});

describe('orders', () => {
  it('are the same by the same id, and reach the outbox and the audit with their row', async () => {
    await post('/machines', { mac: 'a4:bf:02:00:00:01' });
    const spec = { id: 'o-1', machine: 'a4:bf:02:00:00:01', passage: 'birth', reason: 'new rack' };
    const headers = { 'x-farrier-operator': 'ann' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/orders', spec, headers)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    const sent = await base.mdb.select().from(outbox).where(eq(outbox.key, 'order/o-1'));
    expect(sent).toMatchObject([
      { kind: 'order', machineId: 'm-a4bf02000001', payload: { id: 'o-1', passage: 'birth' } },
    ]);
    expect(await base.mdb.select().from(audit).where(eq(audit.orderId, 'o-1'))).toMatchObject([
      { actor: 'ann', action: 'order.birth' },
    ]);
    expect(await post('/orders', { ...spec, id: 'o-2' })).toMatchObject({
      status: 409,
      body: { error: { message: 'm-a4bf02000001 has order o-1 already, which is waiting' } },
    });
    expect(await post('/orders', { ...spec, machine: 'm-a4bf01000001' })).toMatchObject({ status: 409 });
    expect((await get('/orders?state=waiting')).body.orders).toMatchObject([
      { id: 'o-1', requester: 'ann', reason: 'new rack' },
    ]);
  });

  it('that cannot be are refused with a reason', async () => {
    const spec = { machine: 'm-a4bf01000001', passage: 'birth', reason: 'r' };
    expect(await post('/orders', { ...spec, passage: 'explode' })).toMatchObject({
      status: 400,
      body: { error: { field: 'passage', message: expect.stringContaining('birth') } },
    });
    expect(await post('/orders', { ...spec, machine: 'nobody' })).toMatchObject({ status: 404 });
    expect(await post('/orders', { ...spec, reason: '' })).toMatchObject({ status: 400 });
    expect(await post('/orders', { ...spec, reason: 'a\u001b[31m' })).toMatchObject({ status: 400 });
    expect(await post('/orders', { ...spec, id: '../../etc' })).toMatchObject({ status: 400 });
    expect(await post('/orders', { ...spec, state: 'done' })).toMatchObject({ status: 400 });
  });

  it('wipe what is in service only when that is said', async () => {
    const born = await bear(base.mdb);
    await base.mdb.update(orders).set({ state: 'done' }).where(eq(orders.id, born.orderId));
    for (const stage of ['registered', 'configured', 'profiled', 'deployed', 'in_service'] as const) {
      await base.mdb.update(machines).set({ stage }).where(eq(machines.id, born.machineId));
    }
    const spec = { machine: born.mac, passage: 'birth', reason: 'again' };
    expect(await post('/orders', spec)).toMatchObject({ status: 409, body: { error: { field: 'wipe' } } });
    expect(await post('/orders', { ...spec, wipe: true })).toMatchObject({ status: 201 });
    const [row] = await base.mdb.select().from(machines).where(eq(machines.id, born.machineId));
    expect(row).toMatchObject({ wipeReason: 'local: again', stage: 'in_service' });
  });

  it('are cancelled through the outbox, once, and not when they have ended', async () => {
    const born = await bear(base.mdb);
    for (const _ of [1, 2])
      expect(await post(`/orders/${born.orderId}/cancel`, { reason: 'wrong one' })).toMatchObject({ status: 202 });
    const sent = await base.mdb
      .select()
      .from(outbox)
      .where(eq(outbox.key, `cancel/${born.orderId}`));
    expect(sent).toMatchObject([
      { kind: 'cancel', payload: { orderId: born.orderId, by: 'local', reason: 'wrong one' } },
    ]);
    await base.mdb.update(orders).set({ state: 'cancelled' }).where(eq(orders.id, born.orderId));
    expect(await post(`/orders/${born.orderId}/cancel`, { reason: 'again' })).toMatchObject({ status: 409 });
    expect(await post('/orders/none/cancel', { reason: 'x' })).toMatchObject({ status: 404 });
    expect((await get(`/orders/${born.orderId}`)).body).toMatchObject({
      order: { state: 'cancelled' },
      steps: [],
      humanSteps: [],
    });
  });
});

describe('human steps', () => {
  it('take one of their answers, once', async () => {
    const born = await bear(base.mdb);
    const id = await question(born);
    expect((await get(`/steps?machine=${born.machineId}`)).body.steps).toMatchObject([
      { id, choices: ['retry', 'abandon'] },
    ]);
    expect((await get(`/machines/${born.machineId}`)).body.status.blockedOn).toContain(`farrier step answer ${id}`);
    const path = `/steps/${encodeURIComponent(id)}/answer`;
    expect(await post(path, { answer: 'guess' })).toMatchObject({
      status: 400,
      body: { error: { message: '"guess" is not an answer to this step; it takes: retry, abandon' } },
    });
    const both = await Promise.all([
      post(path, { answer: 'retry', note: 'moved' }, { 'x-farrier-operator': 'bob' }),
      post(path, { answer: 'abandon' }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
    const sent = await base.mdb
      .select()
      .from(outbox)
      .where(eq(outbox.key, `answer/${id}`));
    expect(sent).toMatchObject([{ kind: 'answer', orderId: born.orderId, payload: { step: id } }]);
    expect(await post('/steps/none:x:1/answer', { answer: 'retry' })).toMatchObject({ status: 404 });
  });
});

describe('what is seen of a machine', () => {
  it('is its life, its burn-in and its boots', async () => {
    const born = await bear(base.mdb);
    const limitAt = new Date(Date.now() + 60_000);
    await base.mdb.insert(steps).values([
      { orderId: born.orderId, name: 'profile', source: 'passage', ordinal: 3, owner: 'farrier', limitAt },
      { orderId: born.orderId, name: 'burnin', source: 'agent', ordinal: 5, owner: 'agent', limitAt },
    ]);
    await base.mdb
      .insert(burnins)
      .values({ id: `b-${born.machineId}`, machineId: born.machineId, orderId: born.orderId, progress: 40 });
    await base.mdb.insert(burninParts).values({
      burninId: `b-${born.machineId}`,
      kind: 'stress',
      subject: 'cpu',
      device: 'cpu0',
      ok: true,
      seconds: 3,
    });
    await base.mdb.insert(bootCounts).values({
      mac: born.mac,
      minute: new Date(),
      state: 'birth',
      answer: 'bootstrap',
      requests: 3,
      answers: 2,
      lastAt: new Date(),
    });
    const { body } = await get(`/machines/${born.machineId}`);
    expect(body.machine).toMatchObject({ step: 'burnin', percent: 40, orderId: born.orderId, passage: 'birth' });
    expect(body.status).toMatchObject({
      why: `birth ${born.orderId}: first boot`,
      blockedOn: 'agent: burnin at 40 %',
    });
    const kinds = (await get(`/machines/${born.machineId}/timeline`)).body.entries.map(
      ({ kind }: { kind: string }) => kind,
    );
    expect(new Set(kinds)).toEqual(new Set(['state', 'step', 'burnin', 'boot']));
    expect((await get(`/machines/${born.mac}/burnins`)).body.burnins).toMatchObject([
      { progress: 40, parts: [{ device: 'cpu0', ok: true }] },
    ]);
    const boots = (await get('/boots?minutes=10')).body;
    expect(boots).toMatchObject({ requests: 3, answers: 2, busiest: [{ mac: born.mac, machineId: born.machineId }] });
    expect((await get('/racks')).body.racks[0]).toMatchObject({ id: 'A01', ports: 8 });
    expect(JSON.stringify(body)).not.toContain('secret');
  });
});

describe('places', () => {
  it('are announced as a whole, and refused as a whole', async () => {
    const rack = {
      racks: [{ id: 'B01', units: 42 }],
      switches: [{ id: 'sw-B01', chassis: '52:54:00:ff:01:01', ports: [{ port: 'p1', rack: 'B01', unit: 1 }] }],
    };
    for (const _ of [1, 2]) expect(await post('/places', rack)).toMatchObject({ status: 202 });
    expect(await base.mdb.select().from(audit).where(eq(audit.action, 'places.define'))).toMatchObject([
      { actor: 'local', detail: { site: 'home', racks: 1, switches: 1 } },
      { actor: 'local' },
    ]);
    expect((await get('/racks')).body.racks.map(({ id }: { id: string }) => id)).toContain('B01');
    expect(await post('/places', { racks: [{ id: 'C01' }, { id: 'C01' }] })).toMatchObject({ status: 400 });
    expect(
      await post('/places', {
        racks: [{ id: 'C01' }],
        bmcs: [{ origin: 'https://8.8.8.8', mac: 'a4:bf:07:00:00:01', secretRef: 'x' }],
      }),
    ).toMatchObject({ status: 400, body: { error: { field: 'bmcs.0.origin' } } });
    expect((await get('/racks')).body.racks.map(({ id }: { id: string }) => id)).not.toContain('C01');
  });
});

describe('images', () => {
  const put = (id: string, query: string, payload: Buffer) =>
    app.inject({
      method: 'PUT',
      url: `/api/v1/images/${id}?${query}`,
      payload,
      headers: { 'content-type': 'application/octet-stream' },
    });

  it('are taken in, signed and offered', async () => {
    const bytes = gzipSync(randomBytes(300_000));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const answer = await put('debian-13', `kind=compute&sha256=${sha256}&preferred=true`, bytes);
    expect(answer.json()).toEqual({ id: 'debian-13', sha256, bytes: bytes.length });
    expect(await readFile(join(folder, 'images/os/debian-13.tar.gz'))).toEqual(bytes);
    const rows = await base.mdb.select().from(images).where(eq(images.kind, 'compute'));
    expect(rows.filter(({ preferred }) => preferred)).toMatchObject([{ id: 'debian-13', path: 'os/debian-13.tar.gz' }]);
    expect(authority.verifyImage(sha256, rows.find(({ id }) => id === 'debian-13')?.signature ?? '')).toBe(true);
    expect((await put('debian-13', 'kind=compute', gzipSync('other'))).statusCode).toBe(409);
    expect(await readFile(join(folder, 'images/os/debian-13.tar.gz'))).toEqual(bytes);
  });

  it('may be only a name, that of an image which its image system fetches', async () => {
    const named = encodeURIComponent('compute/2026-11-20:12:00:00');
    const put = (query: string) => app.inject({ method: 'PUT', url: `/api/v1/images/${named}?${query}` });
    expect((await put('kind=storage&archive=none')).json()).toMatchObject({
      id: 'compute/2026-11-20:12:00:00',
      bytes: 0,
    });
    expect((await put('kind=storage&archive=none')).statusCode).toBe(409);
    expect((await put('kind=storage')).json().error).toMatchObject({ code: 'invalid', field: 'id' });
    const [row] = await base.mdb.select().from(images).where(eq(images.id, 'compute/2026-11-20:12:00:00'));
    expect(row).toMatchObject({ bytes: 0, path: 'named/compute/2026-11-20:12:00:00', preferred: false });
  });

  it('with a wrong checksum, another form or a path for a name are refused and leave nothing', async () => {
    const before = await readdir(join(folder, 'images/os'));
    expect((await put('x1', `kind=compute&sha256=${'0'.repeat(64)}`, gzipSync('x'))).json().error.field).toBe('sha256');
    expect((await put('x2', 'kind=compute', Buffer.from('QFI\u00fb not gzip'))).statusCode).toBe(400);
    expect((await put('x3', 'kind=huge', gzipSync('x'))).statusCode).toBe(400);
    expect((await put('..%2fx4', 'kind=compute', gzipSync('x'))).statusCode).toBe(400);
    expect(await readdir(join(folder, 'images/os'))).toEqual(before);
  });
});

describe('the image system', () => {
  it('is chosen by a person with a reason, and nothing else of the policy changes', async () => {
    expect(await ask('GET', '/api/v1/image-system')).toMatchObject({ body: { system: 'archive', updatesOff: [] } });
    const choose = (body: object) => ask('PUT', '/api/v1/image-system', body);
    expect(await choose({ system: 'pxe', reason: 'x' })).toMatchObject({
      status: 400,
      body: { error: { field: 'system' } },
    });
    expect(await choose({ system: 'dominator' })).toMatchObject({ status: 400, body: { error: { field: 'reason' } } });
    const [before] = await base.mdb.select().from(sites);
    const chosen = { system: 'dominator', updatesOff: ['pinned'] };
    expect(await choose({ ...chosen, reason: 'our hall has one' })).toMatchObject({ status: 200, body: chosen });
    expect(await choose({ system: 'archive', reason: 'back' })).toMatchObject({
      body: { system: 'archive', updatesOff: ['pinned'] },
    });
    const [after] = await base.mdb.select().from(sites);
    expect(after?.policy).toEqual({ ...before?.policy, updatesOff: ['pinned'] });
    const reported = await base.mdb.select().from(audit).where(eq(audit.action, 'site.image-system'));
    expect(reported.map(({ detail }) => (detail as { reason: string }).reason)).toEqual(['our hall has one', 'back']);
  });
});

describe("the Dominator's list", () => {
  it('is whole, compressed, has an ETag, and is quick at 10,000 machines', async () => {
    await base.mdb.execute(sql`
      insert into machines (id, site_id, mac, hostname, address, boot_state, required_image, pool)
      select 'm-' || lpad(to_hex(n), 12, '0'), 'home', lpad(to_hex(n + 1099511627776 * 2), 12, '0')::macaddr, 'host-' || n,
        ('10.50.0.0'::inet + n), case when n % 10 = 0 then 'birth' else 'healthy' end::boot_state, 'compute-1', 'general'
      from generate_series(1, 10000) n`);
    await base.mdb.insert(tags).values({ machineId: 'm-000000000001', key: 'sku', value: 'R1' });
    const fetch = (headers: Record<string, string>) =>
      app.inject({ method: 'GET', url: '/dominator/mdb.json', headers });
    await fetch({});
    const began = performance.now();
    const packed = await fetch({ 'accept-encoding': 'gzip' });
    const took = performance.now() - began;
    const list = JSON.parse(gunzipSync(packed.rawPayload).toString()) as Record<string, unknown>[];
    expect(list).toHaveLength(9000);
    expect(list.find(({ Hostname }) => Hostname === 'host-1')).toMatchObject({
      IpAddress: '10.50.0.1',
      RequiredImage: 'compute-1',
      Tags: { sku: 'R1' },
    });
    expect((await fetch({ 'if-none-match': String(packed.headers.etag) })).statusCode).toBe(304);
    console.log(`the list of 10,000 machines took ${Math.round(took)} ms`);
    // The budget is 100 ms; the rest is for a laden machine.
    expect(took).toBeLessThan(10_000);
    const page = performance.now();
    expect((await get('/machines?limit=200')).body.machines).toHaveLength(200);
    console.log(`a page of 200 of 10,000 machines took ${Math.round(performance.now() - page)} ms`);
  });
});

describe('the doors', () => {
  it('refuse what is malformed before it is looked at (A18)', async () => {
    const raw = (payload: string, headers = {}) => post('/orders', payload, headers);
    expect(await raw('['.repeat(60_000))).toMatchObject({
      status: 400,
      body: { error: { message: 'the body is nested deeper than 32 levels' } },
    });
    expect(await raw(`{"machine":"${'a'.repeat(70_000)}"}`)).toMatchObject({ status: 413 });
    expect(await raw('{"__proto__":{"role":"admin"},"machine":"x","passage":"birth","reason":"r"}')).toMatchObject({
      status: 400,
    });
    expect(await raw('{"constructor":{"prototype":{}}}')).toMatchObject({ status: 400 });
    expect(await raw('{"machine":NaN}')).toMatchObject({ status: 400 });
    expect(await raw('{"machine":1e999}')).toMatchObject({ status: 400 });
    expect(await raw('not json')).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid', message: 'the body is not JSON' } },
    });
    expect(await ask('POST', '/api/v1/orders', '<order/>', { 'content-type': 'text/xml' })).toMatchObject({
      status: 415,
    });
    expect(({} as Record<string, unknown>)['role']).toBeUndefined();
  });

  it('refuse pages of other origins and other names', async () => {
    expect(await ask('GET', '/api/v1/machines', undefined, { host: 'evil.example' })).toMatchObject({ status: 403 });
    expect(
      await ask('POST', '/api/v1/orders', {}, { host: '127.0.0.1:8470', origin: 'https://evil.example' }),
    ).toMatchObject({ status: 403 });
    expect(await ask('GET', '/nowhere')).toMatchObject({ status: 404, body: { error: { code: 'not-found' } } });
  });

  it('describe themselves, and say how they are', async () => {
    const { body } = await ask('GET', '/openapi.json');
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        '/api/v1/machines',
        '/api/v1/orders',
        '/api/v1/steps/{id}/answer',
        '/dominator/mdb.json',
      ]),
    );
    expect(Object.keys(body.paths['/api/v1/orders'].post.responses)).toEqual(
      expect.arrayContaining(['200', '201', '4XX']),
    );
    expect(await ask('GET', '/healthz')).toMatchObject({ status: 200, body: { ok: true } });
    expect((await ask('GET', '/metrics')).body).toMatch(/^farrier_machines\{stage="racked",state="disabled"\} \d+$/m);
    const { body: doctor } = await get('/doctor');
    expect(doctor.findings.map(({ name }: { name: string }) => name)).toEqual([
      'mdb',
      'outbox',
      'steps',
      'questions',
      'tickets',
      'controllers',
      'held',
      'inventories',
      'addresses',
      'images',
      'sign-in',
      'database-role',
      'audit',
      'aside',
      'brake',
      'boot loops',
      'dispatch',
      'lifecycle',
      'hardware',
      'birther',
      'agents',
      'clock',
      'workflows',
      'orders',
      'reconciler',
      'drift',
      'plans',
    ]);
  });
});
