import { sql } from 'drizzle-orm';
import { formatAddress, parseCidr, type Subnet } from '../../domain/address.ts';
import { checkOverlaps } from '../../domain/places/checks.ts';
import type { NetworkPlace, Places, PoolRange } from '../../domain/places/places.ts';
import { refuseProblems } from '../../domain/places/problems.ts';
import type { Transaction } from '../acting.ts';
import { addresses, networks } from '../schema.ts';

/** Writes networks and the addresses that they lend. A network never moves: machines have addresses of it. */
export async function writeNetworks(tx: Transaction, { siteId, networks: given = [] }: Places): Promise<void> {
  if (given.length === 0) return;
  const rows = await tx.select({ id: networks.id, cidr: networks.cidr, siteId: networks.siteId }).from(networks);
  const others = rows.filter((row) => !given.some((network) => network.id === row.id));
  refuseProblems(checkOverlaps([...given, ...others]));
  refuseProblems(
    rows.flatMap((row) => {
      const moved = given.find(
        (network) => network.id === row.id && (network.cidr !== row.cidr || row.siteId !== siteId),
      );
      return moved
        ? [
            `network ${row.id} is ${row.cidr} of site ${row.siteId} already; it cannot become ${moved.cidr} of ${siteId}`,
          ]
        : [];
    }),
  );
  for (const network of given) await writeNetwork(tx, siteId, network);
}

async function writeNetwork(tx: Transaction, siteId: string, network: NetworkPlace): Promise<void> {
  const { id, kind, cidr, gateway = null, dns = [], vlan = null } = network;
  const assignment = network.assignment ?? (kind === 'main' ? 'position' : 'pool');
  const values = {
    siteId,
    kind,
    cidr,
    gateway,
    dns: [...dns],
    vlan,
    assignment,
  };
  await tx
    .insert(networks)
    .values({ id, ...values })
    .onConflictDoUpdate({ target: networks.id, set: values });
  if (kind !== 'bmc' && assignment === 'pool') await writePool(tx, network);
}

/** The addresses that Farrier may hand out: the range, or the whole network but its own two and the gateway. */
async function writePool(tx: Transaction, network: NetworkPlace): Promise<void> {
  const { first, last } = network.pool ?? wholePool(network.cidr);
  await tx.execute(sql`
    insert into ${addresses} (address, network_id)
    select ${first}::inet + n, ${network.id}
    from generate_series(0, (${last}::inet - ${first}::inet)) as n
    where ${first}::inet + n is distinct from ${network.gateway ?? null}::inet
    on conflict (address) do nothing`);
}

function wholePool(cidr: string): PoolRange {
  const { base, size } = parseCidr(cidr) as Subnet;
  return {
    first: formatAddress(base + 1),
    last: formatAddress(base + size - 2),
  };
}
