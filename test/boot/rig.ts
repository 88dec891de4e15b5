/** A birther on a real MDB, behind a connection that a test can cut. */
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Agent, request } from 'undici';
import { createBirther } from '../../boot/birther.ts';
import { createBootCounts } from '../../boot/counts.ts';
import { createFileServer } from '../../boot/files.ts';
import { createBootMetrics } from '../../boot/metrics.ts';
import { createBootServer } from '../../boot/server.ts';
import { openSnapshot, type Snapshot } from '../../boot/snapshot.ts';
import { readProxies } from '../../boot/source.ts';
import { findPort } from '../../host/port.ts';
import { addBootCounts } from '../../mdb/boot/counts.ts';
import { connectMdb } from '../../mdb/connect.ts';

export interface Cable {
  readonly url: string;
  /** Cuts every connection and refuses new ones. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** A TCP connection to a database that can be cut and mended. */
export async function cableTo(url: string): Promise<Cable> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const relay: Server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  // Not one from which the system takes ports for connections: it is listened on again after a while.
  const port = await findPort('the cable', 0);
  relay.listen(port, '127.0.0.1');
  await once(relay, 'listening');
  const own = new URL(url);
  own.hostname = '127.0.0.1';
  own.port = String(port);
  return {
    url: own.href,
    async cut() {
      relay.close();
      for (const socket of sockets) socket.destroy();
      await once(relay, 'close');
    },
    async mend() {
      relay.listen(port, '127.0.0.1');
      await once(relay, 'listening');
    },
  };
}

export interface BirtherRig {
  readonly origin: string;
  readonly images: string;
  readonly snapshot: Snapshot;
  ask(query: Record<string, string>, headers?: Record<string, string>): Promise<string>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

export const surroundings = {
  bootUrl: 'http://192.168.77.1:8080',
  agentUrl: 'https://192.168.77.1:8443',
  consoles: ['ttyS0'],
};

export async function startBirther(
  url: string,
  options: { proxies?: string[]; rate?: number; data?: string } = {},
): Promise<BirtherRig> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'farrier-birther-')));
  const images = join(data, 'images');
  await mkdir(join(images, 'boot'), { recursive: true });
  // A cable that is cut is noticed at once; an MDB that is only slow, on a laden machine, is not to count as away.
  const timeoutMs = 60_000;
  const { mdb, pool, close } = connectMdb({ url, name: 'birther', statementTimeoutMs: timeoutMs, waitMs: timeoutMs });
  const log = pino({ level: 'silent' });
  const snapshot = await openSnapshot(join(data, 'healthy-macs'));
  const birther = createBirther({ pool, mdb, siteId: 'home', surroundings, snapshot, log, timeoutMs });
  const counts = createBootCounts((rows) => addBootCounts(pool, rows), log);
  const server = createBootServer({
    birther,
    counts,
    surroundings,
    log,
    files: createFileServer(images),
    metrics: createBootMetrics(() => birther.outage),
    proxies: readProxies(options.proxies ?? []),
    rate: options.rate ?? 100_000,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // A thousand connections would wait in one process with the server, which resets those that it hears nothing on.
  const dispatcher = new Agent({ connections: 200 });
  return {
    origin,
    images,
    snapshot,
    async ask(query, headers = {}) {
      const { statusCode, body } = await request(`${origin}/boot.ipxe?${new URLSearchParams(query)}`, {
        dispatcher,
        headers,
      });
      const text = await body.text();
      if (statusCode !== 200 || text.length === 0) throw new Error(`${statusCode}: ${text}`);
      return text;
    },
    flush: () => counts.flush(),
    async close() {
      await dispatcher.destroy();
      server.closeAllConnections();
      server.close();
      await counts.close(500);
      await close();
      await rm(data, { recursive: true, force: true });
    },
  };
}
