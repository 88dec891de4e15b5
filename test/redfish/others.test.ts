/** Further odd things that controllers of other vendors show: each row is an input of a kind that was met once. */

import { afterEach, describe, expect, test } from 'vitest';
import { type ActContext, isPlan } from '../../redfish/acts/definition.ts';
import { ejectMedia } from '../../redfish/acts/media.ts';
import { notYetSet, openBiosJob } from '../../redfish/bios.ts';
import { optionOf, readBootOrder } from '../../redfish/bootorder.ts';
import { meaningOf } from '../../redfish/boottarget.ts';
import { operationOf } from '../../redfish/drives.ts';
import { effectObserved } from '../../redfish/effect.ts';
import { holdsImage, readMedia } from '../../redfish/media.ts';
import { messagesOf } from '../../redfish/messages.ts';
import { allowed } from '../../redfish/probe/action.ts';
import { firmwareVersion, readFirmware } from '../../redfish/read/firmware.ts';
import { gatherHardware } from '../../redfish/read/inventory.ts';
import { chooseHost } from '../../redfish/read/layout.ts';
import { readLogs } from '../../redfish/read/logs.ts';
import { openReader } from '../../redfish/read/reader.ts';
import { wattsOf } from '../../redfish/read/watts.ts';
import { type Session, withSession } from '../../redfish/session.ts';
import { readSystem } from '../../redfish/system.ts';
import { taskOf } from '../../redfish/task.ts';
import { openTransport } from '../../redfish/transport.ts';
import { type RedfishResource, serveTable } from './tree.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const to = (path: string) => ({ '@odata.id': `/redfish/v1${path}` });
const some = (...paths: string[]) => ({ Members: paths.map(to), 'Members@odata.count': paths.length });
const reset = (path: string, more: object = {}) => ({
  Actions: { '#ComputerSystem.Reset': { target: `/redfish/v1${path}/Actions/ComputerSystem.Reset`, ...more } },
});

/** Reads from a controller with one system, case and manager, and what a test adds. */
async function reading<T>(
  more: Record<string, RedfishResource>,
  host: object,
  read: (session: Session) => Promise<T>,
): Promise<T> {
  const server = await serveTable({
    '/redfish/v1': {
      Systems: to('/Systems'),
      Chassis: to('/Chassis'),
      Managers: to('/Managers'),
      UpdateService: to('/UpdateService'),
    },
    '/redfish/v1/Systems': some('/Systems/1'),
    '/redfish/v1/Systems/1': { ...to('/Systems/1'), Id: '1', Boot: {}, ...reset('/Systems/1'), ...host },
    '/redfish/v1/Chassis': some('/Chassis/1'),
    '/redfish/v1/Chassis/1': { ...to('/Chassis/1'), Id: '1', ChassisType: 'RackMount', NetworkAdapters: to('/N') },
    '/redfish/v1/Managers': some('/Managers/1'),
    '/redfish/v1/Managers/1': { ...to('/Managers/1'), Id: '1', FirmwareVersion: '1.2' },
    '/redfish/v1/UpdateService': { ...to('/UpdateService'), FirmwareInventory: to('/F') },
    '/redfish/v1/F': some(),
    '/redfish/v1/N': some(),
    ...more,
  });
  closing.push(() => server.close());
  const transport = openTransport(server.origin, null);
  closing.push(() => transport.close());
  return withSession(transport, { username: 'root', password: 'secret' }, read);
}

