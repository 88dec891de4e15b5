import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHardwareActivities, type HardwareActivities } from '../../activities/hardware/index.ts';
import type { Act } from '../../contract/hardware.ts';
import { openClaims } from '../../mdb/claim.ts';
import { connectMdb, type MdbConnection } from '../../mdb/connect.ts';
import { pinController } from '../../mdb/controllers/controller.ts';
import { bmcs, fences, intents, machines, profiles } from '../../mdb/schema.ts';
import { openSessionPool, type SessionPool } from '../../redfish/pool.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import { openCertificate } from '../../sim/vm/certificate.ts';
import { type Hostile, hangUp, openHostile, password, sessionsPath, systemPath, told } from '../redfish/hostile.ts';
import { retireEarlier } from '../support/alone.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let db: ThrowawayMdb;
let folder: string;
let bmc: Hostile;
let workers: { connection: MdbConnection; pool: SessionPool; activities: HardwareActivities }[];
let count = 0;
const resetPath = `${systemPath}/Actions/ComputerSystem.Reset`;
const reset = `POST ${resetPath}`;
const opening = `POST ${sessionsPath}`;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
});
afterAll(() => db?.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-refusals-'));
  for (const [name, word] of Object.entries({ good: password, stale: 'yesterday' }))
    await writeFile(join(folder, name), JSON.stringify({ username: 'admin', password: word }));
  bmc = await openHostile();
  workers = [1, 2, 3].map(() => {
    const connection = connectMdb({ url: db.url, name: 'a worker' });
    const pool = openSessionPool();
    return { connection, pool, activities: createHardwareActivities(connection.mdb, secretFolder(folder), pool) };
  });
});
afterEach(async () => {
  for (const { pool, connection } of workers) await pool.close().finally(connection.close);
  await bmc.close();
  await rm(folder, { recursive: true, force: true });
});

async function known(spec: { secret?: string; bios?: Record<string, string> } = {}): Promise<Act> {
  count += 1;
  const id = `m-refusal-${count}`;
  if (spec.bios) {
    const burnin = { capSeconds: 60, stressSeconds: 1, peerShare: 0.7, minPeers: 3, floors: {} };
    await db.mdb.insert(profiles).values({ id, match: {}, burnin, bios: spec.bios });
  }
  await retireEarlier(db.mdb, '4c4c4544-0042-3510-8052-b4c04f4d3333');
  await db.mdb.insert(machines).values({
    id,
    siteId: 'home',
    mac: `02:bb:00:00:00:${count.toString(16).padStart(2, '0')}`,
    systemUuid: '4c4c4544-0042-3510-8052-b4c04f4d3333',
    serial: 'B5R3M33',
    profileId: spec.bios ? id : null,
  });
  await db.mdb.insert(bmcs).values({ machineId: id, origin: bmc.origin, secretRef: spec.secret ?? 'good' });
  await db.mdb.insert(fences).values({ machineId: id, fence: 7 });
  return { machineId: id, siteId: 'home', orderId: '', intentId: `refusal-${count}`, fence: 7, kind: 'restart' };
}

/** The order is left out of the row: these tests have none. */
function run<T>(worker: number, name: 'act' | 'checkController' | 'settle', act: Act): Promise<T> {
  const activity = workers[worker]?.activities[name] as (input: unknown) => Promise<T>;
  return new MockActivityEnvironment().run(activity, { ...act, orderId: null });
}

const system = () => bmc.resources.get(systemPath) as Record<string, unknown>;
const turnOn = () => void bmc.resources.set(systemPath, { ...system(), PowerState: 'On' });

async function intentOf(act: Act) {
  const [row] = await db.mdb.select().from(intents).where(eq(intents.id, act.intentId));
  return row;
}

describe('credentials that are refused', () => {
  test('are offered once, whatever number of workers asks at once (quirk 6)', async () => {
    const act = await known({ secret: 'stale' });
    const results = await Promise.all(
      [0, 1, 2, 0, 1, 2].map((worker) => run<{ question: { fault: string } }>(worker, 'checkController', act)),
    );
    expect(bmc.count(opening)).toBe(1);
    const faults = results.map(({ question }) => question.fault).sort();
    expect(new Set(faults)).toEqual(new Set(['configure/credentials', 'configure/quarantine']));
    const [row] = await db.mdb.select().from(bmcs).where(eq(bmcs.machineId, act.machineId));
    expect(row?.quarantine).toContain('refused the credentials stale');
  });

  test('while the controller is too busy to judge them, are not held against it', async () => {
    const act = await known();
    bmc.play(opening, told(503, 'Base.1.18.ServiceTemporarilyUnavailable'));
    await expect(run(0, 'checkController', act)).rejects.toMatchObject({ type: 'redfish/busy', nonRetryable: false });
    expect(await run(0, 'checkController', act)).toMatchObject({ state: 'match' });
  });

  test('as long as the password has to be changed, name the account', async () => {
    const act = await known();
    const account = '/redfish/v1/AccountService/Accounts/1';
    bmc.always(`GET ${systemPath}`, told(403, 'Base.1.18.PasswordChangeRequired', 'Change it.', [account]));
    expect(await run(0, 'checkController', act)).toMatchObject({
      question: { fault: 'configure/password-change', reason: expect.stringContaining(account) },
    });
    const [row] = await db.mdb.select().from(bmcs).where(eq(bmcs.machineId, act.machineId));
    expect(row?.quarantine).toBeNull();
  });
});

