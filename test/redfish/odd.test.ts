/** What controllers show that is odd, and reads as what it is: cases met on recorded trees and by real clients. */

import { afterEach, describe, expect, test } from 'vitest';
import { isSystemOf } from '../../domain/identity/samemachine.ts';
import { openProbe, type ProbeRecord } from '../../redfish/probe.ts';
import { readConsole } from '../../redfish/read/console.ts';
import { firmwareVersion, readFirmware } from '../../redfish/read/firmware.ts';
import { gatherHardware } from '../../redfish/read/inventory.ts';
import { readLogs } from '../../redfish/read/logs.ts';
import { openReader } from '../../redfish/read/reader.ts';
import { wattsOf } from '../../redfish/read/watts.ts';
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
const some = (...paths: string[]) => ({ Members: paths.map(to), 'Members@odata.count': paths.length });
const system = (path: string, more: object = {}): RedfishResource => ({
  ...to(path),
  Id: path.split('/').at(-1),
  Boot: {},
  Actions: { '#ComputerSystem.Reset': { target: `/redfish/v1${path}/Actions/ComputerSystem.Reset` } },
  ...more,
});

/** A controller with one system, one case and one manager, and what a test adds. */
function controller(more: Record<string, RedfishResource> = {}, host: object = {}, box: object = {}) {
  return serve({
    '/redfish/v1': {
      Systems: to('/Systems'),
      Chassis: to('/Chassis'),
      Managers: to('/Managers'),
      UpdateService: to('/UpdateService'),
    },
    '/redfish/v1/Systems': some('/Systems/1'),
    '/redfish/v1/Systems/1': system('/Systems/1', host),
    '/redfish/v1/Chassis': some('/Chassis/1'),
    '/redfish/v1/Chassis/1': { ...to('/Chassis/1'), Id: '1', ChassisType: 'RackMount', ...box },
    '/redfish/v1/Managers': some('/Managers/1'),
    '/redfish/v1/Managers/1': { ...to('/Managers/1'), Id: '1', FirmwareVersion: '1.2' },
    '/redfish/v1/UpdateService': { ...to('/UpdateService'), FirmwareInventory: to('/UpdateService/FirmwareInventory') },
    '/redfish/v1/UpdateService/FirmwareInventory': some(),
    ...more,
  });
}

describe('a collection', () => {
  const sensor = (n: number) => ({ ...to(`/S/${n}`), Id: String(n), Name: `s${n}`, Reading: n });
  const numbers = (from: number, until: number) =>
    Array.from({ length: until - from }, (_, place) => sensor(from + place));
  const members = (server: TreeServer) =>
    work(server, async (session) => {
      const reader = await openReader(session);
      return { found: await reader.members(to('/S')), gaps: reader.gaps };
    });

  test('R-7: with all its members and a next link is read once', async () => {
    const page = {
      Members: numbers(0, 5),
      'Members@odata.count': 5,
      'Members@odata.nextLink': '/redfish/v1/S?$skip=2',
    };
    const server = await controller({ '/redfish/v1/S': page });
    const { found, gaps } = await members(server);
    expect([found.length, gaps]).toEqual([5, []]);
    expect(server.requests.filter((path) => path.startsWith('/redfish/v1/S?'))).toEqual([]);
  });

  test.each([
    ['overlap', [numbers(0, 4), numbers(2, 6), numbers(5, 7)]],
    ['begin anew', [numbers(0, 4), numbers(0, 4), numbers(4, 7)]],
    ['differ in spelling', [numbers(0, 4), numbers(3, 7).map((one) => ({ ...one, ...to(`/s/${one.Id}/`) }))]],
  ])('R-7: whose pages %s has each member once', async (_, pages) => {
    const page = (place: number) => ({
      Members: pages[place],
      ...(place + 1 < pages.length && { 'Members@odata.nextLink': `/redfish/v1/P${place + 1}` }),
    });
    const rest = pages.map((_page, place) => [`/redfish/v1/P${place}`, page(place)] as const);
    const { found } = await members(await controller({ '/redfish/v1/S': page(0), ...Object.fromEntries(rest) }));
    expect(found.map(({ Name }) => Name)).toEqual(['s0', 's1', 's2', 's3', 's4', 's5', 's6']);
  });

  test('R-24: whose members are null is empty, without a gap', async () => {
    expect(await members(await controller({ '/redfish/v1/S': { Members: null } }))).toEqual({ found: [], gaps: [] });
  });

  test.each([
    ['an error', { error: { code: 'Base.1.8.GeneralError', message: 'not installed' } }, 'not installed'],
    ['nothing', {}, 'what it shows is no resource'],
    ['something else', { result: 'ok' }, 'what it shows is no resource'],
  ])('R-22: whose members answer 200 with %s lacks them, and says so', async (_, body, reason) => {
    const { found, gaps } = await members(
      await controller({
        '/redfish/v1/S': some('/S/1', '/S/2', '/S/3'),
        '/redfish/v1/S/1': body,
        '/redfish/v1/S/2': sensor(2),
        '/redfish/v1/S/3': body,
      }),
    );
    expect(found.map(({ Name }) => Name)).toEqual(['s2']);
    expect(gaps).toMatchObject([
      { path: '/redfish/v1/S/1', reason },
      { path: '/redfish/v1/S/3', reason },
    ]);
  });
});

