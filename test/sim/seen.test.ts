import { afterEach, describe, expect, it } from 'vitest';
import { personalities, personalityChoices } from '../../sim/bmc/personalities.ts';
import { refuseWith } from '../../sim/vm/reply.ts';
import { askBmc, get, journal, match, play, resetBmcSystem, soon, stopPlaying, system } from './playing.ts';

afterEach(stopPlaying);

const each = personalityChoices.filter((choice): choice is keyof typeof personalities => choice !== 'mixed');

describe.each(each)('R-34: %s', (id) => {
  it('R-34: an action does not mind If-Match, as gofish sends it with all of them', async () => {
    await play(id);
    const host = await system();
    const { headers, json } = await askBmc('GET', host['@odata.id']);
    const tag = String(json['@odata.etag'] ?? headers.etag ?? '"none"');
    const on = await askBmc(
      'POST',
      host.Actions['#ComputerSystem.Reset'].target,
      { ResetType: 'On' },
      { 'if-match': tag },
    );
    expect(on.status).toBeLessThan(300);
    await soon(async () => (await system()).PowerState).toBe('On');
  });

  it('R-34: each log entry says by a message id what it is, where the family does', async () => {
    await play(id);
    await resetBmcSystem('On');
    await soon(async () => (await journal('power-on')).length).toBe(1);
    const logs = personalities[id].logs.filter(({ of, entry }) => of === undefined && entry?.messageId !== null);
    if (!/^(xcc|sr675)$/.test(id)) expect(logs.length).toBeGreaterThan(0);
    const host = await system();
    const places: Record<string, string> = {
      '/Systems/1': host['@odata.id'],
      '/Managers/1': host.Links.ManagedBy[0]['@odata.id'],
      '/Chassis/1': host.Links.Chassis[0]['@odata.id'],
    };
    for (const { at, id: log } of logs) {
      const { Members } = await get(`${places[at]}/LogServices/${log}/Entries`);
      expect(Members.length).toBeGreaterThan(0);
      for (const entry of Members) expect([log, typeof entry.MessageId]).toEqual([log, 'string']);
    }
  });
});

it('R-34: AMI takes a weak tag as it was given, but at the BIOS settings (quirk 21)', async () => {
  await play('ami');
  const settings = (await system())['@Redfish.Settings'].SettingsObject['@odata.id'];
  const { headers } = await askBmc('GET', settings);
  expect(headers.etag).toMatch(/^W\//);
  const boot = { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once', BootSourceOverrideMode: 'UEFI' };
  expect((await askBmc('PATCH', settings, { Boot: boot })).status).toBe(428);
  const taken = await askBmc('PATCH', settings, { Boot: boot }, { 'if-match': String(headers.etag) });
  expect(taken.status).toBe(204);
});

it('R-34: XCC takes the tag in the body, and tells with every answer which methods go (quirk 20)', async () => {
  await play('xcc');
  const host = await system();
  const { json, headers } = await askBmc('GET', host['@odata.id']);
  expect(headers.allow).toContain('PATCH');
  const spec = { Boot: { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once' } };
  expect((await askBmc('PATCH', host['@odata.id'], spec)).status).toBe(428);
  expect((await askBmc('PATCH', host['@odata.id'], { ...spec, '@odata.etag': '"other"' })).status).toBe(412);
  expect((await askBmc('PATCH', host['@odata.id'], { ...spec, '@odata.etag': json['@odata.etag'] })).status).toBe(204);
  const { Members } = await get('/redfish/v1/Managers/1/VirtualMedia');
  const drive = Members[0]['@odata.id'];
  expect((await askBmc('GET', drive)).headers.allow).toContain('PATCH');
  expect((await askBmc('GET', '/redfish/v1/AccountService/Accounts')).headers.allow).toContain('POST');
});

it('R-34: bmcweb tells which methods go in refusals only', async () => {
  await play('openbmc');
  expect((await askBmc('GET', '/redfish/v1/Systems/system')).headers.allow).toBeUndefined();
});

it.each(['ilo5', 'ilo6'] as const)("R-34: %s tells of itself at HPE's own place of the service root", async (id) => {
  await play(id);
  const { Oem } = await get('/redfish/v1');
  const [manager] = Oem.Hpe.Manager;
  expect(manager).toMatchObject({ ManagerType: personalities[id].managerModel });
  expect(manager.ManagerFirmwareVersion).toBe(personalities[id].firmwareVersion);
  const own = (await get('/redfish/v1/Managers/1')).FirmwareVersion;
  expect(own).toContain(manager.ManagerFirmwareVersion);
  const account = await get('/redfish/v1/AccountService/Accounts/1');
  expect(account.Oem.Hpe).toMatchObject({ LoginName: 'admin', Privileges: { VirtualPowerAndResetPriv: true } });
});

it.each([
  ['idrac9', /^Base\.1\.12\.\w+$/],
  ['ilo6', /^Base\.1\.18\.\w+$/],
  ['ilo5', /^Base\.1\.4\.\w+$/],
  ['nvidia', /^Base\.1\.18\.1\.\w+$/],
] as const)('R-34: %s names its messages in the form in which it was recorded', async (id, form) => {
  await play(id);
  const { json } = await askBmc('GET', '/redfish/v1/Systems/nowhere');
  const [told] = json.error['@Message.ExtendedInfo'];
  expect(told.MessageId).toMatch(form);
  expect(await match('/redfish/v1/Systems/nowhere')).toEqual({});
});

it("R-34: a VM's controller names its messages as the standard one does", async () => {
  await play('standard');
  const { json } = await askBmc('GET', '/redfish/v1/Systems/nowhere');
  const form = json.error.code.replace(/\w+$/, '');
  const said = refuseWith(404, 'ResourceMissingAtURI', 'There is no such resource.').body as {
    error: { code: string };
  };
  expect(said.error.code).toBe(`${form}ResourceMissingAtURI`);
});
