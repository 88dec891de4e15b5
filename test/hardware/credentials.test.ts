import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { versionOf } from '../../activities/hardware/attempt.ts';
import { createHardwareActivities, type HardwareActivities } from '../../activities/hardware/index.ts';
import type { OrderReference } from '../../contract/passage.ts';
import { connectMdb, type MdbConnection } from '../../mdb/connect.ts';
import { controllerOf, quarantineController } from '../../mdb/controllers/controller.ts';
import { releaseController } from '../../mdb/controllers/release.ts';
import { beginSignIn } from '../../mdb/controllers/signins.ts';
import { audit, bmcs, machines, signIns } from '../../mdb/schema.ts';
import { RedfishError } from '../../redfish/errors.ts';
import { verdictOn } from '../../redfish/login.ts';
import { openSessionPool, type SessionPool } from '../../redfish/pool.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import { openCertificate } from '../../sim/vm/certificate.ts';
import { type Hostile, hangUp, openHostile, password, sessionsPath, told } from '../redfish/hostile.ts';
import { retireEarlier } from '../support/alone.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

const opening = `POST ${sessionsPath}`;
const quarantined = { question: { fault: 'configure/quarantine' } };
let db: ThrowawayMdb;
let folder: string;
let bmc: Hostile;
let workers: { connection: MdbConnection; pool: SessionPool; activities: HardwareActivities }[];
let count = 0;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
});
afterAll(() => db?.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-credentials-'));
  bmc = await openHostile();
  workers = [1, 2, 3].map(startWorker);
});
afterEach(async () => {
  await Promise.all(workers.map(endWorker));
  await bmc.close();
  await rm(folder, { recursive: true, force: true });
});

function startWorker() {
  const connection = connectMdb({ url: db.url, name: 'a worker' });
  const pool = openSessionPool({ limits: { answer: 300 } });
  return { connection, pool, activities: createHardwareActivities(connection.mdb, secretFolder(folder), pool) };
}

const endWorker = ({ pool, connection }: (typeof workers)[number]) => pool.close().finally(connection.close);
const give = (word: string) => writeFile(join(folder, 'bmc'), JSON.stringify({ username: 'admin', password: word }));

async function known(): Promise<OrderReference> {
  count += 1;
  const id = `m-credentials-${count}`;
  await retireEarlier(db.mdb, '4c4c4544-0042-3510-8052-b4c04f4d3333');
  await db.mdb.insert(machines).values({
    id,
    siteId: 'home',
    mac: `02:cd:00:00:00:${count.toString(16).padStart(2, '0')}`,
    systemUuid: '4c4c4544-0042-3510-8052-b4c04f4d3333',
    serial: 'B5R3M33',
  });
  await db.mdb.insert(bmcs).values({ machineId: id, origin: bmc.origin, secretRef: 'bmc' });
  return { machineId: id, siteId: 'home', orderId: '' };
}

function check(order: OrderReference, worker = 0): Promise<unknown> {
  const activity = workers[worker]?.activities.checkController as (input: unknown) => Promise<unknown>;
  return new MockActivityEnvironment().run(activity, order).catch((error: unknown) => error);
}

const everybody = (order: OrderReference) => Promise.all([0, 1, 2, 0, 1, 2].map((worker) => check(order, worker)));

async function quarantineOf({ machineId }: OrderReference) {
  const [row] = await db.mdb.select().from(bmcs).where(eq(bmcs.machineId, machineId));
  return row ? { why: row.quarantine, for: row.quarantineFor } : null;
}

