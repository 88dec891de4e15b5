import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eq } from 'drizzle-orm';
import { createHardwareActivities, type HardwareActivities } from '../../activities/hardware/index.ts';
import type { ControllerResult } from '../../contract/birth.ts';
import type { Act, ActResult } from '../../contract/hardware.ts';
import type { ActKind, ActParameters } from '../../domain/acts.ts';
import { bmcs, bootCounts, fences, intents, machines, profiles } from '../../mdb/schema.ts';
import { openSessionPool } from '../../redfish/pool.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import { type Hostile, openHostile, password, systemPath } from '../redfish/hostile.ts';
import type { ThrowawayMdb } from '../support/mdb.ts';
import { clockAt } from './acting.ts';

type Resource = Record<string, unknown>;

/** A controller of which a test writes every answer, behind a machine that the MDB knows. */
export interface Against {
  readonly bmc: Hostile;
  readonly machineId: string;
  readonly activities: HardwareActivities;
  act<K extends ActKind>(kind: K, parameters?: ActParameters[K], more?: Partial<Act>): Promise<ActResult>;
  settle<K extends ActKind>(kind: K, more?: Partial<Act>): Promise<ActResult>;
  check(bios?: Record<string, string>): Promise<ControllerResult>;
  /** Adds fields to a resource, that of the system if none is named. */
  shows(fields: Resource, path?: string): void;
  shown(path?: string): Resource;
  /** Bodies of what was sent, by method and path. */
  sent(request: string): Resource[];
  /** What an accepted write does besides; its answer is 204. */
  does(request: string, effect: (body: Resource) => void | Promise<void>): void;
  /** The machine asked the birther for a boot, and was given this. */
  bootsNow(answer: string): Promise<void>;
  intent(id?: string): Promise<typeof intents.$inferSelect | undefined>;
  close(): Promise<void>;
}

export const resetPath = `${systemPath}/Actions/ComputerSystem.Reset`;
export const resetCall = `POST ${resetPath}`;
let count = 0;

export async function actingAgainst(
  db: ThrowawayMdb,
  { bios, speed = 200 }: { readonly bios?: Record<string, string>; readonly speed?: number } = {},
): Promise<Against> {
  const folder = await mkdtemp(join(tmpdir(), 'farrier-against-'));
  await writeFile(join(folder, 'good'), JSON.stringify({ username: 'admin', password }));
  await writeFile(join(folder, 'second'), JSON.stringify({ username: 'second', password: 'Second.Pass-77w' }));
  const bmc = await openHostile();
  count += 1;
  const id = `m-against-${process.pid}-${count}`;
  const mac = `02:ef:00:00:${(count >> 8).toString(16).padStart(2, '0')}:${(count & 255).toString(16).padStart(2, '0')}`;
  if (bios) {
    const burnin = { capSeconds: 60, stressSeconds: 1, peerShare: 0.7, minPeers: 3, floors: {} };
    await db.mdb.insert(profiles).values({ id, match: {}, burnin, bios });
  }
  // Another one for each: what two machines of an MDB have in common identifies neither.
  const number = count.toString(16).padStart(4, '0');
  const identity = { systemUuid: `4c4c4544-0042-3510-8052-b4c04f4d${number}`, serial: `B5R3M${number.toUpperCase()}` };
  const system = bmc.resources.get(systemPath) as Resource;
  bmc.resources.set(systemPath, { ...system, UUID: identity.systemUuid, SerialNumber: identity.serial });
  await db.mdb.insert(machines).values({ id, siteId: 'home', mac, ...identity, ...(bios && { profileId: id }) });
  await db.mdb.insert(bmcs).values({ machineId: id, origin: bmc.origin, secretRef: 'good' });
  await db.mdb.insert(fences).values({ machineId: id, fence: 7 });
  const pool = openSessionPool();
  const activities = createHardwareActivities(db.mdb, secretFolder(folder), pool, { clock: clockAt(speed) });
  const run = <T>(name: 'act' | 'settle' | 'checkController', input: object): Promise<T> =>
    new MockActivityEnvironment().run(activities[name] as (input: unknown) => Promise<T>, input);
  const base = (kind: ActKind) => ({
    machineId: id,
    siteId: 'home',
    orderId: null,
    intentId: `${id}-${kind}`,
    fence: 7,
    kind,
  });
  const bodyOf = (request: string) =>
    bmc.seen
      .filter(({ method, path }) => `${method} ${path}` === request)
      .map(({ body }) => (body === '' ? {} : JSON.parse(body)));
  return {
    bmc,
    machineId: id,
    activities,
    act: (kind, parameters, more) => run('act', { ...base(kind), ...(parameters && { parameters }), ...more }),
    settle: (kind, more) => run('settle', { ...base(kind), ...more }),
    check: (wanted) => run('checkController', { ...base('set-bios'), ...(wanted && { bios: wanted }) }),
    shows: (fields, path = systemPath) =>
      void bmc.resources.set(path, { '@odata.id': path, ...(bmc.resources.get(path) as Resource), ...fields }),
    shown: (path = systemPath) => bmc.resources.get(path) as Resource,
    sent: bodyOf,
    does: (request, effect) =>
      bmc.always(request, async (_, response: ServerResponse) => {
        await effect((bodyOf(request).at(-1) ?? {}) as Resource);
        response.writeHead(204).end();
      }),
    bootsNow: async (answer) => {
      const now = new Date(Date.now() + 1);
      const row = { mac, minute: now, state: 'healthy', answer, requests: 1, answers: 1, lastAt: now };
      await db.mdb.insert(bootCounts).values(row);
    },
    intent: async (intentId) => {
      const rows = await db.mdb.select().from(intents).where(eq(intents.machineId, id)).orderBy(intents.writtenAt);
      return intentId === undefined ? rows.at(-1) : rows.find((row) => row.id === intentId);
    },
    async close() {
      await pool.close();
      await bmc.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Says one reading after the other at each look at a resource, and stays with the last. */
export function inTurn(against: Against, readings: readonly Resource[], path = systemPath): void {
  let next = 0;
  const base = against.shown(path);
  against.bmc.always(`GET ${path}`, (_, response) => {
    const reading = readings[Math.min(next, readings.length - 1)] ?? {};
    next += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...base, ...reading }));
  });
}