test('R-22: drives that answer 200 with an error are no drives', async () => {
  const paths = Array.from({ length: 32 }, (_, place) => `/Systems/1/Storage/1/Drives/${place}`);
  const refused = { error: { '@Message.ExtendedInfo': [{ Message: 'The resource is not available.' }] } };
  const table = Object.fromEntries(paths.map((path) => [`/redfish/v1${path}`, refused]));
  const server = await controller(
    {
      ...table,
      '/redfish/v1/Systems/1/Storage': some('/Systems/1/Storage/1'),
      '/redfish/v1/Systems/1/Storage/1': { ...to('/Systems/1/Storage/1'), Id: '1', Drives: paths.map(to) },
    },
    { Storage: to('/Systems/1/Storage') },
  );
  const { drives, gaps } = await work(server, (session) => gatherHardware(session));
  expect([drives, gaps.length]).toEqual([[], 32]);
  expect(gaps[0]).toMatchObject({ reason: 'The resource is not available.' });
});

test('R-21: virtual media, discs and floppies are not among the drives', async () => {
  const drive = (Id: string, more: object) => ({ ...to(`/D/${Id}`), Id, Name: Id, ...more });
  const observed = [
    drive('a', { Model: 'MZ7L3480', MediaType: 'SSD', Protocol: 'SATA' }),
    drive('b', { Model: 'Virtual CDROM', MediaType: 'SSD' }),
    drive('c', { Model: 'AMI Virtual HDisk0', Protocol: 'USB' }),
    drive('d', { Model: 'DVD-ROM DU90N', MediaType: 'DVD' }),
    drive('e', { Model: 'x', Protocol: 'VirtualMedia' }),
    drive('f', { Name: 'Virtual_Floppy_1' }),
    drive('g', { Model: 'Virtium StorFly', MediaType: 'SSD', Protocol: 'SATA' }),
    drive('i', { Model: 'VirtualDisk', Protocol: 'SATA', MediaType: 'HDD', SerialNumber: 'FVMDATA1' }),
    drive('j', { Model: 'Virtual disk', Protocol: 'USB', SerialNumber: 'AAAABBBBCCCC1' }),
    drive('k', { Name: 'Virtual Disk' }),
    drive('h', { Model: 'Cruzer', MediaType: null, Protocol: 'USB' }),
  ];
  const server = await controller(
    { '/redfish/v1/St': some('/St/1'), '/redfish/v1/St/1': { ...to('/St/1'), Id: '1', Drives: observed } },
    { Storage: to('/St') },
  );
  const { drives } = await work(server, (session) => gatherHardware(session));
  expect(drives.map(({ model }) => model)).toEqual(['MZ7L3480', 'Virtium StorFly', 'VirtualDisk', 'Cruzer']);
});

