/**
 * The virtual server's BMC: Redfish over HTTPS on the host's loopback. It acts through QEMU's monitor, a Unix
 * socket, so it needs no access to the machines' network, as a real BMC sits on another network than its server.
 */
import { createServer as createPlain, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Trouble } from '../../host/trouble.ts';
import { patchVmSystem, resetSystem } from './actions.ts';
import type { Certificate } from './certificate.ts';
import type { VmJournal } from './journal.ts';
import type { VirtualMachine } from './machine.ts';
import { names, refuseWith, type VmReply, vmTagOf } from './reply.ts';
import { type BasicCredentials, basicCredentials, type VmSession, VmSessions } from './sessions.ts';
import { type BmcFacts, collectionAt, paths, type VmDocument, vmDocument, vmServiceRoot } from './tree.ts';

export interface BmcOptions {
  readonly machine: VirtualMachine;
  readonly facts: BmcFacts;
  readonly credentials: BasicCredentials;
  readonly journal: VmJournal;
  /** Null: plain HTTP. */
  readonly certificate: Certificate | null;
  /** 0: any free one. */
  readonly port: number;
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

// The largest body anyone has reason to send is a few hundred bytes.
const bodyLimit = 16 * 1024;
const loginWanted = { 'www-authenticate': 'Basic realm="Virtual BMC"' };
const malformed = refuseWith(400, 'MalformedJSON', 'The body is not a JSON object.');
const absent = refuseWith(404, 'ResourceNotFound', 'There is no such resource.');

class TooLarge extends Error {}

async function readBody(incoming: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > bodyLimit) throw new TooLarge();
    parts.push(part);
  }
  return size === 0 ? undefined : JSON.parse(Buffer.concat(parts).toString('utf8'));
}

export class VirtualBmc {
  readonly #options: BmcOptions;
  readonly #sessions: VmSessions;
  readonly #server: Server;

  constructor(options: BmcOptions) {
    this.#options = options;
    this.#sessions = new VmSessions(options.credentials);
    const { certificate } = options;
    const serve = (incoming: IncomingMessage, outgoing: ServerResponse) => void this.#serve(incoming, outgoing);
    this.#server = certificate === null ? createPlain(serve) : createSecure({ ...certificate }, serve);
    this.#server.requestTimeout = 30_000;
  }

