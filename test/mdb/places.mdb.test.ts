import { asc, count, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Places } from '../../domain/places/places.ts';
import { definePlaces } from '../../mdb/places/places.ts';
import { addresses, expectedBmcs, networks, racks, switchPorts } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { sitePolicy } from '../support/site.ts';

let store: ThrowawayMdb;

const places: Places = {
  siteId: 'home',
  site: { name: 'Home', domain: 'home.test', policy: sitePolicy },
  networks: [
    { id: 'birth', kind: 'birth', cidr: '10.77.0.0/22', gateway: '10.77.0.1' },
    { id: 'main', kind: 'main', cidr: '10.1.0.0/16', gateway: '10.1.0.1' },
  ],
  racks: [{ id: 'a1', feed: 'A' }, { id: 'a2' }],
  switches: [
    {
      id: 'sw',
      chassis: '52-54-00-AA-BB-CC',
      ports: [
        { port: 'e1', rack: 'a1', unit: 1 },
        { port: 'e2', rack: 'a2', unit: 7 },
      ],
    },
  ],
  profiles: [{ id: 'any' }],
  bmcs: [{ origin: 'https://10.9.0.1', mac: '02:00:00:00:00:0A', serial: 'S1', secretRef: 's' }],
};

beforeAll(async () => {
  store = await throwawayMdb();
});

afterAll(() => store.close());

const rackRows = () =>
  store.mdb.select({ id: racks.id, ordinal: racks.ordinal }).from(racks).orderBy(asc(racks.ordinal));
const bmcRows = () => store.mdb.select().from(expectedBmcs).orderBy(asc(expectedBmcs.origin));

test('a site is defined once however often it is told, with its addresses in bulk', async () => {
  for (let time = 0; time < 2; time += 1) await definePlaces(store.mdb, { class: 'system', name: 'test' }, places);
  const pool = await store.mdb
    .select({ network: addresses.networkId, rows: count() })
    .from(addresses)
    .groupBy(addresses.networkId);
  // Network, broadcast and gateway are not lent; a main network by position has no rows at all.
  expect(pool).toEqual([{ network: 'birth', rows: 1021 }]);
  expect(await rackRows()).toEqual([
    { id: 'a1', ordinal: 0 },
    { id: 'a2', ordinal: 1 },
  ]);
  expect(await bmcRows()).toMatchObject([{ origin: 'https://10.9.0.1', mac: '02:00:00:00:00:0a' }]);
});

test('later announcements add to it; a controller or a port that moved is corrected', async () => {
  await definePlaces(
    store.mdb,
    { class: 'system', name: 'test' },
    {
      siteId: 'home',
      racks: [{ id: 'a0' }, { id: 'a1' }],
      switches: [{ id: 'sw', chassis: '525400aabbcc', ports: [{ port: 'e2', rack: 'a0', unit: 3 }] }],
      bmcs: [{ origin: 'https://10.9.0.2', mac: '02:00:00:00:00:0a', serial: 'S1', secretRef: 's' }],
    },
  );
  expect((await rackRows()).map(({ id }) => id)).toEqual(['a1', 'a2', 'a0']);
  const [port] = await store.mdb.select().from(switchPorts).where(eq(switchPorts.port, 'e2'));
  expect(port).toMatchObject({ rackId: 'a0', unit: 3 });
  expect((await bmcRows()).map(({ origin }) => origin)).toEqual(['https://10.9.0.2']);
});

test('definitions at the same time take different rack numbers', async () => {
  await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      definePlaces(store.mdb, { class: 'system', name: 'test' }, { siteId: 'home', racks: [{ id: `p${index}` }] }),
    ),
  );
  const ordinals = (await rackRows()).map(({ ordinal }) => ordinal);
  expect(ordinals).toEqual(ordinals.map((_, index) => index));
});

test.each<[string, Places]>([
  ['site nowhere is not in the MDB', { siteId: 'nowhere', racks: [{ id: 'x' }] }],
  [
    'networks other (10.1.128.0/17) and main (10.1.0.0/16) overlap',
    { siteId: 'home', networks: [{ id: 'other', kind: 'main', cidr: '10.1.128.0/17' }] },
  ],
  ['it cannot become 10.3.0.0/16', { siteId: 'home', networks: [{ id: 'main', kind: 'main', cidr: '10.3.0.0/16' }] }],
  [
    'rack zz, which a switch port leads to, is not in the MDB',
    { siteId: 'home', switches: [{ id: 's2', chassis: 'c', ports: [{ port: 'e1', rack: 'zz', unit: 1 }] }] },
  ],
  [
    'chassis 52:54:00:aa:bb:cc belongs to switch sw',
    { siteId: 'home', switches: [{ id: 's2', chassis: '5254.00aa.bbcc', ports: [] }] },
  ],
])('%s: refused, and nothing is written', async (sentence, wrong) => {
  const before = await store.mdb.select({ rows: count() }).from(networks);
  await expect(
    definePlaces(
      store.mdb,
      { class: 'system', name: 'test' },
      { ...wrong, racks: [{ id: 'stray' }, ...(wrong.racks ?? [])] },
    ),
  ).rejects.toThrow(sentence);
  expect(await store.mdb.select({ rows: count() }).from(networks)).toEqual(before);
  expect((await rackRows()).map(({ id }) => id)).not.toContain('stray');
});
