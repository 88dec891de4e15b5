import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { healthyMacs } from '../mdb/boot.ts';
import { addBootCounts } from '../mdb/bootcounts.ts';
import { connectMdb } from '../mdb/connect.ts';
import { createBirther } from './birther.ts';
import { birtherConfig, readConfig } from './config.ts';
import { createBootCounts } from './counts.ts';
import { createFileServer } from './files.ts';
import { createBootMetrics } from './metrics.ts';
import { createBootServer } from './server.ts';
import { openSnapshot, snapshotLimit } from './snapshot.ts';
import { readProxies } from './source.ts';

const config = readConfig(birtherConfig, process.env);
const log = pino({ level: config.FARRIER_LOG, base: { process: 'birther' } });
const surroundings = {
  bootUrl: config.FARRIER_BOOT_URL,
  agentUrl: config.FARRIER_AGENT_URL,
  consoles: config.FARRIER_CONSOLES,
};
const { mdb, pool, close } = connectMdb({ url: config.FARRIER_MDB_URL, name: 'birther', statementTimeout: 2000 });
const siteId = config.FARRIER_SITE;
await mkdir(join(config.FARRIER_DATA, 'images', 'boot'), { recursive: true });
const snapshot = await openSnapshot(join(config.FARRIER_DATA, 'healthy-macs'));
const birther = createBirther({ pool, mdb, siteId, surroundings, snapshot, log });
const counts = createBootCounts((rows) => addBootCounts(pool, rows), log);
const server = createBootServer({
  birther,
  counts,
  surroundings,
  log,
  files: createFileServer(join(config.FARRIER_DATA, 'images')),
  metrics: createBootMetrics(() => birther.outage),
  proxies: readProxies(config.FARRIER_PROXIES),
  rate: config.FARRIER_BOOT_RATE,
});

/** Keeps the snapshot near the MDB also for machines that have not booted since this process began. */
async function refresh(): Promise<void> {
  try {
    snapshot.replace(await healthyMacs(pool, siteId, snapshotLimit));
    await snapshot.save();
  } catch (error) {
    log.debug({ error: String(error) }, 'the snapshot of healthy machines was not refreshed');
  }
}

const refreshing = setInterval(() => void refresh(), 15_000);
void refresh();
server.listen(config.FARRIER_BOOT_LISTEN.port, config.FARRIER_BOOT_LISTEN.host);
await once(server, 'listening');
const { address, port } = server.address() as AddressInfo;
log.info({ listen: `${address}:${port}`, url: surroundings.bootUrl }, 'ready');

async function stop(): Promise<void> {
  clearInterval(refreshing);
  server.close();
  // Connections that are kept open for nothing would hold the process; downloads get a few seconds to end.
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 3000).unref();
  await once(server, 'close');
  await counts.close(5000);
  await snapshot.save().catch(() => {});
  await close();
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void stop().then(() => process.exit(0)));
}
