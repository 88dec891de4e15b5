import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { connectMdb } from '../mdb/connect.ts';
import { dhcpConfig, readConfig } from './config.ts';
import { DnsmasqError } from './dnsmasq.ts';
import { createLeasing } from './leasing.ts';
import { runMain } from './run.ts';
import { stockTftpRoot } from './tftp.ts';

// How soon a machine that was registered, or whose state changed, is leased the address that goes with it.
const followMs = 1000;

await runMain(async (stopping) => {
  const config = readConfig(dhcpConfig, process.env);
  const log = pino({ level: config.FARRIER_LOG, base: { process: 'dhcp' } });
  const { pool, close } = connectMdb({ url: config.FARRIER_MDB_URL, name: 'dhcp', connections: 2 });
  const tftpRoot = join(config.FARRIER_DATA, 'images', 'tftp');
  const absent = await stockTftpRoot(tftpRoot);
  if (absent.length > 0)
    log.warn({ absent }, `without ${absent.join(', ')} in ${tftpRoot} (package ipxe) such machines cannot start`);
  const leasing = createLeasing({
    pool,
    siteId: config.FARRIER_SITE,
    mode: config.FARRIER_DHCP_MODE,
    interfaces: config.FARRIER_DHCP_INTERFACES,
    bootUrl: config.FARRIER_BOOT_URL,
    folder: join(config.FARRIER_DATA, 'dnsmasq'),
    tftpRoot,
    log,
  });
  let ready = false;
  let lastError = '';
  while (!stopping.aborted) {
    try {
      const running = await leasing.follow();
      if (running && !ready)
        log.info({ interfaces: config.FARRIER_DHCP_INTERFACES, mode: config.FARRIER_DHCP_MODE }, 'ready');
      ready ||= running;
      lastError = '';
    } catch (error) {
      if (error instanceof DnsmasqError && !ready) throw error;
      // dnsmasq keeps answering with what it has; once a cause is enough.
      if (lastError !== String(error))
        log.error({ error: String(error) }, 'the MDB could not be followed; trying again');
      lastError = String(error);
    }
    await setTimeout(followMs, undefined, { signal: stopping }).catch(() => {});
  }
  await leasing.stop();
  await close();
});
