import { timingSafeEqual } from 'node:crypto';
import type { SimMachine } from '../machine.ts';
import type { BmcAccount } from '../state.ts';
import { changeRequired, mustChange } from './accounts.ts';
import { act, methodsOf } from './actions.ts';
import { BmcFaults, faulty } from './bmcfault.ts';
import { Controller } from './controller.ts';
import { documentAt } from './documents.ts';
import { checkMatch, tagOf } from './etag.ts';
import { expanded, expandFeatures, expandLevels } from './expand.ts';
import { type Document, simServiceRoot } from './links.ts';
import { odataDocument, schemaOf } from './metadata.ts';
import { inward, isMissing, renamed } from './paths.ts';
import type { Personality } from './personality.ts';
import { mayDo } from './privileges.ts';
import { empty, failure, notFound, type Reply, unknownProperty, wrongMethod } from './reply.ts';
import { forgetSubscriptions } from './subscriptions.ts';
import { EventSender } from './telling.ts';
import { takeUpload } from './update.ts';

export interface Request {
  readonly method: string;
  /** Path as asked for, without the query. */
  readonly path: string;
  /** The value of `$expand`, if it was given. */
  readonly expand?: string | null;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body, of an upload its beginning. */
  readonly body: string;
  /** Size of the whole body. */
  readonly bytes: number;
}

const sessions = '/SessionService/Sessions';

/** The Redfish service of one machine's controller. */
export class SimulatedBmc {
  readonly machine: SimMachine;
  readonly faults = new BmcFaults();
  readonly #controller: Controller;
  readonly #telling: EventSender;

  constructor(machine: SimMachine, account: BmcAccount, personality: Personality) {
    this.machine = machine;
    this.#controller = new Controller(machine, account, personality, this.faults);
    this.#controller.restarting = () => forgetSubscriptions(this.#controller);
    this.#telling = new EventSender(this.#controller);
    machine.onEffect = (entry) => this.#telling.tell(entry);
  }

  get personality(): Personality {
    return this.#controller.personality;
  }

  async answer(request: Request): Promise<Reply> {
    const fault = this.faults.take(request.method, request.path);
    const answer = async () => this.#shown(await this.#answer(request));
    return fault ? faulty(fault, this.personality.busy, (one) => this.faults.hold(one), answer) : answer();
  }

  /** Nothing that was begun has an effect any more. */
  close(): void {
    this.faults.clear();
    this.#controller.tasks.forget();
    this.#telling.close();
  }

