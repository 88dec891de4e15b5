import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createReach, type Reach } from '../../activities/hardware/reach.ts';
import { openClaims } from '../../mdb/claim.ts';
import { controllerOf } from '../../mdb/controllers/controller.ts';
import { bmcs, machines } from '../../mdb/schema.ts';
import { openSessionPool, type SessionPool } from '../../redfish/pool.ts';
import type { Probe } from '../../redfish/probe.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import type { Session } from '../../redfish/session.ts';
import { type Hostile, openHostile, password, sessionsPath, systemPath, told } from '../redfish/hostile.ts';
import { retireEarlier } from '../support/alone.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

const managerPath = '/redfish/v1/Managers/1';
const updatePath = '/redfish/v1/UpdateService';
let db: ThrowawayMdb;
let folder: string;
let bmc: Hostile;
let pool: SessionPool;
let reach: Reach;
let machineId: string;
let count = 0;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
  folder = await mkdtemp(join(tmpdir(), 'farrier-probe-'));
  await writeFile(join(folder, 'good'), JSON.stringify({ username: 'admin', password }));
});
afterAll(async () => {
  await db?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  bmc = await openHostile();
  const to = (path: string) => ({ '@odata.id': path });
  bmc.resources.set('/redfish/v1/', {
    ...(bmc.resources.get('/redfish/v1/') as object),
    UpdateService: to(updatePath),
  });
  bmc.resources.set(systemPath, { ...observed(systemPath), Links: { ManagedBy: [to(managerPath)] } });
  bmc.resources.set(managerPath, { ...to(managerPath), FirmwareVersion: '1.0' });
  bmc.resources.set(updatePath, { ...to(updatePath), HttpPushUri: '/push' });
  count += 1;
  machineId = `m-probe-${count}`;
  await retireEarlier(db.mdb, '4c4c4544-0042-3510-8052-b4c04f4d3333');
  await db.mdb.insert(machines).values({
    id: machineId,
    siteId: 'home',
    mac: `02:ce:00:00:00:${count.toString(16).padStart(2, '0')}`,
    systemUuid: '4c4c4544-0042-3510-8052-b4c04f4d3333',
    serial: 'B5R3M33',
  });
  await db.mdb.insert(bmcs).values({ machineId, origin: bmc.origin, secretRef: 'good' });
  startWorker();
});
afterEach(async () => {
  await pool.close();
  await bmc.close();
});

function startWorker(): void {
  pool = openSessionPool();
  reach = createReach(db.mdb, secretFolder(folder), pool, openClaims(db.mdb.$client));
}

const observed = (path: string) => bmc.resources.get(path) as Record<string, unknown>;

/** What one activity reads of the controller. */
async function asked(work: (probe: Probe, session: Session) => Promise<unknown> = async () => null): Promise<string[]> {
  const before = bmc.seen.length;
  await new MockActivityEnvironment().run(async () => {
    const controller = await controllerOf(db.mdb, machineId);
    if (controller === null) throw new Error('no controller');
    return reach(controller, (session, _, probe) => work(probe, session));
  });
  return bmc.seen.slice(before).map(({ method, path }) => `${method} ${path}`);
}

async function rowOf() {
  const [row] = await db.mdb.select().from(bmcs).where(eq(bmcs.machineId, machineId));
  return row;
}

const update = (probe: Probe) => probe.offer('update');
const system = `GET ${systemPath}`;
const manager = `GET ${managerPath}`;
const opening = ['GET /redfish/v1/', `POST ${sessionsPath}`];
const finding = ['GET /redfish/v1/Systems', system, manager];

describe('what a controller offers', () => {
  test('is found once, section by section, and only read where it is needed', async () => {
    expect(await asked()).toEqual([...opening, ...finding]);
    expect(await asked()).toEqual([system]);
    expect(await asked(update)).toEqual([system, `GET ${updatePath}`]);
    expect(await asked(update)).toEqual([system]);
    expect(await rowOf()).toMatchObject({
      firmwareVersion: '1.0',
      probe: { basis: { firmware: '1.0', systemPath }, offers: { update: { push: '/push' } } },
    });
  });

  test('is known to the next worker, which looks at the firmware version once', async () => {
    await asked(update);
    await pool.close();
    startWorker();
    expect(await asked(update)).toEqual([...opening, manager, system]);
    expect(await asked(update)).toEqual([system]);
  });

  test('is found anew under another firmware version', async () => {
    await asked(update);
    bmc.resources.set(managerPath, { ...observed(managerPath), FirmwareVersion: '2.0' });
    bmc.resources.set(updatePath, { ...observed(updatePath), HttpPushUri: '/new' });
    // A controller that was flashed has started again, and knows no session.
    bmc.sessions.clear();
    expect(await asked()).toEqual(expect.arrayContaining([system]));
    expect(await asked(update)).toEqual([
      ...[manager, 'GET /redfish/v1/Systems', system, manager],
      `GET ${updatePath}`,
    ]);
    expect(await rowOf()).toMatchObject({ firmwareVersion: '2.0', probe: { offers: { update: { push: '/new' } } } });
  });

  test('is found anew where the system is no longer', async () => {
    await asked();
    const moved = '/redfish/v1/Systems/Self';
    bmc.resources.set(moved, { ...observed(systemPath), '@odata.id': moved });
    bmc.resources.set('/redfish/v1/Systems', { Members: [{ '@odata.id': moved }] });
    bmc.resources.delete(systemPath);
    expect(await asked()).toEqual([system, 'GET /redfish/v1/Systems', `GET ${moved}`, manager]);
    expect(await asked()).toEqual([`GET ${moved}`]);
  });

  test('is forgotten when what is written to is missing', async () => {
    await asked(update);
    const gone = (_: Probe, session: Session) => session.write('POST', '/redfish/v1/Gone', {});
    bmc.always('POST /redfish/v1/Gone', told(404, 'Base.1.18.ResourceMissingAtURI'));
    await expect(asked(gone)).rejects.toThrow(/status 404/);
    expect((await rowOf())?.probe).toBeNull();
    expect(await asked()).toEqual(finding);
  });

  test('is not concluded from a controller that is busy', async () => {
    await asked();
    bmc.always(`GET ${updatePath}`, {
      ...told(503, 'Base.1.18.ServiceTemporarilyUnavailable'),
      headers: { 'retry-after': '0' },
    });
    await expect(asked(update)).rejects.toMatchObject({ kind: 'busy', retryable: true });
    expect((await rowOf())?.probe).toMatchObject({ offers: {} });
  });

  test('is not kept where it offers nothing: it may for now only', async () => {
    bmc.resources.delete(updatePath);
    expect(await asked(async (probe) => expect(await update(probe)).toBeNull())).toContain(`GET ${updatePath}`);
    bmc.resources.set(updatePath, { '@odata.id': updatePath, HttpPushUri: '/push' });
    await asked(async (probe) => expect(await update(probe)).toMatchObject({ push: '/push' }));
  });
});