describe('the host among several systems', () => {
  const two = (one: object, other: object, ...extra: string[]) =>
    controller({
      '/redfish/v1/Systems': some('/Systems/A', '/Systems/B', ...extra),
      '/redfish/v1/Systems/A': system('/Systems/A', one),
      '/redfish/v1/Systems/B': system('/Systems/B', other),
    });
  const known = { uuid: '30303030-1111-4222-8333-0a0b0c0d0e0f', serial: 'SN-B-77', boardSerial: null, sku: null };
  const open = (server: TreeServer, meant: Partial<typeof known>) =>
    work(server, async (session) => {
      const isMeant = isSystemOf({ uuid: null, serial: null, boardSerial: null, sku: null, ...meant });
      return (await openProbe(session, { isMeant })).system.path;
    });

  test.each([
    ['a virtual machine', { SystemType: 'Virtual' }],
    ['an operating system', { SystemType: 'OS' }],
    ['a DPU that boots', { SystemType: 'DPU' }],
  ])('R-30: is not %s beside it', async (_, guest) => {
    expect(await open(await two(guest, { SystemType: 'Physical' }), {})).toBe('/redfish/v1/Systems/B');
    expect(await open(await two({}, guest), {})).toBe('/redfish/v1/Systems/A');
  });

  test('R-23: is the one with the UUID of the machine, else with its serial number', async () => {
    const nodes = await two(
      { UUID: '30303030-1111-4222-8333-0a0b0c0d0eff', SerialNumber: 'SN-B-77' },
      { UUID: known.uuid.toUpperCase(), SerialNumber: 'SN-B-77' },
    );
    expect(await open(nodes, known)).toBe('/redfish/v1/Systems/B');
    const serials = await two({ SerialNumber: 'SN-A-12' }, { SerialNumber: 'SN-B-77' });
    expect(await open(serials, { serial: 'sn-b-77' })).toBe('/redfish/v1/Systems/B');
    await expect(open(serials, { serial: 'SN-C-98' })).rejects.toThrow(/several systems/);
  });

  test('R-23: without Boot on any of them is found in the same way, and kept', async () => {
    const server = await two(
      { Boot: undefined, SerialNumber: 'SN-A-12' },
      { Boot: undefined, SerialNumber: 'SN-B-77' },
    );
    await work(server, async (session) => {
      let kept: ProbeRecord | null = null;
      const keep = async (fresh: ProbeRecord) => {
        kept = fresh;
      };
      const memory = () => ({ kept, keep, add: async () => {} });
      await openProbe(session, { memory: memory(), isMeant: isSystemOf(known) });
      const again = await openProbe(session, { memory: memory() });
      expect(again.system.path).toBe('/redfish/v1/Systems/B');
    });
  });
});

test('R-10: the controller of a host that does not name it is the one that names the host', async () => {
  const serving = (path: string, host: string) => ({
    ...to(path),
    Id: path.slice(-1),
    FirmwareVersion: `of ${path.slice(-1)}`,
    Links: { ManagerForServers: [to(host)] },
  });
  const server = await controller({
    '/redfish/v1/Managers': some('/Managers/X', '/Managers/Y'),
    '/redfish/v1/Managers/X': serving('/Managers/X', '/Systems/Baseboard'),
    '/redfish/v1/Managers/Y': serving('/Managers/Y', '/systems/1/'),
  });
  await work(server, async (session) => {
    const { probe, system: found } = await openProbe(session);
    expect([found.managerPath, probe.basis.firmware]).toEqual(['/redfish/v1/Managers/Y', 'of Y']);
    const { controllers } = await gatherHardware(session);
    expect(controllers.map(({ id, main }) => [id, main])).toEqual([
      ['X', false],
      ['Y', true],
    ]);
  });
});

test('R-10: the only controller there is manages the host, whatever it names', async () => {
  const { managerPath } = await work(await controller(), async (session) => (await openProbe(session)).system);
  expect(managerPath).toBe('/redfish/v1/Managers/1');
});

describe('supplies and fans', () => {
  const power = { PowerSupplies: [{ Name: 'PSU1', Model: 'nil', Manufacturer: 'Delta', SerialNumber: 'DTM123' }] };
  const thermal = { Fans: [{ Name: 'Fan1', Reading: 4200, ReadingUnits: 'RPM' }] };
  test.each(['Card', 'Module', 'Component', 'Blade', 'Other'])(
    'R-11: are read where they are shown, below a chassis of type %s',
    async (ChassisType) => {
      const card = {
        ...to('/Chassis/C'),
        Id: 'C',
        ChassisType,
        Power: to('/Chassis/C/Power'),
        Thermal: to('/Chassis/C/T'),
      };
      const server = await controller({
        '/redfish/v1/Chassis': some('/Chassis/1', '/Chassis/C'),
        '/redfish/v1/Chassis/C': card,
        '/redfish/v1/Chassis/C/Power': { ...to('/Chassis/C/Power'), ...power },
        '/redfish/v1/Chassis/C/T': { ...to('/Chassis/C/T'), ...thermal },
      });
      const { supplies, fans } = await work(server, (session) => gatherHardware(session));
      expect(supplies).toMatchObject([{ name: 'PSU1', manufacturer: 'Delta', model: null, serial: 'DTM123' }]);
      expect(fans).toMatchObject([{ name: 'Fan1', rpm: 4200 }]);
    },
  );

  test('R-11: that two chassis share count once', async () => {
    const shared = { Power: to('/P'), Thermal: to('/T') };
    const server = await controller(
      {
        '/redfish/v1/Chassis': some('/Chassis/1', '/Chassis/C'),
        '/redfish/v1/Chassis/C': { ...to('/Chassis/C'), Id: 'C', ChassisType: 'Enclosure', ...shared },
        '/redfish/v1/P': { ...to('/P'), ...power },
        '/redfish/v1/T': { ...to('/T'), ...thermal },
      },
      {},
      shared,
    );
    const { supplies, fans } = await work(server, (session) => gatherHardware(session));
    expect([supplies.length, fans.length]).toEqual([1, 1]);
  });
});

