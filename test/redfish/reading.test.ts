import { afterEach, describe, expect, test } from 'vitest';
import { isAcceleratorDevice, mergeAccelerators } from '../../redfish/read/compute.ts';
import { firmwareVersion, sameVersion } from '../../redfish/read/firmware.ts';
import { identityOf } from '../../redfish/read/identity.ts';
import { gatherHardware } from '../../redfish/read/inventory.ts';
import { chooseHost } from '../../redfish/read/layout.ts';
import { readLogs } from '../../redfish/read/logs.ts';
import { probeController } from '../../redfish/read/probe.ts';
import { readSensors } from '../../redfish/read/sensors.ts';
import { type Session, withSession } from '../../redfish/session.ts';
import { openTransport } from '../../redfish/transport.ts';
import { type RedfishResource, serveTable, type TreeServer } from './tree.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(table: Record<string, RedfishResource>): Promise<TreeServer> {
  const server = await serveTable(table);
  closing.push(() => server.close());
  return server;
}

async function work<T>({ origin }: TreeServer, reading: (session: Session) => Promise<T>): Promise<T> {
  const transport = openTransport(origin, null);
  closing.push(() => transport.close());
  return withSession(transport, { username: 'root', password: 'secret' }, reading);
}

const to = (path: string) => ({ '@odata.id': `/redfish/v1${path}` });
const some = (...paths: string[]) => ({ Members: paths.map(to) });

const plain: Record<string, RedfishResource> = {
  '/redfish/v1': { Systems: to('/Systems'), Chassis: to('/Chassis'), Managers: to('/Managers') },
  '/redfish/v1/Systems': some('/Systems/1'),
  '/redfish/v1/Systems/1': {
    ...to('/Systems/1'),
    SerialNumber: 'S1',
    Boot: {},
    Actions: { '#ComputerSystem.Reset': { target: '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset' } },
    Processors: to('/Systems/1/Processors'),
    // Another spelling than the place it is at (quirk 14).
    Memory: to('/systems/1/memory/'),
    LogServices: to('/Systems/1/LogServices'),
  },
  '/redfish/v1/Systems/1/Processors': some('/Systems/1/Processors/1'),
  '/redfish/v1/Systems/1/Processors/1': { Id: '1', ProcessorType: 'CPU', Model: 'Epyc' },
  '/redfish/v1/Systems/1/Memory': some('/Systems/1/Memory/1', '/Systems/1/Memory/2'),
  '/redfish/v1/Systems/1/Memory/1': { Id: '1', CapacityMiB: 1024 },
  '/redfish/v1/Systems/1/Memory/2': { Id: '2', CapacityMiB: 1024 },
  '/redfish/v1/Systems/1/LogServices': some('/Systems/1/LogServices/SEL'),
  '/redfish/v1/Systems/1/LogServices/SEL': {
    ...to('/Systems/1/LogServices/SEL'),
    Id: 'SEL',
    Entries: to('/Systems/1/LogServices/SEL/Entries'),
  },
  '/redfish/v1/Chassis': some('/Chassis/1'),
  '/redfish/v1/Chassis/1': {
    ...to('/Chassis/1'),
    Id: '1',
    ChassisType: 'RackMount',
    Sensors: to('/Chassis/1/Sensors'),
    Thermal: to('/Chassis/1/Thermal'),
  },
  '/redfish/v1/Chassis/1/Thermal': {
    Fans: [{ Name: 'Fan 1', Reading: 40, ReadingUnits: 'Percent' }],
    Temperatures: [
      { Name: 'Inlet Temp', ReadingCelsius: 21, UpperThresholdCritical: 47 },
      { Name: 'CPU1 Temp', ReadingCelsius: 50 },
      { Name: 'Empty', ReadingCelsius: 0, Status: { State: 'Absent' } },
    ],
  },
  '/redfish/v1/Chassis/1/Sensors': some('/Chassis/1/Sensors/0', '/Chassis/1/Sensors/1'),
  '/redfish/v1/Chassis/1/Sensors/0': { Id: '0', Name: 'Inlet-Temp', Reading: 22 },
  '/redfish/v1/Chassis/1/Sensors/1': { Id: '1', Name: 'PSU 1 In', ReadingType: 'Power', Reading: 120 },
  '/redfish/v1/Managers': some(),
};