describe('a virtual drive', () => {
  test.each([
    ...['Not_Inserted', 'NotInserted', 'No-Media', 'NoMedia', 'NO_IMAGE', 'No CD inserted.', 'No media!'],
    ...['Unmounted', 'Ejected', 'Disconnected', 'Detached', 'Empty Drive', 'Nothing inserted', '[Not Mounted]'],
  ])('R-8: that shows %j is empty', async (Image) => {
    const media = await reading({ '/redfish/v1/V': { ...to('/V'), Image, Inserted: false } }, {}, (session) =>
      readMedia(session, '/redfish/v1/V'),
    );
    expect(media.image).toBeNull();
  });

  test.each(['no-name.iso', 'http://10.0.0.1/none.iso', 'nfs://10.0.0.1/empty', 'NotepadLive.iso', 'empty.img'])(
    'R-8: that shows %j is not',
    async (Image) => {
      const media = await reading({ '/redfish/v1/V': { ...to('/V'), Image } }, {}, (session) =>
        readMedia(session, '/redfish/v1/V'),
      );
      expect(media).toMatchObject({ inserted: true, image: Image });
    },
  );

  test.each([
    ['http://files.example:80/a.iso', 'http://files.example/a.iso', true],
    ['HTTP://Files.example/a.iso', 'http://files.example/a.iso', true],
    ['files.example:/iso/a.iso', 'nfs://files.example/iso/a.iso', true],
    ['http://files.example/b.iso', 'http://files.example/a.iso', false],
    ['http://other.example/a.iso', 'http://files.example/a.iso', false],
  ])('R-8: that shows %j holds %j: %j', (image, wanted, holds) => {
    const media = { path: '/V', types: [], inserted: true, image, insertTarget: null, ejectTarget: null };
    expect(holdsImage(media, wanted)).toBe(holds);
  });

  const offers = ['/V1', '/V2'].map((path) => ({
    path: `/redfish/v1${path}`,
    of: 'manager' as const,
    types: [],
    insert: null,
    eject: null,
  }));
  const ejecting = (second: RedfishResource) =>
    reading({ '/redfish/v1/V2': { ...to('/V2'), ...second } }, {}, (session) =>
      ejectMedia.plan({ session, probe: { offer: async () => offers } } as unknown as ActContext, {}),
    );

  test('R-24: that cannot be read keeps no other from being emptied', async () => {
    const plan = await ejecting({ Image: 'http://files.example/a.iso', Inserted: true });
    expect(isPlan(plan) && plan.command).toEqual({ at: '/redfish/v1/V2', eject: true });
  });

  test('R-24: that cannot be read is not taken for an empty one', async () => {
    await expect(ejecting({ Image: null, Inserted: false })).rejects.toThrow(/404/);
  });
});

describe('firmware', () => {
  test.each([
    ...['Not Applicable', 'N.A.', 'not_available', 'No version', 'Unknown Version', 'NotAvailable', '(null)'],
    ...['<none>', 'unspecified', 'n/a (n/a)', 'Not Supported', 'FFFF', '0xFFFFFFFF', 'ff.ff', 'TBD'],
  ])('R-18: %j is no version', (observed) => {
    expect(firmwareVersion(observed)).toBeNull();
  });

  test.each(['A', 'AA', 'B00', '1.2.3.4', '12345', 'U32 v2.72', '0.0', 'F0', 'CNC-H', 'v1'])(
    'R-18: %j is one',
    (observed) => {
      expect(firmwareVersion(observed)).toBe(observed);
    },
  );

  test('R-18: copies of other vendors are told as what they are', async () => {
    const copies = {
      'BMC-Primary': undefined,
      'BMC-Backup': 'backup',
      'UEFI-Pending': 'staged',
      Staging_BIOS: 'staged',
      BMCBackup: 'backup',
      InactiveBMC: 'backup',
      ActiveBMC: undefined,
      BMCImageInactive: 'backup',
      bmc_alternate: 'backup',
      BIOSFallback: 'backup',
      'Battery.Pack': undefined,
    };
    const ids = Object.keys(copies);
    const parts = ids.map((Id) => [`/redfish/v1/F/${Id}`, { ...to(`/F/${Id}`), Id, Version: '1' }] as const);
    const found = await reading(
      { '/redfish/v1/F': some(...ids.map((Id) => `/F/${Id}`)), ...Object.fromEntries(parts) },
      {},
      async (session) => readFirmware(await openReader(session)),
    );
    expect(Object.fromEntries(found.map(({ id, copy }) => [id, copy]))).toEqual(copies);
  });
});

