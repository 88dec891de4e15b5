import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv4, type Socket } from 'node:net';
import { addressAt, formatAddress, parseAddress } from '../mdb/address.ts';
import type { Reply } from './bmc/reply.ts';
import { controlAnswer } from './control.ts';
import type { Fleet } from './fleet.ts';
import type { Hardware } from './hardware.ts';
import type { Machine } from './machine.ts';

/**
 * `loopback`: a controller has an address of its own in 127.16.0.0/12 on the one port, which Linux allows without
 * configuring it. `ports`: all are at 127.0.0.1, each on a port of its own, for systems that know only that address.
 */
export type Addressing = 'loopback' | 'ports';

export interface Listening {
  /** Origin of the control API. */
  readonly control: string;
  /** Origin of a machine's controller. */
  originOf(hardware: Hardware): string;
  close(): Promise<void>;
}

const bmcNetwork = '127.16.0.0/12';
// Enough for any document that a controller or the control API takes; of a larger one the rest is not kept.
const mostKept = 64 * 1024;
// Firmware images are counted up to here.
const mostUploaded = 512 * 2 ** 20;

/** Serves the control API and every machine's controller. `address` is `host:port`; port 0 takes a free one. */
export async function listenFor(fleet: Fleet, address: string, addressing: Addressing): Promise<Listening> {
  const [host = '', port = ''] = address.split(':');
  if (!isIPv4(host) || !host.startsWith('127.') || !/^\d{1,5}$/.test(port)) {
    throw new Error(
      `${address} is not a loopback address and port like 127.0.0.1:8480: simulated controllers stay on this machine`,
    );
  }
  return addressing === 'loopback'
    ? listenOnAddresses(fleet, host, Number(port))
    : listenOnPorts(fleet, host, Number(port));
}

async function listenOnAddresses(fleet: Fleet, host: string, port: number): Promise<Listening> {
  const machines = new Map(fleet.machines.map((machine) => [addressOf(machine.hardware), machine]));
  const server = createServer((request, response) => {
    const local = request.socket.localAddress ?? '';
    void serve(fleet, local === host ? 'control' : machines.get(local), request, response);
  });
  // One socket for all addresses; whatever comes from outside the machine is hung up on.
  server.on('connection', (socket) => {
    if (!socket.localAddress?.startsWith('127.')) socket.destroy();
  });
  const taken = await listen(server, '0.0.0.0', port);
  const originOf = (hardware: Hardware) => `http://${addressOf(hardware)}:${taken}`;
  fleet.placeBmcs(addressOf);
  return { control: `http://${host}:${taken}`, originOf, close: () => close([server]) };
}

async function listenOnPorts(fleet: Fleet, host: string, port: number): Promise<Listening> {
  const server = createServer((request, response) => void serve(fleet, 'control', request, response));
  const control = await listen(server, host, port);
  const servers = [server];
  const ports = new Map<string, number>();
  for (const [index, machine] of fleet.machines.entries()) {
    const own = createServer((request, response) => void serve(fleet, machine, request, response));
    ports.set(machine.id, await listen(own, host, port === 0 ? 0 : port + 1 + index));
    servers.push(own);
  }
  const originOf = (hardware: Hardware) => `http://${host}:${ports.get(hardware.id)}`;
  return { control: `http://${host}:${control}`, originOf, close: () => close(servers) };
}

/** The address of a machine's controller: by its place, as a permanent address is. */
function addressOf({ rack, unit }: Pick<Hardware, 'rack' | 'unit'>): string {
  const placed = addressAt(bmcNetwork, rack, unit);
  if (!placed.ok) throw new Error(placed.reason);
  return formatAddress(parseAddress(placed.address) ?? 0);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE' ? new Error(`port ${port} is taken: choose another one for the simulator`) : error,
      ),
    );
    server.listen({ host, port, backlog: 1024 }, () => resolve((server.address() as AddressInfo).port));
  });
}

async function close(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map((server) => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return closed;
    }),
  );
}

async function serve(
  fleet: Fleet,
  at: Machine | 'control' | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { body, bytes } = await readText(request);
    const upload = at instanceof Object && isUpload(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://simulator');
    const { method = 'GET', headers } = request;
    if (bytes > mostKept && !upload) send(response, { status: 413 });
    else if (at === undefined || reusedBadly(fleet, at, request.socket)) request.socket.destroy();
    else if (at === 'control')
      send(response, await controlAnswer(fleet, { method, path: pathname, query: searchParams, body }));
    else {
      const expand = searchParams.get('$expand');
      send(response, await fleet.bmcOf(at).answer({ method, path: pathname, expand, headers, body, bytes }));
    }
  } catch (error) {
    if (!response.headersSent) send(response, { status: 500, body: { error: (error as Error).message } });
  }
}

function isUpload({ headers }: IncomingMessage): boolean {
  return /^(multipart\/form-data|application\/octet-stream)/.test(headers['content-type'] ?? '');
}

const used = new WeakSet<Socket>();

/** Whether this connection had a request before, and its controller does not bear that (quirk 7). */
function reusedBadly(fleet: Fleet, at: Machine | 'control', socket: Socket): boolean {
  if (at === 'control' || fleet.bmcOf(at).personality.connections === 'keep') return false;
  if (used.has(socket)) return true;
  used.add(socket);
  return false;
}

/** The beginning of a body, and the size of all of it. */
async function readText(request: IncomingMessage): Promise<{ readonly body: string; readonly bytes: number }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (bytes < mostKept) chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > (isUpload(request) ? mostUploaded : mostKept)) break;
  }
  return { body: Buffer.concat(chunks).toString('utf8', 0, mostKept), bytes };
}

function send(response: ServerResponse, { status, headers = {}, body, text: other, cut }: Reply): void {
  if (cut === 'all') {
    response.req.socket.destroy();
    return;
  }
  const text = other?.content ?? (body === undefined ? '' : JSON.stringify(body));
  const type = text === '' ? {} : { 'content-type': other?.type ?? 'application/json', 'odata-version': '4.0' };
  response.writeHead(status, { ...type, 'content-length': Buffer.byteLength(text), ...headers });
  if (cut === 'half') {
    response.write(text.slice(0, text.length / 2), () => response.req.socket.destroy());
    return;
  }
  response.end(response.req.method === 'HEAD' ? '' : text);
}
