import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { healthyMacs } from '../mdb/boot/boot.ts';
import { addBootCounts } from '../mdb/boot/counts.ts';
import { connectMdb } from '../mdb/connect.ts';
import { startAlive } from '../mdb/processes.ts';
import { createBirther } from './birther.ts';
import { birtherConfig, readConfig } from './config.ts';
import { createBootCounts } from './counts.ts';
import { createFileServer } from './files.ts';
import { createBootMetrics } from './metrics.ts';
import { runMain } from './run.ts';
import { createBootServer } from './server.ts';
import { openSnapshot, snapshotLimit } from './snapshot.ts';
import { readProxies } from './source.ts';

// How soon a machine that became healthy while another birther, or none, answered boots locally in an outage.
const refreshMs = 15_000;

await runMain(async (stopping) => {
  const config = readConfig(birtherConfig, process.env);
  const log = pino({ level: config.FARRIER_LOG, base: { process: 'birther' } });
  const { FARRIER_DATA: data, FARRIER_SITE: siteId, FARRIER_BOOT_URL: bootUrl, FARRIER_AGENT_URL: agentUrl } = config;
  const surroundings = { bootUrl, agentUrl, consoles: config.FARRIER_CONSOLES };
  const { mdb, pool, close } = connectMdb({ url: config.FARRIER_MDB_URL, name: 'birther', statementTimeoutMs: 2000 });
  await mkdir(join(data, 'images', 'boot'), { recursive: true });
  const snapshot = await openSnapshot(join(data, 'healthy-macs'));
  const birther = createBirther({ pool, mdb, siteId, surroundings, snapshot, log });
  const counts = createBootCounts((rows) => addBootCounts(pool, rows), log);
  const server = createBootServer({
    birther,
    counts,
    surroundings,
    log,
    files: createFileServer(join(data, 'images')),
    metrics: createBootMetrics(() => birther.outage),
    proxies: readProxies(config.FARRIER_PROXIES),
    rate: config.FARRIER_BOOT_RATE,
  });
  server.listen(config.FARRIER_BOOT_LISTEN.port, config.FARRIER_BOOT_LISTEN.host);
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  const alive = startAlive(mdb, { name: 'birther', siteId });
  log.info({ listen: `${address}:${port}`, url: bootUrl }, 'ready');
  while (!stopping.aborted) {
    await healthyMacs(pool, siteId, snapshotLimit)
      .then((macs) => snapshot.refresh(macs))
      .catch((error: unknown) => log.debug({ error: String(error) }, 'the snapshot was not refreshed'));
    await setTimeout(refreshMs, undefined, { signal: stopping }).catch(() => {});
  }
  alive.stop();
  await closeServer(server);
  await counts.close(5000);
  await close();
});

/** Downloads get a few seconds to end; connections that are kept open for nothing get none. */
async function closeServer(server: Server): Promise<void> {
  const closed = once(server.close(), 'close');
  server.closeIdleConnections();
  await Promise.race([closed, setTimeout(3000)]);
  server.closeAllConnections();
  await closed;
}
