import { describe, expect, test } from 'vitest';
import {
  type Component,
  componentOf,
  componentsOf,
  findComponent,
  versionsOf,
} from '../../redfish/firmware/component.ts';
import { chooseWay, type FirmwareImage, parametersOf, sendImage } from '../../redfish/firmware/way.ts';
import type { UpdateOffer } from '../../redfish/probe.ts';
import { quirksOf } from '../../redfish/quirks.ts';
import type { FirmwareReading } from '../../redfish/read/firmware.ts';
import { type Session, withSession } from '../../redfish/session.ts';
import { taskOf, taskPath } from '../../redfish/task.ts';
import { openTransport } from '../../redfish/transport.ts';
import { openHostile, password, told } from './hostile.ts';

const none: UpdateOffer = {
  path: '/redfish/v1/UpdateService',
  simple: null,
  start: null,
  multipart: null,
  push: null,
  maxBytes: null,
  inventoryPath: null,
  pushApplyTime: null,
};
const simple = (...values: string[]) => ({ target: '/redfish/v1/x', values, applyTimes: [] });
const image = (url: string | null, bytes = 3): FirmwareImage => ({
  name: 'bios "1".bin',
  bytes,
  open: async function* () {
    yield Buffer.from('abc');
  },
  url,
});
const http = 'http://10.0.0.1/files/a.bin';

describe('the way of an image (quirk 55)', () => {
  test.each<[string, Partial<UpdateOffer>, FirmwareImage, string | RegExp]>([
    ['a form before all', { multipart: '/m', push: '/p', simple: simple('HTTP') }, image(http), 'multipart'],
    ['an address where there is no form', { push: '/p', simple: simple('HTTP', 'HTTPS') }, image(http), 'address'],
    ['an address where no protocols are named', { simple: simple() }, image(http), 'address'],
    ['bare where it has no address', { push: '/p', simple: simple('HTTP') }, image(null), 'push'],
    ['none by a protocol that it does not fetch by', { simple: simple('TFTP') }, image(http), /by TFTP only/],
    ['none where nothing is offered', {}, image(http), /no way/],
    [
      'none above the largest',
      { multipart: '/m', maxBytes: 2 },
      image(null),
      /has 3 bytes, and the controller takes 2/,
    ],
    ['an address above the largest upload', { multipart: '/m', maxBytes: 2, simple: simple() }, image(http), 'address'],
  ])('is %s', (_, offer, one, expected) => {
    const way = chooseWay({ ...none, ...offer }, one);
    if (typeof expected === 'string') expect(way).toBe(expected);
    else expect(way).toMatchObject({ why: expect.stringMatching(expected) });
  });
});

describe('a task', () => {
  test.each([
    [{ TaskState: 'Completed', TaskStatus: 'OK' }, 'succeeded'],
    [{ TaskState: 'Completed' }, 'succeeded'],
    // Quirk 59: at 100 % and Completed, and nothing was done.
    [{ TaskState: 'Completed', TaskStatus: 'Critical', PercentComplete: 100 }, 'failed'],
    [{ TaskState: 'Completed', TaskStatus: 'Warning' }, 'failed'],
    // Quirk 27: an exception whose status is OK.
    [{ TaskState: 'Exception', TaskStatus: 'OK' }, 'failed'],
    [{ TaskState: 'Cancelled' }, 'failed'],
    [{ TaskState: 'Killed' }, 'failed'],
    // Quirk 54: partial success, a new task, and states nobody heard of.
    [{ JobState: 'CompletedWithErrors' }, 'failed'],
    [{ TaskState: 'New' }, 'running'],
    [{ TaskState: 'Downloading' }, 'running'],
    [{}, 'running'],
    [{ JobState: 'Scheduled' }, 'held'],
    [{ TaskState: 'Pending' }, 'held'],
  ])('that shows %j is %s', (task, state) => {
    expect(taskOf(task).state).toBe(state);
  });

  test('is told in the words of the controller', () => {
    const messages = [{ Message: 'Begun.' }, { MessageId: 'IDRAC.2.8.JCP052' }];
    expect(taskOf({ TaskState: 'Completed', TaskStatus: 'Critical', Messages: messages }).words).toBe(
      'Completed with status Critical: IDRAC.2.8.JCP052',
    );
  });

  test.each([
    [{ '@odata.id': '/redfish/v1/TaskService/Tasks/7' }, {}, '/redfish/v1/TaskService/Tasks/7'],
    [null, { location: 'https://other/redfish/v1/TaskService/Tasks/7' }, '/redfish/v1/TaskService/Tasks/7'],
    [null, { location: '/redfish/v1/Managers/1/Jobs/JID_1' }, '/redfish/v1/Managers/1/Jobs/JID_1'],
    // A monitor is none: reading it may delete the task (quirk 58).
    [null, { location: '/redfish/v1/TaskService/TaskMonitors/7' }, null],
    [{ '@odata.id': '/redfish/v1/UpdateService' }, {}, null],
    [null, {}, null],
  ])('is named by %j and %j as %s', (body, headers, path) => {
    expect(taskPath({ status: 202, body, headers })).toBe(path);
  });
});