describe('credentials that were refused', () => {
  test('are lifted by others, which are offered once by all workers', async () => {
    const order = await known();
    await give('yesterday');
    await everybody(order);
    expect(bmc.count(opening)).toBe(1);
    expect(await quarantineOf(order)).toMatchObject({ for: 'credentials', why: expect.stringContaining('bmc') });
    await give('the day before');
    expect(await everybody(order)).toContainEqual({
      question: expect.objectContaining({ fault: 'configure/credentials' }),
    });
    expect(bmc.count(opening)).toBe(2);
    await give(password);
    expect(await check(order)).toMatchObject({ state: 'match' });
    expect(await quarantineOf(order)).toEqual({ why: null, for: null });
  });

  test('stay refused when they come back, and whoever holds which of them', async () => {
    const order = await known();
    for (const word of ['one', 'two', 'one', 'two']) {
      await give(word);
      await everybody(order);
    }
    expect(bmc.count(opening)).toBe(2);
    expect(await check(order)).toMatchObject(quarantined);
  });

  test('lift no other quarantine', async () => {
    const order = await known();
    await give(password);
    await quarantineController(db.mdb, order.machineId, 'identity', 'another machine is there');
    expect(await check(order)).toMatchObject(quarantined);
    expect(bmc.seen).toHaveLength(0);
    expect(await quarantineOf(order)).toEqual({ why: 'another machine is there', for: 'identity' });
  });

  test('after they were right, shut the controller out at the next signing in', async () => {
    const order = await known();
    await give(password);
    expect(await check(order)).toMatchObject({ state: 'match' });
    await workers[0]?.pool.close();
    bmc.always(opening, told(401, 'Base.1.18.NoValidSession'));
    expect(await check(order, 1)).toMatchObject({ question: { fault: 'configure/credentials' } });
    expect(await check(order, 2)).toMatchObject(quarantined);
    expect(bmc.count(opening)).toBe(2);
  });
});

