import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { operationOf } from '../../redfish/drives.ts';
import { failureOf } from '../../redfish/messages.ts';
import { systemPath, told } from '../redfish/hostile.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { type Against, actingAgainst } from './against.ts';

let db: ThrowawayMdb;
let one: Against;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
});
afterAll(() => db?.close());
beforeEach(async () => {
  one = await actingAgainst(db);
});
afterEach(() => one?.close());

const link = (path: string) => ({ '@odata.id': path });

describe('R-6: BIOS settings are in force when no job of theirs is open', () => {
  const bios = `${systemPath}/Bios`;
  const jobs = '/redfish/v1/JobService/Jobs';
  const root = (fields: object) => one.bmc.resources.set('/redfish/v1/', { ...one.shown('/redfish/v1/'), ...fields });
  beforeEach(() => {
    one.shows({ Bios: link(bios) });
    one.shows(
      { Attributes: { Sriov: 'Enabled' }, '@Redfish.Settings': { SettingsObject: link(`${bios}/Settings`) } },
      bios,
    );
    one.shows({ Attributes: {} }, `${bios}/Settings`);
    root({ Tasks: link('/redfish/v1/TaskService') });
    one.shows({ Tasks: link('/redfish/v1/TaskService/Tasks') }, '/redfish/v1/TaskService');
    one.shows({ Members: [] }, '/redfish/v1/TaskService/Tasks');
  });

  it.each([
    ['Scheduled', 'differ'],
    ['Running', 'differ'],
    ['Completed', 'match'],
    ['Failed', 'match'],
  ])('R-6: %s: %s', async (state, expected) => {
    root({ JobService: link('/redfish/v1/JobService') });
    one.shows({ Jobs: link(jobs) }, '/redfish/v1/JobService');
    one.shows({ Members: [link(`${jobs}/JID_1`)] }, jobs);
    one.shows({ Id: 'JID_1', Name: 'Configure: BIOS.Setup.1-1', JobState: state, JobStatus: 'OK' }, `${jobs}/JID_1`);
    expect(await one.check({ Sriov: 'Enabled' })).toMatchObject({ state: expected });
  });

  it.each([
    ['BIOS configuration', undefined, 'differ'],
    ['Task of Tuesday', 'BIOSConfiguration', 'differ'],
    ['Firmware Update: BIOS', 'FirmwareUpdate', 'match'],
    ['Configure: iDRAC.Embedded.1', undefined, 'match'],
  ])('R-6: a scheduled %s of type %s: %s', async (Name, JobType, expected) => {
    root({ JobService: link('/redfish/v1/JobService') });
    one.shows({ Jobs: link(jobs) }, '/redfish/v1/JobService');
    one.shows({ Members: [link(`${jobs}/JID_1`)] }, jobs);
    one.shows({ Id: 'JID_1', Name, JobType, JobState: 'Scheduled', JobStatus: 'OK' }, `${jobs}/JID_1`);
    expect(await one.check({ Sriov: 'Enabled' })).toMatchObject({ state: expected });
  });

  it('R-6: a task that names the settings it is to apply is such a job', async () => {
    const task = '/redfish/v1/TaskService/Tasks/7';
    one.shows({ Members: [link(task)] }, '/redfish/v1/TaskService/Tasks');
    one.shows(
      { Id: '7', Name: 'Task 7', TaskState: 'Pending', TaskStatus: 'OK', Payload: { TargetUri: `${bios}/Settings` } },
      task,
    );
    expect(await one.check({ Sriov: 'Enabled' })).toMatchObject({ state: 'differ' });
  });
});

