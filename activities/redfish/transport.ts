import { createHash, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, request } from 'undici';
import { RedfishError } from './errors.ts';

/** Quirk 11: a dead controller must be noticed soon, a live one may hold a write for over a minute. */
const connectLimit = 10_000;
const answerLimit = 90_000;
const largestBody = 16 * 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed JSON body; null when there was none. */
  readonly body: Json | null;
}

export type Json = { readonly [key: string]: unknown };

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path below the origin, as linked by the service. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Transport {
  /** SHA-256 of the certificate's public key, base64; null for plain HTTP or before the first contact. */
  readonly pin: () => string | null;
  send(call: Call): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * HTTP to one controller: one origin, no redirects, bounded bodies, a certificate that has to carry the pinned key.
 * `pin` null trusts the first certificate seen; the caller stores what it saw.
 */
export function openTransport(origin: string, pin: string | null): Transport {
  const url = checkOrigin(origin);
  let seen: string | null = null;
  // A resumed TLS session shows no certificate, so that its pin could not be checked.
  const connect = buildConnector({ timeout: connectLimit, rejectUnauthorized: false, maxCachedSessions: 0 });
  const agent = new Agent({
    // Quirk 7: some controllers reset a reused connection, which would make a sent command's fate unknown.
    pipelining: 0,
    connections: 2,
    headersTimeout: answerLimit,
    bodyTimeout: answerLimit,
    connect: (options, callback) => {
      connect(options, (error, socket) => {
        if (error || socket === null) return callback(error ?? new Error('no socket'), null);
        const key = 'getPeerX509Certificate' in socket ? publicKeyOf(socket as TLSSocket) : null;
        if (pin !== null && key !== pin) {
          socket.destroy();
          return callback(
            new RedfishError(
              'pin-changed',
              `${origin} shows another certificate than the pinned one; nothing was sent`,
            ),
            null,
          );
        }
        seen = key;
        callback(null, socket);
      });
    },
  });
  return {
    pin: () => seen,
    send: (call) => exchange(agent, url.origin, call),
    close: () => agent.close(),
  };
}

function checkOrigin(origin: string): URL {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  const plain =
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.pathname === '/' && url.search === '';
  if (!plain)
    throw new RedfishError('refused-address', `${JSON.stringify(origin)} is not scheme, host and port of a controller`);
  return url;
}

function publicKeyOf(socket: TLSSocket): string | null {
  const certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
  if (!certificate) return null;
  return createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}

async function exchange(agent: Agent, origin: string, call: Call): Promise<Answer> {
  const where = `${call.method} ${origin}${call.path}`;
  let response: Dispatcher.ResponseData;
  try {
    response = await request(`${origin}${call.path}`, {
      dispatcher: agent,
      method: call.method,
      headers: {
        accept: 'application/json',
        'odata-version': '4.0',
        ...(call.body !== undefined && { 'content-type': 'application/json' }),
        ...call.headers,
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
    });
  } catch (error) {
    throw translate(error, where);
  }
  const text = await readBounded(response, where);
  return { status: response.statusCode, headers: response.headers, body: parse(text, response.statusCode, where) };
}

async function readBounded(response: Dispatcher.ResponseData, where: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > largestBody)
        throw new RedfishError(
          'too-large',
          `${where}: the answer is larger than ${largestBody} bytes`,
          response.statusCode,
        );
      chunks.push(chunk);
    }
  } catch (error) {
    response.body.destroy();
    throw translate(error, where);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string, status: number, where: string): Json | null {
  if (text.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // Quirk 12: errors may come as HTML; their status says enough.
  }
  if (status >= 400) return null;
  throw new RedfishError('not-json', `${where}: the answer is not a JSON object`, status);
}

function translate(error: unknown, where: string): RedfishError {
  if (error instanceof RedfishError) return error;
  const { code, message } = error as { code?: string; message?: string };
  const late = code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
  return new RedfishError(late ? 'timeout' : 'unreachable', `${where}: ${code ?? ''} ${message ?? 'no answer'}`.trim());
}
