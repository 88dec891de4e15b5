import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHardwareActivities, type HardwareActivities } from '../../activities/hardware/index.ts';
import type { Act } from '../../contract/hardware.ts';
import { bmcs, fences, intents, machines, profiles } from '../../mdb/schema.ts';
import { openSessionPool, type SessionPool } from '../../redfish/pool.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import type { Fault } from '../../sim/faults.ts';
import { createFleet, type Fleet } from '../../sim/fleet.ts';
import { macOf } from '../../sim/hardware.ts';
import { type Listening, listenFor } from '../../sim/listen.ts';
import { retireEarlier } from '../support/alone.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let db: ThrowawayMdb;
let folder: string;
let fleet: Fleet;
let listening: Listening;
let pool: SessionPool;
let activities: HardwareActivities;
let count = 0;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
});
afterAll(() => db?.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-acts-'));
  await mkdir(join(folder, 'secrets'));
  await writeFile(join(folder, 'secrets', 'good'), JSON.stringify({ username: 'admin', password: 'simulated' }));
  await writeFile(join(folder, 'secrets', 'stale'), JSON.stringify({ username: 'admin', password: 'yesterday' }));
  // Nothing answers there: the machines only ever find no boot device.
  fleet = createFleet({ racks: 1, perRack: 2, folder, speed: 50, bootUrl: 'http://127.0.0.1:9', ca: '' });
  listening = await listenFor(fleet, '127.0.0.1:0', 'ports');
  pool = openSessionPool();
  activities = createHardwareActivities(db.mdb, secretFolder(join(folder, 'secrets')), pool);
});
afterEach(async () => {
  await pool.close();
  await listening.close();
  await fleet.stop();
  await rm(folder, { recursive: true, force: true });
});

function simulated(index: number) {
  const machine = fleet.machines[index];
  if (!machine) throw new Error(`no machine ${index}`);
  return machine;
}

/** A machine in the MDB whose controller is that of a simulated one. */
async function known(spec: { behind?: number; secret?: string; origin?: string; profile?: string } = {}): Promise<Act> {
  count += 1;
  const { hardware } = simulated(0);
  const id = `m-acts-${count}`;
  await retireEarlier(db.mdb, hardware.uuid);
  await db.mdb.insert(machines).values({
    id,
    siteId: 'home',
    mac: count === 1 ? macOf(hardware) : `02:aa:00:00:00:${count.toString(16).padStart(2, '0')}`,
    systemUuid: hardware.uuid,
    serial: hardware.serial,
    profileId: spec.profile ?? null,
  });
  await db.mdb.insert(bmcs).values({
    machineId: id,
    origin: spec.origin ?? listening.originOf(simulated(spec.behind ?? 0).hardware),
    secretRef: spec.secret ?? 'good',
  });
  await db.mdb.insert(fences).values({ machineId: id, fence: 7 });
  return { machineId: id, siteId: 'home', orderId: '', intentId: `intent-${count}`, fence: 7, kind: 'boot-network' };
}

async function wanting(bios: Record<string, string>): Promise<Act> {
  const id = `bios-${count}`;
  const burnin = { capSeconds: 60, stressSeconds: 1, peerShare: 0.7, minPeers: 3, floors: {} };
  await db.mdb.insert(profiles).values({ id, match: {}, burnin, bios });
  return known({ profile: id });
}

/** The order is left out of the row: these tests have none. */
const run = <T>(activity: (input: Act) => Promise<T>, act: Act): Promise<T> =>
  new MockActivityEnvironment().run(activity as (input: unknown) => Promise<T>, { ...act, orderId: null });

const effectsOf = async (index: number) =>
  (await fleet.journal.read({ machine: simulated(index).id }))
    .map((entry) => entry.effect)
    .filter((effect) => ['power-on', 'power-off', 'reset', 'boot-override', 'bios-pending'].includes(effect));

async function intentOf(act: Act) {
  const [row] = await db.mdb.select().from(intents).where(eq(intents.id, act.intentId));
  return row;
}

async function quarantineOf(act: Act) {
  const [row] = await db.mdb.select().from(bmcs).where(eq(bmcs.machineId, act.machineId));
  return row?.quarantine ?? null;
}

