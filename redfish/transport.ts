import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, request } from 'undici';
import { type Json, parse, readBounded } from './body.ts';
import { RedfishError } from './errors.ts';

export type { Json } from './body.ts';

/** Milliseconds, bytes and levels that an exchange may take. */
export interface TransportLimits {
  readonly connect: number;
  readonly answer: number;
  readonly whole: number;
  readonly body: number;
  readonly depth: number;
}

/**
 * Quirk 11: a dead controller must be noticed soon, a live one may hold a write for over a minute; one that drips its
 * answer is given up all the same. The largest resource of the recorded controllers is 1 MiB, the deepest 14 levels.
 */
const usual: TransportLimits = { connect: 10_000, answer: 90_000, whole: 120_000, body: 16 * 1024 * 1024, depth: 100 };

/** Controllers from before TLS 1.2 are to be updated, not to be trusted with a password. */
const oldestTls = 'TLSv1.2';

/** Bytes a millisecond below which an upload is given up; controllers take images at 1 to 10 MB/s. */
const slowestUpload = 128;

export interface RedfishResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed JSON body; null when there was none. */
  readonly body: Json | null;
}

/** A body that is too large to be held: sent as it comes, under a length that is given (quirk 9). */
export interface Upload {
  readonly type: string;
  readonly bytes: number;
  readonly open: () => AsyncIterable<Uint8Array>;
}

export interface RedfishRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path below the origin, as linked by the service. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** In place of `body`. */
  readonly upload?: Upload;
  readonly signal?: AbortSignal | undefined;
}

export interface Transport {
  readonly origin: string;
  /** SHA-256 of the certificate's public key, base64; null for plain HTTP or before the first contact. */
  readonly pin: () => string | null;
  send(call: RedfishRequest): Promise<RedfishResponse>;
  close(): Promise<void>;
}

/**
 * HTTP to one controller: one origin, no redirects, bounded bodies, a certificate that has to carry the pinned key.
 * `pin` null trusts the first certificate seen, and from then on only that one; the caller stores what it saw.
 */
export function openTransport(origin: string, pin: string | null, limits: Partial<TransportLimits> = {}): Transport {
  const url = checkOrigin(origin);
  const bounds = { ...usual, ...limits };
  const pinned = { key: pin, seen: null as string | null };
  const agentOf = (pipelining: 0 | 1) =>
    new Agent({
      pipelining,
      connections: 2,
      headersTimeout: bounds.answer,
      bodyTimeout: bounds.answer,
      keepAliveTimeout: 4000,
      connect: pinning(url.origin, pinned, bounds.connect),
    });
  // Quirk 7: some controllers reset a reused connection, which would make a sent command's fate unknown: each write
  // has a connection of its own. Reads share theirs, and are asked again on a fresh one.
  const [reads, writes] = [agentOf(1), agentOf(0)];
  return {
    origin: url.origin,
    pin: () => pinned.seen,
    send: async (call) => {
      if (call.method !== 'GET') return exchange(writes, url.origin, call, bounds);
      try {
        return await exchange(reads, url.origin, call, bounds);
      } catch (error) {
        if (!(error instanceof RedfishError) || error.kind !== 'cut-short') throw error;
        return exchange(writes, url.origin, call, bounds);
      }
    },
    close: async () => void (await Promise.all([reads.destroy(), writes.destroy()])),
  };
}

function checkOrigin(origin: string): URL {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  const plain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    `${url.username}${url.password}${url.search}${url.hash}` === '' &&
    url.pathname === '/';
  if (!plain) {
    throw new RedfishError(
      'refused-address',
      `${JSON.stringify(origin)} is not scheme, host and port of a controller`,
      { carriedOut: 'no' },
    );
  }
  return url;
}

/** Connects, and hands out no socket whose certificate carries another key than the pinned one. */
function pinning(origin: string, pinned: { key: string | null; seen: string | null }, timeoutMs: number) {
  const connect = buildConnector({
    timeout: timeoutMs,
    rejectUnauthorized: false,
    minVersion: oldestTls,
    // A resumed TLS session shows no certificate, so that its pin could not be checked.
    maxCachedSessions: 0,
  });
  return (options: buildConnector.Options, callback: buildConnector.Callback) =>
    connect(options, (error, socket) => {
      if (error || socket === null) return callback(error ?? new Error('no socket'), null);
      const key = socket instanceof TLSSocket ? publicKeyOf(socket) : null;
      if (pinned.key !== null && key !== pinned.key) {
        socket.destroy();
        const message = `${origin} shows another certificate than the pinned one; nothing was sent`;
        return callback(new RedfishError('pin-changed', message, { carriedOut: 'no', pointer: key }), null);
      }
      pinned.key = key;
      pinned.seen = key;
      callback(null, socket);
    });
}

function publicKeyOf(socket: TLSSocket): string | null {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  return key ? createHash('sha256').update(key).digest('base64') : null;
}

async function exchange(
  agent: Agent,
  origin: string,
  call: RedfishRequest,
  limits: TransportLimits,
): Promise<RedfishResponse> {
  const where = `${call.method} ${origin}${call.path}`;
  const { upload } = call;
  const late = AbortSignal.timeout(limits.whole + Math.ceil((upload?.bytes ?? 0) / slowestUpload));
  try {
    // No Accept-Encoding (quirk 8): undici sends none by default.
    const response: Dispatcher.ResponseData = await request(`${origin}${call.path}`, {
      dispatcher: agent,
      method: call.method,
      headers: {
        accept: 'application/json',
        'odata-version': '4.0',
        ...(call.body !== undefined && { 'content-type': 'application/json' }),
        ...(upload && { 'content-type': upload.type, 'content-length': String(upload.bytes) }),
        ...call.headers,
      },
      body: upload ? Readable.from(upload.open()) : call.body === undefined ? null : JSON.stringify(call.body),
      signal: call.signal ? AbortSignal.any([late, call.signal]) : late,
    });
    const text = await readBounded(response, limits.body, where);
    return {
      status: response.statusCode,
      headers: response.headers,
      body: parse(text, limits.depth, response.statusCode, where),
    };
  } catch (error) {
    // The caller's own cancellation is reported as such.
    if (call.signal?.aborted) throw error;
    throw late.aborted ? new RedfishError('timeout', `${where}: no whole answer in time`) : translate(error, where);
  }
}

/** Errors of a connection that never was: nothing can have reached the controller. */
const unsent = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'UND_ERR_CONNECT_TIMEOUT']);
const slow = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const broken = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

function translate(error: unknown, where: string): RedfishError {
  if (error instanceof RedfishError) return error;
  const { code = '', message = 'no answer' } = error as { code?: string; message?: string };
  const words = `${where}: ${code} ${message}`.replace(/\s+/g, ' ').trim();
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
    return new RedfishError('tls', `${words} (at least ${oldestTls} is asked for)`);
  }
  if (slow.has(code)) return new RedfishError('timeout', words);
  if (broken.has(code) || code.startsWith('HPE_')) return new RedfishError('cut-short', words);
  return new RedfishError('unreachable', words, { carriedOut: unsent.has(code) ? 'no' : 'maybe' });
}
