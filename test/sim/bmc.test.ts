import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { standardPersonality } from '../../sim/bmc/personality.ts';
import { createFleet, type Fleet } from '../../sim/fleet.ts';
import { type Listening, listenFor } from '../../sim/listen.ts';

let folder: string;
let fleet: Fleet;
let listening: Listening;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-bmc-'));
  // Nothing answers there: these machines only ever find no boot device.
  fleet = createFleet({ racks: 1, perRack: 3, folder, speed: 50, bootUrl: 'http://127.0.0.1:9', ca: '' });
});

afterEach(async () => {
  await listening.close();
  await fleet.stop();
  await rm(folder, { recursive: true, force: true });
});

const basic = { authorization: `Basic ${Buffer.from('admin:simulated').toString('base64')}` };

function originOf(index: number): string {
  const machine = fleet.machines[index];
  if (!machine) throw new Error(`no machine ${index}`);
  return listening.originOf(machine.hardware);
}

async function ask(
  index: number,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = basic,
) {
  const response = await fetch(`${originOf(index)}/redfish/v1${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: documents of a controller, looked into by the tests.
  return { status: response.status, headers: response.headers, json: (text ? JSON.parse(text) : undefined) as any };
}

test.each(['loopback', 'ports'] as const)(
  'every machine has a controller with an origin of its own (%s)',
  async (addressing) => {
    listening = await listenFor(fleet, '127.0.0.1:0', addressing);
    expect(new Set([0, 1, 2].map(originOf)).size).toBe(3);
    const serials = await Promise.all(
      [0, 1, 2].map(async (index) => (await ask(index, 'GET', '/Systems/1')).json.SerialNumber),
    );
    expect(serials).toEqual(fleet.machines.map(({ hardware }) => hardware.serial));
  },
);

test('an address that no machine has is hung up on, and only loopback addresses can be listened on', async () => {
  listening = await listenFor(fleet, '127.0.0.1:0', 'loopback');
  const { port } = new URL(listening.control);
  await expect(fetch(`http://127.20.0.1:${port}/redfish/v1`)).rejects.toThrow();
  await expect(listenFor(fleet, '0.0.0.0:0', 'loopback')).rejects.toThrow('stay on this machine');
});

test('without credentials only the service root is shown; wrong ones are refused', async () => {
  listening = await listenFor(fleet, '127.0.0.1:0', 'loopback');
  expect((await ask(0, 'GET', '/', undefined, {})).json.RedfishVersion).toBe('1.18.0');
  const refused = await ask(0, 'GET', '/Systems/1', undefined, {});
  expect(refused.status).toBe(401);
  expect(refused.json.error['@Message.ExtendedInfo'][0].MessageId).toContain('NoValidSession');
  expect((await ask(0, 'GET', '/Systems/1', undefined, { authorization: 'Basic YWRtaW46d3Jvbmc=' })).status).toBe(401);
});

test('sessions work until they are deleted, and no more are opened than the cap', async () => {
  listening = await listenFor(fleet, '127.0.0.1:0', 'loopback');
  const account = { UserName: 'admin', Password: 'simulated' };
  const open = () => ask(0, 'POST', '/SessionService/Sessions', account, {});
  expect((await ask(0, 'POST', '/SessionService/Sessions', { ...account, Password: 'no' }, {})).status).toBe(401);
  const { headers, status } = await open();
  expect(status).toBe(201);
  const session = { 'x-auth-token': headers.get('x-auth-token') ?? '' };
  expect((await ask(0, 'GET', '/Systems/1', undefined, session)).status).toBe(200);
  // One controller's session is nothing to another.
  expect((await ask(1, 'GET', '/Systems/1', undefined, session)).status).toBe(401);
  for (let more = 1; more < standardPersonality.sessionCap; more += 1) expect((await open()).status).toBe(201);
  const over = await open();
  expect([over.status, over.json.error.code]).toEqual([503, expect.stringContaining('SessionLimitExceeded')]);
  const path = (headers.get('location') ?? '').replace('/redfish/v1', '');
  expect((await ask(0, 'DELETE', path, undefined, session)).status).toBe(204);
  expect((await ask(0, 'GET', '/Systems/1', undefined, session)).status).toBe(401);
  expect((await open()).status).toBe(201);
});