describe('firmware', () => {
  const inventory = (parts: object[], where = 'FirmwareInventory') =>
    controller({
      '/redfish/v1/UpdateService': { ...to('/UpdateService'), [where]: to(`/UpdateService/${where}`) },
      [`/redfish/v1/UpdateService/${where}`]: { Members: parts.map((one, n) => ({ ...to(`/F/${n}`), ...one })) },
    });
  const read = async (parts: object[], where?: string) =>
    work(await inventory(parts, where), async (session) => readFirmware(await openReader(session)));

  test('R-12: that is listed as software only is read there', async () => {
    const found = await read([{ Id: 'bmc', Name: 'BMC', Version: '2.1' }], 'SoftwareInventory');
    expect(found).toMatchObject([{ id: 'bmc', version: '2.1', inForce: true }]);
  });

  test.each([
    [{ Id: '10', Name: 'Redundant System ROM', Version: 'U58' }, 'backup'],
    [{ Id: 'BackupBMC', Name: 'x', Version: '1' }, 'backup'],
    [{ Id: 'UEFI-Pending', Name: 'UEFI', Version: '3' }, 'staged'],
    [{ Id: 'bios_backup', Name: 'x', Version: '3' }, 'backup'],
    [{ Id: 'x', Name: 'Golden image of the FPGA', Version: '3' }, 'backup'],
    [{ Id: 'Capsule_ME', Name: 'Capsule ME', Version: '3' }, 'staged'],
    [{ Id: 'Previous-159-1.2.4__BIOS.Setup.1-1', Name: 'BIOS', Version: '1.2.4' }, 'previous'],
  ])('R-18: %o is told as %s', async (part, copy) => {
    expect(await read([part])).toMatchObject([{ inForce: false, copy }]);
  });

  test.each([
    [{ Id: 'a', Name: 'BIOS', Active: false, Staged: true }, 'staged'],
    [{ Id: 'b', Name: 'BIOS', Active: false }, 'backup'],
    [{ Id: 'c', Name: 'BIOS', Status: { State: 'StandbySpare' } }, 'backup'],
    [{ Id: 'd', Name: 'BIOS', Status: { State: 'StandbyOffline' } }, 'backup'],
  ])('R-27: %o is not in force', async (part, copy) => {
    expect(await read([part])).toMatchObject([{ inForce: false, copy }]);
  });

  test('R-27: what is active runs, whatever it is called; and what a name only resembles runs too', async () => {
    const found = await read([
      { Id: 'Backup_BIOS', Name: 'x', Active: true },
      { Id: '2', Name: 'Power Management Controller FW Bootloader' },
      { Id: 'CPLD', Name: 'Secondary CPLD' },
    ]);
    expect(found.map(({ inForce }) => inForce)).toEqual([true, true, true]);
  });

  test.each(['-*', '*', '--', '...', ' - ', 'N/A', 'undefined'])('R-18: %s is no version', (observed) => {
    expect(firmwareVersion(observed)).toBeNull();
  });
});

test('R-16: the power of the machine is the system’s own, not that of its accelerators', () => {
  const power = (chassis: string, name: string, value: number) => ({ kind: 'power', chassis, name, value }) as const;
  const gpus = [
    power('HGX_GPU_0', 'HGX GPU 0 Power', 310),
    power('HGX', 'Total GPU Power', 2480),
    power('HGX', 'HGX_Chassis_0_TotalGPU_Power_0', 2480),
    power('1', 'PSU1 Power Output', 1700),
  ];
  expect(wattsOf([...gpus, power('1', 'System Total Power', 3400)], ['1'])).toBe(3400);
  expect(wattsOf([...gpus, power('Part', 'Total Power', 900), power('1', 'Server Power Control', 3400)], ['1'])).toBe(
    3400,
  );
  expect(wattsOf(gpus, ['1'])).toBeNull();
  expect(wattsOf([power('HGX_GPU_0', 'HGX_GPU_0_Power_0', 310)], ['1'])).toBeNull();
});