const fault = (index: number, value: Fault) => simulated(index).state.faults.push(value);

describe('an act', () => {
  test('powers on towards the network: one override, one command, an observed effect, a settled intent', async () => {
    const act = await known();
    expect(await run(activities.act, act)).toMatchObject({ state: 'done' });
    expect(await effectsOf(0)).toEqual(['boot-override', 'power-on']);
    expect(await intentOf(act)).toMatchObject({ state: 'done', fence: 7, before: { power: 'Off' } });
  });

  test('restarts a machine that is on, seen by its later reset time', async () => {
    const act = await known();
    await run(activities.act, act);
    const restart: Act = { ...act, intentId: `${act.intentId}-restart`, kind: 'restart' };
    expect(await run(activities.act, restart)).toMatchObject({ state: 'done' });
    expect(await effectsOf(0)).toEqual(['boot-override', 'power-on', 'reset']);
  });

  test('repeated, sends nothing: the effect is looked for instead', async () => {
    const act = await known();
    await run(activities.act, act);
    expect(await run(activities.act, act)).toMatchObject({ state: 'unknown' });
    expect(await run(activities.settle, act)).toMatchObject({ state: 'done' });
    expect(await effectsOf(0)).toEqual(['boot-override', 'power-on']);
  });

  test('twice at the same moment, is sent once', async () => {
    const act = await known();
    await Promise.all([run(activities.act, act), run(activities.act, act)]);
    expect((await effectsOf(0)).filter((effect) => effect === 'power-on')).toHaveLength(1);
  });

  test('under a fence that another order has passed, is not sent', async () => {
    const act = { ...(await known()), fence: 6 };
    expect(await run(activities.act, act)).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('newer order'),
    });
    expect(await effectsOf(0)).toEqual([]);
    expect(await intentOf(act)).toBeUndefined();
  });

  test('whose worker died before it sent anything, is not done', async () => {
    const act = await known();
    await db.mdb.insert(intents).values({
      id: act.intentId,
      machineId: act.machineId,
      kind: act.kind,
      command: {},
      fence: 7,
      before: { power: 'Off', lastReset: null },
    });
    expect(await run(activities.settle, act)).toMatchObject({ state: 'not_done' });
    expect(await intentOf(act)).toMatchObject({ state: 'not_done' });
  });

  test('whose worker died after it was sent, is found done by its effect', async () => {
    const act = await known();
    await db.mdb.insert(intents).values({
      id: act.intentId,
      machineId: act.machineId,
      kind: act.kind,
      command: {},
      fence: 7,
      state: 'sent',
      before: { power: 'Off', lastReset: null },
    });
    await run(activities.act, { ...act, intentId: `${act.intentId}-by-the-dead-worker` });
    expect(await run(activities.settle, act)).toMatchObject({ state: 'done' });
    expect(await effectsOf(0)).toEqual(['boot-override', 'power-on']);
  });

  test('that a controller takes and does nothing about, stays unknown and is not sent again', async () => {
    fault(0, { kind: 'lying-power' });
    const act = await known();
    expect(await run(activities.act, act)).toMatchObject({ state: 'unknown' });
    expect(await run(activities.settle, act)).toMatchObject({ state: 'unknown' });
    expect(await intentOf(act)).toMatchObject({ state: 'sent' });
    const ignored = (await fleet.journal.read()).filter((entry) => entry.effect === 'power-ignored');
    expect(ignored).toHaveLength(1);
  });

  test('on another machine than meant, is refused, quarantined, and has no effect', async () => {
    const act = await known({ behind: 1 });
    const result = await run(activities.act, act);
    expect(result).toMatchObject({ state: 'not_done', refused: { fault: 'configure/identity' } });
    expect([...(await effectsOf(0)), ...(await effectsOf(1))]).toEqual([]);
    expect(await quarantineOf(act)).toMatch(/Behind .* is not m-acts/);
    expect(await run(activities.act, { ...act, intentId: 'later' })).toMatchObject({
      refused: { fault: 'configure/quarantine' },
    });
  });

  test('with credentials that are refused, is tried once and then quarantined', async () => {
    const act = await known({ secret: 'stale' });
    expect(await run(activities.act, act)).toMatchObject({
      state: 'not_done',
      refused: { fault: 'configure/credentials' },
    });
    expect(await quarantineOf(act)).toContain('refused the credentials stale');
    expect(JSON.stringify(await quarantineOf(act))).not.toContain('yesterday');
  });

  test.each([
    ['outside the controller networks', 'http://192.0.2.7'],
    ['by name', 'http://controller.example'],
    ['with user info', 'http://admin@127.0.0.1:1'],
    ['with a path', 'http://127.0.0.1:1/redfish'],
  ])('at an address %s, is refused before anything is sent', async (_, origin) => {
    const result = await run(activities.act, await known({ origin: `${origin}` }));
    expect(result).toMatchObject({ state: 'not_done', refused: { fault: expect.stringMatching(/address/) } });
  });

  test('without its secret, says which reference is missing', async () => {
    const result = await run(activities.act, await known({ secret: 'nowhere' }));
    expect(result).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('there is no secret nowhere'),
    });
  });
});

