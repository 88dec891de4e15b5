import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHardwareActivities, type HardwareActivities } from '../../activities/hardware/index.ts';
import type { Act, ActResult } from '../../contract/hardware.ts';
import { audit, bmcs, fences, intents, machines, rotations } from '../../mdb/schema.ts';
import { openSessionPool, type SessionPool } from '../../redfish/pool.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import { personalities } from '../../sim/bmc/personalities.ts';
import { createFleet, type Fleet } from '../../sim/fleet.ts';
import { type Listening, listenFor } from '../../sim/listen.ts';
import { retireEarlier } from '../support/alone.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

type Family = keyof typeof personalities;

let db: ThrowawayMdb;
let folder: string;
let fleet: Fleet;
let listening: Listening;
let workers: { pool: SessionPool; activities: HardwareActivities }[];
let count = 0;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
});
afterAll(() => db?.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-rotation-'));
  await writeFile(join(folder, 'first'), JSON.stringify({ username: 'admin', password: 'simulated' }));
  workers = [1, 2].map(() => {
    const pool = openSessionPool();
    return { pool, activities: createHardwareActivities(db.mdb, secretFolder(folder), pool) };
  });
});
afterEach(async () => {
  for (const { pool } of workers) await pool.close();
  await listening.close();
  await fleet.stop();
  await rm(folder, { recursive: true, force: true });
});

const simulated = () => {
  const [machine] = fleet.machines;
  if (!machine) throw new Error('no machine');
  return machine;
};
const bmc = () => fleet.bmcOf(simulated());

async function known(personality: Family = 'standard'): Promise<Act> {
  const place = join(folder, 'sim');
  const options = { racks: 1, perRack: 1, folder: place, speed: 50, bootUrl: 'http://127.0.0.1:9', ca: '' };
  fleet = createFleet({ ...options, personality });
  listening = await listenFor(fleet, '127.0.0.1:0', 'ports');
  const { hardware } = simulated();
  count += 1;
  const id = `m-rotation-${count}`;
  await retireEarlier(db.mdb, hardware.uuid);
  await db.mdb.insert(machines).values({
    id,
    siteId: 'home',
    mac: `02:dd:00:00:00:${count.toString(16).padStart(2, '0')}`,
    systemUuid: hardware.uuid,
    serial: hardware.serial,
  });
  await db.mdb.insert(bmcs).values({ machineId: id, origin: listening.originOf(hardware), secretRef: 'first' });
  await db.mdb.insert(fences).values({ machineId: id, fence: 7 });
  return { machineId: id, siteId: 'home', orderId: '', intentId: `rot-${count}`, fence: 7, kind: 'rotate-password' };
}

/** The order is left out of the row: these tests have none. */
function run<T = ActResult>(name: 'act' | 'settle' | 'checkController', act: Act, worker = 0): Promise<T> {
  const activity = workers[worker]?.activities[name] as (input: unknown) => Promise<T>;
  return new MockActivityEnvironment().run(activity, { ...act, orderId: null });
}

const effects = async (wanted: string) => (await fleet.journal.read()).filter(({ effect }) => effect === wanted);
const refusals = async () => (await effects('session-refused')).length;

async function rowOf({ machineId }: Act) {
  const [row] = await db.mdb.select().from(bmcs).where(eq(bmcs.machineId, machineId));
  return row;
}

async function signsIn({ machineId }: Act): Promise<boolean> {
  const row = await rowOf({ machineId } as Act);
  const { username, password } = await secretFolder(folder).credentials(row?.secretRef ?? '');
  const answer = await fetch(`${row?.origin}/redfish/v1/SessionService/Sessions`, {
    headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
  });
  return answer.ok || answer.status === 404;
}

/** As if it had been sent a minute ago: nothing that a dead worker sent can still be on its way. */
const later = () => db.mdb.update(rotations).set({ sentAt: sql`now() - interval '1 minute'` });
const secrets = async () => (await readdir(folder)).filter((name) => name.startsWith('bmc-'));
const accountPath = '/redfish/v1/AccountService/Accounts/*';

describe.each(Object.keys(personalities) as Family[])('a controller like %s', (family) => {
  test('is given a new password by one write, within its limits', async () => {
    const act = await known(family);
    expect(await run('act', act)).toMatchObject({ state: 'done' });
    const row = await rowOf(act);
    expect(row?.secretRef).toMatch(/^bmc-m-rotation-\d+-[0-9a-f]{12}$/);
    expect(await signsIn(act)).toBe(true);
    expect(await effects('password-changed')).toHaveLength(1);
    expect(await refusals()).toBe(0);
    const { min, max } = personalities[family].passwords;
    const { password } = await secretFolder(folder).credentials(row?.secretRef ?? '');
    expect(password.length).toBeGreaterThanOrEqual(min);
    expect(password.length).toBeLessThanOrEqual(max);
    expect(await run('checkController', act, 1)).toMatchObject({ state: 'match' });
  });
});

