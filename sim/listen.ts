import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createDoor, type Server as Door, isIPv4, type Socket } from 'node:net';
import { addressAt, formatAddress, parseAddress } from '../domain/address.ts';
import type { Reply } from './bmc/reply.ts';
import { controlAnswer } from './control.ts';
import type { Fleet } from './fleet.ts';
import type { Hardware } from './hardware.ts';
import type { SimMachine } from './machine.ts';
import { Tls } from './tls.ts';

/**
 * `loopback`: a controller has an address of its own in 127.16.0.0/12 on the one port, which Linux allows without
 * configuring it. `ports`: all are at 127.0.0.1, each on a port of its own, for systems that know only that address.
 */
export type Addressing = 'loopback' | 'ports';
export type Scheme = 'http' | 'https';

export interface Listening {
  /** Origin of the control API. */
  readonly control: string;
  /** Origin of a machine's controller. */
  originOf(hardware: Hardware): string;
  /** Gives a machine's controller another certificate; false where controllers speak plain HTTP. */
  changeCertificate(machine: SimMachine): Promise<boolean>;
  close(): Promise<void>;
}

const bmcNetwork = '127.16.0.0/12';
// Enough for any document that a controller or the control API takes; of a larger one the rest is not kept.
const maxKept = 64 * 1024;
// Firmware images are counted up to here.
const maxUploaded = 512 * 2 ** 20;

/**
 * Serves the control API, in plain HTTP, and every machine's controller in the `scheme` given. `address` is
 * `host:port`; port 0 takes a free one.
 */
export async function listenFor(
  fleet: Fleet,
  address: string,
  addressing: Addressing,
  scheme: Scheme = 'http',
): Promise<Listening> {
  const [host = '', port = ''] = address.split(':');
  if (!isIPv4(host) || !host.startsWith('127.') || !/^\d{1,5}$/.test(port)) {
    throw new Error(
      `${address} is not a loopback address and port like 127.0.0.1:8480: simulated controllers stay on this machine`,
    );
  }
  return addressing === 'loopback'
    ? listenOnAddresses(fleet, host, Number(port), scheme)
    : listenOnPorts(fleet, host, Number(port), scheme);
}

/** What serves one process's fleet: the control API, controllers, and TLS before them where it is spoken. */
function openServers(fleet: Fleet, scheme: Scheme, machineAt: (socket: Socket) => SimMachine | undefined) {
  const changeable: { tls: Tls | null } = { tls: null };
  const changeCertificate = async (machine: SimMachine) => {
    await changeable.tls?.change(machine);
    return changeable.tls !== null;
  };
  const control = createServer(
    (request, response) => void serve(fleet, { control: changeCertificate }, request, response),
  );
  const controllers = createServer(
    (request, response) => void serve(fleet, machineAt(request.socket), request, response),
  );
  const tls = scheme === 'https' ? new Tls(controllers) : null;
  changeable.tls = tls;
  /** Hands a connection to the controller that it is for. */
  const accept = (machine: SimMachine | undefined, socket: Socket) => {
    if (machine && tls) tls.accept(machine, socket);
    else controllers.emit('connection', socket);
  };
  return { control, accept, changeCertificate };
}

async function listenOnAddresses(fleet: Fleet, host: string, port: number, scheme: Scheme): Promise<Listening> {
  const machines = new Map(fleet.machines.map((machine) => [addressOf(machine.hardware), machine]));
  const machineAt = ({ localAddress = '' }: Socket) => machines.get(localAddress);
  const { control, accept, changeCertificate } = openServers(fleet, scheme, machineAt);
  const door = openDoor((socket) => {
    // One socket for all addresses; whatever comes from outside the machine is hung up on.
    if (!socket.localAddress?.startsWith('127.')) socket.destroy();
    else if (socket.localAddress === host) control.emit('connection', socket);
    else accept(machineAt(socket), socket);
  });
  const taken = await listen(door, '0.0.0.0', port);
  const originOf = (hardware: Hardware) => `${scheme}://${addressOf(hardware)}:${taken}`;
  fleet.placeBmcs(addressOf);
  const end = () => close([door]);
  return { control: `http://${host}:${taken}`, originOf, changeCertificate, close: end };
}

