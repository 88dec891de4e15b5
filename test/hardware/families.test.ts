import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHardwareActivities, type HardwareActivities } from '../../activities/hardware/index.ts';
import type { Act, ActResult } from '../../contract/hardware.ts';
import { addBootCounts } from '../../mdb/boot/counts.ts';
import { bmcs, fences, machines, profiles } from '../../mdb/schema.ts';
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
let pool: SessionPool;
let activities: HardwareActivities;
let count = 0;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
});
afterAll(() => db?.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-families-'));
  await writeFile(join(folder, 'good'), JSON.stringify({ username: 'admin', password: 'simulated' }));
  pool = openSessionPool();
  activities = createHardwareActivities(db.mdb, secretFolder(folder), pool);
});
afterEach(async () => {
  await pool.close();
  await listening.close();
  await fleet.stop();
  await rm(folder, { recursive: true, force: true });
});

async function simulated(personality: Family) {
  fleet = createFleet({ racks: 1, perRack: 1, folder, speed: 50, bootUrl: 'http://127.0.0.1:9', ca: '', personality });
  listening = await listenFor(fleet, '127.0.0.1:0', 'ports');
  const [machine] = fleet.machines;
  if (!machine) throw new Error('no machine');
  return machine;
}

/** A setting of this family that has another value than now; none where the family shows no settings. */
function otherSetting(family: Family): Record<string, string | number | boolean> {
  for (const [name, { default: now, values }] of Object.entries(personalities[family].bios)) {
    const other = values?.find((value) => value !== now);
    if (other !== undefined && name !== 'BootMode') return { [name]: other };
  }
  return {};
}

async function known(personality: Family, bios: Record<string, string | number | boolean> = {}): Promise<Act> {
  const { hardware } = await simulated(personality);
  count += 1;
  const id = `m-family-${count}`;
  const burnin = { capSeconds: 60, stressSeconds: 1, peerShare: 0.7, minPeers: 3, floors: {} };
  await db.mdb.insert(profiles).values({ id, match: {}, burnin, bios });
  await retireEarlier(db.mdb, hardware.uuid);
  await db.mdb.insert(machines).values({
    id,
    siteId: 'home',
    mac: `02:cc:00:00:00:${count.toString(16).padStart(2, '0')}`,
    systemUuid: hardware.uuid,
    serial: hardware.serial,
    profileId: id,
  });
  await db.mdb.insert(bmcs).values({ machineId: id, origin: listening.originOf(hardware), secretRef: 'good' });
  await db.mdb.insert(fences).values({ machineId: id, fence: 7 });
  return { machineId: id, siteId: 'home', orderId: '', intentId: `family-${count}`, fence: 7, kind: 'boot-network' };
}

/** The order is left out of the row: these tests have none. */
function act(input: Act, kind: Act['kind']): Promise<ActResult> {
  const once = { ...input, kind, intentId: `${input.intentId}-${kind}`, orderId: null };
  return new MockActivityEnvironment().run(activities.act as (input: unknown) => Promise<ActResult>, once);
}

/** Its machine asks the birther for a boot. */
async function asks({ machineId }: Act): Promise<void> {
  const [machine] = await db.mdb.select().from(machines).where(eq(machines.id, machineId));
  const now = new Date();
  const row = {
    mac: machine?.mac ?? '',
    minute: now,
    state: 'birth',
    answer: 'bootstrap',
    requests: 1,
    answers: 1,
    lastAt: now,
  };
  await addBootCounts(db.mdb.$client, [row]);
}

const effects = async () =>
  (await fleet.journal.read())
    .map(({ effect }) => effect)
    .filter((effect) => ['power-on', 'power-off', 'reset', 'boot-override', 'bios-pending'].includes(effect));

describe.each(Object.keys(personalities) as Family[])('a controller like %s', (family) => {
  test('powers on towards the network, and restarts, by one command each', async () => {
    const order = await known(family);
    expect(await act(order, 'boot-network')).toMatchObject({ state: 'done' });
    expect(await effects()).toEqual(['boot-override', 'power-on']);
    // Some show nothing that lasts by which a restart could be told from none: the birther is asked for a boot then.
    const { oem, resetTime } = personalities[family].starts;
    const shows = resetTime || JSON.stringify(oem?.('system', 1) ?? {}).includes('NumberOfReboots');
    await expect.poll(() => fleet.machines[0]?.phase, { timeout: 20_000 }).not.toMatch(/^(off|post)$/);
    if (!shows) await asks(order);
    const restarting = act(order, 'restart');
    if (!shows) {
      await expect.poll(effects, { timeout: 20_000 }).toContain('reset');
      await asks(order);
    }
    expect(await restarting).toMatchObject({ state: 'done' });
    // One model is powered off and on instead, since its host may hang after a restart (quirk 32).
    const restarted = family === 'sr675' ? ['power-off', 'power-on'] : ['reset'];
    expect((await effects()).filter((effect) => effect !== 'boot-override')).toEqual(['power-on', ...restarted]);
  });

  // X10 and OpenBMC show no BIOS or no way to set it (quirks 3 and 47): that is told, and nothing is sent.
  const settable = family !== 'x10' && family !== 'openbmc';

  if (settable)
    test('takes a BIOS setting by one command, which is in force after a restart', async () => {
      const order = await known(family, otherSetting(family));
      expect(await act(order, 'set-bios')).toMatchObject({ state: 'done' });
      expect((await effects()).filter((effect) => effect === 'bios-pending')).toHaveLength(1);
      await act(order, 'boot-network');
      const check = () =>
        new MockActivityEnvironment().run(activities.checkController as (input: unknown) => Promise<unknown>, order);
      await expect.poll(check).toEqual({ state: 'match', differing: [] });
    });
  else
    test('says that it offers no way to set the BIOS', async () => {
      const order = await known(family, { BootMode: 'Uefi' });
      expect(await act(order, 'set-bios')).toMatchObject({
        state: 'not_done',
        observed: expect.stringContaining('no way to set'),
      });
      expect(await effects()).toEqual([]);
    });

  test('has no session left in the end', async () => {
    const act = await known(family);
    await new MockActivityEnvironment().run(activities.checkController as (input: unknown) => Promise<unknown>, act);
    await pool.close();
    const request = await fetch(`${listening.originOf(machineHardware())}/redfish/v1/SessionService/Sessions`, {
      headers: { authorization: `Basic ${Buffer.from('admin:simulated').toString('base64')}` },
    });
    if (request.ok) expect((await request.json()) as object).toMatchObject({ Members: [] });
  });
});

function machineHardware() {
  const [machine] = fleet.machines;
  if (!machine) throw new Error('no machine');
  return machine.hardware;
}
