import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFileServer, readRange, safePath } from '../../boot/files.ts';

let folder: string;
let server: Server;
let origin: string;
const content = randomBytes(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-files-'));
  const root = join(folder, 'images');
  await mkdir(join(root, 'boot'), { recursive: true });
  await writeFile(join(folder, 'secret'), 'secret');
  await writeFile(join(root, 'boot', 'vmlinuz'), content);
  await writeFile(join(root, 'boot', '.hidden'), 'secret');
  await writeFile(join(root, 'boot', 'empty'), '');
  await truncate(join(root, 'boot', 'empty'), 0);
  await writeFile(join(root, 'boot', 'large'), '');
  await truncate(join(root, 'boot', 'large'), 70 * 2 ** 20);
  await symlink(join(folder, 'secret'), join(root, 'boot', 'link'));
  await symlink(join(root, 'boot', 'vmlinuz'), join(root, 'boot', 'inner-link'));
  await symlink(folder, join(root, 'linked'));
  await symlink('/dev/zero', join(root, 'zero'));
  execFileSync('mkfifo', [join(root, 'fifo')]);
  const files = createFileServer(root);
  server = createServer((request, response) => {
    void files.serve(request, response, (request.url ?? '').slice('/files/'.length));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${origin}/files/${path}`, { headers });

test('a file comes whole, with its SHA-256 as its tag, and not again when it is already there', async () => {
  const response = await get('boot/vmlinuz');
  expect(response.status).toBe(200);
  expect(response.headers.get('etag')).toBe(`"${sha256}"`);
  expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
  expect((await get('boot/vmlinuz', { 'if-none-match': `W/"x", "${sha256}"` })).status).toBe(304);
  const head = await fetch(`${origin}/files/boot/vmlinuz`, { method: 'HEAD' });
  expect(head.headers.get('content-length')).toBe('300000');
  expect((await get('boot/empty')).status).toBe(200);
});

test('a file that is replaced is served anew', async () => {
  const path = join(folder, 'images', 'boot', 'changing');
  await writeFile(path, 'one');
  expect(await (await get('boot/changing')).text()).toBe('one');
  await writeFile(path, 'three');
  expect(await (await get('boot/changing')).text()).toBe('three');
});

test('ranges, of small files and of those that are streamed', async () => {
  const part = await get('boot/vmlinuz', { range: 'bytes=100-199' });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-range')).toBe('bytes 100-199/300000');
  expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(100, 200))).toBe(true);
  expect((await get('boot/vmlinuz', { range: 'bytes=300000-' })).status).toBe(416);
  expect((await get('boot/vmlinuz', { range: 'bytes=0-1', 'if-range': '"old"' })).status).toBe(200);
  const large = await get('boot/large', { range: 'bytes=-5000000' });
  expect(large.status).toBe(206);
  expect((await large.arrayBuffer()).byteLength).toBe(5_000_000);
});

test.each<[string | undefined, ReturnType<typeof readRange>]>([
  [undefined, null],
  ['bytes=0-0', { first: 0, last: 0 }],
  ['bytes=5-', { first: 5, last: 9 }],
  ['bytes=-3', { first: 7, last: 9 }],
  ['bytes=-30', { first: 0, last: 9 }],
  ['bytes=2-99', { first: 2, last: 9 }],
  ['bytes=-0', 'bad'],
  ['bytes=10-', 'bad'],
  ['bytes=5-4', 'bad'],
  ['bytes=-', null],
  ['bytes=0-1,3-4', null],
  ['lines=0-1', null],
])('range %j of ten bytes', (header, expected) => {
  expect(readRange(header, 10)).toEqual(expected);
});

describe('what is not found (attack A13)', () => {
  const bad = [
    '../../etc/passwd',
    '..%2fsecret',
    'boot/..%2f..%2fsecret',
    '%252e%252e/secret',
    '..\\..\\secret',
    '\\..\\secret',
    '/etc/passwd',
    '%2fetc%2fpasswd',
    'boot/vmlinuz%00',
    'boot//vmlinuz',
    'boot/./vmlinuz',
    'boot/.hidden',
    'boot/link',
    'boot/inner-link',
    'linked/secret',
    'zero',
    'fifo',
    'boot',
    'boot/',
    '',
    '%',
    '%ff',
    `boot/${'a'.repeat(600)}`,
    'boot/none',
  ];

  test.each(bad)('%j', async (path) => {
    expect(await raw(`/files/${path}`)).toMatch(/^HTTP\/1\.1 404 /);
  });

  test('only plain names pass', () => {
    expect(safePath('os/debian-12.1_amd64+x.tar.gz')).toBe('os/debian-12.1_amd64+x.tar.gz');
    expect(bad.filter((path) => safePath(path) !== null)).toEqual([
      ...['boot/link', 'boot/inner-link', 'linked/secret', 'zero', 'fifo', 'boot', 'boot/none'],
    ]);
  });
});

/** Sends the path as it is: fetch would resolve it first. */
async function raw(path: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}
