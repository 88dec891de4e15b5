import { RedfishError } from './errors.ts';
import type { Answer, Json, Transport } from './transport.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A signed-in conversation with one controller. Use it inside `withSession`, which always deletes it. */
export interface Session {
  get(path: string): Promise<Json>;
  /** Sends one write and never repeats it; any answer of 400 and more throws. */
  write(method: 'POST' | 'PATCH', path: string, body: unknown): Promise<Answer>;
}

const root = '/redfish/v1/';

/**
 * Signs in, works, signs out. One attempt: wrong credentials are told as such at once, because controllers lock
 * accounts after as few as three (quirk 6). A service without sessions is spoken to with Basic.
 */
export async function withSession<T>(
  transport: Transport,
  credentials: Credentials,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const service = take(await transport.send({ method: 'GET', path: root }), root);
  const sessions = sessionsPath(service);
  const opened = await transport.send({
    method: 'POST',
    path: sessions,
    body: { UserName: credentials.username, Password: credentials.password },
  });
  const token = opened.headers['x-auth-token'];
  // Quirk 2: old services refuse the POST; quirk 1: a full session table answers 503, where one Basic call still goes.
  const basic = opened.status === 404 || opened.status === 405 || opened.status === 503;
  if (!basic && (opened.status >= 300 || typeof token !== 'string')) throw failure(opened, sessions);
  const auth: Record<string, string> =
    typeof token === 'string'
      ? { 'x-auth-token': token }
      : { authorization: `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}` };
  try {
    return await work(sessionOver(transport, auth));
  } finally {
    if (typeof token === 'string') await signOut(transport, auth, opened, sessions);
  }
}

function sessionOver(transport: Transport, auth: Record<string, string>): Session {
  return {
    get: async (path) => take(await transport.send({ method: 'GET', path: ownPath(path), headers: auth }), path),
    write: async (method, path, body) => {
      const answer = await transport.send({ method, path: ownPath(path), headers: auth, body });
      if (answer.status >= 400) throw failure(answer, path);
      return answer;
    },
  };
}

async function signOut(
  transport: Transport,
  auth: Record<string, string>,
  opened: Answer,
  sessions: string,
): Promise<void> {
  const location = opened.headers.location;
  const id =
    opened.body?.['@odata.id'] ??
    (typeof location === 'string' ? new URL(location, 'http://controller').pathname : undefined);
  const path = typeof id === 'string' ? id : `${sessions}/${String(opened.body?.Id ?? '')}`;
  try {
    await transport.send({ method: 'DELETE', path: ownPath(path), headers: auth });
  } catch {
    // The work's own outcome matters more; a session that could not be deleted times out by itself.
  }
}

function sessionsPath(service: Json): string {
  const links = service.Links as Json | undefined;
  const linked = (links?.Sessions as Json | undefined)?.['@odata.id'];
  return typeof linked === 'string' ? ownPath(linked) : '/redfish/v1/SessionService/Sessions';
}

/** Links are followed verbatim, and only below the Redfish root of the same origin (attack A21). */
export function ownPath(path: string): string {
  if (!path.startsWith('/redfish/') || path.includes('..') || path.includes('\\')) {
    throw new RedfishError(
      'foreign-link',
      `the controller links to ${JSON.stringify(path.slice(0, 200))}, which is not below /redfish/`,
    );
  }
  return path;
}

function take(answer: Answer, path: string): Json {
  if (answer.status >= 300) throw failure(answer, path);
  if (answer.body === null) throw new RedfishError('not-json', `${path}: the answer is empty`, answer.status);
  return answer.body;
}

function failure(answer: Answer, path: string): RedfishError {
  const { status } = answer;
  const text = `${path}: status ${status}${vendorMessage(answer.body)}`;
  if (status === 401 || status === 403) return new RedfishError('credentials', text, status);
  if (status === 404) return new RedfishError('missing', text, status);
  if (status === 429 || status === 503) return new RedfishError('busy', text, status);
  if (status >= 500) return new RedfishError('busy', text, status);
  return new RedfishError('rejected', text, status);
}

function vendorMessage(body: Json | null): string {
  const error = body?.error as Json | undefined;
  const info = error?.['@Message.ExtendedInfo'];
  const first = Array.isArray(info) ? (info[0] as Json | undefined) : undefined;
  const message = first?.Message ?? error?.message;
  const id = first?.MessageId ?? error?.code;
  if (typeof message !== 'string') return '';
  return ` (${typeof id === 'string' ? `${id}: ` : ''}${message.replace(/\p{C}/gu, ' ').slice(0, 300)})`;
}
