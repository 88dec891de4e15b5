/**
 * Vitest's global set-up: one PostgreSQL (and one Temporal) for the whole run, started when the first suite asks,
 * because most suites need neither. Suites ask over loopback: each runs in a process of its own.
 */
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../host/postgres.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { migrateMdb } from '../../mdb/migrate.ts';

export const template = 'farrier_template';

interface Service {
  /** What the asking suite gets, as JSON. */
  readonly facts: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const starters: Record<string, (folder: string) => Promise<Service>> = { mdb: startTemplate };

async function startTemplate(folder: string): Promise<Service> {
  const server = await startPostgres({ folder: join(folder, 'postgres'), database: template, durable: false });
  const connection = connectMdb({ url: server.url, name: 'template' });
  try {
    await migrateMdb(connection.mdb);
  } finally {
    await connection.close();
  }
  return { facts: { url: server.url }, stop: () => server.stop() };
}

export default async function setUp(): Promise<() => Promise<void>> {
  // Vitest calls this for the root and for each project.
  if (process.env['FARRIER_TEST_SERVICES']) return async () => {};
  const folder = await mkdtemp(join(tmpdir(), 'farrier-test-'));
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
    await rm(folder, { recursive: true, force: true });
  };
}
