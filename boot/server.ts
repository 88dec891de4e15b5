import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type BlockList, isIP } from 'node:net';
import type { Logger } from 'pino';
import type { Birther } from './birther.ts';
import type { BootCounts } from './counts.ts';
import type { FileServer } from './files.ts';
import { createSourceLimit } from './guards.ts';
import type { BootMetrics } from './metrics.ts';
import { renderDiscover, type Surroundings } from './render.ts';
import { readBootRequest } from './request.ts';
import { sourceOf } from './source.ts';

export interface BootServerParts {
  readonly birther: Birther;
  readonly counts: BootCounts;
  readonly files: FileServer;
  readonly metrics: BootMetrics;
  readonly surroundings: Surroundings;
  readonly proxies: BlockList;
  /** Boot requests a second that one source may keep up; a rack behind one relay asks a few dozen. */
  readonly rate: number;
  readonly log: Logger;
}

type Route = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void;

/** The birther's HTTP server: `/boot.ipxe`, `/files/…`, `/healthz`, `/metrics`. Not listening yet. */
export function createBootServer(parts: BootServerParts): Server {
  const limit = createSourceLimit(parts.rate, () => performance.now());
  const routes: Readonly<Record<string, Route>> = {
    '/boot.ipxe': (request, response, url) => answerBoot(parts, limit, request, response, url),
    '/healthz': (_, response) => reply(response, 200, parts.birther.outage ? 'degraded: the MDB is away\n' : 'ok\n'),
    '/metrics': async (_, response) => reply(response, 200, await parts.metrics.text()),
  };
  const server = createServer({ maxHeaderSize: 8192, connectionsCheckingInterval: 2000 }, (request, response) => {
    void handle(parts, routes, request, response);
  });
  // A boot request is one small packet: whoever takes longer to send it is not booting (attack A19).
  server.headersTimeout = 10_000;
  server.requestTimeout = 15_000;
  server.keepAliveTimeout = 5000;
  // Downloads may be slow, but not silent.
  server.setTimeout(60_000);
  server.maxConnections = 20_000;
  return server;
}

async function handle(
  parts: BootServerParts,
  routes: Readonly<Record<string, Route>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (request.method !== 'GET' && request.method !== 'HEAD') return void reply(response, 405, 'GET or HEAD\n');
    const target = originForm(request.url ?? '/');
    // Before URL parsing, which would quietly resolve `..` and `\` away.
    const path = target.split(/[?#]/, 1)[0] ?? '';
    if (path.startsWith('/files/')) {
      parts.metrics.served(await parts.files.serve(request, response, path.slice('/files/'.length)));
      return;
    }
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (!route) return reply(response, 404, 'no such page\n');
    await route(request, response, new URL(target, 'http://birther'));
  } catch (error) {
    // Mostly a machine that was switched off in the middle of a download.
    parts.log.debug({ error: String(error) }, 'request failed');
    if (response.headersSent) response.destroy();
    else reply(response, 500, 'failed\n');
  }
}

/**
 * The target as a path with its query: some loaders send the whole URL, as to a proxy (RFC 9112, section 3.2.2), or join
 * folder and file by two slashes. Nothing else of it is resolved here.
 */
function originForm(target: string): string {
  const [, path = '', rest = ''] = /^(?:https?:\/\/[^/?#]*)?([^?#]*)(.*)$/is.exec(target) ?? [];
  return `/${path}`.replace(/\/{2,}/g, '/') + rest;
}

async function answerBoot(
  parts: BootServerParts,
  limit: ReturnType<typeof createSourceLimit>,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const source = sourceOf(request, parts.proxies);
  const admission = limit(source);
  if (admission !== 'yes') return refuseRate(parts, response, admission);
  if (!url.searchParams.has('mac')) return reply(response, 200, renderDiscover(parts.surroundings));
  const began = performance.now();
  const answer = await parts.birther.answer(readBootRequest(url.searchParams), isIP(source) === 4 ? source : null);
  const key = parts.counts.request(answer.countAs, answer.state, answer.answer);
  response.once('finish', () => parts.counts.answered(key));
  reply(response, 200, answer.script);
  parts.metrics.answered(answer.state, answer.answer, (performance.now() - began) / 1000);
}

function refuseRate(parts: BootServerParts, response: ServerResponse, admission: 'slow' | 'no'): void {
  parts.metrics.limited(admission);
  response.setHeader('retry-after', '5');
  if (admission === 'slow') reply(response, 200, parts.birther.busy());
  else reply(response, 429, 'too many requests\n');
}

function reply(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) }).end(body);
}