describe('accelerators', () => {
  test('R-19: without a model are known by their name', async () => {
    const gpu = { ...to('/G'), Id: 'GPU_0', ProcessorType: 'GPU', Model: null, Name: 'NVIDIA H100 80GB HBM3' };
    const plain = { ...to('/H'), Id: 'GPU_1', ProcessorType: 'GPU', Model: 'nil', Name: 'GPU 1' };
    const server = await controller({ '/redfish/v1/Pr': { Members: [gpu, plain] } }, { Processors: to('/Pr') });
    const { accelerators } = await work(server, (session) => gatherHardware(session));
    expect(accelerators.map(({ model }) => model)).toEqual(['NVIDIA H100 80GB HBM3', null]);
  });

  test("R-19: that only the vendor's own list of devices has are read there", async () => {
    const device = (n: number, more: object) => ({ ...to(`/Chassis/1/Devices/${n}`), Id: String(n), ...more });
    const firmware = { Current: { VersionString: '96.00.AF' } };
    const observed = [
      device(1, {
        DeviceType: 'GPU',
        Name: 'NVIDIA L40S',
        Location: 'PCI-E Slot 1',
        SerialNumber: '165',
        FirmwareVersion: firmware,
      }),
      device(2, { DeviceType: 'LOM/NIC', Name: 'ConnectX-7' }),
      device(3, { DeviceType: 'GPU', Name: 'Empty slot 3', Status: { State: 'Absent' } }),
    ];
    const server = await controller(
      { '/redfish/v1/Chassis/1/Devices': { Members: observed } },
      {},
      { Oem: { Hpe: { Links: { Devices: to('/Chassis/1/Devices') } } } },
    );
    const { accelerators } = await work(server, (session) => gatherHardware(session));
    expect(accelerators).toMatchObject([{ model: 'NVIDIA L40S', slot: 'PCI-E Slot 1', firmware: '96.00.AF' }]);
    expect(accelerators).toHaveLength(1);
  });
});

describe('logs', () => {
  const entries = { Members: [{ ...to('/L/E/1'), Id: '1', Message: 'Power on', Created: '2026-01-01T00:00:00Z' }] };
  test('R-20: that system, chassis and manager link to are read once, by their own path or by that of their entries', async () => {
    const log = (path: string) => ({ ...to(path), Id: 'Log', Name: 'Log', Entries: to('/L/E') });
    const server = await controller(
      {
        '/redfish/v1/Managers/1': { ...to('/Managers/1'), Id: '1', LogServices: to('/ManagerLogs') },
        '/redfish/v1/SystemLogs': some('/L'),
        '/redfish/v1/ChassisLogs': some('/l/'),
        '/redfish/v1/ManagerLogs': some('/M/L'),
        '/redfish/v1/L': log('/L'),
        '/redfish/v1/M/L': log('/M/L'),
        '/redfish/v1/L/E': entries,
      },
      { LogServices: to('/SystemLogs') },
      { LogServices: to('/ChassisLogs') },
    );
    const { logs } = await work(server, readLogs);
    expect(logs.map(({ entries: read }) => read.length)).toEqual([1]);
  });

  test.each([
    ['lines', ['login:']],
    ['no lines yet', []],
  ])('R-24: a console with %s is read beside one that is missing', async (_, lines) => {
    const server = await controller(
      {
        '/redfish/v1/SL': some('/SL/HostLogger', '/SL/Console2', '/SL/Gone'),
        '/redfish/v1/SL/HostLogger': { ...to('/SL/HostLogger'), Id: 'HostLogger', Entries: to('/SL/HostLogger/E') },
        '/redfish/v1/SL/HostLogger/E': { Members: lines.map((Message, n) => ({ ...to(`/SL/E/${n}`), Message })) },
        '/redfish/v1/SL/Console2': { ...to('/SL/Console2'), Name: 'Serial Console', Entries: to('/SL/Console2/E') },
      },
      { LogServices: to('/SL') },
    );
    expect(await work(server, readConsole)).toEqual(lines);
  });
});

test('R-24: a case of a type that is not listed has its serial number all the same', async () => {
  const server = await controller({}, {}, { ChassisType: 'Other', SerialNumber: 'CZJ8230941' });
  const { identity } = await work(server, (session) => gatherHardware(session));
  expect(identity).toMatchObject({ serial: 'CZJ8230941', chassisSerial: 'CZJ8230941' });
});
