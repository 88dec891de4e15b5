import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAuthority } from '../../boot/authority.ts';
import { openMdb } from '../../cli/up/database.ts';
import { findImages } from '../../cli/up/images.ts';
import { layoutOf } from '../../cli/up/layout.ts';
import { defineHome } from '../../cli/up/site.ts';
import { readFleet } from '../../cli/up/watch.ts';
import { addresses, images, machines, orders, profiles, racks, sites, steps } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

let own: ThrowawayMdb;
let folder: string;
beforeAll(async () => {
  own = await throwawayMdb({ owner: true });
  folder = mkdtempSync(join(tmpdir(), 'farrier-up-mdb-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await own.close();
});

test('the home site is made once; what a person changes of it stays, and its room grows', async () => {
  const { mdb } = own;
  await defineHome(mdb, 8);
  await mdb.update(sites).set({ name: 'My cellar' });
  await mdb.update(profiles).set({ pool: 'cellar' });
  const before = await mdb.$count(addresses);
  await defineHome(mdb, 4000);
  expect(await mdb.select({ name: sites.name }).from(sites)).toEqual([{ name: 'My cellar' }]);
  expect(await mdb.select({ pool: profiles.pool }).from(profiles)).toEqual([{ pool: 'cellar' }]);
  expect(before).toBe(1000);
  expect(await mdb.$count(addresses)).toBe(8000);
});

test('every kind gets an image that its signature fits, once', async () => {
  const authority = await openAuthority(join(folder, 'authority'));
  const spec = { mdb: own.mdb, authority, layout: layoutOf(folder), real: false, stop: new AbortController().signal };
  const quiet = { note: () => {}, share: () => {} };
  await findImages(spec, quiet);
  await findImages(spec, quiet);
  const rows = await own.mdb.select().from(images);
  expect(rows.map((row) => row.kind).sort()).toEqual(['compute', 'debug', 'storage']);
  expect(rows.every((row) => authority.verifyImage(row.sha256, row.signature) && row.preferred)).toBe(true);
});

test('machines are shown with their rack, step and times', async () => {
  const { mdb } = own;
  await mdb.insert(racks).values({ id: 'r01', siteId: 'home', ordinal: 0 });
  const seen = (n: number, change = {}) => ({
    id: `m-02000000000${n}`,
    siteId: 'home',
    mac: `02:00:00:00:00:0${n}`,
    ...change,
  });
  const done = { stage: 'in_service', opState: 'production', hostname: 'r01-u01', rackId: 'r01', unit: 1 } as const;
  const firstBootAt = new Date(Date.now() - 90_000);
  await mdb
    .insert(machines)
    .values([
      seen(1, { ...done, firstBootAt, inServiceAt: new Date(firstBootAt.getTime() + 30_000) }),
      seen(2, { held: 'no such switch port' }),
    ]);
  await mdb.insert(orders).values({
    id: 'birth-020000000002-1',
    machineId: 'm-020000000002',
    passage: 'birth',
    requester: 'birther',
    reason: 'first boot',
    state: 'running',
  });
  await mdb.insert(steps).values({
    orderId: 'birth-020000000002-1',
    name: 'register',
    source: 'passage',
    ordinal: 2,
    state: 'held',
    owner: 'operators',
    limitAt: new Date(),
  });
  const fleet = await readFleet(mdb, 10);
  expect(fleet).toMatchObject({
    total: 2,
    inService: 1,
    held: 1,
    racks: [
      { rack: 'r01', machines: 1, stages: { in_service: 1 }, held: 0 },
      { rack: null, machines: 1, stages: { racked: 1 }, held: 1 },
    ],
    births: { min: 30, median: 30, max: 30 },
  });
  expect(fleet.machines[0]).toMatchObject({ hostname: 'r01-u01', rack: 'r01', unit: 1, seconds: 30, step: null });
  expect(fleet.machines[1]).toMatchObject({ id: 'm-020000000002', step: 'register', held: 'no such switch port' });
  expect((await readFleet(mdb, 1)).machines).toEqual([]);
});

test('an MDB that a newer Farrier has taken further is left alone', async () => {
  const { mdb } = own;
  // Of its own: the other suites' connections have the password of the usual one.
  const app = { role: 'farrier_later', password: '0'.repeat(32) };
  await openMdb(mdb, '/data', app);
  await mdb.execute(sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('later', 9999999999999)`);
  await expect(openMdb(mdb, '/data', app)).rejects.toThrow('/data was written by a newer Farrier');
  expect(await mdb.$count(sites, eq(sites.id, 'home'))).toBe(1);
});