describe('what is booted from', () => {
  test.each([
    [{ DisplayName: 'Embedded NIC 1 Port 1 Partition 1' }, 'pxe'],
    [{ DisplayName: 'Onboard LAN' }, 'pxe'],
    [{ DisplayName: 'Integrated LOM 1 Port 2' }, 'pxe'],
    [{ DisplayName: 'Intel(R) I350 Gigabit Network Connection' }, 'pxe'],
    [{ DisplayName: 'Diskette Drive' }, null],
    [{ DisplayName: 'Disk of LAN party' }, 'disk'],
    [{ Alias: 'IPv4Pxe' }, 'pxe'],
  ])('R-14: %j is %s', (option, kind) => {
    expect(optionOf(option).kind).toBe(kind);
  });

  test.each([
    ['LAN1', 'pxe'],
    ['IPv4Pxe', 'pxe'],
    ['UefiIPv6Http', 'http'],
    ['VirtualCd', 'cd'],
    ['RemoteDVD', 'cd'],
    ['vCD', 'cd'],
    ['Diskette', null],
    ['UsbDiskette', null],
    ['Language', null],
  ])('R-31: the target %j is %s', (name, kind) => {
    expect(meaningOf(name)).toBe(kind);
  });

  test('R-14: an order whose entries are no text has none that could be sent back', async () => {
    const order = (BootOrder: unknown) =>
      reading({}, { Boot: { BootOrder } }, (session) => readBootOrder(session, '/redfish/v1/Systems/1'));
    expect(await order(['Boot0001', null, 7, 'Boot0002'])).toEqual(['Boot0001', 'Boot0002']);
    expect(await order([{ '@odata.id': '/redfish/v1/B/1' }])).toEqual([]);
    expect(await order('Boot0001')).toEqual([]);
  });
});

describe('a system', () => {
  const one = (path: string, more: object) => ({ ...to(path), ...reset(path), ...more }) as RedfishResource;

  test.each([
    [{ Boot: null }, { Boot: {} }],
    [{ Boot: {}, SystemType: 'dpu' }, { Boot: {} }],
    [
      { Boot: {}, SystemType: 'VIRTUAL' },
      { Boot: {}, SystemType: 'Physical' },
    ],
  ])('R-23, R-30: like %j is not the host beside %j', (part, host) => {
    const wanted = one('/Systems/1', host);
    expect(chooseHost([one('/Systems/0', part), wanted], null)).toBe(wanted);
  });

  test.each([[[]], [null], ['On']])('R-3: with %j as its reset types has those of its ActionInfo', async (inline) => {
    const action = {
      'ResetType@Redfish.AllowableValues': inline,
      '@Redfish.ActionInfo': '/redfish/v1/A',
    };
    const info = { ...to('/A'), Parameters: [null, { Name: 'resetType', AllowableValues: ['On', 'ForceOff'] }] };
    const more = { '/redfish/v1/A': info as RedfishResource };
    const observed = await reading(more, reset('/Systems/1', action), (session) => readSystem(session));
    expect(observed.resetTypes).toEqual(['On', 'ForceOff']);
    const values = await reading(more, {}, async (session) => allowed(await openReader(session), action, 'ResetType'));
    expect(values).toEqual(['On', 'ForceOff']);
  });

  test('R-10: whose ManagedBy holds no link is managed by who says so', async () => {
    const observed = await reading({}, { Links: { ManagedBy: [{}, null, { Name: 'BMC' }] } }, (session) =>
      readSystem(session),
    );
    expect(observed.managerPath).toBe('/redfish/v1/Managers/1');
  });

  test('R-1: a reset time that was not shown before is no sign of a reset', () => {
    const before = { power: 'On', lastReset: null, bootProgress: null };
    expect(effectObserved(before, { ...before, lastReset: '2026-11-30T00:00:00Z' })).toBe(false);
    expect(effectObserved({ ...before, lastReset: '' }, { ...before, lastReset: '2026-11-30T00:00:00Z' })).toBe(false);
  });
});

test.each([
  [
    [
      ['TotalGpuPower', 3000],
      ['SystemPower', 5000],
    ],
    5000,
  ],
  [
    [
      ['TotalGpuPower', 3000],
      ['CPU0 Power', 200],
    ],
    null,
  ],
  [
    [
      ['System Board Pwr Consumption', 300],
      ['CPU Power', 100],
    ],
    300,
  ],
  [
    [
      ['SYS_POWER', 300],
      ['CPU0_Power', 100],
    ],
    300,
  ],
  [
    [
      ['POWER_USAGE', 300],
      ['PSU1_PIN', 100],
    ],
    300,
  ],
  [
    [
      ['Total Storage Power', 30],
      ['Server Power Control', 400],
    ],
    400,
  ],
  [
    [
      ['Chassis Backplane Power', 30],
      ['Node Power', 400],
    ],
    400,
  ],
  [
    [
      ['System Power Cap', 1400],
      ['System Power', 700],
    ],
    700,
  ],
  [
    [
      ['Peak Power Consumption', 1400],
      ['Power Consumption', 700],
    ],
    700,
  ],
  [
    [
      ['System Max Power', 1400],
      ['System Min Power', 1],
      ['System Input Power', 700],
    ],
    700,
  ],
  [
    [
      ['Average Power Consumed', 650],
      ['Power Consumed', 700],
    ],
    700,
  ],
] as [[string, number][], number | null][])('R-16: of %j the machine draws %j', (sensors, watts) => {
  const chassis = '1';
  expect(
    wattsOf(
      sensors.map(([name, value]) => ({ kind: 'power', name, value, chassis })),
      ['1'],
    ),
  ).toBe(watts);
});

