import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDoor } from '../../api/people/door.ts';
import { createPeopleApi } from '../../api/people/server.ts';
import { type Authority, openAuthority } from '../../boot/authority.ts';
import { ApiClient } from '../../client/api.ts';
import { everywhere, inPool, makeToken } from './accounts.ts';
import { servePeople } from './serving.ts';

let served: Awaited<ReturnType<typeof servePeople>>;
let folder: string;
let authority: Authority;
beforeAll(async () => {
  served = await servePeople();
  folder = await mkdtemp(join(tmpdir(), 'farrier-door-'));
  authority = await openAuthority(folder);
});
afterAll(async () => {
  await served?.close();
  await rm(folder, { recursive: true, force: true });
});

const open = (host: string, more: object = {}) =>
  openDoor(served.base.mdb, authority, {
    ...{ listen: { host, port: 8470 }, trustsLoopback: false, names: [], files: null },
    ...more,
  });

it('is open on loopback without a certificate, trusted or not', async () => {
  expect(await open('127.0.0.1')).toBeNull();
  expect(await open('::1', { trustsLoopback: true })).toBeNull();
});

it('stays closed elsewhere until somebody is admin of the whole fleet, and says what to do', async () => {
  await expect(open('10.0.0.5')).rejects.toThrow('`farrier mdb token NAME --role admin`');
  await makeToken(served.base.mdb, 'some', [...inPool('admin', 'web'), ...everywhere('operator')]);
  await expect(open('10.0.0.5')).rejects.toThrow('nobody is admin yet');
  await expect(open('10.0.0.5', { trustsLoopback: true })).rejects.toThrow('let one of them go');
});

it('serves over TLS by the site authority there, and only who signs in', async () => {
  const token = await makeToken(served.base.mdb, 'admin', everywhere('admin'));
  const tls = await open('0.0.0.0', { names: ['farrier.example'] });
  if (tls === null) throw new Error('it is open to everybody');
  const certificate = new X509Certificate(tls.cert);
  expect(certificate.checkHost('farrier.example')).toBe('farrier.example');
  expect((await open('0.0.0.0', { names: ['farrier.example'] }))?.cert).toBe(tls.cert);
  const app = await createPeopleApi({ ...served.options, tls, trustsLoopback: false });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  try {
    expect(url).toMatch(/^https:/);
    const ca = authority.caPem;
    expect(await new ApiClient({ url, token, ca }).session()).toMatchObject({ name: 'token:admin', by: 'token' });
    await expect(new ApiClient({ url, ca }).session()).rejects.toMatchObject({ status: 401 });
    await expect(new ApiClient({ url, token }).session()).rejects.toMatchObject({ code: 'unreachable' });
    await expect(new ApiClient({ url: url.replace('https', 'http'), token }).session()).rejects.toMatchObject({
      status: 0,
    });
    const page = (origin: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { origin, authorization: `Bearer ${token}` };
        get(`${url}/api/v1/session`, { ca, headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        }).on('error', reject);
      });
    expect(await page(url)).toBe(200);
    expect(await page(url.replace('https', 'http'))).toBe(403);
    expect(await page('https://evil.example')).toBe(403);
  } finally {
    await app.close();
  }
});

it('takes files in place of that, and says which it cannot read', async () => {
  const [cert, key] = [join(folder, 'own.crt'), join(folder, 'own.key')];
  await writeFile(cert, 'a certificate');
  await writeFile(key, 'a key');
  expect(await open('10.0.0.5', { files: { cert, key } })).toEqual({ cert: 'a certificate', key: 'a key' });
  await expect(open('10.0.0.5', { files: { cert: join(folder, 'none'), key } })).rejects.toThrow('cannot be read');
});