  #shown({ headers = {}, body, ...rest }: Reply): Reply {
    return {
      ...rest,
      headers: renamed(headers, this.personality) as Record<string, string>,
      ...(body && { body: renamed(body, this.personality) as Record<string, unknown> }),
    };
  }

  async #answer(request: Request): Promise<Reply> {
    const { update, busy, missing } = this.personality;
    const path = request.path.replace(/\/+$/, '');
    if (![undefined, '4.0'].includes(request.headers['odata-version'] as string | undefined)) return wrongOdata;
    if (path === '/redfish') return { status: 200, body: { v1: '/redfish/v1/' } };
    if (!this.#controller.ready) return busy;
    const push = path === update.push;
    if (request.method === 'POST' && (push || path === update.multipart)) {
      return this.#signedIn(request, '/UpdateService', () =>
        takeUpload(this.#controller, request, push && !isMultipart(request) ? 'push' : 'multipart'),
      );
    }
    const below = path.startsWith(simServiceRoot)
      ? inward(path.slice(simServiceRoot.length), this.personality)
      : undefined;
    if (below === undefined || isMissing(below, missing)) return notFound(request.path);
    if (below === '' && request.method === 'GET') return this.#read(below, request);
    const odata = request.method === 'GET' && odataDocument(below, (link) => this.#document(link));
    if (odata) return odata;
    if (below === sessions && request.method === 'POST') return this.#open(request);
    return this.#signedIn(request, below, () => this.#serve(below, request));
  }

  async #signedIn(request: Request, below: string, work: () => Reply | Promise<Reply>): Promise<Reply> {
    const user = this.#userOf(request);
    if (typeof user !== 'string') return this.personality.challenge ? user : { ...user, headers: {} };
    const own = below.startsWith('/AccountService/Accounts/') || below.startsWith(sessions);
    if (mustChange(this.#controller) && !own) return changeRequired(this.#controller, user);
    const body = request.method === 'PATCH' ? (readBody(request.body) ?? {}) : {};
    return mayDo(this.#controller, user, { method: request.method, path: below, body }) ? work() : forbidden;
  }

  #serve(below: string, request: Request): Reply | Promise<Reply> {
    const { method, path } = request;
    if (method === 'GET' || method === 'HEAD') {
      const monitor = /^\/TaskService\/TaskMonitors\/([\w-]+)$/.exec(below)?.[1];
      return monitor ? (this.#controller.tasks.monitor(monitor) ?? notFound(path)) : this.#read(below, request);
    }
    const closing = /^\/SessionService\/Sessions\/([\w-]+)$/.exec(below)?.[1];
    if (closing && method === 'DELETE') return this.#controller.sessions.close(closing) ? empty : notFound(path);
    return this.#change(below, request);
  }

  #read(below: string, { path, expand }: Request): Reply {
    const plain = this.#document(below);
    if (!plain) return notFound(path);
    // A controller that doesn't offer it ignores the query, as many do.
    const offered = this.personality.expand;
    const levels = expand && offered ? expandLevels(expand, offered, this.personality.expandAll !== false) : 0;
    if (levels === null)
      return failure(
        400,
        'QueryParameterValueFormatError',
        `The value ${expand} for the parameter $expand is not supported.`,
      );
    const body = levels === 0 ? plain : expanded(plain, levels, (link) => this.#document(link));
    const tag = tagOf(body, this.personality.etag.style);
    const schema = schemaOf(plain);
    return {
      status: 200,
      headers: {
        'cache-control': 'no-cache',
        ...(this.personality.allow && { allow: methodsOf(below, this.#controller).join(', ') }),
        ...(schema !== null && { link: `<${schema}>; rel=describedby` }),
        ...(tag && { etag: tag.header }),
      },
      body: tag?.body ? { ...body, '@odata.etag': tag.body } : body,
    };
  }

  /** The document at a path below the root, as this controller has it; undefined where it has none. */
  #document(path: string): Document | undefined {
    const below = inward(path, this.personality) ?? path;
    const document = isMissing(below, this.personality.missing) ? undefined : documentAt(below, this.#controller);
    const { expand } = this.personality;
    return document && below === '' && expand
      ? { ...document, ProtocolFeaturesSupported: expandFeatures(expand, this.personality.expandAll !== false) }
      : document;
  }

  async #change(below: string, { method, body: text, headers }: Request): Promise<Reply> {
    const { etag } = this.personality;
    const body = readBody(text);
    if (!body)
      return failure(400, 'MalformedJSON', 'The request body submitted was malformed JSON and could not be parsed.');
    if (method === 'PATCH') {
      const document = documentAt(below, this.#controller);
      if (!document) return notFound(simServiceRoot + below);
      if (!methodsOf(below, this.#controller).includes('PATCH')) return wrongMethod;
      const match = headers['if-match'] ?? (etag.inBody ? body['@odata.etag'] : undefined);
      const given = match === undefined ? undefined : String(match);
      const refused = checkMatch(given, below, tagOf(document, etag.style), etag);
      if (refused) return refused;
      const strange = Object.keys(body).find((name) => !name.startsWith('@') && !(name in document));
      if (strange) return unknownProperty(strange);
    }
    return act({ controller: this.#controller, method, path: below, body, text });
  }

  #open(request: Request): Reply {
    const { UserName, Password } = readBody(request.body) ?? {};
    const { sessions: open, machine } = this.#controller;
    if (this.personality.missing.includes(`POST ${sessions}`)) return wrongMethod;
    const user = this.#knows(UserName, Password);
    if (typeof user !== 'string') return user;
    if (open.live().length >= this.personality.sessionCap) {
      machine.note('session-refused', { reason: 'full' });
      return this.personality.sessionsFull;
    }
    const { id, token } = open.open(user);
    machine.note('session-opened');
    const path = `${simServiceRoot}${sessions}/${id}`;
    const { body } = mustChange(this.#controller) ? changeRequired(this.#controller, user) : {};
    return {
      status: 201,
      headers: { 'x-auth-token': token, location: path },
      body: {
        '@odata.id': path,
        '@odata.type': '#Session.v1_7_0.Session',
        Id: id,
        Name: 'Session',
        UserName: user,
        ...(body && { '@Message.ExtendedInfo': (body.error as Record<string, unknown>)['@Message.ExtendedInfo'] }),
      },
    };
  }

  /** The signed-in user's name, or the refusal. */
  #userOf({ headers }: Request): string | Reply {
    const token = headers['x-auth-token'];
    if (typeof token === 'string') return this.#controller.sessions.use(token)?.username ?? noSession;
    const [scheme, value = ''] = String(headers.authorization ?? '').split(' ');
    if (scheme !== 'Basic') return noSession;
    const [username, ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
    return this.#knows(username, password.join(':'));
  }

  #knows(username: unknown, password: unknown): string | Reply {
    const { guard, machine, accounts } = this.#controller;
    const name = String(username);
    if (guard.locked(name)) {
      machine.note('session-refused', { reason: 'locked' });
      return wrongCredentials;
    }
    const found = Object.values(accounts).find(
      (account) =>
        account.enabled !== false && same(name, account.username) && same(String(password), account.password),
    );
    if (found) {
      guard.passed(name);
      return found.username;
    }
    machine.note('session-refused', { reason: 'credentials' });
    if (guard.failed(name, this.personality.lockout, machine.world.speed)) machine.note('locked-out');
    return wrongCredentials;
  }
}

const wrongOdata = failure(412, 'HeaderInvalid', 'The header OData-Version has an invalid value; 4.0 is spoken here.');
const noSession = {
  ...failure(401, 'NoValidSession', 'There is no valid session established with the implementation.'),
  headers: { 'www-authenticate': 'Basic realm="Redfish"' },
};
const forbidden = failure(
  403,
  'InsufficientPrivilege',
  'There are insufficient privileges for the account or credentials associated with the current session to perform the requested operation.',
);
const wrongCredentials = failure(401, 'InsufficientPrivilege', 'The user name or the password is wrong.');

function isMultipart({ headers }: Request): boolean {
  return String(headers['content-type'] ?? '').startsWith('multipart/form-data');
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