describe('a component of firmware (quirk 60)', () => {
  const found = (components: readonly Component[], wanted: string) => {
    const one = findComponent(components, wanted);
    return 'why' in one ? one.why : one.component.key;
  };
  const firmware = (id: string, version: string | null, inForce = true) => ({
    id,
    name: id,
    version,
    updateable: true,
    inForce,
  });

  test('is known without the version and the prefix in its name', () => {
    expect(componentOf('Installed-159-1.8.2__BIOS.Setup.1-1')).toBe('BIOS.Setup.1-1');
    expect(componentOf('Installed-25806-4301A56__Diagnostics.Embedded.1:LC.Embedded.1')).toBe(
      'Diagnostics.Embedded.1:LC.Embedded.1',
    );
    expect(componentOf('MGX_FW_BMC_0')).toBe('FW_BMC_0');
  });

  test('is found by what people call it, and not where two are called so', () => {
    const components = componentsOf([
      firmware('Installed-159-1.8.2__BIOS.Setup.1-1', '1.8.2'),
      firmware('Previous-159-1.2.4__BIOS.Setup.1-1', '1.2.4', false),
      firmware('Installed-1-2__NIC.Slot.1', '2'),
      firmware('Installed-1-2__NIC.Slot.2', '2'),
      firmware('HGX_FW_BMC_0', 'undefined'),
    ]);
    expect(found(components, 'bios')).toBe('BIOS.Setup.1-1');
    expect(versionsOf(components)['BIOS.Setup.1-1']).toBe('1.8.2');
    expect(found(components, 'MGX_HGX_FW_BMC_0')).toBe('HGX_FW_BMC_0');
    expect(versionsOf(components)['HGX_FW_BMC_0']).toBeNull();
    expect(found(components, 'NIC')).toBe('NIC could be NIC.Slot.1 or NIC.Slot.2: name one');
    expect(found(components, 'PSU')).toMatch(/^the controller lists no firmware PSU, but /);
  });

  const named = (id: string, name: string, more: Partial<FirmwareReading> = {}): FirmwareReading => ({
    ...firmware(id, '1.0'),
    name,
    ...more,
  });

  test('R-4: is found by its name where ids are numbers, which change', () => {
    const numbers = componentsOf([
      named('1', 'iLO 6'),
      named('2', 'System ROM', { about: ['00000000-0000-0000-0000-00000000024a'] }),
      named('10', 'Redundant System ROM', { inForce: false, copy: 'backup' }),
      named('24', '6.40TB 64G NVMe SSD', { about: ['/redfish/v1/Chassis/DE00A000/Drives/4'] }),
      named('25', '6.40TB 64G NVMe SSD', { about: ['/redfish/v1/Chassis/DE00A000/Drives/5'] }),
    ]);
    expect(found(numbers, 'System ROM')).toBe('System ROM');
    expect(found(numbers, 'BIOS')).toBe('System ROM');
    expect(found(numbers, 'bmc')).toBe('iLO 6');
    expect(found(numbers, '2')).toBe('System ROM');
    expect(found(numbers, '00000000-0000-0000-0000-00000000024A')).toBe('System ROM');
    expect(found(numbers, '/redfish/v1/Chassis/DE00A000/Drives/5')).toBe('6.40TB 64G NVMe SSD #25');
    expect(found(numbers, '6.40TB 64G NVMe SSD')).toContain('could be 6.40TB 64G NVMe SSD #24 or ');
  });

  test("R-4: is not the root of trust that bears a part's name, and none where several could be meant", () => {
    const trust = componentsOf([named('EROT_BIOS_0', 'x'), named('HostBIOS_0', 'x'), named('HGX_FW_ERoT_CPU_0', 'x')]);
    expect(found(trust, 'BIOS')).toBe('HostBIOS_0');
    expect(found(trust, 'EROT_BIOS_0')).toBe('EROT_BIOS_0');
    expect(found(trust, 'erot')).toContain('could be');
    const two = componentsOf([named('FW_BMC_0', 'x'), named('HGX_FW_BMC_0', 'x'), named('FW_ERoT_BMC_0', 'x')]);
    expect(found(two, 'BMC')).toBe('BMC could be FW_BMC_0 or HGX_FW_BMC_0: name one');
    const about = componentsOf([
      named('a1', 'Software Inventory', { about: ['/redfish/v1/Systems/1/Bios'] }),
      named('a2', 'Software Inventory', { about: ['/redfish/v1/Managers/bmc'] }),
    ]);
    expect([found(about, 'BIOS'), found(about, 'BMC')]).toEqual(['a1', 'a2']);
  });
});