  /** Begins to serve on loopback; throws Trouble when the port is taken. */
  async listen(): Promise<number> {
    const { port, machine } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const taken = `Port ${port}, where the BMC of ${machine.spec.id} has its address, is taken by another process.`;
        reject(error.code === 'EADDRINUSE' ? new Trouble(taken) : error);
      });
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const reply = await this.#read(incoming).catch((error: unknown) =>
      refuseWith(500, 'InternalError', error instanceof Error ? error.message : 'The BMC failed.'),
    );
    const body = reply.body === undefined ? '' : JSON.stringify(reply.body);
    outgoing.writeHead(reply.status, {
      'odata-version': '4.0',
      'cache-control': 'no-store',
      ...(body === ''
        ? {}
        : { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) }),
      ...reply.headers,
    });
    outgoing.end(incoming.method === 'HEAD' ? '' : body);
  }

  async #read(incoming: IncomingMessage): Promise<VmReply> {
    const path = (incoming.url ?? '/').replace(/[?#].*$/, '').replace(/\/+$/, '');
    try {
      const body = await readBody(incoming);
      return await this.#answer({ method: incoming.method ?? 'GET', path, headers: incoming.headers, body });
    } catch (error) {
      if (error instanceof TooLarge) return refuseWith(413, 'GeneralError', `A body holds ${bodyLimit} bytes at most.`);
      if (error instanceof SyntaxError) return malformed;
      throw error;
    }
  }

  async #answer(request: Request): Promise<VmReply> {
    const reading = request.method === 'GET' || request.method === 'HEAD';
    const open = reading && (request.path === vmServiceRoot || request.path === '/redfish');
    if (request.path === paths.sessions && request.method === 'POST') return this.#logIn(request.body);
    if (!open && !this.#authorised(request)) {
      return refuseWith(401, 'NoValidSession', 'There is no valid session or login.', loginWanted);
    }
    if (request.path === paths.sessions || request.path.startsWith(`${paths.sessions}/`)) return this.#session(request);
    if (request.path === paths.reset) return this.#reset(request);
    const document = this.#document(request.path);
    if (document === null) return absent;
    if (reading) return readReply(request, document);
    if (request.path === paths.system && request.method === 'PATCH') return this.#patch(request, document);
    const allowed = request.path === paths.system ? 'GET, HEAD, PATCH' : 'GET, HEAD';
    return refuseWith(405, 'OperationNotAllowed', `This resource allows ${allowed}.`, { allow: allowed });
  }

  #document(path: string): VmDocument | null {
    const { machine, facts } = this.#options;
    const { power, override, lastReset, linkUp, spec } = machine;
    return vmDocument(path, facts, { power, override, lastReset, linkUp, disks: spec.disks });
  }

  #reset(request: Request): Promise<VmReply> | VmReply {
    if (request.method === 'POST') return resetSystem(this.#options.machine, request.body);
    return refuseWith(405, 'OperationNotAllowed', 'An action allows POST.', { allow: 'POST' });
  }

  #patch(request: Request, document: VmDocument): Promise<VmReply> | VmReply {
    const expected = request.headers['if-match'];
    if (expected !== undefined && !names(expected, vmTagOf(document))) {
      return refuseWith(412, 'PreconditionFailed', 'The resource has changed since its ETag was read.');
    }
    return patchVmSystem(this.#options.machine, request.body);
  }

  #authorised({ headers }: Request): boolean {
    const token = headers['x-auth-token'];
    if (typeof token === 'string') return this.#sessions.byToken(token) !== null;
    const given = basicCredentials(headers.authorization);
    return given !== null && this.#checked(given);
  }

  #checked(given: BasicCredentials): boolean {
    if (this.#sessions.accepts(given)) return true;
    const { machine, journal } = this.#options;
    journal.write(machine.spec.id, { kind: 'login-refused', cause: 'bmc' });
    return false;
  }

  #logIn(body: unknown): VmReply {
    const { UserName, Password } = (body ?? {}) as Record<string, unknown>;
    if (typeof UserName !== 'string' || typeof Password !== 'string') {
      return refuseWith(400, 'PropertyMissing', 'A session needs UserName and Password.');
    }
    if (!this.#checked({ username: UserName, password: Password })) {
      return refuseWith(401, 'ResourceAtUriUnauthorized', 'The user name or the password is wrong.', loginWanted);
    }
    const session = this.#sessions.open(UserName);
    if (session === null)
      return refuseWith(503, 'SessionLimitExceeded', 'No more sessions fit.', { 'retry-after': '30' });
    const location = `${paths.sessions}/${session.id}`;
    return { status: 201, headers: { location, 'x-auth-token': session.token }, body: sessionDocument(session) };
  }

  #session({ method, path }: Request): VmReply {
    const id = path.slice(paths.sessions.length + 1);
    if (id === '') {
      if (method !== 'GET')
        return refuseWith(405, 'OperationNotAllowed', 'Sessions allow GET and POST.', { allow: 'GET, POST' });
      return {
        status: 200,
        body: collectionAt(
          paths.sessions,
          'Session',
          this.#sessions.ids().map((each) => `${paths.sessions}/${each}`),
        ),
      };
    }
    const session = this.#sessions.byId(id);
    if (session === null) return absent;
    if (method === 'GET') return { status: 200, body: sessionDocument(session) };
    if (method !== 'DELETE')
      return refuseWith(405, 'OperationNotAllowed', 'A session allows GET and DELETE.', { allow: 'GET, DELETE' });
    this.#sessions.close(id);
    return { status: 204 };
  }
}

function readReply({ headers }: Request, document: VmDocument): VmReply {
  const etag = vmTagOf(document);
  const known = headers['if-none-match'];
  if (known !== undefined && names(known, etag)) return { status: 304, headers: { etag } };
  return { status: 200, headers: { etag }, body: { ...document, '@odata.etag': etag } };
}

function sessionDocument({ id, username }: VmSession): VmDocument {
  const path = `${paths.sessions}/${id}`;
  return { '@odata.id': path, '@odata.type': '#Session.v1_6_0.Session', Id: id, Name: 'Session', UserName: username };
}