describe('the controller', () => {
  test('matches a profile without BIOS settings, and is written down', async () => {
    const act = await known();
    expect(await run(activities.checkController, act)).toEqual({ state: 'match', differing: [] });
    const [row] = await db.mdb.select().from(bmcs).where(eq(bmcs.machineId, act.machineId));
    expect(row).toMatchObject({ vendor: simulated(0).hardware.model.vendor, firmwareVersion: '1.12.3' });
  });

  test('differs where the profile wants another setting, which one act makes pending', async () => {
    const mode = simulated(0).state.bios['BootMode'] === 'Uefi' ? 'LegacyBios' : 'Uefi';
    const act = await wanting({ BootMode: mode });
    expect(await run(activities.checkController, act)).toEqual({ state: 'differ', differing: ['BootMode'] });
    expect(await run(activities.act, { ...act, kind: 'set-bios' })).toMatchObject({ state: 'done' });
    expect(await run(activities.act, { ...act, kind: 'set-bios' })).toMatchObject({ state: 'unknown' });
    expect((await effectsOf(0)).filter((effect) => effect === 'bios-pending')).toHaveLength(1);
    // Pending is not in force: the check still sees the old value until the machine was restarted.
    expect(await run(activities.checkController, act)).toMatchObject({ state: 'differ' });
    await run(activities.act, { ...act, intentId: `${act.intentId}-restart` });
    await expect.poll(() => run(activities.checkController, act)).toEqual({ state: 'match', differing: [] });
  });

  test('that refuses a setting is told with its own words, and nothing is pending', async () => {
    const act = await wanting({ BootMode: 'Sideways' });
    const set = await run(activities.act, { ...act, kind: 'set-bios' });
    expect(set).toMatchObject({ state: 'not_done', observed: expect.stringMatching(/status 400 \(.*Sideways/) });
    expect(await effectsOf(0)).toEqual([]);
  });

  test('that is not there is an error to be tried again; an unknown one is none', async () => {
    const act = await known({ origin: 'http://127.0.0.1:9' });
    await expect(run(activities.checkController, act)).rejects.toMatchObject({
      type: 'redfish/unreachable',
      nonRetryable: false,
    });
    await db.mdb.delete(bmcs).where(eq(bmcs.machineId, act.machineId));
    expect(await run(activities.checkController, act)).toEqual({ state: 'none', differing: [] });
  });

  test('has one session of this process, whatever happened, and none after its end', async () => {
    const act = await known();
    const sessions = async () => {
      const request = await fetch(`${listening.originOf(simulated(0).hardware)}/redfish/v1/SessionService/Sessions`, {
        headers: { authorization: `Basic ${Buffer.from('admin:simulated').toString('base64')}` },
      });
      return ((await request.json()) as { 'Members@odata.count': number })['Members@odata.count'];
    };
    await Promise.all(Array.from({ length: 12 }, () => run(activities.checkController, act)));
    expect(await sessions()).toBe(1);
    await pool.close();
    expect(await sessions()).toBe(0);
  });
});