describe('an upload', () => {
  async function over<T>(work: (session: Session, bmc: Awaited<ReturnType<typeof openHostile>>) => Promise<T>) {
    const bmc = await openHostile();
    const transport = openTransport(bmc.origin, null);
    try {
      return await withSession(transport, { username: 'admin', password }, (session) => work(session, bmc));
    } finally {
      await transport.close();
      await bmc.close();
    }
  }

  test('is one request under a length that is given (quirk 9), with parameters and a plain file name', () =>
    over(async (session, bmc) => {
      bmc.always('POST /mfwupdate', { status: 202, body: {} });
      await sendImage(session, { ...none, multipart: '/mfwupdate' }, image(null), 'multipart', { Targets: [] });
      const [sent] = bmc.seen.filter(({ path }) => path === '/mfwupdate');
      expect(sent?.headers['transfer-encoding']).toBeUndefined();
      expect(Number(sent?.headers['content-length'])).toBe(sent?.body.length);
      expect(sent?.body).toMatch(
        /name="UpdateParameters"\r\n[\s\S]*\{"Targets":\[\]\}\r\n--[\s\S]*filename="bios__1_.bin"/,
      );
      expect(bmc.count('POST /mfwupdate')).toBe(1);
    }));

  test('keeps the settings of a Supermicro (quirk 56), and says nothing that others do not know', () => {
    const supermicro = quirksOf(['Supermicro']);
    expect(supermicro.upload?.starts).toBe(true);
    expect(parametersOf(supermicro, 'BIOS')).toMatchObject({
      '@Redfish.OperationApplyTime': 'OnStartUpdateRequest',
      Oem: { Supermicro: { BIOS: { PreserveME: true, PreserveNVRAM: true, PreserveSMBIOS: true } } },
    });
    expect(parametersOf(supermicro, 'CPLD_Motherboard')).toEqual({ Targets: [] });
    expect(parametersOf(quirksOf(['Dell']), 'BIOS')).toEqual({ Targets: [] });
  });

  test('that is told to come back later was not taken (quirk 17); one that fails otherwise may have been', () =>
    over(async (session, bmc) => {
      const later = told(503, 'Base.1.18.ServiceTemporarilyUnavailable', 'Later.');
      bmc.play('POST /p', { ...later, headers: { 'retry-after': '30' } });
      const send = () => sendImage(session, { ...none, push: '/p' }, image(null), 'push', {});
      await expect(send()).rejects.toMatchObject({ kind: 'busy', carriedOut: 'no', retryAfterMs: 30_000 });
      bmc.play('POST /p', { status: 500 });
      await expect(send()).rejects.toMatchObject({ carriedOut: 'maybe' });
      expect(bmc.count('POST /p')).toBe(2);
    }));

  test.each(['//evil.example/fw', 'http://evil.example/fw', '/a/../../b'])('never goes to %s', (push) =>
    over(async (session, bmc) => {
      await expect(sendImage(session, { ...none, push }, image(null), 'push', {})).rejects.toMatchObject({
        kind: 'foreign-link',
        carriedOut: 'no',
      });
      expect(bmc.seen.filter(({ method, path }) => method === 'POST' && !path.includes('Sessions'))).toEqual([]);
    }),
  );
});