test('every link of every document leads to a document that names itself', async () => {
  listening = await listenFor(fleet, '127.0.0.1:0', 'loopback');
  const seen = new Set<string>();
  const queue = ['/redfish/v1'];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const { status, json } = await ask(0, 'GET', path.slice('/redfish/v1'.length));
    expect([path, status, json['@odata.id']]).toEqual([path, 200, path]);
    for (const [, link = ''] of JSON.stringify(json).matchAll(/"@odata\.id":"([^"#]+)/g)) queue.push(link);
  }
  expect(seen.size).toBeGreaterThan(12);
});

test('power on, off and reset move the machine and the journal, and LastResetTime follows', async () => {
  listening = await listenFor(fleet, '127.0.0.1:0', 'loopback');
  const reset = (ResetType: string) => ask(0, 'POST', '/Systems/1/Actions/ComputerSystem.Reset', { ResetType });
  expect((await reset('ForceRestart')).status).toBe(409);
  expect((await reset('Explode')).status).toBe(400);
  expect((await reset('On')).status).toBe(204);
  const first = (await ask(0, 'GET', '/Systems/1')).json;
  expect(first.PowerState).toBe('On');
  expect((await reset('ForceRestart')).status).toBe(204);
  expect((await ask(0, 'GET', '/Systems/1')).json.LastResetTime > first.LastResetTime).toBe(true);
  expect((await reset('ForceOff')).status).toBe(204);
  expect((await ask(0, 'GET', '/Systems/1')).json.PowerState).toBe('Off');
  const effects = (await fleet.journal.read({ machine: 's001-u01' })).map(({ effect }) => effect);
  expect(effects.filter((effect) => ['power-on', 'reset', 'power-off'].includes(effect))).toEqual([
    'power-on',
    'reset',
    'power-off',
  ]);
});

test('a boot override is checked, kept, and used up by one boot', async () => {
  listening = await listenFor(fleet, '127.0.0.1:0', 'loopback');
  const patch = (boot: Record<string, string>) => ask(0, 'PATCH', '/Systems/1', { Boot: boot });
  expect((await patch({ BootSourceOverrideTarget: 'Floppy' })).status).toBe(400);
  expect((await ask(0, 'PATCH', '/Systems/1', { SerialNumber: 'X' })).json.error.code).toContain('PropertyNotWritable');
  expect(
    (
      await patch({
        BootSourceOverrideTarget: 'Pxe',
        BootSourceOverrideEnabled: 'Once',
        BootSourceOverrideMode: 'UEFI',
      })
    ).status,
  ).toBe(204);
  const shown = async () => (await ask(0, 'GET', '/Systems/1')).json.Boot.BootSourceOverrideTarget;
  expect(await shown()).toBe('Pxe');
  await ask(0, 'POST', '/Systems/1/Actions/ComputerSystem.Reset', { ResetType: 'On' });
  await expect.poll(shown).toBe('None');
});

test('BIOS settings stay pending until the machine has gone through POST', async () => {
  listening = await listenFor(fleet, '127.0.0.1:0', 'loopback');
  const patch = (Attributes: unknown) => ask(0, 'PATCH', '/Systems/1/Bios/Settings', { Attributes });
  expect((await patch({ SriovSupport: 'Perhaps' })).json.error.code).toContain('PropertyValueNotInList');
  expect((await patch({ constructor: 1 })).json.error.code).toContain('PropertyUnknown');
  expect((await patch({ SriovSupport: 'Enabled' })).status).toBe(204);
  const value = async () => (await ask(0, 'GET', '/Systems/1/Bios')).json.Attributes.SriovSupport;
  expect(await value()).toBe('Disabled');
  expect((await ask(0, 'GET', '/Systems/1/Bios/Settings')).json.Attributes).toEqual({ SriovSupport: 'Enabled' });
  await ask(0, 'POST', '/Systems/1/Actions/ComputerSystem.Reset', { ResetType: 'On' });
  await expect.poll(value).toBe('Enabled');
});

test("malformed bodies and unknown paths get errors in Redfish's form", async () => {
  listening = await listenFor(fleet, '127.0.0.1:0', 'loopback');
  const response = await fetch(`${originOf(0)}/redfish/v1/Systems/1`, {
    method: 'PATCH',
    headers: basic,
    body: '{"Boot":',
  });
  expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([
    400,
    expect.stringContaining('MalformedJSON'),
  ]);
  expect((await ask(0, 'GET', '/Systems/2')).json.error.code).toContain('ResourceMissingAtURI');
  expect((await ask(0, 'DELETE', '/Systems/1')).status).toBe(405);
});

test('the control API shows machines, sets and mends faults, and refuses what makes no sense', async () => {
  listening = await listenFor(fleet, '127.0.0.1:0', 'loopback');
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(listening.control + path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  };
  expect((await control('GET', '/machines')).json.machines).toHaveLength(3);
  expect((await control('GET', '/machines/m-025a00000200')).json).toMatchObject({
    id: 's001-u02',
    power: 'off',
    phase: 'off',
  });
  expect((await control('PUT', '/machines/s001-u02/fault', { kind: 'slow-disk', disk: 1 })).json).toMatchObject({
    faults: ['slow-disk'],
  });
  expect((await control('PUT', '/machines/s001-u02/fault', { kind: 'slow-disk', disk: 9 })).json.error).toContain(
    'has 2 disks',
  );
  expect((await control('PUT', '/machines/s001-u02/fault', { kind: 'gremlins' })).status).toBe(400);
  expect(
    (await control('PUT', '/machines/s001-u02/fault', { kind: 'duplicate-slot', of: 's009-u01' })).json.error,
  ).toContain('not simulated');
  expect((await control('DELETE', '/machines/s001-u02/fault?kind=bad-dimm')).status).toBe(404);
  expect((await control('DELETE', '/machines/s001-u02/fault')).json).toMatchObject({ faults: [] });
  expect((await control('POST', '/machines/s001-u02/power', { do: 'ForceRestart' })).status).toBe(409);
  expect((await control('POST', '/machines/s001-u02/power', { do: 'On' })).json).toMatchObject({ power: 'on' });
  expect((await control('GET', '/machines/s001-u99')).status).toBe(404);
  expect((await control('GET', '/journal?since=x')).status).toBe(400);
  const { entries } = (await control('GET', '/journal?machine=m-025a00000200&limit=2')).json as {
    entries: { effect: string }[];
  };
  expect(entries.map(({ effect }) => effect)).toEqual(['fault-set', 'fault-cleared']);
});
