import { Agent, type Dispatcher, request } from 'undici';
import type { z } from 'zod';
import type { Connection } from './connection.ts';
import { kindOf, OutsideError } from './errors.ts';

/** Milliseconds and bytes that an exchange may take. */
export interface HttpLimits {
  readonly connect: number;
  readonly answer: number;
  readonly whole: number;
  readonly body: number;
}

const usual: HttpLimits = { connect: 5000, answer: 20_000, whole: 30_000, body: 16 * 1024 * 1024 };

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query below the origin. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is. */
  readonly text?: string;
  /** Sent as JSON, in place of `text`. */
  readonly json?: unknown;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** HTTP to one origin: no redirects, bounded answers, bounded time. Close it when the work is done. */
export interface Outside {
  readonly origin: string;
  /** Any answer below 300, whatever it says; throws OutsideError for the rest. */
  send(call: HttpRequest): Promise<HttpResponse>;
  /** Any answer at all, for a system that says why in words of its own; throws only where there is none. */
  exchange(call: HttpRequest): Promise<HttpResponse>;
  /** A text without the secrets of this connection, in any form that they are sent in. */
  hide(text: string): string;
  /** What `send` throws for an answer. */
  refusal(call: HttpRequest, answer: HttpResponse): OutsideError;
  close(): Promise<void>;
}

export function openOutside(connection: Connection, limits: Partial<HttpLimits> = {}): Outside {
  const bounds = { ...usual, ...limits };
  const agent = new Agent({
    headersTimeout: bounds.answer,
    bodyTimeout: bounds.answer,
    connect: {
      timeout: bounds.connect,
      minVersion: 'TLSv1.2',
      ...(connection.ca === undefined ? {} : { ca: connection.ca }),
    },
  });
  const secrets = formsOf(connection);
  const hide = (text: string) => secrets.reduce((said, secret) => said.replaceAll(secret, '[secret]'), text);
  const refusal = (call: HttpRequest, answer: HttpResponse) => {
    const said = movedTo(answer, connection.origin, hide) ?? describeAnswer(answer.text, hide);
    const kind = isLimit(answer) ? 'busy' : kindOf(answer.status);
    return new OutsideError(kind, `${name(call)} was answered ${answer.status}${said}`, {
      status: answer.status,
      retryAfter: retryAfter(answer.headers['retry-after']),
    });
  };
  return {
    origin: connection.origin,
    hide,
    exchange: (call) => exchange(agent, connection.origin, call, bounds),
    async send(call) {
      const answer = await exchange(agent, connection.origin, call, bounds);
      if (answer.status < 300) return answer;
      throw refusal(call, answer);
    },
    refusal,
    close: () => agent.destroy(),
  };
}

/** The secrets as they are, and as they stand in a header or an address; the longest first, since one may hold another. */
function formsOf({ username, password, token, key }: Connection): string[] {
  const plain = [token, password, key].filter((one) => one !== undefined);
  const basic = [password, token].flatMap((one) =>
    username === undefined || one === undefined ? [] : Buffer.from(`${username}:${one}`).toString('base64'),
  );
  const all = [
    ...plain,
    ...plain.map(encodeURIComponent),
    ...plain.map((one) => JSON.stringify(one).slice(1, -1)),
    ...basic,
  ];
  return [...new Set(all)].sort((one, other) => other.length - one.length);
}

/** GitHub says 403 to who asks too often, as to who may not ask; only the first is told when to come back. */
function isLimit({ headers, status }: HttpResponse): boolean {
  return status === 403 && (headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0');
}

/** Where a redirect points, for a person to set; without a query, which may hold a secret. */
function movedTo({ status, headers }: HttpResponse, origin: string, hide: (text: string) => string): string | null {
  const place = typeof headers['location'] === 'string' ? URL.parse(headers['location'], origin) : null;
  if (status >= 400 || place === null) return null;
  return `: it is now at ${place.origin}${hide(place.pathname).slice(0, maxSentence)}`;
}

/** Path only: queries may hold what people wrote. */
function name({ method, path }: HttpRequest): string {
  return `${method} ${path.split('?')[0]}`;
}

async function exchange(agent: Agent, origin: string, call: HttpRequest, bounds: HttpLimits): Promise<HttpResponse> {
  const body = call.json === undefined ? call.text : JSON.stringify(call.json);
  try {
    const response = await request(new URL(call.path, origin), {
      dispatcher: agent,
      method: call.method,
      headers: {
        accept: 'application/json',
        'user-agent': 'farrier',
        ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      signal: AbortSignal.timeout(bounds.whole),
      ...(body === undefined ? {} : { body }),
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      text: await readBounded(response, bounds.body, name(call)),
    };
  } catch (error) {
    throw error instanceof OutsideError ? error : explain(error, call, origin);
  }
}

async function readBounded(response: Dispatcher.ResponseData, largest: number, where: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largest) {
      response.body.destroy();
      throw new OutsideError('garbage', `${where}: the answer is larger than ${largest} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function explain(error: unknown, call: HttpRequest, origin: string): OutsideError {
  const { code = '', name: kind = '' } = error as { code?: string; name?: string };
  const slow = kind === 'TimeoutError' || /TIMEOUT/.test(code);
  const why = code === 'ECONNREFUSED' ? 'nothing listens there' : code || kind || 'no connection';
  return slow
    ? new OutsideError('timeout', `${name(call)}: ${origin} did not answer in time`)
    : new OutsideError('unreachable', `${name(call)}: ${origin} cannot be reached: ${why}`);
}

const maxSentence = 200;

/** What the other side said, as far as it is fit for a ticket or a history: short, one line, and no secret of ours. */
function describeAnswer(text: string, hide: (text: string) => string): string {
  let said = '';
  try {
    const parsed: unknown = JSON.parse(text);
    said = sentenceOf(parsed);
  } catch {
    // A page of HTML says nothing that helps.
  }
  said = hide(said)
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
  return said === '' ? '' : `: ${said.slice(0, maxSentence)}`;
}

function sentenceOf(body: unknown): string {
  if (typeof body === 'string') return body;
  if (Array.isArray(body)) return body.map(sentenceOf).join('; ');
  if (typeof body !== 'object' || body === null) return '';
  const { message, error, errors, errorMessages, detail, description } = body as Record<string, unknown>;
  const fields = typeof errors === 'object' && !Array.isArray(errors) ? Object.values(errors ?? {}) : errors;
  return [message, description, error, detail, errorMessages, fields]
    .map(sentenceOf)
    .filter((part) => part !== '')
    .join('; ');
}

/** Seconds of a Retry-After header; its other form, a date, is not worth a clock's difference. */
function retryAfter(header: string | string[] | undefined): number | null {
  const seconds = Number(header);
  return typeof header === 'string' && Number.isInteger(seconds) && seconds >= 0 ? Math.min(seconds, 3600) : null;
}

/** The answer's JSON in the shape that is expected of it; one in another shape is garbage. */
export async function requestJson<T>(outside: Outside, call: HttpRequest, shape: z.ZodType<T>): Promise<T> {
  const { text } = await outside.send(call);
  return checkAnswer(call, text, shape);
}

/** The same for an answer that is there already. */
export function checkAnswer<T>(call: HttpRequest, text: string, shape: z.ZodType<T>): T {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new OutsideError('garbage', `${name(call)}: the answer is not JSON`);
  }
  const checked = shape.safeParse(parsed);
  if (checked.success) return checked.data;
  const where = checked.error.issues[0]?.path.join('.') || 'it';
  throw new OutsideError('garbage', `${name(call)}: the answer is not what it should be (${where})`);
}