describe('a resource that breaks', () => {
  test.each([
    ['is not JSON (quirk 13)', 200, '{"Members": [],}', 'not-json', /not a JSON object/],
    ['is refused (quirk 70)', 400, '{}', 'rejected', /status 400/],
    ['is missing', 404, '<html>', 'missing', /status 404/],
    ['fails', 500, '', 'busy', /status 500/],
    ['may not be read', 403, '{}', 'forbidden', /status 403/],
  ])('costs only itself when it %s', async (_what, status, body, kind, reason) => {
    const controller = await serve(plain);
    controller.faults.set('/redfish/v1/systems/1/memory', { status, body });
    const inventory = await work(controller, gatherHardware);
    expect(inventory.dimms).toEqual([]);
    expect(inventory.cpus).toMatchObject([{ model: 'Epyc' }]);
    expect(inventory.fans).toMatchObject([{ name: 'Fan 1', percent: 40 }]);
    expect(inventory.gaps).toEqual([
      { path: expect.stringMatching(/memory/i), kind, reason: expect.stringMatching(reason), passing: false },
    ]);
  });

  test('is a gap of its own among the members of a collection', async () => {
    const controller = await serve(plain);
    controller.faults.set('/redfish/v1/systems/1/memory/1', { status: 404, body: '{}' });
    const { dimms, gaps } = await work(controller, gatherHardware);
    expect(dimms).toMatchObject([{ slot: '2' }]);
    expect(gaps).toHaveLength(1);
  });

  test('is reported as a gap when it links to another host', async () => {
    const broken = { ...plain, '/redfish/v1/Systems/1/Memory': { Members: [{ '@odata.id': 'http://elsewhere/1' }] } };
    const { gaps } = await work(await serve(broken), gatherHardware);
    expect(gaps).toMatchObject([{ path: 'http://elsewhere/1', kind: 'foreign-link' }]);
  });

  test('ends the reading when it is the list of systems', async () => {
    const controller = await serve(plain);
    controller.faults.set('/redfish/v1/systems', { status: 404, body: '{}' });
    await expect(work(controller, gatherHardware)).rejects.toThrow(/no system that can be reset/);
  });
});

test('pages that go in a circle end', async () => {
  const page = (member: string, next: string) => ({
    ...some(`/Systems/1/Memory/${member}`),
    'Members@odata.nextLink': `/redfish/v1/Systems/1/Memory${next}`,
  });
  const circle = {
    ...plain,
    '/redfish/v1/Systems/1/Memory': page('1', '/more'),
    '/redfish/v1/Systems/1/Memory/more': page('2', '/more'),
  };
  const { dimms, gaps } = await work(await serve(circle), gatherHardware);
  expect(dimms.map(({ slot }) => slot)).toEqual(['1', '2']);
  expect(gaps).toMatchObject([{ kind: 'cyclic', reason: 'its pages go in a circle' }]);
});

test('a service that advertises $expand and refuses it is read plainly, and not asked again', async () => {
  const features = { ProtocolFeaturesSupported: { ExpandQuery: { NoLinks: true, Levels: true, MaxLevels: 1 } } };
  const controller = await serve({ ...plain, '/redfish/v1': { ...plain['/redfish/v1'], ...features } });
  controller.refuseQueries = true;
  const { dimms, gaps } = await work(controller, gatherHardware);
  expect(dimms).toHaveLength(2);
  expect(gaps).toEqual([]);
  // The first few were on their way together.
  expect(controller.requests.filter((path) => path.includes('?')).length).toBeLessThanOrEqual(4);
});