describe('an attempt whose answer never came', () => {
  test.each([
    ['because of the time', () => undefined],
    ['because the connection broke', hangUp],
    ['but for a 500', { status: 500 }],
  ])('%s is used up, until there are other credentials', async (_, play) => {
    const order = await known();
    await give('perhaps');
    bmc.play(opening, play);
    expect(await check(order)).toMatchObject({ name: 'ApplicationFailure' });
    expect(await everybody(order)).toMatchObject(Array(6).fill(quarantined));
    expect(bmc.count(opening)).toBe(1);
    await give(password);
    expect(await check(order)).toMatchObject({ state: 'match' });
  });

  test('is repeated where the controller had taken them before', async () => {
    const order = await known();
    await give(password);
    await check(order);
    await workers[0]?.pool.close();
    bmc.play(opening, hangUp);
    expect(await check(order, 1)).toMatchObject({ name: 'ApplicationFailure' });
    expect(await check(order, 1)).toMatchObject({ state: 'match' });
  });

  test('since its worker died is used up, too', async () => {
    const order = await known();
    await give(password);
    const controller = await controllerOf(db.mdb, order.machineId);
    const version = await versionOf({ username: 'admin', password }, controller?.credentialSalt ?? '');
    await beginSignIn(db.mdb, { machineId: order.machineId, origin: bmc.origin }, version);
    expect(await everybody(order)).toMatchObject(Array(6).fill(quarantined));
    expect(bmc.count(opening)).toBe(0);
  });

  test('is on record although the MDB was away when the answer came', async () => {
    const order = await known();
    await give(password);
    bmc.play(opening, (_, response) => {
      const lost = sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'a worker' and datname = current_database()`;
      void db.mdb.execute(lost).then(() => {
        bmc.sessions.add('t9');
        response.writeHead(201, { 'x-auth-token': 't9', location: `${sessionsPath}/t9` }).end('{}');
      });
    });
    await check(order);
    expect(await check(order)).toMatchObject({ state: 'match' });
    expect(bmc.count(opening)).toBe(1);
    const kept = await db.mdb.select().from(signIns).where(eq(signIns.machineId, order.machineId));
    expect(kept).toMatchObject([{ state: 'accepted' }]);
  });

  test('is none where the controller said that it is busy', async () => {
    const order = await known();
    await give(password);
    bmc.play(opening, told(503, 'Base.1.18.ServiceTemporarilyUnavailable'));
    expect(await check(order)).toMatchObject({ type: 'redfish/busy' });
    expect(await check(order)).toMatchObject({ state: 'match' });
  });
});

test('a certificate with another key stops everything before a credential is sent, whatever the secret is (quirk 10)', async () => {
  const order = await known();
  await give(password);
  const [mine, other] = await Promise.all(['a.test', 'b.test'].map(serveTls));
  await db.mdb
    .update(bmcs)
    .set({ origin: mine?.origin ?? '' })
    .where(eq(bmcs.machineId, order.machineId));
  expect(await check(order)).toMatchObject({ state: 'match' });
  // The same controller, as far as anybody was told, with another key.
  await db.mdb
    .update(bmcs)
    .set({ origin: other?.origin ?? '' })
    .where(eq(bmcs.machineId, order.machineId));
  expect(await check(order)).toMatchObject({ question: { fault: 'configure/pin-changed' } });
  expect(await quarantineOf(order)).toMatchObject({ for: 'certificate' });
  await give('another one');
  expect(await everybody(order)).toMatchObject(Array(6).fill(quarantined));
  expect(other?.seen).toEqual([]);
  await Promise.all([mine?.close(), other?.close()]);
});

async function serveTls(name: string): Promise<Hostile> {
  const place = join(folder, name);
  await mkdir(place);
  return openHostile(await openCertificate(place, name));
}

describe('a person who has looked', () => {
  const me = { class: 'user', name: 'erin' } as const;
  const reason = 'the account was unlocked at the console';

  test('has the credentials offered once more, and it is on record who', async () => {
    const order = await known();
    await give(password);
    bmc.play(opening, hangUp);
    await check(order);
    expect(await check(order)).toMatchObject(quarantined);
    expect(await releaseController(db.mdb, me, order.machineId, { reason, newCertificate: false })).toBe('released');
    expect(await check(order)).toMatchObject({ state: 'match' });
    expect(await releaseController(db.mdb, me, order.machineId, { reason, newCertificate: false })).toBe('free');
    const kept = await db.mdb.select().from(audit).where(eq(audit.machineId, order.machineId));
    expect(kept).toMatchObject([{ action: 'bmc.release', actor: 'erin', detail: { reason } }]);
  });

  test('gives up a pinned key only in as many words', async () => {
    const order = await known();
    await give(password);
    await db.mdb.update(bmcs).set({ pin: 'the old one' }).where(eq(bmcs.machineId, order.machineId));
    await quarantineController(db.mdb, order.machineId, 'certificate', 'another certificate');
    const release = (newCertificate: boolean) =>
      releaseController(db.mdb, me, order.machineId, { reason, newCertificate });
    expect(await release(false)).toBe('certificate');
    expect(await check(order)).toMatchObject(quarantined);
    expect(await release(true)).toBe('released');
    expect(await check(order)).toMatchObject({ state: 'match' });
    expect(await releaseController(db.mdb, me, 'nobody', { reason, newCertificate: true })).toBe('none');
  });
});

test('the MDB holds neither credentials nor a hash that could be made without its salt', async () => {
  const order = await known();
  await give('yesterday');
  await check(order);
  const kept = JSON.stringify([await db.mdb.select().from(signIns), await db.mdb.select().from(bmcs)]);
  expect(kept).toContain('refused');
  expect(kept).not.toContain('yesterday');
  for (const plain of ['yesterday', JSON.stringify(['admin', 'yesterday'])])
    for (const form of ['base64', 'base64url', 'hex'] as const)
      expect(kept).not.toContain(createHash('sha256').update(plain).digest(form).slice(0, 16));
});

describe('the version of credentials', () => {
  const of = (username: string, word: string, salt = 'salt') => versionOf({ username, password: word }, salt);

  test('is the same for the same, and another one for any others and any other site', async () => {
    const all = [of('a', 'b'), of('a', 'c'), of('ab', ''), of('', 'ab'), of('a', 'b', 'other')];
    expect(new Set(await Promise.all(all)).size).toBe(5);
    expect(await of('a', 'b')).toBe(await of('a', 'b'));
  });

  test.each([
    [new RedfishError('credentials', ''), 'refused'],
    [new RedfishError('password-change', ''), 'accepted'],
    [new RedfishError('timeout', ''), 'unknown'],
    [new RedfishError('cut-short', ''), 'unknown'],
    [new RedfishError('busy', '', { status: 502 }), 'unknown'],
    [new RedfishError('busy', '', { status: 503 }), null],
    [new RedfishError('busy', '', { status: 429 }), null],
    [new RedfishError('session-limit', '', { status: 503 }), null],
    [new RedfishError('unreachable', '', { carriedOut: 'no' }), null],
    [new RedfishError('unreachable', ''), 'unknown'],
    [new RedfishError('pin-changed', '', { carriedOut: 'no' }), null],
    [new Error('cancelled'), 'unknown'],
  ])('is judged by what came of it: %o is %s', (error, verdict) => expect(verdictOn(error)).toBe(verdict));
});
