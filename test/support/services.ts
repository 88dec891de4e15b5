/**
 * Vitest's global set-up: one PostgreSQL (and one Temporal) for the whole run, started when the first suite asks,
 * because most suites need neither. Suites ask over loopback: each runs in a process of its own.
 */

import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../host/cache.ts';
import { startPostgres } from '../../host/postgres.ts';
import { startTemporal } from '../../host/temporal.ts';
import { Trouble } from '../../host/trouble.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { migrateMdb } from '../../mdb/migrate.ts';
import { admitApp, appRole } from '../../mdb/roles.ts';
import { findTestServer } from './testserver.ts';

const cache = cacheFolder(process.env);
const path = process.env['PATH'] ?? '';

const template = 'farrier_template';

interface Service {
  /** What the asking suite gets, as JSON. */
  readonly facts: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const starters: Record<string, (folder: string) => Promise<Service>> = {
  mdb: startTemplate,
  temporal: startDevServer,
  testserver: offerTestServer,
};

async function startTemplate(folder: string): Promise<Service> {
  const server = await startPostgres({ folder: join(folder, 'postgres'), database: template, durable: false });
  const app = server.as(appRole);
  const connection = connectMdb({ url: server.url, name: 'template' });
  try {
    await migrateMdb(connection.mdb);
    await admitApp(connection.mdb, { role: appRole, password: app.password });
  } finally {
    await connection.close();
  }
  return { facts: { url: server.url, appUrl: app.url }, stop: () => server.stop() };
}

async function startDevServer(folder: string): Promise<Service> {
  try {
    const server = await startTemporal({
      dataFile: null,
      logFile: join(folder, 'temporal.log'),
      uiPort: null,
      cache,
      path,
    });
    return { facts: { address: server.address }, stop: () => server.stop() };
  } catch (error) {
    if (error instanceof Trouble) return { facts: { why: error.message }, stop: async () => {} };
    throw error;
  }
}

/** Each suite runs its own, as skipped time is one for a whole server; what is shared is the way to get it. */
async function offerTestServer(): Promise<Service> {
  const command = await findTestServer(cache, path);
  const why = 'it is fetched by Maven where Java is, or downloaded by the SDK, and neither worked';
  return { facts: command ? { command: JSON.stringify(command) } : { why }, stop: async () => {} };
}

export default async function setUp(): Promise<() => Promise<void>> {
  // Vitest calls this for the root and for each project.
  if (process.env['FARRIER_TEST_SERVICES']) return async () => {};
  // The SDK's core complains of every worker that is stopped while it works, and would add where in its own code.
  process.env['RUST_BACKTRACE'] = '0';
  await clearAborted();
  const folder = await mkdtemp(join(tmpdir(), `farrier-test-${process.pid}-`));
  // The suites' temporary folder is one of this run: what a suite or a program that it kills leaves there goes with it.
  process.env['TMPDIR'] = join(folder, 'tmp');
  // Some programs refuse root, and the account that they run as must get to its own folder.
  await chmod(folder, 0o711);
  await mkdir(process.env['TMPDIR']);
  const services = new Map<string, Promise<Service>>();
  const server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? '';
    const start = starters[name];
    if (!start) return void response.writeHead(404).end();
    const service = services.get(name) ?? start(folder);
    services.set(name, service);
    service.then(
      ({ facts }) => response.end(JSON.stringify(facts)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  process.env['FARRIER_TEST_SERVICES'] = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return async () => {
    server.close();
    server.closeAllConnections();
    const started = await Promise.allSettled(services.values());
    await Promise.all(started.map((each) => (each.status === 'fulfilled' ? each.value.stop() : null)));
    await clear(folder);
  };
}

/** Removes the folders of runs that were ended from outside. */
async function clearAborted(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(/^farrier-test-(\d+)-/.exec(name)?.[1] ?? process.pid);
    if (!isAlive(pid)) await clear(join(tmpdir(), name));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Keeps a folder that something is still mounted in, since removing it would reach that, and any where one asks for it. */
async function clear(folder: string): Promise<void> {
  if (process.env['FARRIER_TEST_KEEP']) return void process.stderr.write(`kept: ${folder}\n`);
  const mounts = await readFile('/proc/self/mounts', 'utf8').catch(() => '');
  if (mounts.includes(folder)) return void process.stderr.write(`left: something is mounted in ${folder}\n`);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch((error: unknown) => {
    process.stderr.write(`left: ${folder}: ${error}\n`);
  });
}
