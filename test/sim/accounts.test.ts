import { afterEach, describe, expect, it } from 'vitest';
import { personalities, personalityChoices } from '../../sim/bmc/personalities.ts';
import { askBmc, basicAs, get, journal, match, play, resetBmcSystem, stopPlaying, system } from './playing.ts';

afterEach(stopPlaying);

const accountsPath = '/redfish/v1/AccountService/Accounts';
const each = personalityChoices.filter((choice): choice is keyof typeof personalities => choice !== 'mixed');
const password = 'Gu3st-of-the-rack';

/** Makes an account as this controller wants it made; gives its path. */
async function make(id: keyof typeof personalities, body: Record<string, unknown>): Promise<string> {
  const { slots } = personalities[id];
  if (slots === null) {
    const made = await askBmc('POST', accountsPath, { UserName: 'guest', Password: password, ...body });
    expect([made.status, made.message]).toEqual([201, '']);
    return String(made.headers.location);
  }
  const path = `${accountsPath}/5`;
  const change = { UserName: 'guest', Password: password, Enabled: true, ...body };
  expect((await askBmc('PATCH', path, change, await match(path))).status).toBeLessThan(300);
  return path;
}

const change = async (path: string, body: unknown, headers: Record<string, string> = {}) =>
  askBmc('PATCH', path, body, { ...(await match(path)), ...headers });
const guest = basicAs('guest', password);

describe.each(each)('R-33: an account on %s', (id) => {
  it('R-33: has the role that it was made with, and may do what the role may', async () => {
    await play(id);
    const path = await make(id, { RoleId: 'ReadOnly' });
    expect(await get(path)).toMatchObject({ UserName: 'guest', RoleId: 'ReadOnly' });
    expect((await get(path)).Links.Role['@odata.id']).toContain('/Roles/ReadOnly');
    const { Actions, '@odata.id': host } = await system();
    const { target } = Actions['#ComputerSystem.Reset'];
    expect((await askBmc('GET', host, undefined, guest)).status).toBe(200);
    const refused = await askBmc('POST', target, { ResetType: 'On' }, guest);
    expect([refused.status, refused.message]).toEqual([403, expect.stringContaining('InsufficientPrivilege')]);
    expect(await journal('power-on')).toEqual([]);
    expect((await change(path, { RoleId: 'Administrator' }, guest)).status).toBe(403);
    expect((await change(path, { RoleId: 'Operator' })).status).toBeLessThan(300);
    expect((await get(path)).RoleId).toBe('Operator');
    expect((await askBmc('POST', target, { ResetType: 'On' }, guest)).status).toBeLessThan(300);
    expect((await askBmc('POST', accountsPath, { UserName: 'more', Password: password }, guest)).status).toBe(403);
  });

  it('R-33: lets nobody in while it is off, where the family lets it be switched off', async () => {
    await play(id);
    const path = await make(id, { RoleId: 'Administrator' });
    const { Enabled: shown } = await get(path);
    const off = await change(path, { Enabled: false });
    const after = await askBmc('GET', accountsPath, undefined, guest);
    if (shown === undefined) {
      expect([off.status, after.status]).toEqual([400, 200]);
      return;
    }
    expect([shown, off.status < 300, (await get(path)).Enabled, after.status]).toEqual([true, true, false, 401]);
    expect((await change(path, { Enabled: true })).status).toBeLessThan(300);
    expect((await askBmc('GET', accountsPath, undefined, guest)).status).toBe(200);
  });

  it('R-33: takes no value that means nothing, no property that it does not have, and half of no change', async () => {
    await play(id);
    const path = await make(id, { RoleId: 'ReadOnly' });
    for (const wrong of [
      { RoleId: 'Emperor' },
      { RoleId: 7 },
      { Locked: true },
      { Locked: 'no' },
      { Enabled: 'yes' },
      { Shoe: 42 },
    ])
      expect([wrong, (await change(path, { RoleId: 'Operator', ...wrong })).status]).toEqual([wrong, 400]);
    expect((await get(path)).RoleId).toBe('ReadOnly');
  });

  it('R-33: the last administrator stays one', async () => {
    await play(id);
    const { Members } = await get(accountsPath);
    const all = await Promise.all((Members as { '@odata.id': string }[]).map((one) => get(one['@odata.id'])));
    const own = all.find(({ UserName }) => UserName === 'admin')['@odata.id'];
    expect((await change(own, { RoleId: 'ReadOnly' })).status).toBe(400);
    expect((await change(own, { Enabled: false })).status).toBe(400);
    expect((await get(own)).RoleId).toBe('Administrator');
  });
});

