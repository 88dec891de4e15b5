import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planNetworkBoot, writeBoot } from '../../redfish/boot.ts';
import { type Session, withSession } from '../../redfish/session.ts';
import { readSystem } from '../../redfish/system.ts';
import { openTransport } from '../../redfish/transport.ts';
import { type Hostile, openHostile, password, systemPath, told } from './hostile.ts';

let bmc: Hostile;
const settingsPath = `${systemPath}/SD`;
const targets = 'BootSourceOverrideTarget@Redfish.AllowableValues';
const idle = {
  BootSourceOverrideTarget: 'None',
  BootSourceOverrideEnabled: 'Disabled',
  BootSourceOverrideMode: 'UEFI',
};
const triple = { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once', BootSourceOverrideMode: 'UEFI' };

beforeEach(async () => {
  bmc = await openHostile();
});
afterEach(() => bmc.close());

function shows(fields: Record<string, unknown>, path = systemPath): void {
  bmc.resources.set(path, { ...(bmc.resources.get(path) as object | undefined), ...fields });
}

async function over<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const transport = openTransport(bmc.origin, null);
  try {
    return await withSession(transport, { username: 'admin', password }, work);
  } finally {
    await transport.close();
  }
}

const ask = () =>
  over(async (session) => {
    const plan = await planNetworkBoot(session, await readSystem(session));
    if (plan === null) return 'no network';
    await writeBoot(session, plan);
    return null;
  });

const written = () =>
  bmc.seen.filter(({ method }) => method === 'PATCH').map(({ path, body }) => [path, JSON.parse(body).Boot]);

describe('a one-time boot from the network', () => {
  test.each([
    ['is the whole triple (quirks 36 and 37)', {}, idle, triple],
    [
      'keeps the mode',
      {},
      { ...idle, BootSourceOverrideMode: 'Legacy' },
      { ...triple, BootSourceOverrideMode: 'Legacy' },
    ],
    [
      'has no mode where there is none (quirk 46)',
      {},
      { BootSourceOverrideTarget: 'None' },
      { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once' },
    ],
    [
      'is only what differs, on Dell (quirk 40)',
      { Manufacturer: 'Dell Inc.' },
      { ...idle, BootSourceOverrideTarget: 'Pxe' },
      { BootSourceOverrideEnabled: 'Once' },
    ],
    [
      'leaves the mode alone, on HPE (quirk 41)',
      { Manufacturer: 'HPE' },
      idle,
      { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once' },
    ],
    [
      'takes UEFI HTTP where there is no PXE',
      {},
      { ...idle, [targets]: ['None', 'UefiHttp'] },
      { ...triple, BootSourceOverrideTarget: 'UefiHttp' },
    ],
  ])('%s', async (_, system, boot, expected) => {
    shows({ ...system, Boot: boot });
    await ask();
    expect(written()).toEqual([[systemPath, expected]]);
  });

  test('that is asked for already is not written again, on Dell', async () => {
    shows({ Manufacturer: 'Dell Inc.', Boot: triple });
    await ask();
    expect(written()).toEqual([]);
  });

  test('that the controller does not offer is reported as such', async () => {
    shows({ Boot: { ...idle, [targets]: ['None', 'Hdd'] } });
    expect(await ask()).toBe('no network');
  });

  test('is written to the settings object where that shows it, with the targets that only it lists (quirk 39)', async () => {
    shows({ Boot: idle, '@Redfish.Settings': { SettingsObject: { '@odata.id': settingsPath } } });
    shows({ Boot: { BootSourceOverrideTarget: 'None', [targets]: ['UefiHttp'] } }, settingsPath);
    await ask();
    expect(written()).toEqual([[settingsPath, { ...triple, BootSourceOverrideTarget: 'UefiHttp' }]]);
  });

  test('is written to the system where the settings object is about something else', async () => {
    shows({ Boot: idle, '@Redfish.Settings': { SettingsObject: { '@odata.id': settingsPath } } });
    shows({ AssetTag: 'x' }, settingsPath);
    await ask();
    expect(written()).toEqual([[systemPath, triple]]);
  });

  test('follows a refusal that points to the settings object (quirk 38)', async () => {
    shows({ Boot: idle });
    shows({}, settingsPath);
    bmc.play(`PATCH ${systemPath}`, told(400, 'Ami.1.0.OperationSupportedInFutureStateURI', 'Use', [settingsPath]));
    await ask();
    expect(written().map(([path]) => path)).toEqual([systemPath, settingsPath]);
  });

  test('that is refused although it is so already is a success (quirk 29)', async () => {
    shows({ Boot: triple });
    bmc.always(`PATCH ${systemPath}`, { status: 409 });
    expect(await ask()).toBeNull();
    shows({ Boot: idle });
    await expect(ask()).rejects.toMatchObject({ kind: 'rejected', status: 409 });
  });
});

describe('the system behind a controller', () => {
  test('is the one that can be reset, wherever it is listed (quirk 63)', async () => {
    const other = '/redfish/v1/Systems/HGX_0';
    bmc.resources.set('/redfish/v1/Systems', { Members: [{ '@odata.id': other }, { '@odata.id': systemPath }] });
    bmc.resources.set(other, { UUID: 'other' });
    expect(await over(readSystem)).toMatchObject({ path: systemPath });
  });

  test('shows its reset types inline or by a link (quirk 26)', async () => {
    const info = `${systemPath}/ResetActionInfo`;
    const target = `${systemPath}/Actions/ComputerSystem.Reset`;
    shows({ Actions: { '#ComputerSystem.Reset': { target, '@Redfish.ActionInfo': info } } });
    bmc.resources.set(info, { Parameters: [{ Name: 'ResetType', AllowableValues: ['On', 'ForceOff'] }] });
    expect(await over(readSystem)).toMatchObject({ resetTypes: ['On', 'ForceOff'] });
  });
});
