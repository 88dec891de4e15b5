import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, text as it is. */
  readonly body?: unknown;
}

/** What is said once to a request; a function does with the connection what it likes. */
export type Play = Answer | ((request: IncomingMessage, response: ServerResponse) => void);

export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A controller that says what the test tells it to, and keeps all that was asked. */
export interface Hostile {
  readonly origin: string;
  readonly seen: HostileRequest[];
  readonly resources: Map<string, unknown>;
  readonly sessions: Set<string>;
  /** Answers the next requests of this kind (`GET /redfish/v1/`), one each, before anything else is looked at. */
  play(request: string, ...plays: Play[]): void;
  /** Answers all requests of this kind. */
  always(request: string, play: Play): void;
  count(request: string): number;
  close(): Promise<void>;
}

export const password = 'open sesame';
export const sessionsPath = '/redfish/v1/SessionService/Sessions';
export const systemPath = '/redfish/v1/Systems/1';

function resources(): Map<string, unknown> {
  return new Map<string, unknown>([
    [
      '/redfish/v1/',
      { Systems: { '@odata.id': '/redfish/v1/Systems' }, Links: { Sessions: { '@odata.id': sessionsPath } } },
    ],
    ['/redfish/v1/Systems', { Members: [{ '@odata.id': systemPath }] }],
    [
      systemPath,
      {
        '@odata.id': systemPath,
        UUID: '4c4c4544-0042-3510-8052-b4c04f4d3333',
        SerialNumber: 'B5R3M33',
        PowerState: 'Off',
        Boot: {},
        Actions: {
          '#ComputerSystem.Reset': {
            target: `${systemPath}/Actions/ComputerSystem.Reset`,
            'ResetType@Redfish.AllowableValues': ['On', 'ForceRestart'],
          },
        },
      },
    ],
  ]);
}

export async function openHostile(tls: ServerOptions | null = null): Promise<Hostile> {
  const seen: HostileRequest[] = [];
  const known = resources();
  const sessions = new Set<string>();
  const plays = new Map<string, Play[]>();
  const status = new Map<string, Play>();
  let issued = 0;

  const signIn = (body: string): Play => {
    const { Password } = JSON.parse(body) as { Password?: string };
    if (Password !== password) return told(401, 'Base.1.18.NoValidSession');
    issued += 1;
    sessions.add(`t${issued}`);
    return {
      status: 201,
      headers: { 'x-auth-token': `t${issued}`, location: `${sessionsPath}/t${issued}` },
      body: { Id: `t${issued}` },
    };
  };

  const authorised = ({ headers }: HostileRequest): boolean =>
    sessions.has(String(headers['x-auth-token'])) ||
    headers.authorization === `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;

  const usual = (request: HostileRequest): Play => {
    const { method, path } = request;
    if (method === 'POST' && path === sessionsPath) return signIn(request.body);
    if (path !== '/redfish/v1/' && !authorised(request)) return told(401, 'Base.1.18.NoValidSession');
    if (method === 'DELETE' && path.startsWith(`${sessionsPath}/`)) {
      sessions.delete(path.slice(sessionsPath.length + 1));
      return { status: 204 };
    }
    if (!known.has(path)) return told(404, 'Base.1.18.ResourceMissingAtURI');
    return method === 'GET' ? { body: known.get(path) } : { status: 204 };
  };

  const listener: RequestListener = async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
    seen.push(asked);
    const name = `${asked.method} ${asked.path}`;
    give(plays.get(name)?.shift() ?? status.get(name) ?? usual(asked), request, response);
  };

  const server = tls === null ? createServer(listener) : createTlsServer(tls, listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    origin: `${tls === null ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    resources: known,
    sessions,
    play: (request, ...next) => void plays.set(request, [...(plays.get(request) ?? []), ...next]),
    always: (request, play) => void status.set(request, play),
    count: (request) => seen.filter(({ method, path }) => `${method} ${path}` === request).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function give(play: Play, request: IncomingMessage, response: ServerResponse): void {
  if (typeof play === 'function') {
    play(request, response);
    return;
  }
  const { status = 200, headers = {}, body } = play;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers });
  response.end(text);
}

/** An error in Redfish's form. */
export function told(status: number, MessageId: string, Message = 'No.', MessageArgs: string[] = []): Answer {
  return { status, body: { error: { '@Message.ExtendedInfo': [{ MessageId, Message, MessageArgs }] } } };
}

/** Ends the connection instead of answering. */
export const hangUp: Play = (request) => void request.socket.destroy();