describe('a claim', () => {
  test('is held by one of all processes and of all callers, and waited for only so long', async () => {
    const claims = workers.map(({ connection }) => openClaims(connection.pool));
    let inside = 0;
    let max = 0;
    const work = async () => {
      inside += 1;
      max = Math.max(max, inside);
      await new Promise(setImmediate);
      inside -= 1;
      return 'worked';
    };
    const all = [0, 1, 2, 0, 1, 2].map((worker) => claims[worker]?.hold('one', 20_000, work));
    expect(new Set(await Promise.all(all))).toEqual(new Set(['worked']));
    expect(max).toBe(1);
    await claims[0]?.hold('one', 1000, async () => {
      expect(await claims[1]?.hold('one', 100, work)).toBe('taken');
      expect(await claims[1]?.hold('other', 100, work)).toBe('worked');
    });
  });

  test('of work that failed is free again', async () => {
    const [one, other] = workers.map(({ connection }) => openClaims(connection.pool));
    await expect(one?.hold('two', 1000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await other?.hold('two', 1000, async () => 'worked')).toBe('worked');
  });
});

describe('a command that the controller refused', () => {
  test('is not done, in the words of the vendor, and asked for once', async () => {
    const act = await known();
    bmc.always(reset, told(400, 'Base.1.18.ActionParameterNotSupported', 'On is not for you.'));
    expect(await run(0, 'act', act)).toMatchObject({
      state: 'not_done',
      observed: expect.stringMatching(/ActionParameterNotSupported: On is not for you/),
    });
    expect(await intentOf(act)).toMatchObject({ state: 'not_done' });
    expect(await run(1, 'settle', act)).toMatchObject({ state: 'not_done' });
    expect(bmc.count(reset)).toBe(1);
  });

  test.each([409, 400])('by %i because it is so already, is done (quirk 29)', async (status) => {
    const act = await known();
    bmc.always(reset, (_, response) => {
      turnOn();
      response.writeHead(status).end();
    });
    expect(await run(0, 'act', act)).toMatchObject({ state: 'done' });
    expect(bmc.count(reset)).toBe(1);
  });

  test('only for the moment, is given when the moment has passed (quirk 31)', async () => {
    const act = await known();
    bmc.play(reset, told(400, 'iLO.2.13.InvalidOperationForSystemState'));
    bmc.always(reset, (_, response) => {
      turnOn();
      response.writeHead(204).end();
    });
    expect(await run(0, 'act', act)).toMatchObject({ state: 'done' });
    expect(bmc.count(reset)).toBe(2);
  });

  test('as a boot setting, takes the reset with it', async () => {
    const act: Act = { ...(await known()), kind: 'boot-network' };
    bmc.always(`PATCH ${systemPath}`, { status: 500 });
    expect(await run(0, 'act', act)).toMatchObject({
      state: 'not_done',
      observed: expect.stringMatching(/no reset was sent/),
    });
    expect(bmc.count(reset)).toBe(0);
  });
});

describe('a command whose fate is unknown', () => {
  test.each([
    ['because the connection broke', hangUp],
    ['because of a 500', { status: 500 }],
  ])('%s, is unknown, not sent again, and settled by its effect', async (_, play) => {
    const act = await known();
    bmc.always(reset, play);
    expect(await run(0, 'act', act)).toMatchObject({ state: 'unknown' });
    expect(await run(1, 'act', act)).toMatchObject({ state: 'unknown' });
    expect(await run(1, 'settle', act)).toMatchObject({ state: 'unknown' });
    turnOn();
    expect(await run(1, 'settle', act)).toMatchObject({ state: 'done' });
    expect(bmc.count(reset)).toBe(1);
  });
});

test('the key of the first contact stays, whoever comes next with another', async () => {
  const { machineId } = await known();
  expect(await pinController(db.mdb, machineId, 'first')).toBe('first');
  expect(await pinController(db.mdb, machineId, 'second')).toBe('first');
});

test('a key that another worker saw otherwise at the same moment ends it', async () => {
  const certificate = await openCertificate(folder, 'bmc.test');
  const secure = await openHostile(certificate);
  const act = await known();
  await db.mdb.update(bmcs).set({ origin: secure.origin }).where(eq(bmcs.machineId, act.machineId));
  secure.always(`GET ${systemPath}`, (_, response) => {
    void pinController(db.mdb, act.machineId, 'what another worker saw').then(() => {
      response.end(JSON.stringify(system()));
    });
  });
  expect(await run(0, 'act', act)).toMatchObject({
    state: 'not_done',
    refused: { fault: 'configure/pin-changed' },
  });
  expect(secure.count(reset)).toBe(0);
  await secure.close();
});

test('BIOS settings that are refused with 409 but are pending already are done (quirk 29)', async () => {
  const act: Act = { ...(await known({ bios: { Mode: 'Uefi' } })), kind: 'set-bios' };
  const path = `${systemPath}/Bios`;
  const settings = `${path}/Settings`;
  bmc.resources.set(systemPath, { ...system(), Bios: { '@odata.id': path } });
  bmc.resources.set(path, { Attributes: {}, '@Redfish.Settings': { SettingsObject: { '@odata.id': settings } } });
  bmc.resources.set(settings, { Attributes: {} });
  bmc.always(`PATCH ${settings}`, (_, response) => {
    bmc.resources.set(settings, { Attributes: { Mode: 'Uefi' } });
    response.writeHead(409).end();
  });
  expect(await run(0, 'act', act)).toMatchObject({ state: 'done' });
  expect(bmc.count(`PATCH ${settings}`)).toBe(1);
});

test('a new password is another session: the old one is deleted', async () => {
  const act = await known();
  await run(0, 'checkController', act);
  await writeFile(join(folder, 'good'), JSON.stringify({ username: 'admin', password: 'changed' }));
  expect(await run(0, 'checkController', act)).toMatchObject({ question: { fault: 'configure/credentials' } });
  expect(bmc.count(opening)).toBe(2);
  await expect.poll(() => bmc.sessions.size).toBe(0);
});