test('adapters that only the system shows are read through its network interfaces', async () => {
  const seen = {
    ...plain,
    '/redfish/v1/Systems/1': {
      ...plain['/redfish/v1/Systems/1'],
      NetworkInterfaces: to('/Systems/1/NetworkInterfaces'),
    },
    '/redfish/v1/Systems/1/NetworkInterfaces': some('/Systems/1/NetworkInterfaces/A', '/Systems/1/NetworkInterfaces/B'),
    '/redfish/v1/Systems/1/NetworkInterfaces/A': { Id: 'A', Links: { NetworkAdapter: to('/Chassis/1/Cards/A') } },
    '/redfish/v1/Systems/1/NetworkInterfaces/B': { Id: 'B', NetworkPorts: to('/Systems/1/NetworkInterfaces/B/Ports') },
    '/redfish/v1/Systems/1/NetworkInterfaces/B/Ports': some('/Systems/1/NetworkInterfaces/B/Ports/1'),
    '/redfish/v1/Systems/1/NetworkInterfaces/B/Ports/1': {
      Id: '1',
      LinkStatus: 'Up',
      CurrentLinkSpeedMbps: 10000,
      AssociatedNetworkAddresses: ['A4-BF-01-00-00-02', '0000:0000:0000:0000'],
    },
    '/redfish/v1/Chassis/1/Cards/A': { Id: 'A', Model: 'X710', NetworkDeviceFunctions: to('/Chassis/1/Cards/A/F') },
    '/redfish/v1/Chassis/1/Cards/A/F': some('/Chassis/1/Cards/A/F/1'),
    '/redfish/v1/Chassis/1/Cards/A/F/1': { Id: 'F1', Ethernet: { MACAddress: 'A4:BF:01:00:00:01' } },
  };
  const { adapters, nics } = await work(await serve(seen), gatherHardware);
  expect(adapters).toMatchObject([{ id: 'A', model: 'X710' }, { id: 'B' }]);
  expect(nics).toMatchObject([
    { name: 'F1', mac: 'a4:bf:01:00:00:01', link: null, adapter: 'A' },
    { name: '1', mac: 'a4:bf:01:00:00:02', link: 'up', mbps: 10000, adapter: 'B' },
  ]);
});

describe('the host', () => {
  const reset = { Boot: {}, Actions: { '#ComputerSystem.Reset': { target: '/redfish/v1/r' } } };

  test('is the system that can be reset, not the first one (quirk 63)', () => {
    const host = { ...to('/Systems/System_0'), ...reset };
    expect(chooseHost([to('/Systems/HGX_Baseboard_0'), host], null)).toBe(host);
  });

  test('has to be named where a controller has several', () => {
    const [one, two] = [1, 2].map((id) => ({ ...to(`/Systems/Node${id}`), ...reset }));
    expect(() => chooseHost([one, two] as RedfishResource[], null)).toThrow(/several systems/);
    expect(chooseHost([one, two] as RedfishResource[], '/redfish/v1/systems/node2/')).toBe(two);
    expect(() => chooseHost([one] as RedfishResource[], '/redfish/v1/Systems/Node3')).toThrow(/no system .*Node3/);
  });
});

test('fillers identify nothing (quirk 62)', () => {
  const host = {
    Manufacturer: 'Supermicro',
    SerialNumber: '....................',
    SKU: '01234567890123456789AB',
    AssetTag: 'Free form asset tag',
    UUID: '00000000-0000-0000-0000-7CC25550A8FF',
  };
  expect(identityOf(host, { SerialNumber: 'C801', AssetTag: ' '.repeat(32) })).toMatchObject({
    serial: 'C801',
    sku: null,
    assetTag: null,
    uuid: null,
  });
});

describe('firmware versions (quirk 60)', () => {
  test.each(['undefined', 'ff', 'Not Present', 'version not available', '   ', '', null, 7])(
    '%j is none',
    (observed) => {
      expect(firmwareVersion(observed)).toBeNull();
    },
  );

  test.each([
    ['2.72 ', '2.72', true],
    ['V1.45', '1.45', true],
    ['01.03.0262', '1.3.262', true],
    ['A00', 'a00', true],
    ['1.10', '1.1', false],
    ['1.0a', '1.0b', false],
    ['ff', 'FF', false],
    [null, null, false],
  ])('%j and %j: %j', (one, other, same) => {
    expect(sameVersion(one, other)).toBe(same);
  });
});

describe('accelerators among PCIe devices', () => {
  test.each([
    ['GPU1', 'H100 80GB HBM3', true],
    ['244', 'NVIDIA H100 NVL', true],
    ['5', 'AMD Instinct MI300X', true],
    ['177-0', 'MT42822 BlueField-2 integrated ConnectX-6 Dx network controller', false],
    ['3-0', 'Integrated Matrox G200eW3 Graphics Controller', false],
    ['NVMeSSD1', 'Samsung PM9A3', false],
  ])('%s %s: %j', (Id, Name, is) => {
    expect(isAcceleratorDevice({ Id, Name })).toBe(is);
  });

  test('are counted once when they are processors as well', () => {
    const processors = [{ Id: '3', ProcessorType: 'GPU', SerialNumber: '17' }];
    const devices = [
      { Id: '244', Name: 'NVIDIA H100 NVL', SerialNumber: '17 ', FirmwareVersion: '96' },
      { Id: '245', Name: 'NVIDIA H100 NVL', SerialNumber: '18' },
    ];
    expect(mergeAccelerators(processors, devices)).toMatchObject([
      { id: '3', serial: '17', firmware: '96' },
      { id: '245', serial: '18' },
    ]);
  });
});

