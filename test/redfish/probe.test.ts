import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { openProbe, type Probe } from '../../redfish/probe.ts';
import { withSession } from '../../redfish/session.ts';
import { openTransport } from '../../redfish/transport.ts';
import { committedTable, page, probeFamilies, probeTrees, renderOffersTable } from '../../scripts/offers.ts';
import { type RedfishResource, serveTable, serveTree, treesAbsent } from './tree.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function ask<T>(origin: string, work: (probe: Probe) => Promise<T>): Promise<T> {
  const transport = openTransport(origin, null);
  closing.push(() => transport.close());
  return withSession(transport, { username: 'root', password: 'secret' }, async (session) =>
    work((await openProbe(session)).probe),
  );
}

const to = (path: string) => ({ '@odata.id': `/redfish/v1${path}` });
const action = (path: string, more: RedfishResource = {}) => ({ target: `/redfish/v1${path}`, ...more });

/** A controller with these services, and a system with these properties. */
async function serve(
  more: Record<string, RedfishResource>,
  system: RedfishResource = {},
  root: RedfishResource = {},
): Promise<string> {
  const server = await serveTable({
    '/redfish/v1': { Systems: to('/Systems'), Chassis: to('/Chassis'), Managers: to('/Managers'), ...root },
    '/redfish/v1/Systems': { Members: [to('/Systems/1')] },
    '/redfish/v1/Chassis': { Members: [] },
    '/redfish/v1/Managers': { Members: [] },
    '/redfish/v1/Systems/1': {
      ...to('/Systems/1'),
      Boot: {},
      Actions: { '#ComputerSystem.Reset': action('/Systems/1/Actions/Reset') },
      ...system,
    },
    ...more,
  });
  closing.push(() => server.close());
  return server.origin;
}

describe('the probe', () => {
  test.each(['Settings', 'SD', null])(
    'settings that are announced without a link are found (quirk 47): %s',
    async (name) => {
      const bios = { ...to('/Systems/1/Bios'), Attributes: {}, '@Redfish.Settings': { Time: 'now' } };
      const there = name === null ? {} : { [`/redfish/v1/Systems/1/Bios/${name}`]: { Attributes: {} } };
      const origin = await serve({ '/redfish/v1/Systems/1/Bios': bios, ...there }, { Bios: to('/Systems/1/Bios') });
      const settingsPath = name && `/redfish/v1/Systems/1/Bios/${name}`;
      expect(await ask(origin, (probe) => probe.offer('bios'))).toMatchObject({ settingsPath });
    },
  );

  test.each<[string, RedfishResource, string[]]>([
    ['inline', { 'ResetKeysType@Redfish.AllowableValues': ['DeletePK'] }, ['DeletePK']],
    ['by a link', { '@Redfish.ActionInfo': '/redfish/v1/Info' }, ['ResetAllKeysToDefault']],
    ['not at all', {}, []],
  ])(
    'values of an action are found inline, by a link, or not at all (quirks 26 and 53): %s',
    async (_, more, values) => {
      const path = '/Systems/1/SecureBoot';
      const origin = await serve(
        {
          [`/redfish/v1${path}`]: { ...to(path), Actions: { '#SecureBoot.ResetKeys': action(`${path}/Reset`, more) } },
          '/redfish/v1/Info': {
            Parameters: [{ Name: 'ResetKeysType', AllowableValues: ['ResetAllKeysToDefault'] }, { Name: 'Other' }],
          },
        },
        { SecureBoot: to(path) },
      );
      const offer = await ask(origin, (probe) => probe.offer('secureBoot'));
      expect(offer?.resetKeys).toEqual({ target: `/redfish/v1${path}/Reset`, values });
    },
  );

  test('the ways to hand over an image are those that are advertised (quirk 55)', async () => {
    const service = {
      ...to('/UpdateService'),
      MultipartHttpPushUri: '/redfish/v1/UpdateService/upload',
      MaxImageSizeBytes: 1000,
      Actions: { '#UpdateService.StartUpdate': action('/UpdateService/Start') },
    };
    const origin = await serve({ '/redfish/v1/UpdateService': service }, {}, { UpdateService: to('/UpdateService') });
    expect(await ask(origin, (probe) => probe.offer('update'))).toMatchObject({
      simple: null,
      multipart: '/redfish/v1/UpdateService/upload',
      push: null,
      maxBytes: 1000,
      start: { target: '/redfish/v1/UpdateService/Start' },
    });
  });

  test('the boot override is at the settings object where only that shows it, with its targets (quirk 39)', async () => {
    const origin = await serve(
      {
        '/redfish/v1/Systems/1/Settings': {
          Boot: { BootSourceOverrideTarget: 'None', 'BootSourceOverrideTarget@Redfish.AllowableValues': ['Pxe'] },
        },
      },
      { '@Redfish.Settings': { SettingsObject: to('/Systems/1/Settings') } },
    );
    expect(await ask(origin, (probe) => probe.offer('boot'))).toMatchObject({
      path: '/redfish/v1/Systems/1/Settings',
      targets: ['Pxe'],
      hasMode: false,
      orderPath: null,
    });
  });
});

test.skipIf(treesAbsent)('no action is offered that has no name here (quirk 66)', async () => {
  const tree = await serveTree('nvidia-gb200nvl-openbmc-24.12');
  closing.push(() => tree.close());
  const offers = await ask(tree.origin, async (probe) =>
    Promise.all((['acCycle', 'manager', 'update', 'media', 'logs', 'bios'] as const).map((one) => probe.offer(one))),
  );
  const targets = [...JSON.stringify(offers).matchAll(/"target":"([^"]+)"/g)].map(([, target = '']) => target);
  expect(targets.length).toBeGreaterThan(10);
  const known =
    /\/(NvidiaChassis\.AuxPowerReset|Manager\.Reset|VirtualMedia\.\w+|LogService\.ClearLog|Bios\.ResetBios)$/;
  expect(targets.filter((target) => !known.test(target))).toEqual([]);
});

describe('the table of what is offered on which family (write it by `scripts/node scripts/offers.ts`)', () => {
  test('is the one that the probe gives of the simulated families', async () => {
    expect(committedTable(await readFile(page, 'utf8'), 'families')).toBe(renderOffersTable(await probeFamilies()));
  });

  test.skipIf(treesAbsent)('is the one that it gives of the recorded controllers', async () => {
    const trees = await probeTrees();
    expect(committedTable(await readFile(page, 'utf8'), 'trees')).toBe(renderOffersTable(trees ?? {}));
  });
});
