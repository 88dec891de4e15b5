import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Machine } from '../machine.ts';
import { act } from './actions.ts';
import { documentAt } from './documents.ts';
import type { Personality } from './personality.ts';
import { empty, failure, notFound, type Reply } from './reply.ts';

export interface Request {
  readonly method: string;
  /** Path as asked for, without the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Account {
  readonly username: string;
  readonly password: string;
}

interface Open {
  readonly id: string;
  readonly token: string;
  lastUse: number;
}

/** A Redfish controller of one machine. Costs next to nothing until somebody logs in. */
export class Bmc {
  readonly machine: Machine;
  readonly #account: Account;
  readonly #personality: Personality;
  #sessions: Open[] = [];

  constructor(machine: Machine, account: Account, personality: Personality) {
    this.machine = machine;
    this.#account = account;
    this.#personality = personality;
  }

  async answer(request: Request): Promise<Reply> {
    const path = request.path.replace(/\/+$/, '');
    if (path === '/redfish') return { status: 200, body: { v1: '/redfish/v1/' } };
    if (!path.startsWith('/redfish/v1')) return notFound(request.path);
    const below = path.slice('/redfish/v1'.length);
    if (below === '' && request.method === 'GET') return this.#read(below, request.path);
    if (below === '/SessionService/Sessions' && request.method === 'POST') return this.#open(request);
    if (!this.#authorised(request)) {
      return failure(401, 'NoValidSession', 'There is no valid session established with the implementation.');
    }
    if (request.method === 'GET' || request.method === 'HEAD') return this.#read(below, request.path);
    const closing = /^\/SessionService\/Sessions\/([\w-]+)$/.exec(below)?.[1];
    if (closing && request.method === 'DELETE') return this.#close(closing, request.path);
    return this.#change(below, request);
  }

  #read(below: string, path: string): Reply {
    const ids = this.#live().map(({ id }) => id);
    const body = documentAt(below, this.machine, this.#personality, ids);
    return body ? { status: 200, body } : notFound(path);
  }

  async #change(below: string, request: Request): Promise<Reply> {
    const body = readBody(request.body);
    if (!body)
      return failure(400, 'MalformedJSON', 'The request body submitted was malformed JSON and could not be parsed.');
    return act({ machine: this.machine, personality: this.#personality, method: request.method, path: below, body });
  }

  #live(): Open[] {
    const oldest = Date.now() - this.#personality.sessionSeconds * 1000;
    this.#sessions = this.#sessions.filter(({ lastUse }) => lastUse >= oldest);
    return this.#sessions;
  }

  #open(request: Request): Reply {
    const { UserName, Password } = readBody(request.body) ?? {};
    if (!this.#knows(UserName, Password))
      return failure(401, 'InsufficientPrivilege', 'The user name or the password is wrong.');
    if (this.#live().length >= this.#personality.sessionCap) {
      return failure(
        503,
        'SessionLimitExceeded',
        'The session establishment failed due to the number of simultaneous sessions exceeding the limit of the implementation.',
      );
    }
    const id = randomBytes(8).toString('hex');
    const token = randomBytes(16).toString('hex');
    this.#sessions.push({ id, token, lastUse: Date.now() });
    const path = `/redfish/v1/SessionService/Sessions/${id}`;
    return {
      status: 201,
      headers: { 'x-auth-token': token, location: path },
      body: {
        '@odata.id': path,
        '@odata.type': '#Session.v1_7_0.Session',
        Id: id,
        Name: 'Session',
        UserName: this.#account.username,
      },
    };
  }

  #close(id: string, path: string): Reply {
    const left = this.#sessions.filter((session) => session.id !== id);
    if (left.length === this.#sessions.length) return notFound(path);
    this.#sessions = left;
    return empty;
  }

  #authorised({ headers }: Request): boolean {
    const token = headers['x-auth-token'];
    if (typeof token === 'string') {
      const session = this.#live().find((open) => open.token === token);
      if (session) session.lastUse = Date.now();
      return session !== undefined;
    }
    const [scheme, value = ''] = String(headers.authorization ?? '').split(' ');
    if (scheme !== 'Basic') return false;
    const [username, ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
    return this.#knows(username, password.join(':'));
  }

  #knows(username: unknown, password: unknown): boolean {
    return same(String(username), this.#account.username) && same(String(password), this.#account.password);
  }
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A JSON object; undefined for anything else. An absent body is an empty object. */
function readBody(text: string): Record<string, unknown> | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