describe('a rotation', () => {
  test('keeps every secret out of the MDB, and readable to nobody else in the store', async () => {
    const act = await known();
    const result = await run('act', act);
    const ref = (await rowOf(act))?.secretRef ?? '';
    const { password } = await secretFolder(folder).credentials(ref);
    const rows = [result, await db.mdb.select().from(intents), await db.mdb.select().from(rotations)];
    const reported = JSON.stringify([...rows, await db.mdb.select().from(audit)]);
    expect(reported).toContain(ref);
    expect(reported).not.toContain(password);
    expect(reported).not.toContain('simulated');
    expect((await stat(join(folder, ref))).mode & 0o777).toBe(0o600);
  });

  test('forgets the password before, if a rotation made it, and never the one that others may share', async () => {
    const act = await known();
    await run('act', act);
    const [first] = await secrets();
    expect(await run('act', { ...act, intentId: `${act.intentId}-again` })).toMatchObject({ state: 'done' });
    expect(await secrets()).toHaveLength(1);
    expect(await secrets()).not.toContain(first);
    expect(await readFile(join(folder, 'first'), 'utf8')).toContain('simulated');
  });

  test('repeated, sends nothing', async () => {
    const act = await known();
    await run('act', act);
    expect(await run('act', act)).toMatchObject({ state: 'unknown' });
    expect(await run('settle', act)).toMatchObject({ state: 'done' });
    expect(await effects('password-changed')).toHaveLength(1);
  });

  test('in a dry run, reads for real and writes nothing', async () => {
    const act = await known();
    const planned = await run('act', { ...act, dryRun: true });
    expect(planned).toMatchObject({
      state: 'planned',
      command: { account: accountPath.replace('*', '1'), from: 'first' },
    });
    expect([await secrets(), await effects('password-changed')]).toEqual([[], []]);
    expect(await db.mdb.select().from(intents).where(eq(intents.id, act.intentId))).toEqual([]);
  });

  test('under a fence that another order has passed, is not sent and leaves no secret', async () => {
    const act = { ...(await known()), fence: 6 };
    expect(await run('act', act)).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('newer order'),
    });
    expect([await secrets(), await effects('password-changed')]).toEqual([[], []]);
  });

  test('that the controller refuses, leaves the old password in force, and no word of the new one', async () => {
    const act = await known();
    let echoed = '';
    const faults = bmc().faults;
    const body = JSON.stringify({ error: { code: 'X.1.PasswordPolicy', message: 'Not complex enough.' } });
    faults.set({ path: accountPath, method: 'PATCH', status: 400, body, times: 1 });
    const result = await run('act', act);
    echoed = result.observed;
    expect(result).toMatchObject({ state: 'not_done', observed: expect.stringContaining('Not complex enough') });
    expect(echoed).not.toMatch(/simulated/);
    expect(await secrets()).toEqual([]);
    expect((await rowOf(act))?.secretRef).toBe('first');
    expect(await run('checkController', act, 1)).toMatchObject({ state: 'match' });
  });

  test('of an account that has to be given a new password first, goes by the account that the refusal names', async () => {
    const act = await known('openbmc');
    simulated().setFault({ kind: 'password-expired' });
    expect(await run('checkController', act)).toMatchObject({ question: { fault: 'configure/password-change' } });
    expect(await run('act', act)).toMatchObject({ state: 'done' });
    expect(await run('checkController', act)).toMatchObject({ state: 'match' });
    expect(await refusals()).toBe(0);
  });

  test('that the controller takes and forgets, is not done, after one attempt with each', async () => {
    const act = await known('supermicro');
    simulated().setFault({ kind: 'password-ignored' });
    expect(await run('act', act)).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('that of first as before'),
    });
    expect(await refusals()).toBe(1);
    expect(await run('checkController', act, 1)).toMatchObject({ state: 'match' });
    expect(await effects('locked-out')).toEqual([]);
  });

  test('that leaves neither password in force, quarantines the controller with both named', async () => {
    const act = await known('supermicro');
    bmc().faults.set({ path: accountPath, method: 'PATCH', cut: 'after', times: 1 });
    expect(await run('act', act)).toMatchObject({ state: 'unknown' });
    await later();
    // Somebody else sets a third one meanwhile.
    simulated().state.controller = { accounts: { '1': { username: 'admin', password: 'a third one' } } };
    expect(await run('settle', act)).toMatchObject({ state: 'unknown' });
    const quarantine = (await rowOf(act))?.quarantine ?? '';
    expect(quarantine).toMatch(/bmc-m-rotation-.*first/);
    const tried = await refusals();
    expect(tried).toBe(2);
    expect(await run('checkController', act)).toMatchObject({ question: { fault: 'configure/quarantine' } });
    expect(await refusals()).toBe(tried);
    expect(await effects('locked-out')).toEqual([]);
  });

  test.each([
    ['lost on its way there', 'before', 'not_done'],
    ['lost on its way back', 'after', 'done'],
  ] as const)('whose answer was %s, is settled by one sign-in with each at most', async (_, cut, state) => {
    const act = await known('supermicro');
    bmc().faults.set({ path: accountPath, method: 'PATCH', cut, times: 1 });
    expect(await run('act', act)).toMatchObject({ state: 'unknown' });
    await later();
    expect(await run('settle', act, 1)).toMatchObject({ state });
    expect(await run('settle', act)).toMatchObject({ state });
    expect(await run('checkController', act)).toMatchObject({ state: 'match' });
    expect(await effects('password-changed')).toHaveLength(cut === 'after' ? 1 : 0);
    expect(await refusals()).toBe(cut === 'after' ? 0 : 1);
  });

  test('that was left open, is settled by whoever needs the controller next', async () => {
    const act = await known();
    bmc().faults.set({ path: accountPath, method: 'PATCH', cut: 'after', times: 1 });
    await run('act', act);
    await later();
    expect(await run('checkController', act, 1)).toMatchObject({ state: 'match' });
    expect(await run('settle', act)).toMatchObject({ state: 'done' });
    expect(await refusals()).toBe(0);
  });

  test('never meets a worker that signs in with the old password at the same time', async () => {
    const act = await known('openbmc');
    await run('checkController', act, 1);
    const both = [run('act', act), run('checkController', act, 1).catch((error: { type?: string }) => error)];
    const [rotated] = await Promise.all(both);
    expect(rotated).toMatchObject({ state: 'done' });
    expect(await run('checkController', act, 1)).toMatchObject({ state: 'match' });
    expect(await refusals()).toBe(0);
    expect((await rowOf(act))?.quarantine).toBeNull();
  });
});