test.each([
  [{ Operation: 'Sanitize', PercentageComplete: 40 }, 'Sanitize 40 %'],
  [['Sanitize'], 'Sanitize ? %'],
  [[{ Operation: 'Sanitize', PercentageComplete: '40' }], 'Sanitize 40 %'],
  [null, null],
  [[null, { Operation: 'None' }], null],
])('R-26: a drive with the operations %j does %j', (Operations, operation) => {
  expect(operationOf({ Operations })).toBe(operation);
});

test.each([
  [{ TaskState: 'Completed With Errors' }, 'failed'],
  [{ JobState: 'Completed with Errors', JobStatus: 'OK' }, 'failed'],
  [{ TaskState: 'COMPLETED', TaskStatus: 'ok' }, 'succeeded'],
  [{ JobState: 'Reboot Failed' }, 'failed'],
  [{ JobState: 'Ready For Execution' }, 'held'],
  [{ TaskState: 'Completed', TaskStatus: 'Warning' }, 'failed'],
  [{}, 'running'],
])('R-6: a task like %j has %s', (task, state) => {
  expect(taskOf(task).state).toBe(state);
});

describe('BIOS settings', () => {
  const probe = {
    offer: async (section: string) =>
      section === 'tasks' ? { path: '', tasksPath: null, jobsPath: '/redfish/v1/J' } : null,
  } as unknown as ActContext['probe'];
  const job = (Id: number, JobState: string) => ({
    ...to(`/J/${Id}`),
    Id: String(Id),
    Name: 'ConfigBIOS:BIOS',
    JobState,
  });

  test('R-6: a job that is open is seen before hundreds that have ended, after them, and on a page behind', async () => {
    const ended = Array.from({ length: 40 }, (_, place) => job(100 + place, 'Completed'));
    const open = job(1, 'Scheduled');
    for (const Members of [
      [open, ...ended],
      [...ended, open],
    ])
      expect(
        await reading({ '/redfish/v1/J': { Members }, '/redfish/v1/J/1': open }, {}, (session) =>
          openBiosJob(session, probe),
        ),
      ).toContain('Scheduled');
    const paged = {
      '/redfish/v1/J': { Members: ended, 'Members@odata.nextLink': '/redfish/v1/J2' },
      '/redfish/v1/J2': { Members: [open] },
      '/redfish/v1/J/1': open,
    };
    expect(await reading(paged, {}, (session) => openBiosJob(session, probe))).toContain('Scheduled');
  });

  test('R-6: a job that has no path of its own is read as it is shown', async () => {
    const Members = [null, { Name: 'ConfigBIOS:BIOS', Id: '1', JobState: 'Scheduled' }];
    expect(await reading({ '/redfish/v1/J': { Members } }, {}, (session) => openBiosJob(session, probe))).toContain(
      'Scheduled',
    );
  });

  test('R-6: a number or a truth shown as text is the same value', () => {
    const bios = { attributes: { a: '4', b: 'true', c: 'Off' }, pending: { d: 5 } } as never;
    expect(notYetSet({ a: 4, b: true, c: 'off', d: '5' }, bios)).toEqual({ c: 'off' });
  });
});

