import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createPlain, type RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { type Authority, openAuthority } from '../../boot/authority.ts';
import { runTool } from './tools.ts';

const folder = mkdtempSync(join(tmpdir(), 'farrier-fetch-'));
const path = (name: string) => join(folder, name);
const image = randomBytes(300_000);
const sha256 = createHash('sha256').update(image).digest('hex');
let authority: Authority;
let other: Authority;
const open: { close(): unknown; closeAllConnections(): void }[] = [];

beforeAll(async () => {
  authority = await openAuthority(path('ours'));
  other = await openAuthority(path('theirs'));
  writeFileSync(path('ca.pem'), authority.caPem);
  writeFileSync(path('image.pub'), authority.imagePublicKeyPem);
  writeFileSync(path('token'), 'a-token\n');
});
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server | ReturnType<typeof createPlain>): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const serveTls = (by: Authority, handler: RequestListener) =>
  listen(createServer({ cert: by.agentCertPem, key: by.agentKeyPem }, handler));
const serve = (handler: RequestListener) => listen(createPlain(handler));
const pinned = () => ['--ca', path('ca.pem'), '--name', 'agent.farrier.internal', '--timeout', '20'];

test('posts with the token over a pinned connection, whatever the address', async () => {
  const port = await serveTls(authority, (request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => response.end(`${request.method} ${request.headers.authorization} ${body}`));
  });
  const { code, out } = await runTool(
    'fetch',
    [...pinned(), '--token', path('token'), '--post', '-', `https://127.0.0.1:${port}/x`],
    'step name=a',
  );
  expect([code, out.toString()]).toEqual([0, 'POST Bearer a-token step name=a']);
});

test("another CA's server is refused, and so is another name", async () => {
  const foreign = await serveTls(other, (_request, response) => response.end('no'));
  expect((await runTool('fetch', [...pinned(), `https://127.0.0.1:${foreign}/`])).code).toBe(3);
  const ours = await serveTls(authority, (_request, response) => response.end('no'));
  const wrongName = ['--ca', path('ca.pem'), '--name', 'other.farrier.internal', '--timeout', '20'];
  expect((await runTool('fetch', [...wrongName, `https://127.0.0.1:${ours}/`])).code).toBe(3);
});

test('a refusal tells its status and its reason', async () => {
  const port = await serveTls(authority, (_request, response) => {
    response.statusCode = 409;
    response.end('error reason=token%20spent\n');
  });
  const { code, out } = await runTool('fetch', [...pinned(), '--status', path('status'), `https://127.0.0.1:${port}/`]);
  expect([code, out.toString(), readFileSync(path('status'), 'utf8')]).toEqual([
    4,
    'error reason=token%20spent\n',
    '409\n',
  ]);
});

test('a download that is cut goes on by Range, and its checksum and signature hold', async () => {
  const ranges: (string | undefined)[] = [];
  const port = await serve((request, response) => {
    ranges.push(request.headers.range);
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from ? 206 : 200, {
      'content-length': image.length - from,
      ...(from ? { 'content-range': `bytes ${from}-${image.length - 1}/${image.length}` } : {}),
    });
    if (ranges.length < 3)
      response.write(image.subarray(from, from + 100_000), () => setTimeout(() => response.destroy(), 100));
    else response.end(image.subarray(from));
  });
  writeFileSync(path('signature'), authority.signImage(sha256));
  const checks = ['--sha256', sha256, '--verify', path('signature'), path('image.pub')];
  const { code, out } = await runTool('fetch', [
    '--tries',
    '3',
    '--timeout',
    '30',
    ...checks,
    `http://127.0.0.1:${port}/i`,
  ]);
  expect(code).toBe(0);
  expect(out.equals(image)).toBe(true);
  expect(ranges).toHaveLength(3);
  expect(ranges[1]).toMatch(/^bytes=\d+-$/);
});

test('a wrong checksum, a foreign signature and a body too large each have their exit code', async () => {
  const port = await serve((_request, response) => response.end(image));
  const get = (...words: string[]) => runTool('fetch', ['--timeout', '20', ...words, `http://127.0.0.1:${port}/i`]);
  expect((await get('--sha256', '0'.repeat(64))).code).toBe(5);
  expect((await get('--max', '1000')).code).toBe(6);
  writeFileSync(path('foreign'), other.signImage(sha256));
  expect((await get('--sha256', sha256, '--verify', path('foreign'), path('image.pub'))).code).toBe(7);
});

test.each([
  ['no HTTP at all', 'SSH-2.0-x\r\n\r\n'],
  ['a header without an end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(40_000)}`],
  ['a length below zero', 'HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nx'],
  ['a body shorter than its length', 'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nx'],
  ['a chunk that is no number', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nx'],
])('%s ends as a network failure', async (_what, answer) => {
  const { createServer: createRaw } = await import('node:net');
  const server = createRaw((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { code } = await runTool('fetch', ['--timeout', '20', '--max', '100000', `http://127.0.0.1:${port}/`]);
  server.close();
  expect(code).toBe(2);
});
