import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSource } from '../../cli/sources.ts';
import { readInventory } from '../../integrations/inventory/read.ts';

let folder: string;
let origin: string;
let asked: { readonly url: string; readonly authorization: string | undefined }[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => {};
const server = createServer((request, response) => {
  asked.push({ url: request.url ?? '', authorization: request.headers.authorization });
  answer(request, response);
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-sources-'));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  asked = [];
});

const json = (response: ServerResponse, body: unknown) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));

describe('NetBox', () => {
  /** Three devices on two pages, as a NetBox that knows itself by another name and scheme. */
  beforeEach(() => {
    answer = (request, response) => {
      const url = new URL(request.url ?? '', origin);
      const ids = url.searchParams.getAll('device_id');
      if (url.pathname === '/api/dcim/interfaces/') {
        const results = ids.map((id) => ({
          device: { id: Number(id) },
          type: {},
          mac_address: `a4:bf:01:00:00:0${id}`,
        }));
        return json(response, { count: ids.length, next: null, results });
      }
      const offset = Number(url.searchParams.get('offset') ?? 0);
      const results = [1, 2, 3]
        .slice(offset, offset + 2)
        .map((id) => ({ id, name: `n${id}`, device_type: {}, site: {} }));
      const next = offset === 0 ? `https://127.0.0.1/api/dcim/devices/?limit=2&offset=2&role=server` : null;
      return json(response, { count: 3, next, results });
    };
  });

  it('is read page by page, with the interfaces of what was read, and a filter of its own', async () => {
    const text = await readSource({ from: `${origin}/api/dcim/devices?limit=2&role=server`, token: '0123abcd' });
    expect(readInventory({ text })).toMatchObject({
      format: 'netbox',
      inventory: { machines: [1, 2, 3].map((id) => ({ macs: [`a4:bf:01:00:00:0${id}`], tags: { name: `n${id}` } })) },
    });
    expect(asked.map(({ url }) => url)).toEqual([
      '/api/dcim/devices/?limit=2&role=server',
      '/api/dcim/devices/?limit=2&offset=2&role=server',
      '/api/dcim/interfaces/?limit=1000&device_id=1&device_id=2&device_id=3',
    ]);
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set(['Token 0123abcd']));
  });

  it('is found below its own address, and shown a token in its own form', async () => {
    await readSource({ from: origin, format: 'netbox', token: 'nbt_key.secret' });
    await readSource({ from: origin, format: 'netbox', token: 'Basic abc' });
    expect(asked.map(({ authorization }) => authorization)).toEqual([
      ...Array(3).fill('Bearer nbt_key.secret'),
      ...Array(3).fill('Basic abc'),
    ]);
    expect(asked[0]?.url).toBe('/api/dcim/devices/?limit=200');
  });

  it.each([
    [
      'a page elsewhere',
      { results: [], next: 'http://10.0.0.1/api/dcim/devices/?offset=2' },
      'sends on to another place',
    ],
    ['no page', { machines: [] }, 'answered something that is no page of NetBox'],
  ])('is not followed to %s', async (_, body, why) => {
    answer = (_request, response) => json(response, body);
    await expect(readSource({ from: `${origin}/api/dcim/devices/` })).rejects.toThrow(why);
    expect(asked).toHaveLength(1);
  });
});

describe('a source', () => {
  it.each([
    [
      'a redirect',
      (response: ServerResponse) => response.writeHead(302, { location: 'http://10.0.0.1/' }).end(),
      'does not answer',
    ],
    ['a refusal', (response: ServerResponse) => response.writeHead(403).end(), 'answered 403 to /list'],
    [
      'too much',
      (response: ServerResponse) => response.writeHead(200).end(Buffer.alloc(17 * 1024 ** 2, 'x')),
      'sends more than 16 MiB',
    ],
  ])('ends with %s', async (_, respond, why) => {
    answer = (_request, response) => respond(response);
    await expect(readSource({ from: `${origin}/list` })).rejects.toThrow(why);
  });

  it('is sent no token in the clear, and none in its address', async () => {
    await expect(readSource({ from: 'http://10.0.0.1/list', token: 'x' })).rejects.toThrow('use https');
    await expect(readSource({ from: 'https://a:b@10.0.0.1/list' })).rejects.toThrow('FARRIER_IMPORT_TOKEN');
    expect(asked).toEqual([]);
  });

  it('is a file that is there, text, and not too large', async () => {
    await writeFile(join(folder, 'large'), Buffer.alloc(17 * 1024 ** 2, 'x'));
    await writeFile(join(folder, 'binary'), Buffer.from([0x6d, 0xff, 0xfe]));
    await expect(readSource({ from: join(folder, 'large') })).rejects.toThrow('is larger than 16 MiB');
    await expect(readSource({ from: join(folder, 'binary') })).rejects.toThrow('is not text in UTF-8');
    await expect(readSource({ from: join(folder, 'absent') })).rejects.toThrow('there is no such file');
    await expect(readSource({ from: folder })).rejects.toThrow();
  });
});