describe('a log', () => {
  const log = (more: Record<string, RedfishResource>) =>
    reading(
      {
        '/redfish/v1/L': some('/L/1'),
        '/redfish/v1/L/1': { ...to('/L/1'), Name: 'SEL', Entries: to('/E0') },
        ...more,
      },
      { LogServices: to('/L') },
      (session) => readLogs(session),
    );
  const entry = (n: number) => ({ ...to(`/E/${n}`), Id: String(n), Message: `m${n}` });

  test('R-7: whose pages overlap has each entry once', async () => {
    const { logs } = await log({
      '/redfish/v1/E0': { Members: [entry(0), entry(1), entry(2)], 'Members@odata.nextLink': '/redfish/v1/E1' },
      '/redfish/v1/E1': { Members: [entry(2), entry(3)] },
    });
    expect(logs[0]?.entries.map(({ id }) => id)).toEqual(['0', '1', '2', '3']);
  });

  test('R-7: whose pages go on for ever with nothing on them ends', async () => {
    const pages = Array.from({ length: 400 }, (_, place) => [
      `/redfish/v1/E${place}`,
      { Members: place === 0 ? [entry(0)] : [], 'Members@odata.nextLink': `/redfish/v1/E${place + 1}` },
    ]);
    const { logs, gaps, requests } = await log(Object.fromEntries(pages));
    expect(logs[0]).toMatchObject({ reached: 'part' });
    expect(logs[0]?.entries).toHaveLength(1);
    expect(gaps.map(({ kind }) => kind)).toContain('too-large');
    expect(requests).toBeLessThan(300);
  });
});

test.each([
  ['that counts its page and not itself', 2, 2, 4],
  ['that counts right', 4, 2, 4],
  ['whose first page has all and links to some of them', 2, 1, 2],
])('R-7: a collection %s is read to its end', async (_, count, skip, found) => {
  const member = (n: number) => ({ ...to(`/S/${n}`), Id: String(n), Name: `s${n}` });
  const more = {
    '/redfish/v1/S': {
      Members: [member(0), member(1)],
      'Members@odata.count': count,
      'Members@odata.nextLink': `/redfish/v1/S2?$skip=${skip}`,
    },
    '/redfish/v1/S2': { Members: [member(2), member(3)], 'Members@odata.count': count },
  };
  const members = await reading(more, {}, async (session) => (await openReader(session)).members(to('/S')));
  expect(members).toHaveLength(found);
});

test('R-22: an error whose messages are one, and no list of them, is told by it', () => {
  const one = { MessageId: 'Base.1.0.ResourceInUse', Message: 'in use' };
  const bodies = [{ error: { '@Message.ExtendedInfo': one } }, { '@Message.ExtendedInfo': one }];
  expect(bodies.map((body) => messagesOf(body)[0]?.key)).toEqual(['ResourceInUse', 'ResourceInUse']);
});

test('R-2: ports are read by either name of their addresses, and of either list', async () => {
  const port = (Id: string, more: object) => ({ ...to(`/P/${Id}`), Id, ...more });
  const { nics } = await reading(
    {
      '/redfish/v1/N': some('/N/1', '/N/2'),
      '/redfish/v1/N/1': { ...to('/N/1'), Id: '1', Ports: to('/P') },
      '/redfish/v1/P': some('/P/1', '/P/2'),
      '/redfish/v1/P/1': port('1', {
        Ethernet: { AssociatedMACAddresses: [] },
        AssociatedNetworkAddresses: ['3c:ec:ef:00:00:01'],
      }),
      '/redfish/v1/P/2': port('2', { AssociatedNetworkAddresses: '3C-EC-EF-00-00-02' }),
      '/redfish/v1/N/2': { ...to('/N/2'), Id: '2', Ports: to('/None'), NetworkPorts: to('/Q') },
      '/redfish/v1/None': some(),
      '/redfish/v1/Q': some('/Q/1'),
      '/redfish/v1/Q/1': { ...to('/Q/1'), Id: '1', AssociatedNetworkAddresses: ['3CECEF000003'] },
    },
    {},
    (session) => gatherHardware(session),
  );
  expect(nics.map(({ mac }) => mac)).toEqual(['3c:ec:ef:00:00:01', '3c:ec:ef:00:00:02', '3c:ec:ef:00:00:03']);
});

test('R-21: drives that a remote console plays are none of the machine', async () => {
  const names = ['vKVM-Mapped vDVD', 'CIMC-Mapped vHDD', 'Remote CD/DVD', 'Virtual_CDROM', 'AMI Virtual CDROM0'];
  const Devices = [...names, 'SAMSUNG MZ7L3480'].map((Name) => ({ Name, Model: Name, CapacityBytes: 1000 }));
  const { drives } = await reading(
    { '/redfish/v1/SS': some('/SS/1'), '/redfish/v1/SS/1': { ...to('/SS/1'), Devices } },
    { SimpleStorage: to('/SS') },
    (session) => gatherHardware(session),
  );
  expect(drives.map(({ model }) => model)).toEqual(['SAMSUNG MZ7L3480']);
});