describe('R-8: an empty virtual drive', () => {
  const drive = '/redfish/v1/Systems/1/VirtualMedia/1';
  const insert = `${drive}/Actions/VirtualMedia.InsertMedia`;
  const image = 'http://127.0.0.1:9/images/rescue.iso';
  beforeEach(() => {
    one.shows({ VirtualMedia: link('/redfish/v1/Systems/1/VirtualMedia') });
    one.shows({ Members: [link(drive)] }, '/redfish/v1/Systems/1/VirtualMedia');
    one.shows(
      {
        MediaTypes: ['CD'],
        Image: null,
        Inserted: false,
        Actions: {
          '#VirtualMedia.InsertMedia': { target: insert },
          '#VirtualMedia.EjectMedia': { target: `${drive}/Actions/VirtualMedia.EjectMedia` },
        },
      },
      drive,
    );
  });

  it.each(['None', 'none', 'N/A', '', '  ', 'null', '-', 'No Image', 'Not Inserted', 'empty'])(
    'R-8: that shows %j is empty',
    async (filler) => {
      one.shows({ Image: filler, Inserted: undefined }, drive);
      expect(await one.act('eject-media', {})).toMatchObject({ state: 'done', observed: 'nothing is inserted' });
      one.does(`POST ${insert}`, ({ Image }) => one.shows({ Image, Inserted: true }, drive));
      expect(await one.act('insert-media', { image })).toMatchObject({ state: 'done' });
    },
  );

  it.each(['rescue', 'rescue.iso', '//server/share/none'])('R-8: that shows %j is not', async (observed) => {
    one.shows({ Image: observed, Inserted: undefined }, drive);
    one.does(`POST ${drive}/Actions/VirtualMedia.EjectMedia`, () => one.shows({ Image: 'None' }, drive));
    expect(await one.act('eject-media', {})).toMatchObject({ state: 'done', observed: `${drive} is empty` });
  });

  it('R-8: that shows a long address holds the image of that address', async () => {
    const long = `http://127.0.0.1:9/images/${'deep/'.repeat(40)}rescue.iso`;
    one.does(`POST ${insert}`, ({ Image }) => one.shows({ Image, Inserted: true }, drive));
    expect(await one.act('insert-media', { image: long })).toMatchObject({ state: 'done' });
  });

  it('R-8: of which nothing is told is not taken for an empty one', async () => {
    one.shows({ Image: undefined, Inserted: undefined }, drive);
    expect((await one.act('eject-media', {})).state).not.toBe('done');
  });

  it('R-32: is given the TransferMethod that it wants', async () => {
    one.bmc.always(`POST ${insert}`, (_, response) => {
      const body = one.sent(`POST ${insert}`).at(-1) ?? {};
      const right = body.TransferMethod === 'Stream' && body.TransferProtocolType === 'HTTP';
      if (right) one.shows({ Image: body.Image, Inserted: true }, drive);
      const refusal = told(400, 'Base.1.18.ActionParameterMissing', 'TransferMethod is missing.', ['TransferMethod']);
      response.writeHead(right ? 204 : 400, { 'content-type': 'application/json' });
      response.end(right ? undefined : JSON.stringify(refusal.body));
    });
    expect(await one.act('insert-media', { image })).toMatchObject({ state: 'done' });
  });

  it('R-32: says of a server that refuses the image that it was that server, and does not ask in another form', async () => {
    one.bmc.always(`POST ${insert}`, told(400, 'Base.1.18.AccessDenied', 'The service denied access.', [image]));
    const result = await one.act('insert-media', { image });
    expect(result).toMatchObject({ state: 'not_done', observed: expect.stringContaining('server of the image') });
    expect(one.bmc.count(`POST ${insert}`)).toBe(1);
  });
});

describe('R-32: whose refusal it is', () => {
  const of = (where: string, status: number, MessageId: string, MessageArgs: string[] = []) =>
    failureOf(
      { status, headers: {}, body: { error: { '@Message.ExtendedInfo': [{ MessageId, MessageArgs }] } } },
      where,
    ).kind;
  const insert = 'POST https://bmc/redfish/v1/Managers/1/VirtualMedia/Cd/Actions/VirtualMedia.InsertMedia';
  const update = 'POST https://bmc/redfish/v1/UpdateService/Actions/UpdateService.SimpleUpdate';

  it.each([
    [insert, 400, 'Base.1.18.AccessDenied', ['http://images/a.iso'], 'image-source'],
    [insert, 403, 'Base.1.8.AccessDenied', [], 'image-source'],
    [insert, 400, 'Base.1.18.CouldNotEstablishConnection', ['http://images/a.iso'], 'image-source'],
    [update, 400, 'Base.1.18.SourceDoesNotSupportProtocol', ['http://images', 'HTTP'], 'image-source'],
    [update, 400, 'Base.1.18.ResourceAtUriUnauthorized', ['http://images/a.bin', 'no'], 'image-source'],
    [update, 400, 'Base.1.18.ResourceAtUriInUnknownFormat', ['http://images/a.bin'], 'image-source'],
    [insert, 403, 'Base.1.18.InsufficientPrivilege', [], 'forbidden'],
    ['GET https://bmc/redfish/v1/Managers/1', 403, 'Base.1.18.AccessDenied', ['/redfish/v1/Managers/1'], 'forbidden'],
  ] as const)('R-32: %s, %i %s %j: %s', (where, status, id, args, kind) => {
    expect(of(where, status, id, [...args])).toBe(kind);
  });
});

describe('R-13: a resource that is kept and is there no more', () => {
  it('R-13: is looked for anew', async () => {
    const old = `${systemPath}/SecureBoot`;
    const fresh = `${systemPath}/SecureBootSettings`;
    one.shows({ SecureBoot: link(old) });
    one.shows({ SecureBootEnable: false, SecureBootMode: 'UserMode' }, old);
    one.does(`PATCH ${old}`, ({ SecureBootEnable }) => one.shows({ SecureBootEnable }, old));
    expect(await one.act('secure-boot', { enabled: true })).toMatchObject({ state: 'done' });
    one.bmc.resources.delete(old);
    one.shows({ SecureBoot: link(fresh) });
    one.shows({ SecureBootEnable: true, SecureBootMode: 'UserMode' }, fresh);
    one.does(`PATCH ${fresh}`, ({ SecureBootEnable }) => one.shows({ SecureBootEnable }, fresh));
    const off = await one.act('secure-boot', { enabled: false }, { intentId: `${one.machineId}-off` });
    expect(off).toMatchObject({ state: 'done', command: { at: fresh } });
  });

  it('R-13: and said to be missing where it is nowhere, with nothing kept', async () => {
    const old = `${systemPath}/SecureBoot`;
    one.shows({ SecureBoot: link(old) });
    one.shows({ SecureBootEnable: false }, old);
    await one.act('secure-boot', { enabled: false });
    one.bmc.resources.delete(old);
    one.shows({ SecureBoot: undefined });
    const off = await one.act('secure-boot', { enabled: true }, { intentId: `${one.machineId}-off` });
    expect(off).toMatchObject({ state: 'not_done', observed: expect.stringContaining('offers no Secure Boot') });
  });
});