async function listenOnPorts(fleet: Fleet, host: string, port: number, scheme: Scheme): Promise<Listening> {
  const ports = new Map<number, SimMachine>();
  const machineAt = ({ localPort = 0 }: Socket) => ports.get(localPort);
  const { control, accept, changeCertificate } = openServers(fleet, scheme, machineAt);
  const doors = [openDoor((socket) => control.emit('connection', socket))];
  const taken = await listen(doors[0] as Door, host, port);
  for (const [index, machine] of fleet.machines.entries()) {
    const door = openDoor((socket) => accept(machine, socket));
    ports.set(await listen(door, host, port === 0 ? 0 : port + 1 + index), machine);
    doors.push(door);
  }
  const portOf = new Map([...ports].map(([own, machine]) => [machine.id, own]));
  const originOf = (hardware: Hardware) => `${scheme}://${host}:${portOf.get(hardware.id)}`;
  const end = () => close(doors);
  return { control: `http://${host}:${taken}`, originOf, changeCertificate, close: end };
}

/** The address of a machine's controller: by its place, as a permanent address is. */
function addressOf({ rack, unit }: Pick<Hardware, 'rack' | 'unit'>): string {
  const placed = addressAt(bmcNetwork, rack, unit);
  if (!placed.ok) throw new Error(placed.reason);
  return formatAddress(parseAddress(placed.address) ?? 0);
}

function listen(server: Door, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE' ? new Error(`port ${port} is taken: choose another one for the simulator`) : error,
      ),
    );
    server.listen({ host, port, backlog: 1024 }, () => resolve((server.address() as AddressInfo).port));
  });
}

const connected = new WeakMap<Door, Set<Socket>>();

/** Listens for connections, and hands them on as an HTTP server would get them. */
function openDoor(take: (socket: Socket) => void): Door {
  const sockets = new Set<Socket>();
  const door = createDoor({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    take(socket);
  });
  connected.set(door, sockets);
  return door;
}

async function close(doors: readonly Door[]): Promise<void> {
  await Promise.all(
    doors.map((door) => {
      const closed = new Promise((resolve) => door.close(resolve));
      for (const socket of connected.get(door) ?? []) socket.destroy();
      return closed;
    }),
  );
}

/** Whom a request is for: a machine's controller, or the control API, which can change certificates. */
type Addressee = SimMachine | { readonly control: (machine: SimMachine) => Promise<boolean> } | undefined;

async function serve(fleet: Fleet, at: Addressee, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const { body, bytes } = await readText(request);
    const upload = at !== undefined && !('control' in at) && isUpload(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://simulator');
    const { method = 'GET', headers } = request;
    if (bytes > maxKept && !upload) send(response, { status: 413 });
    else if (at === undefined) request.socket.destroy();
    else if ('control' in at)
      send(response, await controlAnswer(fleet, { method, path: pathname, query: searchParams, body }, at.control));
    else if (reusedBadly(fleet, at, request.socket)) request.socket.destroy();
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
function reusedBadly(fleet: Fleet, at: SimMachine, socket: Socket): boolean {
  if (fleet.bmcOf(at).personality.connections === 'keep') return false;
  if (used.has(socket)) return true;
  used.add(socket);
  return false;
}

/** The beginning of a body, and the size of all of it. */
async function readText(request: IncomingMessage): Promise<{ readonly body: string; readonly bytes: number }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (bytes < maxKept) chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > (isUpload(request) ? maxUploaded : maxKept)) break;
  }
  return { body: Buffer.concat(chunks).toString('utf8', 0, maxKept), bytes };
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
