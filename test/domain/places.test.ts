import { expect, test } from 'vitest';
import { addressAt } from '../../domain/address.ts';
import { checkPlaces } from '../../domain/places/checks.ts';
import { numberRacks } from '../../domain/places/numbers.ts';
import type { SitePolicy } from '../../domain/places/site.ts';

const policy: SitePolicy = {
  autoBirth: true,
  wipe: 'blank',
  bmcNetworks: ['10.9.0.0/16'],
  bootstrapLimit: 5,
  unknownMachinesPerMinute: 100,
  hostname: '{rack}-u{unit}',
  imageSystem: 'archive',
};

test('an address follows from rack number and unit, and never falls on the network, a service or the broadcast', () => {
  expect(addressAt('10.1.0.0/16', 0, 1)).toEqual({ ok: true, address: '10.1.0.65', prefix: 16 });
  expect(addressAt('10.1.0.0/16', 0, 64)).toMatchObject({ address: '10.1.0.128' });
  expect(addressAt('10.1.0.0/16', 1, 1)).toMatchObject({ address: '10.1.0.129' });
  expect(addressAt('10.1.0.0/16', 99, 40)).toMatchObject({ address: '10.1.25.40' });
});

test('no two positions share an address', () => {
  const seen = new Set<string>();
  for (let rack = 0; rack < 20; rack += 1) {
    for (let unit = 1; unit <= 64; unit += 1) {
      const placed = addressAt('10.1.0.0/16', rack, unit);
      expect(placed.ok).toBe(true);
      if (placed.ok) seen.add(placed.address);
    }
  }
  expect(seen.size).toBe(20 * 64);
});

test('a position that the network has no room for is refused with the reason', () => {
  expect(addressAt('10.1.0.0/24', 2, 62)).toMatchObject({ ok: true, address: '10.1.0.254' });
  expect(addressAt('10.1.0.0/24', 2, 63)).toEqual({
    ok: false,
    reason: 'network 10.1.0.0/24 is too small for unit 63 of rack number 2',
  });
  expect(addressAt('10.1.0.0/24', 0, 0)).toMatchObject({ ok: false, reason: 'unit 0 is not between 1 and 64' });
  expect(addressAt('10.1.0.0/24', -1, 1)).toMatchObject({ ok: false });
  expect(addressAt('10.1.0.7/24', 0, 1)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('did you mean 10.1.0.0/24?'),
  });
});

test('everything that is wrong with announced places is said in one go', () => {
  const problems = checkPlaces({
    siteId: 'home',
    site: { name: 'Home', domain: 'home.test', policy: { ...policy, hostname: 'server', bmcNetworks: ['nowhere'] } },
    networks: [
      { id: 'birth', kind: 'birth', cidr: '10.2.0.0/24', gateway: '10.3.0.1' },
      { id: 'main', kind: 'main', cidr: '10.2.0.128/25' },
      { id: 'bad', kind: 'main', cidr: '10.300.0.0/16' },
      { id: 'wide', kind: 'birth', cidr: '11.0.0.0/8' },
    ],
    racks: [{ id: 'a1' }, { id: 'a1' }, { id: 'a2', units: 99 }],
    switches: [
      {
        id: 'sw',
        chassis: '02:00:00:00:00:01',
        ports: [
          { port: 'e1', rack: 'a1', unit: 1 },
          { port: 'e1', rack: 'a1', unit: 2 },
          { port: 'e2', rack: 'a1', unit: 49 },
        ],
      },
      { id: 'sw2', chassis: '02-00-00-00-00-01', ports: [] },
    ],
    bmcs: [
      { origin: 'https://10.9.0.1/redfish', mac: '02:00:00:00:00:09', secretRef: 's' },
      { origin: 'https://10.9.0.2', secretRef: '../etc/passwd' },
      { origin: 'https://10.9.0.3', mac: 'ff:ff:ff:ff:ff:ff', secretRef: 's' },
    ],
  });
  for (const part of [
    'nowhere is not an IPv4 network',
    'must hold {rack} and {unit}',
    'gateway 10.3.0.1 is not in 10.2.0.0/24',
    'networks birth (10.2.0.0/24) and main (10.2.0.128/25) overlap',
    'network bad: 10.300.0.0/16 is not an IPv4 network',
    'larger than a /16',
    'rack a1 is given twice',
    'rack a2: 99 units',
    'switch sw: port e1 is given twice',
    'unit 49, which rack a1 does not have',
    'two switches have chassis 02:00:00:00:00:01',
    'is not an origin like',
    'needs the MAC or the serial number',
    '"../etc/passwd" is not the name of a secret',
    '"ff:ff:ff:ff:ff:ff" is not a MAC',
  ])
    expect(problems.join('\n')).toContain(part);
});

test('racks keep their numbers, and new ones take the lowest that are free', () => {
  const taken = new Map([
    [0, 'a1'],
    [2, 'a3'],
  ]);
  expect(
    numberRacks([{ id: 'a3' }, { id: 'b1' }, { id: 'b2' }], taken).map(({ id, ordinal }) => [id, ordinal]),
  ).toEqual([
    ['a3', 2],
    ['b1', 1],
    ['b2', 3],
  ]);
  expect(() => numberRacks([{ id: 'a1', ordinal: 5 }], taken)).toThrow('rack a1 has number 0');
  expect(() => numberRacks([{ id: 'b1', ordinal: 2 }], taken)).toThrow('rack a3 has it');
});

test('N-2: a port that is given twice in two notations is given twice', () => {
  const twice = (one: string, other: string) => {
    const ports = [one, other].map((port, index) => ({ port, rack: 'a1', unit: index + 1 }));
    return checkPlaces({ siteId: 'home', racks: [{ id: 'a1' }], switches: [{ id: 'sw', chassis: 'leaf-1', ports }] });
  };
  expect(twice('swp1', 'SWP1 ')).toEqual(['switch sw: port swp1 is given twice']);
  expect(twice('52:54:00:ff:01:09', '5254.00FF.0109')).toEqual(['switch sw: port 52:54:00:ff:01:09 is given twice']);
  expect(twice('swp1', 'swp11')).toEqual([]);
  const switches = ['Leaf-1', 'leaf-1 '].map((chassis, index) => ({ id: `sw${index}`, chassis, ports: [] }));
  expect(checkPlaces({ siteId: 'home', switches })).toEqual(['two switches have chassis leaf-1']);
});