describe('R-26: what a drive is busy with', () => {
  it.each([
    [[{ Operation: 'Sanitize', PercentageComplete: 40 }], 'Sanitize 40 %'],
    [[{ OperationName: 'Erasing', PercentageComplete: 1 }], 'Erasing 1 %'],
    [[{ OperationName: 'None' }, { Operation: 'ChangeEncryption' }], 'ChangeEncryption ? %'],
    [[{ PercentageComplete: 12 }], 'an operation without a name 12 %'],
    [[{ AssociatedTask: link('/redfish/v1/TaskService/Tasks/1') }], 'an operation without a name ? %'],
    [[{ Operation: 'OEM', PercentageComplete: 100 }], 'OEM 100 %'],
    [[{}], null],
    [[{ OperationName: '' }], null],
    [[{ OperationName: 'N/A', PercentageComplete: 0 }], null],
    [[{ OperationName: null, PercentageComplete: null }], null],
    [undefined, null],
  ])('R-26: %j: %s', (Operations, expected) => expect(operationOf({ Operations })).toBe(expected));
});

describe('R-28: what was made is compared with what was asked', () => {
  const accounts = '/redfish/v1/AccountService/Accounts';
  beforeEach(() => {
    one.bmc.resources.set('/redfish/v1/', {
      ...one.shown('/redfish/v1/'),
      AccountService: link('/redfish/v1/AccountService'),
    });
    one.shows({ Accounts: link(accounts) }, '/redfish/v1/AccountService');
    one.shows({ Members: [] }, accounts);
  });
  const making = (fields: object) =>
    one.does(`POST ${accounts}`, ({ UserName }) => {
      one.shows({ Id: '3', UserName, Enabled: true, ...fields }, `${accounts}/3`);
      one.shows({ Members: [link(`${accounts}/3`)] }, accounts);
    });

  it.each([
    ['another role', { RoleId: 'Administrator' }, 'Administrator'],
    [
      'a role that is only linked, and another one',
      { Links: { Role: link('/redfish/v1/AccountService/Roles/Operator') } },
      'Operator',
    ],
    ['no role', {}, 'no role'],
    ['the right role, but disabled', { RoleId: 'ReadOnly', Enabled: false }, 'not enabled'],
    ['the right role, but locked', { RoleId: 'ReadOnly', Locked: true }, 'locked'],
  ])('R-28: an account with %s is not done', async (_, made, words) => {
    making(made);
    const result = await one.act('create-account', { secretRef: 'second', role: 'ReadOnly' });
    expect(result.state).toBe('unknown');
    expect(result.observed).toContain(words);
  });

  it('R-28: an account with the right role is', async () => {
    making({ RoleId: 'ReadOnly' });
    expect(await one.act('create-account', { secretRef: 'second', role: 'ReadOnly' })).toMatchObject({ state: 'done' });
  });

  it('R-28: a slot without a name is free, however its emptiness is written', async () => {
    const slots = ['1', '2', '3'].map((id) => `${accounts}/${id}`);
    one.shows({ Members: slots.map(link) }, accounts);
    one.shows({ Id: '1', UserName: '' }, `${accounts}/1`);
    one.shows({ Id: '2', UserName: 'admin', Enabled: true, RoleId: 'Administrator' }, `${accounts}/2`);
    one.shows({ Id: '3', UserName: null, Enabled: false, RoleId: 'None' }, `${accounts}/3`);
    one.does(`PATCH ${accounts}/3`, (body) => one.shows(body, `${accounts}/3`));
    expect(await one.act('create-account', { secretRef: 'second', role: 'Operator' })).toMatchObject({ state: 'done' });
  });

  it('R-28: an account is gone when its own place says so, and not when the list is short', async () => {
    one.shows({ Id: '4', UserName: 'ada', Enabled: true, RoleId: 'Operator' }, `${accounts}/4`);
    one.shows({ Members: [link(`${accounts}/4`)] }, accounts);
    one.does(`DELETE ${accounts}/4`, () => one.shows({ Members: [] }, accounts));
    expect(await one.act('remove-account', { username: 'ada' })).toMatchObject({ state: 'unknown' });
    one.bmc.resources.delete(`${accounts}/4`);
    expect(await one.settle('remove-account')).toMatchObject({ state: 'done' });
  });

  it('R-28: nor is one that is among those that cannot be read', async () => {
    one.shows({ Members: [link(`${accounts}/4`)] }, accounts);
    expect(await one.act('remove-account', { username: 'ada' })).toMatchObject({ state: 'not_done' });
  });
});