test('sensors of the old and the new model are one list (quirk 68)', async () => {
  const { sensors, gaps } = await work(await serve(plain), readSensors);
  expect(gaps).toEqual([]);
  expect(sensors.map(({ name, kind, value, unit }) => [name, kind, value, unit])).toEqual([
    // The new model's value; its kind and unit are only in the old one.
    ['Inlet-Temp', 'temperature', 22, '°C'],
    ['PSU 1 In', 'power', 120, 'W'],
    ['CPU1 Temp', 'temperature', 50, '°C'],
    ['Fan 1', 'fan', 40, '%'],
  ]);
});

describe('logs (quirk 69)', () => {
  const log = '/redfish/v1/Systems/1/LogServices/SEL/Entries';
  const entry = (id: number, text = `event ${id}`) => ({
    Id: String(id),
    Created: '1970-01-01T00:00:00Z',
    Message: text,
  });
  const reading = async (table: Record<string, RedfishResource>, before = {}) =>
    work(await serve({ ...plain, ...table }), (session) => readLogs(session, before));
  const ids = ({ logs }: Awaited<ReturnType<typeof reading>>) => logs[0]?.entries.map(({ id }) => id);

  test('are read once, in whatever order the controller keeps them', async () => {
    const first = await reading({ [log]: { Members: [entry(100), entry(1001), entry(2)] } });
    expect(ids(first)).toEqual(['100', '1001', '2']);
    const second = await reading(
      { [log]: { Members: [entry(100), entry(1001), entry(1002), entry(2)] } },
      first.cursor,
    );
    expect(ids(second)).toEqual(['1002']);
    expect(second.logs[0]?.restarted).toBe(false);
  });

  test('that were cleared begin anew, though their ids repeat', async () => {
    const first = await reading({ [log]: { Members: [entry(1), entry(2)] } });
    const second = await reading({ [log]: { Members: [entry(1, 'Log cleared')] } }, first.cursor);
    expect(ids(second)).toEqual(['1']);
    expect(second.logs[0]?.restarted).toBe(true);
  });

  test('newest first are not read further than to what is known', async () => {
    const pages = {
      [log]: { Members: [entry(4), entry(3)], 'Members@odata.nextLink': `${log}/2` },
      [`${log}/2`]: { Members: [entry(2), entry(1)] },
    };
    const first = await reading(pages);
    expect(ids(first)).toEqual(['4', '3', '2', '1']);
    const controller = await serve({ ...plain, ...pages });
    const second = await work(controller, (session) => readLogs(session, first.cursor));
    expect(ids(second)).toEqual([]);
    expect(controller.requests.filter((path) => path.endsWith('/2'))).toEqual([]);
    expect(ids(await reading(pages, second.cursor))).toEqual([]);
  });

  test('that fail keep their place', async () => {
    const first = await reading({ [log]: { Members: [entry(1)] } });
    const failed = await reading({ [log]: { error: { message: 'internal' } } }, first.cursor);
    expect(failed.gaps).toHaveLength(1);
    expect(ids(await reading({ [log]: { Members: [entry(1), entry(2)] } }, failed.cursor))).toEqual(['2']);
  });
});

test('limits of passwords and attempts come from the account service (quirks 6 and 67)', async () => {
  const limits = async (service: RedfishResource) => {
    const root = { ...plain['/redfish/v1'], AccountService: to('/AccountService') };
    const table = { ...plain, '/redfish/v1': root, '/redfish/v1/AccountService': service };
    return (await work(await serve(table), probeController)).limits;
  };
  expect(
    await limits({
      MinPasswordLength: 8,
      MaxPasswordLength: 20,
      AccountLockoutThreshold: 3,
      AccountLockoutDuration: 30,
    }),
  ).toMatchObject({ shortestPassword: 8, maxPassword: 20, lockoutAfter: 3, lockoutFor: 30 });
  expect(await limits({ MinPasswordLength: 8, MaxPasswordLength: 0, AccountLockoutThreshold: 0 })).toMatchObject({
    maxPassword: null,
    lockoutAfter: null,
  });
});
