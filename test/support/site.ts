import type { BurninLimits } from '../../domain/birth/limits.ts';
import type { SitePolicy } from '../../domain/places/site.ts';
import type { MdbOrTransaction } from '../../mdb/connect.ts';
import {
  addresses,
  bootFiles,
  images,
  networks,
  profiles,
  racks,
  sites,
  switches,
  switchPorts,
} from '../../mdb/schema.ts';

export interface SiteSpec {
  /** `home` by default. */
  readonly id?: string;
  /** Racks, named `A01`, `A02` …; 2 by default. */
  readonly racks?: number;
  /** Switch ports, and so machines, a rack; 8 by default. */
  readonly perRack?: number;
  /** Addresses that the birth network lends; 32 by default. */
  readonly lent?: number;
  readonly policy?: Partial<SitePolicy>;
  readonly burnin?: Partial<BurninLimits>;
}

export interface TestSite {
  readonly id: string;
  readonly racks: readonly string[];
  /** LLDP chassis id of the switch in each rack, by rack. */
  readonly chassis: Readonly<Record<string, string>>;
  /** Ids of the preferred images. */
  readonly images: { readonly compute: string; readonly storage: string; readonly debug: string };
}

export const sitePolicy: SitePolicy = {
  autoBirth: true,
  wipe: 'blank',
  bmcNetworks: ['10.9.0.0/16', '127.0.0.0/8'],
  bootstrapLimit: 5,
  unknownMachinesPerMinute: 600,
  hostname: '{rack}-{unit}',
  imageSystem: 'archive',
};

const burninLimits: BurninLimits = { capSeconds: 60, stressSeconds: 1, peerShare: 0.7, minPeers: 3, floors: {} };

/**
 * Writes a whole small site: networks (birth 10.77.0.0/16, main 10.1.0.0/16, bmc 10.9.0.0/16) with their addresses,
 * racks, a switch a rack whose port `swp<unit>` leads to that unit, a default profile, and the three images.
 */
export async function writeSite(mdb: MdbOrTransaction, spec: SiteSpec = {}): Promise<TestSite> {
  const id = spec.id ?? 'home';
  const rackIds = Array.from({ length: spec.racks ?? 2 }, (_, index) => `A${String(index + 1).padStart(2, '0')}`);
  const chassis = Object.fromEntries(rackIds.map((rack, index) => [rack, `52:54:00:ff:00:${hex(index + 1)}`]));
  await mdb.insert(sites).values({ id, name: id, domain: `${id}.example`, policy: { ...sitePolicy, ...spec.policy } });
  await writeNetworks(mdb, id, spec.lent ?? 32, rackIds.length * (spec.perRack ?? 8));
  await mdb.insert(racks).values(
    rackIds.map((rack, index) => ({
      id: rack,
      siteId: id,
      ordinal: index + 1,
      row: 'A',
      feed: index % 2 ? 'b' : 'a',
      az: '1',
    })),
  );
  await mdb
    .insert(switches)
    .values(
      rackIds.map((rack) => ({ id: `sw-${rack}`, siteId: id, chassis: chassis[rack] ?? '', name: `sw-${rack}` })),
    );
  await mdb.insert(switchPorts).values(
    rackIds.flatMap((rack) =>
      Array.from({ length: spec.perRack ?? 8 }, (_, index) => ({
        switchId: `sw-${rack}`,
        port: `swp${index + 1}`,
        rackId: rack,
        unit: index + 1,
      })),
    ),
  );
  await mdb
    .insert(profiles)
    .values({ id: 'default', match: {}, priority: 0, burnin: { ...burninLimits, ...spec.burnin } });
  const kinds = ['compute', 'storage', 'debug'] as const;
  await mdb.insert(images).values(kinds.map(imageRow));
  await mdb
    .insert(bootFiles)
    .values(
      ['boot/vmlinuz', 'boot/initrd'].map((path) => ({ path, bytes: 1024, sha256: hex(path.length).repeat(32) })),
    );
  return { id, racks: rackIds, chassis, images: { compute: 'compute-1', storage: 'storage-1', debug: 'debug-1' } };
}

async function writeNetworks(mdb: MdbOrTransaction, siteId: string, lent: number, permanent: number): Promise<void> {
  await mdb.insert(networks).values([
    { id: 'birth', siteId, kind: 'birth', cidr: '10.77.0.0/16', gateway: '10.77.0.1', dns: ['10.77.0.1'] },
    { id: 'main', siteId, kind: 'main', cidr: '10.1.0.0/16', gateway: '10.1.0.1', dns: ['10.1.0.1'] },
    { id: 'bmc', siteId, kind: 'bmc', cidr: '10.9.0.0/16' },
  ]);
  const pool = (networkId: string, prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({ networkId, address: `${prefix}.${index >> 8}.${index & 255}` }));
  // From .1.0 on, so that no pool holds its gateway.
  const rows = [...pool('birth', '10.77', lent + 256).slice(256), ...pool('main', '10.1', permanent + 256).slice(256)];
  // PostgreSQL takes 65,535 parameters a statement.
  for (let from = 0; from < rows.length; from += 10_000)
    await mdb.insert(addresses).values(rows.slice(from, from + 10_000));
}

function imageRow(kind: 'compute' | 'storage' | 'debug') {
  return {
    id: `${kind}-1`,
    kind,
    path: `os/${kind}-1.tar.gz`,
    bytes: 1024,
    sha256: hex(kind.length).repeat(32),
    signature: 'bm90IGEgc2lnbmF0dXJl',
    layout: { bootMib: 256, rootMib: 'rest', kernel: 'bootstrap' } as const,
    preferred: true,
  };
}

function hex(number: number): string {
  return number.toString(16).padStart(2, '0');
}
