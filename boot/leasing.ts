import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Pool } from '../mdb/connect.ts';
import { leaseNetworks, leases, machinesFingerprint } from '../mdb/places/leases.ts';
import { type DhcpSetting, renderDhcp, renderHosts } from './dhcp.ts';
import { checkDnsmasqConfig, type Dnsmasq, superviseDnsmasq } from './dnsmasq.ts';

export interface LeasingParts {
  readonly pool: Pool;
  readonly siteId: string;
  readonly mode: DhcpSetting['mode'];
  readonly interfaces: readonly string[];
  readonly bootUrl: string;
  /** Folder of the generated files. */
  readonly folder: string;
  readonly tftpRoot: string;
  readonly log: Logger;
}

export interface Leasing {
  /** One look at the MDB: writes what changed, and starts, restarts or signals dnsmasq. Whether it runs now. */
  follow(): Promise<boolean>;
  stop(): Promise<void>;
}

/** Keeps dnsmasq in step with the MDB. */
export function createLeasing(parts: LeasingParts): Leasing {
  const { pool, siteId, folder, log } = parts;
  const files = {
    config: join(folder, 'dnsmasq.conf'),
    hostsFile: join(folder, 'hosts'),
    leaseFile: join(folder, 'leases'),
    pidFile: join(folder, 'pid'),
  };
  let dnsmasq: Dnsmasq | null = null;
  let config = '';
  let print = '';

  async function followHosts(): Promise<void> {
    const now = await machinesFingerprint(pool, siteId);
    if (now === print) return;
    const changed = await writeChanged(files.hostsFile, renderHosts(await leases(pool, siteId)));
    print = now;
    if (changed) dnsmasq?.reload();
  }

  async function followConfig(): Promise<void> {
    const networks = await leaseNetworks(pool, siteId);
    if (!networks.some(({ kind }) => kind === 'birth')) {
      log.warn({ site: siteId }, 'the site has no birth network yet: nobody is answered');
      return;
    }
    const { mode, interfaces, bootUrl, tftpRoot } = parts;
    const { hostsFile, leaseFile, pidFile } = files;
    const user = userInfo().username;
    const text = renderDhcp({ mode, interfaces, bootUrl, tftpRoot, hostsFile, leaseFile, pidFile, user, networks });
    if (text === config) return;
    await writeChanged(`${files.config}.next`, text);
    await checkDnsmasqConfig(`${files.config}.next`);
    await rename(`${files.config}.next`, files.config);
    if (dnsmasq) await dnsmasq.restart();
    else dnsmasq = await superviseDnsmasq(files.config, files.pidFile, log);
    config = text;
  }

  return {
    async follow() {
      await mkdir(folder, { recursive: true });
      await followHosts();
      await followConfig();
      return dnsmasq !== null;
    },
    stop: async () => dnsmasq?.stop(),
  };
}

/** Replaces a file in one step when its content differs. */
async function writeChanged(path: string, text: string): Promise<boolean> {
  if ((await readFile(path, 'utf8').catch(() => null)) === text) return false;
  await writeFile(`${path}.${process.pid}`, text);
  await rename(`${path}.${process.pid}`, path);
  return true;
}
