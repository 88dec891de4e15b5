import { Agent, request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { personalities, personalityFor } from '../../sim/bmc/personalities.ts';
import { buildHardware } from '../../sim/hardware.ts';
import {
  askBmc,
  basic,
  basicOf,
  bmcFault,
  bmcOrigin,
  control,
  fault,
  get,
  journal,
  match,
  play,
  resetBmcSystem,
  soon,
  stopPlaying,
  system,
} from './playing.ts';

afterEach(stopPlaying);

const signIn = (Password = 'simulated') =>
  askBmc('POST', '/redfish/v1/SessionService/Sessions', { UserName: 'admin', Password });

describe('signing in', () => {
  test.each([
    ['idrac9', 503, 'IDRAC.2.8.RAC0218'],
    ['xcc', 503, 'SessionLimitExceeded'],
    ['ilo6', 400, 'iLO.2.24.SessionLimitExceeded'],
  ] as const)('%s: above its cap a session is refused in its own words (quirks 1, 4)', async (id, status, message) => {
    await play(id);
    for (let open = 0; open < personalities[id].sessionCap; open += 1) expect((await signIn()).status).toBe(201);
    expect(await signIn()).toMatchObject({ status, message: expect.stringContaining(message) });
    expect(await journal('session-opened')).toHaveLength(personalities[id].sessionCap);
    expect((await journal('session-refused')).map(({ detail }) => detail)).toEqual([{ reason: 'full' }]);
  });

  test('ilo6 takes Basic and does not ask for it (quirk 2b); a change that nothing takes is a 405', async () => {
    await play('ilo6');
    const refused = await askBmc('GET', '/redfish/v1/Systems', undefined, basicOf('wrong'));
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, undefined]);
    const wrong = await askBmc('PATCH', '/redfish/v1/Systems', {});
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'GET, HEAD']);
    expect((await askBmc('PATCH', '/redfish/v1/Nowhere', {})).status).toBe(404);
  });

  test('x10: sessions are at another path (quirk 2)', async () => {
    await play('x10');
    const { Links } = (await askBmc('GET', '/redfish/v1')).json;
    expect(Links.Sessions['@odata.id']).toBe('/redfish/v1/Sessions');
    expect((await signIn()).status).toBe(404);
    const made = await askBmc('POST', '/redfish/v1/Sessions', { UserName: 'admin', Password: 'simulated' });
    expect([made.status, made.headers.location]).toEqual([201, expect.stringMatching(/^\/redfish\/v1\/Sessions\//)]);
  });

  test.each(['supermicro', 'ami', 'nvidia', 'xcc'] as const)(
    '%s: too many wrong passwords keep everybody out for a while (quirk 6)',
    async (id) => {
      const lockout = personalities[id].lockout ?? { threshold: 0, seconds: 0 };
      await play(id, lockout.seconds / 2.5);
      for (let tries = 0; tries < lockout.threshold; tries += 1)
        expect((await askBmc('GET', '/redfish/v1/Systems', undefined, basicOf('wrong'))).status).toBe(401);
      expect((await askBmc('GET', '/redfish/v1/Systems')).status).toBe(401);
      expect(await journal('locked-out')).toHaveLength(1);
      await soon(async () => (await askBmc('GET', '/redfish/v1/Systems')).status).toBe(200);
    },
  );

  test('a password that expired has to be changed first, at the account that the message names (quirk 18)', async () => {
    await play('openbmc');
    await fault({ kind: 'password-expired' });
    const session = await signIn();
    expect(session.status).toBe(201);
    const token = { 'x-auth-token': String(session.headers['x-auth-token']) };
    const refused = await askBmc('GET', '/redfish/v1/Systems', undefined, token);
    expect([refused.status, refused.message]).toEqual([403, expect.stringContaining('PasswordChangeRequired')]);
    const [account] = refused.json.error['@Message.ExtendedInfo'][0].MessageArgs;
    expect((await askBmc('PATCH', account, { Password: 'another one' }, token)).status).toBe(204);
    expect((await askBmc('GET', '/redfish/v1/Systems', undefined, basicOf('another one'))).status).toBe(200);
  });

  test('idrac9: accounts are slots, of which the first is reserved; others take a POST (quirk 67)', async () => {
    await play('idrac9');
    const accounts = '/redfish/v1/AccountService/Accounts';
    expect((await get(accounts))['Members@odata.count']).toBe(16);
    const second = { UserName: 'second', Password: 'longenough' };
    expect((await askBmc('POST', accounts, second)).status).toBe(405);
    expect((await askBmc('PATCH', `${accounts}/1`, second)).status).toBe(400);
    expect((await askBmc('PATCH', `${accounts}/3`, second)).status).toBe(204);
    // What is not said is as in a free slot: the account is off, and without a role.
    expect(await get(`${accounts}/3`)).toMatchObject({ UserName: 'second', Enabled: false, RoleId: 'None' });
    const whole = { Enabled: true, RoleId: 'Operator' };
    expect((await askBmc('PATCH', `${accounts}/3`, whole)).status).toBe(204);
    expect(await get(`${accounts}/3`)).toMatchObject({ UserName: 'second', ...whole });
    expect((await askBmc('PATCH', `${accounts}/3`, { UserName: '' })).status).toBe(204);
    expect(await get(`${accounts}/3`)).toMatchObject({ UserName: '', Enabled: false });
  });

  test('standard: accounts are made by POST and deleted, but for the last', async () => {
    await play('standard');
    const accounts = '/redfish/v1/AccountService/Accounts';
    const second = { UserName: 'second', Password: 'longenough' };
    expect((await askBmc('POST', accounts, second)).message).toContain('PropertyMissing');
    const made = await askBmc('POST', accounts, { ...second, RoleId: 'Administrator' });
    expect([made.status, made.headers.location]).toEqual([201, `${accounts}/2`]);
    expect((await askBmc('POST', accounts, { ...second, RoleId: 'Operator' })).status).toBe(400);
    expect((await askBmc('DELETE', `${accounts}/2`)).status).toBe(204);
    expect((await askBmc('DELETE', `${accounts}/1`)).status).toBe(400);
  });
});

describe('a change without, with a wrong, and with the right ETag', () => {
  const boot = { Boot: { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once' } };
  const whole = { Boot: { ...boot.Boot, BootSourceOverrideMode: 'UEFI' } };
  test.each([
    ['standard', whole, [204, 412, 204]],
    ['idrac9', boot, [204, 412, 204]],
    ['ilo6', boot, [204, 412, 204]],
    ['xcc', whole, [428, 412, 204]],
    ['ibmc', whole, [412, 412, 204]],
  ] as const)('%s (quirks 19 and 20)', async (id, body, expected) => {
    await play(id);
    const path = (await system())['@odata.id'];
    const without = await askBmc('PATCH', path, body);
    const wrong = await askBmc('PATCH', path, body, { 'if-match': '"0BAD"' });
    const right = await askBmc('PATCH', path, body, await match(path));
    const statuses = [without, wrong, right].map(({ status }) => status);
    expect(statuses).toEqual([...expected]);
  });

  test('ami: a tag is needed, weak or stripped, and at the BIOS settings none is taken (quirk 21)', async () => {
    await play('ami');
    const path = '/redfish/v1/Systems/Self/SD';
    const raw = String((await askBmc('GET', path)).headers.etag);
    expect(raw).toMatch(/^W\//);
    const patch = (tag?: string) => askBmc('PATCH', path, whole, tag === undefined ? {} : { 'if-match': tag });
    expect(await patch()).toMatchObject({ status: 428, message: 'Ami.1.0.PreconditionHeaderMissing' });
    expect([(await patch('"other"')).status, (await patch(raw)).status]).toEqual([412, 204]);
    const now = String((await askBmc('GET', path)).headers.etag);
    expect((await patch(now.replace('W/', ''))).status).toBe(204);
    const bios = '/redfish/v1/Systems/Self/Bios/SD';
    const values = { Attributes: { SRIOV001: 'Enabled' } };
    expect((await askBmc('PATCH', bios, values, await match(bios))).status).toBe(412);
    expect((await askBmc('PATCH', bios, values)).status).toBe(204);
  });
});

describe('power', () => {
  test.each([
    ['idrac9', 409],
    ['xcc', 204],
  ] as const)('%s: off when off answers %i (quirk 29)', async (id, status) => {
    await play(id);
    expect((await resetBmcSystem('ForceOff')).status).toBe(status);
  });

  test('ilo5: one power command soon after another is refused (quirk 31)', async () => {
    await play('ilo5', 2);
    expect((await resetBmcSystem('On')).status).toBe(204);
    expect(await resetBmcSystem('ForceOff')).toMatchObject({
      status: 400,
      message: 'iLO.2.24.InvalidOperationForSystemState',
    });
    await soon(async () => (await resetBmcSystem('ForceOff')).status).toBe(204);
  });

  test('ami: a command that did nothing is told in a task, as an exception with a status of OK (quirk 27)', async () => {
    await play('ami', 100);
    await resetBmcSystem('On');
    await fault({ kind: 'lying-power' });
    const taken = await resetBmcSystem('ForceRestart');
    expect(taken.status).toBe(202);
    const task = () => get(taken.json['@odata.id']);
    await soon(async () => (await task()).TaskState).toBe('Exception');
    expect(await task()).toMatchObject({
      TaskStatus: 'OK',
      Messages: [{ Message: 'ForceRestart has returned success but power state of chassis did not change !!' }],
    });
    expect(await journal('reset')).toHaveLength(0);
  });

  test('a stale controller tells the old power state for a while', async () => {
    await play('standard', 20);
    await fault({ kind: 'stale-power', seconds: 45 });
    await resetBmcSystem('On');
    expect((await system()).PowerState).toBe('Off');
    await soon(async () => (await system()).PowerState).toBe('On');
  });

  test('nvidia: of two systems the second is the host; ami hides one (quirk 63)', async () => {
    await play('nvidia');
    const { Members } = await get('/redfish/v1/Systems');
    expect(Members).toHaveLength(2);
    const first = await get(Members[0]['@odata.id']);
    expect([first.Actions, first.Boot]).toEqual([undefined, undefined]);
    expect(await system()).toMatchObject({ '@odata.id': Members[1]['@odata.id'], Boot: {} });
    expect(await system()).not.toHaveProperty('SerialNumber');
    expect(await get('/redfish/v1/Chassis/Chassis_0')).toMatchObject({ SerialNumber: expect.stringContaining('SIM') });
  });
});

describe('boot override', () => {
  const patch = async (path: string, Boot: object) => askBmc('PATCH', path, { Boot }, await match(path));
  const part = { BootSourceOverrideTarget: 'Pxe' };
  const whole = { ...part, BootSourceOverrideEnabled: 'Continuous', BootSourceOverrideMode: 'Legacy' };

  test('supermicro: what is left out falls back (quirk 36); HTTP boot is a matter of BIOS settings (43)', async () => {
    await play('supermicro');
    const path = '/redfish/v1/Systems/1';
    await patch(path, whole);
    await patch(path, { BootSourceOverrideTarget: 'Hdd' });
    expect((await get(path)).Boot).toMatchObject({ BootSourceOverrideEnabled: 'Once', BootSourceOverrideMode: 'UEFI' });
    expect((await patch(path, { ...whole, BootSourceOverrideTarget: 'UefiHttp' })).status).toBe(400);
    const settings = '/redfish/v1/Systems/1/Bios/SD';
    await askBmc('PATCH', settings, { Attributes: { IPv4HTTPSupport_00F1: 'Enabled' } });
    await resetBmcSystem('On');
    await soon(async () => (await patch(path, { ...whole, BootSourceOverrideTarget: 'UefiHttp' })).status).toBe(204);
  });

  test('ami: is written whole, and at the settings object only (quirks 37, 38)', async () => {
    await play('ami');
    const wrong = await patch('/redfish/v1/Systems/Self', whole);
    expect(wrong).toMatchObject({ status: 400, message: 'Ami.1.0.OperationSupportedInFutureStateURI' });
    const settings = (await system())['@Redfish.Settings'].SettingsObject['@odata.id'];
    expect((await patch(settings, part)).status).toBe(400);
    expect((await patch(settings, whole)).status).toBe(204);
    expect(await journal('boot-override')).toHaveLength(1);
  });

  test('idrac9: writing the mode queues a job each time (quirk 40)', async () => {
    await play('idrac9');
    const path = (await system())['@odata.id'];
    const jobs = async () => (await get('/redfish/v1/TaskService/Tasks'))['Members@odata.count'];
    await patch(path, { ...part, BootSourceOverrideEnabled: 'Once' });
    expect(await jobs()).toBe(0);
    await patch(path, { BootSourceOverrideMode: 'UEFI' });
    expect(await jobs()).toBe(1);
  });

  test('ilo6: the mode is read only, and nothing is taken during POST (quirk 41)', async () => {
    await play('ilo6', 1);
    expect((await patch('/redfish/v1/Systems/1', whole)).status).toBe(400);
    await resetBmcSystem('On');
    const refused = await patch('/redfish/v1/systems/1/', part);
    expect(refused).toMatchObject({ status: 400, message: 'iLO.2.24.UnableToModifyDuringSystemPOST' });
  });

  test('xcc knows no Continuous (quirk 42); x10 and nvidia show no mode (46)', async () => {
    await play('xcc');
    expect((await patch('/redfish/v1/Systems/1', whole)).message).toContain('PropertyValueNotInList');
    await stopPlaying();
    await play('nvidia');
    expect((await system()).Boot).not.toHaveProperty('BootSourceOverrideMode');
  });
});

describe('BIOS settings', () => {
  /** Where settings are written, by the links. */
  async function settingsPath(): Promise<string> {
    const bios = await get((await system()).Bios['@odata.id']);
    return bios['@Redfish.Settings']?.SettingsObject?.['@odata.id'];
  }
  const inForce = async () => (await get((await system()).Bios['@odata.id'])).Attributes;

  test.each([
    ['standard', '/redfish/v1/Systems/1/Bios/Settings'],
    ['idrac9', '/redfish/v1/Systems/System.Embedded.1/Bios/Settings'],
    ['ilo6', '/redfish/v1/systems/1/bios/Settings/'],
    ['supermicro', '/redfish/v1/Systems/1/Bios/SD'],
    ['xcc', '/redfish/v1/Systems/1/Bios/Pending'],
    ['ami', '/redfish/v1/Systems/Self/Bios/SD'],
    ['nvidia', '/redfish/v1/Systems/System_0/Bios/Settings'],
    ['openbmc', undefined],
  ] as const)('%s: are written at %s (quirk 47)', async (id, path) => {
    await play(id);
    expect(await settingsPath()).toBe(path);
  });

  test('idrac9: stay staged until a job is asked for, one at a time (quirk 48)', async () => {
    await play('idrac9');
    const path = await settingsPath();
    const now = { '@Redfish.SettingsApplyTime': { ApplyTime: 'OnReset' } };
    await askBmc('PATCH', path, { Attributes: { SriovGlobalEnable: 'Enabled' } });
    expect((await get(path)).Attributes).toEqual({ SriovGlobalEnable: 'Enabled' });
    await resetBmcSystem('On');
    // It shows no progress of its start: what it does after POST tells that it is over.
    const booting = async () => [...(await journal('boot-request')), ...(await journal('no-boot-device'))];
    await soon(async () => (await booting()).length > 0).toBe(true);
    expect((await inForce()).SriovGlobalEnable).toBe('Disabled');
    const job = await askBmc('PATCH', path, now);
    expect(job.status).toBe(202);
    const second = await askBmc('PATCH', path, { Attributes: { LogicalProc: 'Disabled' }, ...now });
    expect(second).toMatchObject({ status: 400, message: 'IDRAC.2.8.SYS011' });
    await resetBmcSystem('ForceRestart');
    await soon(async () => (await get(String(job.headers.location))).TaskState).toBe('Completed');
    expect((await inForce()).SriovGlobalEnable).toBe('Enabled');
    expect((await journal('bios-applied')).map(({ detail }) => detail)).toEqual([{ SriovGlobalEnable: 'Enabled' }]);
  });

  test('ilo6: are answered with 200 and the need of a reset, which is not that of the iLO (quirk 50)', async () => {
    await play('ilo6');
    const answer = await askBmc('PATCH', await settingsPath(), { Attributes: { Sriov: 'Enabled' } });
    expect(answer).toMatchObject({ status: 200, message: 'iLO.2.24.SystemResetRequired' });
    await askBmc('POST', '/redfish/v1/managers/1/actions/Manager.Reset', {});
    await soon(async () => (await askBmc('GET', '/redfish/v1/Systems/1')).status).toBe(200);
    expect((await inForce()).Sriov).toBe('Disabled');
    await resetBmcSystem('On');
    await soon(async () => (await inForce()).Sriov).toBe('Enabled');
  });

  test('xcc: a conflicting one is taken, listed, and dropped (quirk 51)', async () => {
    await play('xcc');
    const path = await settingsPath();
    const Attributes = { Power_WorkloadConfiguration: 'IOSensitive', Processors_HyperThreading: 'Disabled' };
    expect((await askBmc('PATCH', path, { Attributes }, await match(path))).status).toBe(204);
    expect((await get(path)).Attributes).toEqual(Attributes);
    await resetBmcSystem('On');
    await soon(async () => (await get(path)).Attributes).toEqual({});
    expect(await inForce()).toMatchObject({ ...Attributes, Power_WorkloadConfiguration: 'Balanced' });
  });

  test('are reset by an empty object and not by no body at all (quirk 52)', async () => {
    await play('standard');
    const target = '/redfish/v1/Systems/1/Bios/Actions/Bios.ResetBios';
    expect((await askBmc('POST', target)).status).toBe(400);
    expect((await askBmc('POST', target, {})).status).toBe(204);
    expect((await journal('bios-pending')).map(({ detail }) => detail?.by)).toEqual(['reset-bios']);
  });
});

describe('logs', () => {
  test.each([
    ['idrac9', ['Sel', 'Lclog', 'FaultList'], 'Managers/iDRAC.Embedded.1'],
    ['ilo6', ['IML', 'SL', 'Event'], 'Systems/1'],
    ['xcc', ['SEL', 'AuditLog', 'PlatformLog'], 'Systems/1'],
    ['nvidia', ['XID'], 'Chassis/Chassis_0'],
  ] as const)('%s: are where its family has them, and only some can be cleared (quirk 69)', async (id, names, at) => {
    await play(id);
    await resetBmcSystem('On');
    const base = `/redfish/v1/${at}/LogServices`;
    const { Members } = await get(base);
    expect(Members).toEqual(names.map((name) => ({ '@odata.id': `${base}/${name}` })));
    for (const name of names) {
      const { Actions, Entries } = await get(`${base}/${name}`);
      const entries = async () => (await get(Entries['@odata.id'])).Members as { Message: string }[];
      // HPE's event log says by its ids only what happened.
      expect((await entries()).map(({ Message }) => Message)).toEqual([
        name === 'Event' ? undefined : 'power-on by bmc',
      ]);
      const cleared = await askBmc('POST', `${base}/${name}/Actions/LogService.ClearLog`, {});
      expect(cleared.status).toBe(Actions ? 204 : 405);
      expect(await entries()).toHaveLength(Actions ? 0 : 1);
    }
  });
});

describe('faults of answers, set while it runs', () => {
  test('a status comes in place of the answer so many times, in the words of the controller', async () => {
    await play('idrac9');
    const path = '/redfish/v1/Systems';
    expect((await bmcFault({ path, method: 'GET', status: 503, times: 2 })).status).toBe(200);
    expect(await askBmc('GET', path)).toMatchObject({ status: 503, message: 'IDRAC.2.8.SYS518' });
    expect((await control('GET', '/bmc-fault')).json.faults).toEqual([{ path, method: 'GET', status: 503, times: 1 }]);
    expect([(await askBmc('GET', path)).status, (await askBmc('GET', path)).status]).toEqual([503, 200]);
  });

  test('a command may be lost before its effect or after it', async () => {
    await play('standard');
    const path = '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset';
    await bmcFault({ path, cut: 'before' });
    await expect(askBmc('POST', path, { ResetType: 'On' })).rejects.toThrow();
    expect(await journal('power-on')).toHaveLength(0);
    await bmcFault({ path, cut: 'after' });
    await expect(askBmc('POST', path, { ResetType: 'On' })).rejects.toThrow();
    expect(await journal('power-on')).toHaveLength(1);
  });

  test('an answer may be cut short, late, HTML, or no JSON; a date may say when to come back', async () => {
    await play('standard');
    const path = '/redfish/v1/Chassis/1';
    await bmcFault({ path: '/redfish/v1/Chassis*', cut: 'half' });
    await expect(askBmc('GET', path)).rejects.toThrow();
    await bmcFault({ path, status: 403, body: '<html><body>Forbidden</body></html>' });
    expect(await askBmc('GET', path)).toMatchObject({ status: 403, headers: { 'content-type': 'text/html' } });
    await bmcFault({ path, body: '{"Name":"Chassis",}' });
    expect(await askBmc('GET', path)).toMatchObject({ status: 200, text: '{"Name":"Chassis",}', json: undefined });
    const retryAfter = new Date(Date.now() + 60_000).toUTCString();
    await bmcFault({ path, status: 503, retryAfter });
    expect((await askBmc('GET', path)).headers['retry-after']).toBe(retryAfter);
    await bmcFault({ path, delay: 0.3 });
    const began = performance.now();
    expect((await askBmc('GET', path)).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(250);
  });

  test('are refused when they make no sense, and taken away', async () => {
    await play('standard');
    expect((await bmcFault({ path: '/redfish/v1' })).json.error).toContain('is needed');
    expect((await bmcFault({ path: 'redfish', status: 500 })).status).toBe(400);
    await bmcFault({ path: '/redfish/v1/Systems', status: 500, times: null });
    for (let round = 0; round < 3; round += 1) expect((await askBmc('GET', '/redfish/v1/Systems')).status).toBe(500);
    expect((await control('DELETE', '/bmc-fault?path=/elsewhere')).status).toBe(404);
    expect((await control('DELETE', '/bmc-fault')).json.faults).toEqual([]);
    expect((await askBmc('GET', '/redfish/v1/Systems')).status).toBe(200);
  });
});

test('ilo5: a connection that is used again is reset (quirk 7)', async () => {
  await play('ilo5');
  const dispatcher = new Agent({ connections: 1, pipelining: 1 });
  const once = async () => {
    const { body, statusCode } = await request(`${bmcOrigin()}/redfish/v1/Systems`, { dispatcher, headers: basic });
    await body.dump();
    return statusCode;
  };
  expect(await once()).toBe(200);
  await expect(once()).rejects.toThrow();
  await dispatcher.close();
});

test('mixed: neighbours have different controllers, and old servers an X10', () => {
  const rack = (number: number) => Array.from({ length: 10 }, (_, n) => buildHardware(1, number, n + 1));
  const ids = (number: number) => new Set(rack(number).map((hardware) => personalityFor(hardware, 'mixed').id));
  expect(ids(0)).toEqual(new Set(Object.keys(personalities).filter((id) => id !== 'x10' && id !== 'sr675')));
  expect(ids(9)).toEqual(new Set(['x10']));
});
