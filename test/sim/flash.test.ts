import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import {
  askBmc,
  basic,
  bmcFault,
  bmcOrigin,
  control,
  fault,
  get,
  journal,
  play,
  resetBmcSystem,
  soon,
  stopPlaying,
} from './playing.ts';

const image = (component: string, version: string) => `SIMFW ${component} ${version}\n${'.'.repeat(200_000)}`;

function form(parts: Record<string, string>) {
  const body = Object.entries(parts)
    .map(([name, text]) => `--sim\r\nContent-Disposition: form-data; name="${name}"; filename="f"\r\n\r\n${text}\r\n`)
    .join('');
  return { body: `${body}--sim--\r\n`, headers: { 'content-type': 'multipart/form-data; boundary=sim' } };
}

/** Follows a task to its end. */
async function ended(path: string) {
  await soon(async () => (await get(path))?.PercentComplete).toBe(100);
  return get(path);
}

async function versions(): Promise<(string | null)[]> {
  const { Members } = await get('/redfish/v1/UpdateService/FirmwareInventory');
  return Promise.all(Members.map(async (one: { '@odata.id': string }) => (await get(one['@odata.id'])).Version));
}

async function serveImage(text: string) {
  const server = createServer((_, response) => response.end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/image.bin`, close: () => server.close() };
}

const simpleTarget = '/redfish/v1/UpdateService/Actions/UpdateService.SimpleUpdate';

afterEach(stopPlaying);

describe('firmware', () => {
  test('is flashed by multipart, followed as a task to its end; the version changes, everybody is signed out', async () => {
    await play('standard', 10);
    const opened = await askBmc('POST', '/redfish/v1/SessionService/Sessions', {
      UserName: 'admin',
      Password: 'simulated',
    });
    const { MultipartHttpPushUri } = await get('/redfish/v1/UpdateService');
    const { body, headers } = form({ UpdateParameters: '{}', UpdateFile: image('BMC', '1.13.0') });
    const taken = await askBmc('POST', MultipartHttpPushUri, body, headers);
    expect([taken.status, taken.json.TaskState]).toEqual([202, 'Running']);
    expect((await askBmc('POST', MultipartHttpPushUri, body, headers)).status).toBe(503);
    expect(await versions()).toContain('1.12.3');
    const status = async () => (await askBmc('GET', '/redfish/v1/Systems')).status;
    await soon(status).toBe(503);
    await soon(status).toBe(200);
    expect(await journal('firmware-flashed')).toHaveLength(1);
    expect(await get(taken.json['@odata.id'])).toMatchObject({ TaskState: 'Completed', TaskStatus: 'OK' });
    expect(await versions()).toContain('1.13.0');
    const token = { 'x-auth-token': String(opened.headers['x-auth-token']) };
    expect((await askBmc('GET', '/redfish/v1/Systems', undefined, token)).status).toBe(401);
  });

  test('idrac9: a BIOS is flashed by a job at the next POST; its inventory entry is renamed; chunked uploads are refused; tasks are purged', async () => {
    await play('idrac9', 400);
    const { url, close } = await serveImage(image('BIOS', '1.9.9'));
    const taken = await askBmc('POST', simpleTarget, { ImageURI: url });
    expect(taken.headers.location).toMatch(/Tasks\/JID_/);
    expect(taken.json.TaskState).toBe('New');
    const path = String(taken.headers.location);
    const job = path.replace('TaskService/Tasks', 'JobService/Jobs');
    await soon(async () => (await get(job)).JobState).toBe('Scheduled');
    expect(await journal('firmware-flashed')).toHaveLength(0);
    await resetBmcSystem('On');
    await soon(() => journal('firmware-flashed')).toHaveLength(1);
    expect((await get(job)).JobState).toBe('Completed');
    await soon(async () => (await askBmc('GET', path)).status).toBe(404);
    const { Members } = await get('/redfish/v1/UpdateService/FirmwareInventory');
    expect(JSON.stringify(Members)).toContain('Installed-159-1.9.9__BIOS');
    const chunked = await request(`${bmcOrigin()}/redfish/v1/UpdateService/FirmwareInventory`, {
      method: 'POST',
      headers: { ...basic, 'content-type': 'application/octet-stream' },
      body: Readable.from([Buffer.from(image('BMC', '7'))]),
    });
    expect(chunked.statusCode).toBe(411);
    await chunked.body.dump();
    close();
  });

  test('ilo6: SimpleUpdate says only that it began; the push path is outside the Redfish tree', async () => {
    await play('ilo6', 200);
    const { url, close } = await serveImage(image('BIOS', '2.0'));
    const begun = await askBmc('POST', simpleTarget, { ImageURI: url });
    expect([begun.status, begun.headers.location]).toEqual([200, undefined]);
    await soon(versions).toContain('2.0');
    close();
    const { HttpPushUri } = await get('/redfish/v1/UpdateService');
    expect(HttpPushUri).toBe('/cgi-bin/uploadFile');
    await askBmc('POST', HttpPushUri, image('BMC', '1.60'), { 'content-type': 'application/octet-stream' });
    await soon(() => journal('firmware-flashed')).toHaveLength(2);
  });

  test('supermicro: an upload is verified, and flashed only by StartUpdate', async () => {
    await play('supermicro', 200);
    const { body, headers } = form({ UpdateParameters: '{}', UpdateFile: image('BIOS', '3.1') });
    const verify = await askBmc('POST', '/redfish/v1/UpdateService/upload', body, headers);
    await ended(verify.json['@odata.id']);
    expect(await journal('firmware-flashed')).toHaveLength(0);
    const start = '/redfish/v1/UpdateService/Actions/UpdateService.StartUpdate';
    const flash = await askBmc('POST', start, {});
    await ended(flash.json['@odata.id']);
    expect(await journal('firmware-flashed')).toHaveLength(1);
    expect((await askBmc('POST', start, {})).status).toBe(400);
  });

  test.each(['standard', 'supermicro'] as const)('%s: an image that cannot be fetched ends the task', async (id) => {
    await play(id, 200);
    const { url, close } = await serveImage('');
    close();
    const taken = await askBmc('POST', simpleTarget, { ImageURI: url });
    expect(await ended(taken.json['@odata.id'])).toMatchObject({ TaskState: 'Exception', TaskStatus: 'Critical' });
    expect((await askBmc('POST', simpleTarget, { ImageURI: 'file:///etc/passwd' })).status).toBe(400);
  });

  test('openbmc: a second update is told to wait; the monitor answers once; tasks go with a restart of the BMC', async () => {
    await play('openbmc', 25);
    expect((await askBmc('POST', simpleTarget, { ImageURI: 'http://127.0.0.1:1/' })).status).toBe(404);
    const push = '/redfish/v1/UpdateService/update';
    const send = () => askBmc('POST', push, image('BIOS', '4'), { 'content-type': 'application/octet-stream' });
    const taken = await send();
    const monitor = String(taken.headers.location);
    expect([taken.status, taken.headers['retry-after'], (await askBmc('GET', monitor)).status]).toEqual([
      202,
      '30',
      202,
    ]);
    const busy = await send();
    expect([busy.status, busy.headers['retry-after']]).toEqual([503, '30']);
    await ended(taken.json['@odata.id']);
    expect([(await askBmc('GET', monitor)).status, (await askBmc('GET', monitor)).status]).toEqual([204, 404]);
    await askBmc('POST', '/redfish/v1/Managers/bmc/Actions/Manager.Reset', { ResetType: 'GracefulRestart' });
    const starting = await askBmc('GET', '/redfish/v1/Systems');
    expect([starting.status, starting.headers['retry-after'], starting.message]).toEqual([
      503,
      '10',
      expect.stringContaining('ServiceTemporarilyUnavailable'),
    ]);
    await soon(async () => (await askBmc('GET', taken.json['@odata.id'])).status).toBe(404);
  });

  test('xcc: reading the monitor of a finished task deletes the task', async () => {
    await play('xcc', 200);
    const taken = await askBmc('POST', '/fwupdate', image('BIOS', '5'), { 'content-type': 'application/octet-stream' });
    await ended(taken.json['@odata.id']);
    expect((await askBmc('GET', String(taken.headers.location))).status).toBe(200);
    expect((await askBmc('GET', taken.json['@odata.id'])).status).toBe(404);
  });

  test.each([
    ['critical', 'Completed', 'Critical'],
    ['exception', 'Exception', 'Critical'],
    ['unchanged', 'Completed', 'OK'],
  ])('under the fault %s ends %s with %s, and nothing is flashed', async (how, TaskState, TaskStatus) => {
    await play('idrac9', 30);
    await fault({ kind: 'bad-flash', how });
    const { body, headers } = form({ UpdateParameters: '{}', UpdateFile: image('BMC', '7') });
    const taken = await askBmc('POST', '/redfish/v1/UpdateService/MultipartUpload', body, headers);
    expect(await ended(String(taken.headers.location))).toMatchObject({ TaskState, TaskStatus });
    expect(await journal('firmware-flashed')).toHaveLength(0);
  });

  test('under the fault stuck runs for ever; a wrong image fails; a broken upload has no effect', async () => {
    await play('standard', 500);
    const upload = (text: string) => {
      const { body, headers } = form({ UpdateParameters: '{}', UpdateFile: text });
      return askBmc('POST', '/redfish/v1/UpdateService/upload', body, headers);
    };
    const wrong = await upload('not an image');
    expect(await ended(wrong.json['@odata.id'])).toMatchObject({ TaskState: 'Exception' });
    await fault({ kind: 'bad-flash', how: 'stuck' });
    const stuck = await upload(image('BMC', '2'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await get(stuck.json['@odata.id'])).toMatchObject({ TaskState: 'Running', PercentComplete: 0 });
    expect(await journal('firmware-flashed')).toHaveLength(0);
  });
});

describe('a request that is held', () => {
  const path = '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset';
  const held = async () => (await control('GET', '/bmc-fault')).json.held;

  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)('%s it is carried out, has %i effects when its sender is gone', async (hold, effects) => {
    await play('standard');
    await bmcFault({ path, hold });
    const sender = new AbortController();
    const sending = fetch(`${bmcOrigin()}${path}`, {
      method: 'POST',
      headers: basic,
      body: '{"ResetType":"On"}',
      signal: sender.signal,
    });
    await soon(held).toEqual([path]);
    sender.abort();
    await expect(sending).rejects.toThrow();
    await control('DELETE', `/bmc-fault?path=${path}`);
    await soon(held).toEqual([]);
    expect(await journal('power-on')).toHaveLength(effects);
  });
});
