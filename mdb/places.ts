import { eq, inArray, sql } from 'drizzle-orm';
import type { Transaction } from './acting.ts';
import { formatAddress, type Network, parseCidr } from './address.ts';
import {
  checkOverlaps,
  checkPlaces,
  type NetworkPlace,
  type Places,
  type PoolRange,
  type RackPlace,
} from './checks.ts';
import type { Mdb, MdbOrTransaction } from './connect.ts';
import { normaliseMac } from './machine.ts';
import { addresses, expectedBmcs, networks, profiles, racks, sites, switches, switchPorts } from './schema.ts';
import type { BurninLimits } from './values.ts';

export { addressAt } from './address.ts';
export * from './checks.ts';

/** Thrown for places that contradict themselves or the MDB; the message lists every problem, a sentence each. */
export class PlacesError extends Error {
  override readonly name = 'PlacesError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/**
 * Writes places as given, in one transaction; may be repeated, and what is there already is brought up to date.
 * Nothing is ever removed. Throws PlacesError, with nothing written, for places that cannot be right.
 */
export async function definePlaces(mdb: Mdb, places: Places): Promise<void> {
  refuse(checkPlaces(places));
  await mdb.transaction(async (tx) => {
    // Two definitions at once would take the same free rack numbers.
    await tx.execute(sql`select pg_advisory_xact_lock(719204)`);
    await writeSite(tx, places);
    await writeNetworks(tx, places);
    await writeRacks(tx, places);
    await writeSwitches(tx, places);
    await writeProfiles(tx, places);
    await writeBmcs(tx, places);
  });
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new PlacesError(problems);
}

async function writeSite(tx: Transaction, { siteId, site }: Places): Promise<void> {
  if (site) {
    const { name, domain, policy } = site;
    const values = { name, domain, policy };
    await tx
      .insert(sites)
      .values({ id: siteId, ...values })
      .onConflictDoUpdate({ target: sites.id, set: values });
    return;
  }
  const known = await tx.select({ id: sites.id }).from(sites).where(eq(sites.id, siteId));
  if (known.length === 0) throw new PlacesError([`site ${siteId} is not in the MDB`]);
}

async function writeNetworks(tx: Transaction, { siteId, networks: given = [] }: Places): Promise<void> {
  if (given.length === 0) return;
  const rows = await tx.select({ id: networks.id, cidr: networks.cidr, siteId: networks.siteId }).from(networks);
  const others = rows.filter((row) => !given.some((network) => network.id === row.id));
  refuse(checkOverlaps([...given, ...others]));
  refuse(
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
  const { base, size } = parseCidr(cidr) as Network;
  return {
    first: formatAddress(base + 1),
    last: formatAddress(base + size - 2),
  };
}

async function writeRacks(tx: Transaction, { siteId, racks: given = [] }: Places): Promise<void> {
  if (given.length === 0) return;
  const rows = await tx.select({ id: racks.id, siteId: racks.siteId, ordinal: racks.ordinal }).from(racks);
  const known = new Map(rows.map((row) => [row.id, row]));
  refuse(
    given.flatMap(({ id }) => {
      const elsewhere = known.get(id)?.siteId;
      return elsewhere && elsewhere !== siteId ? [`rack ${id} is in site ${elsewhere} already`] : [];
    }),
  );
  const taken = new Map(rows.filter((row) => row.siteId === siteId).map((row) => [row.ordinal, row.id]));
  const values = numberRacks(given, taken).map((rack) => ({ siteId, ...rack }));
  await tx
    .insert(racks)
    .values(values)
    .onConflictDoUpdate({
      target: racks.id,
      set: {
        row: sql`excluded.row`,
        feed: sql`excluded.feed`,
        az: sql`excluded.az`,
        units: sql`excluded.units`,
      },
    });
}

/** Gives every rack its number: the one it has, else the one asked for, else the lowest that is free. */
export function numberRacks(given: readonly RackPlace[], taken: ReadonlyMap<number, string>) {
  const numbers = new Map([...taken].map(([ordinal, id]) => [id, ordinal]));
  const used = new Set(taken.keys());
  const problems: string[] = [];
  for (const { id, ordinal } of given) {
    if (ordinal === undefined || numbers.get(id) === ordinal) continue;
    if (numbers.has(id))
      problems.push(
        `rack ${id} has number ${numbers.get(id)}, from which addresses follow; it cannot become ${ordinal}`,
      );
    else if (used.has(ordinal))
      problems.push(`rack ${id} cannot have number ${ordinal}: rack ${taken.get(ordinal)} has it`);
    numbers.set(id, ordinal);
    used.add(ordinal);
  }
  refuse(problems);
  let next = 0;
  return given.map((rack) => {
    while (!numbers.has(rack.id) && used.has(next)) next += 1;
    const ordinal = numbers.get(rack.id) ?? next;
    used.add(ordinal);
    return {
      id: rack.id,
      row: rack.row ?? null,
      feed: rack.feed ?? null,
      az: rack.az ?? null,
      units: rack.units ?? 48,
      ordinal,
    };
  });
}

async function writeSwitches(tx: Transaction, { siteId, switches: given = [] }: Places): Promise<void> {
  if (given.length === 0) return;
  await refuseUnknownRacks(
    tx,
    given.flatMap((one) => one.ports.map((port) => port.rack)),
  );
  const rows = given.map(({ id, chassis, name }) => ({
    id,
    siteId,
    name: name ?? id,
    chassis: normaliseChassis(chassis),
  }));
  const held = await tx
    .select({ id: switches.id, chassis: switches.chassis })
    .from(switches)
    .where(
      inArray(
        switches.chassis,
        rows.map((row) => row.chassis),
      ),
    );
  refuse(
    rows.flatMap((row) => {
      const other = held.find((one) => one.chassis === row.chassis && one.id !== row.id);
      return other ? [`switch ${row.id}: chassis ${row.chassis} belongs to switch ${other.id}`] : [];
    }),
  );
  await tx
    .insert(switches)
    .values(rows)
    .onConflictDoUpdate({
      target: switches.id,
      set: { name: sql`excluded.name`, chassis: sql`excluded.chassis` },
    });
  const ports = given.flatMap(({ id, ports }) =>
    ports.map(({ port, rack, unit }) => ({
      switchId: id,
      port,
      rackId: rack,
      unit,
    })),
  );
  for (let at = 0; at < ports.length; at += 5000) {
    await tx
      .insert(switchPorts)
      .values(ports.slice(at, at + 5000))
      .onConflictDoUpdate({
        target: [switchPorts.switchId, switchPorts.port],
        set: { rackId: sql`excluded.rack_id`, unit: sql`excluded.unit` },
      });
  }
}

async function refuseUnknownRacks(tx: MdbOrTransaction, wanted: readonly string[]): Promise<void> {
  const ids = [...new Set(wanted)];
  if (ids.length === 0) return;
  const known = await tx.select({ id: racks.id }).from(racks).where(inArray(racks.id, ids));
  const there = new Set(known.map((row) => row.id));
  refuse(ids.filter((id) => !there.has(id)).map((id) => `rack ${id}, which a switch port leads to, is not in the MDB`));
}

/** A chassis id as LLDP tells it: a MAC in the MDB's form, anything else as it is. */
export function normaliseChassis(chassis: string): string {
  return normaliseMac(chassis) ?? chassis.trim();
}

async function writeProfiles(tx: Transaction, { profiles: given = [] }: Places): Promise<void> {
  for (const profile of given) {
    const { match = {}, priority = 0, burnin = standardBurnin, bios = {}, pool = 'general' } = profile;
    const values = { match, priority, burnin, bios, pool };
    await tx
      .insert(profiles)
      .values({ id: profile.id, ...values })
      .onConflictDoUpdate({ target: profiles.id, set: values });
  }
}

/** Short enough to watch, long enough to find a broken part: an operator's profile runs for hours. */
export const standardBurnin: BurninLimits = {
  capSeconds: 600,
  stressSeconds: 20,
  peerShare: 0.7,
  minPeers: 3,
  floors: {},
};

async function writeBmcs(tx: Transaction, { siteId, bmcs: given = [] }: Places): Promise<void> {
  for (let at = 0; at < given.length; at += 2000) {
    const rows = given.slice(at, at + 2000).map(({ origin, mac, serial, secretRef }) => ({
      origin: new URL(origin).origin,
      siteId,
      mac: mac ? normaliseMac(mac) : null,
      serial: serial ?? null,
      secretRef,
    }));
    // A controller that is announced at another origin has moved: its old row would hold the MAC and the serial.
    await tx.delete(expectedBmcs).where(sql`${expectedBmcs.siteId} = ${siteId} and (
      ${inArray(
        expectedBmcs.origin,
        rows.map((row) => row.origin),
      )}
      or ${inArray(
        sql`${expectedBmcs.mac}::text`,
        rows.map((row) => row.mac ?? ''),
      )}
      or ${inArray(
        sql`coalesce(${expectedBmcs.serial}, '')`,
        rows.map((row) => row.serial ?? '-'),
      )})`);
    await tx.insert(expectedBmcs).values(rows);
  }
}