it('R-33: a lock-out is of one account, shows there, and another administrator ends it', async () => {
  await play('supermicro', 1);
  const path = await make('supermicro', { RoleId: 'Administrator' });
  for (let attempt = 0; attempt < 3; attempt += 1)
    expect((await askBmc('GET', accountsPath, undefined, basicAs('guest', 'wrong'))).status).toBe(401);
  expect((await askBmc('GET', accountsPath, undefined, guest)).status).toBe(401);
  expect((await get(path)).Locked).toBe(true);
  expect((await resetBmcSystem('On')).status).toBeLessThan(300);
  expect((await change(path, { Locked: false })).status).toBeLessThan(300);
  expect((await get(path)).Locked).toBe(false);
  expect((await askBmc('GET', accountsPath, undefined, guest)).status).toBe(200);
});

describe.each(each)('R-33: what %s answers with success is done', (id) => {
  it('R-33: no change is taken in part: what is not known is refused, and nothing of it is done', async () => {
    await play(id);
    const host = await system();
    const manager = host.Links.ManagedBy[0]['@odata.id'];
    const chassis = host.Links.Chassis[0]['@odata.id'];
    const settings = host['@Redfish.Settings']?.SettingsObject['@odata.id'];
    const bios = host.Bios && (await get(host.Bios['@odata.id']));
    const pending = bios?.['@Redfish.Settings']?.SettingsObject['@odata.id'];
    const tries: [string | undefined, object][] = [
      [host['@odata.id'], { Shoe: 42 }],
      [host['@odata.id'], { Boot: { BootSourceOverrideTarget: 'Pxe', Shoe: 42 } }],
      [host['@odata.id'], { Boot: {} }],
      [settings, { Boot: { BootSourceOverrideTarget: 'Pxe', Shoe: 42 } }],
      [chassis, { AssetTag: 42 }],
      [manager, { DateTime: 'yesterday' }],
      [pending, { Attributes: {}, Shoe: 42 }],
      [host.SecureBoot?.['@odata.id'], { SecureBootEnable: false, Shoe: 42 }],
      ['/redfish/v1/EventService', { ServiceEnabled: true, Shoe: 42 }],
      ['/redfish/v1/AccountService', { Shoe: 42 }],
      ['/redfish/v1/SessionService', { Shoe: 42 }],
      ['/redfish/v1/UpdateService', { Shoe: 42 }],
    ];
    for (const [path, body] of tries) {
      if (path === undefined) continue;
      const { status } = await change(path, body);
      expect([path, body, status >= 400 && status < 500]).toEqual([path, body, true]);
    }
    expect(await journal('boot-override')).toEqual([]);
    expect(await journal('secure-boot')).toEqual([]);
  });

  it('R-33: an update, an insertion and a reset take no parameter that they do not heed', async () => {
    await play(id);
    const host = await system();
    const { target } = host.Actions['#ComputerSystem.Reset'];
    expect((await askBmc('POST', target, { ResetType: 'On', Shoe: 42 })).status).toBe(400);
    expect(await journal('power-on')).toEqual([]);
    const update = await askBmc('GET', '/redfish/v1/UpdateService');
    const simple = update.json?.Actions?.['#UpdateService.SimpleUpdate']?.target;
    if (simple) {
      const given = { ImageURI: 'http://127.0.0.1:9/image', Shoe: 42 };
      expect((await askBmc('POST', simple, given)).status).toBe(400);
    }
    const event = await askBmc('GET', '/redfish/v1/EventService');
    if (event.status !== 200) return;
    const subscription = {
      Destination: 'https://127.0.0.1:9/',
      Protocol: 'Redfish',
      Context: 'x',
      ...('EventTypesForSubscription' in event.json && { EventTypes: ['Alert'] }),
      Shoe: 42,
    };
    expect((await askBmc('POST', event.json.Subscriptions['@odata.id'], subscription)).status).toBe(400);
  });

  it('R-33: a drive that holds an image says so when another one is inserted, and keeps what it has', async () => {
    await play(id);
    const { media } = personalities[id].features;
    const rule = media.find(({ how }) => how === 'action');
    if (!rule) return;
    const host = await system();
    const holder = rule.at === '/Systems/1' ? host : await get(host.Links.ManagedBy[0]['@odata.id']);
    const { Members } = await get(holder.VirtualMedia['@odata.id']);
    const drive = (await Promise.all((Members as { '@odata.id': string }[]).map((one) => get(one['@odata.id'])))).find(
      ({ Id }) => Id === rule.id,
    );
    const insert = drive.Actions['#VirtualMedia.InsertMedia'].target;
    const needs = Object.fromEntries(rule.needs.map((name) => [name, 'HTTP']));
    expect((await askBmc('POST', insert, { Image: 'http://127.0.0.1/one.iso', ...needs })).status).toBeLessThan(300);
    expect((await askBmc('POST', insert, { Image: 'http://127.0.0.1/two.iso', ...needs })).status).toBeGreaterThan(399);
    expect((await get(drive['@odata.id'])).Image ?? (await get(drive['@odata.id'])).ImageName).toContain('one.iso');
  });
});
