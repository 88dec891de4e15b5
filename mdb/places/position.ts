/** Where a machine stands and which address goes with it. Inside the transaction of one activity. */

import { and, asc, eq, inArray, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import { addressesPerRack } from '../../domain/address.ts';
import { portKey } from '../../domain/places/ports.ts';
import type { Transaction } from '../acting.ts';
import { addresses, machines, networks, nics, racks, switches, switchPorts } from '../schema.ts';

/**
 * The switch ports that the machine's NICs hear, each with the position it leads to where it is known: a port is found by
 * its id, else by its description, whatever the case.
 */
export async function readNeighbourPorts(tx: Transaction, machineId: string) {
  const rows = await tx
    .select({
      nic: nics.name,
      mac: nics.mac,
      chassis: nics.neighbourChassis,
      port: nics.neighbourPort,
      description: nics.neighbourPortDescription,
      system: nics.neighbourName,
      switch: switches.id,
    })
    .from(nics)
    .leftJoin(switches, sql`lower(${switches.chassis}) = lower(${nics.neighbourChassis})`)
    .where(and(eq(nics.machineId, machineId), isNotNull(nics.neighbourChassis)))
    .orderBy(asc(nics.mac));
  const ids = [...new Set(rows.flatMap((row) => row.switch ?? []))];
  const ports = ids.length === 0 ? [] : await tx.select().from(switchPorts).where(inArray(switchPorts.switchId, ids));
  return rows.map((row) => {
    const mine = ports.filter((port) => port.switchId === row.switch);
    const port = [row.port, row.description]
      .filter((text) => text !== null)
      .map((text) => mine.find((one) => portKey(one.port) === portKey(text)))
      .find((found) => found !== undefined);
    return {
      nic: row.nic ?? row.mac,
      chassis: row.chassis ?? '',
      port: row.port ?? '',
      system: row.system,
      position: port ? { rack: port.rackId, unit: port.unit, ...(port.slot !== null && { slot: port.slot }) } : null,
    };
  });
}

export async function rackOf(tx: Transaction, rackId: string): Promise<typeof racks.$inferSelect | null> {
  const [rack] = await tx.select().from(racks).where(eq(racks.id, rackId));
  return rack ?? null;
}

/** Another machine that is recorded at this position, or that carries this hostname. */
export async function occupant(
  tx: Transaction,
  machineId: string,
  place: { rack: string; unit: number; slot?: string | undefined; hostname: string },
) {
  const [row] = await tx
    .select({ id: machines.id, hostname: machines.hostname, rack: machines.rackId, unit: machines.unit })
    .from(machines)
    .where(
      and(
        ne(machines.id, machineId),
        sql`((${machines.rackId} = ${place.rack} and ${machines.unit} = ${place.unit} and ${machines.slot} is not distinct from ${place.slot ?? null}) or ${machines.hostname} = ${place.hostname})`,
      ),
    )
    .limit(1);
  return row ?? null;
}

export async function mainNetwork(tx: Transaction, siteId: string): Promise<typeof networks.$inferSelect | null> {
  const [network] = await tx
    .select()
    .from(networks)
    .where(and(eq(networks.siteId, siteId), eq(networks.kind, 'main')))
    .orderBy(asc(networks.id))
    .limit(1);
  return network ?? null;
}

/** The address the machine holds on that network, if it holds one. */
export async function heldAddress(tx: Transaction, networkId: string, machineId: string): Promise<string | null> {
  const [row] = await tx
    .select({ address: addresses.address })
    .from(addresses)
    .where(and(eq(addresses.networkId, networkId), eq(addresses.machineId, machineId)));
  return row?.address ?? null;
}

/** Takes the next free address; null when the network is full. Concurrent takers get different rows. */
export async function takeNextAddress(tx: Transaction, networkId: string, machineId: string): Promise<string | null> {
  const free = tx
    .select({ address: addresses.address })
    .from(addresses)
    .where(and(eq(addresses.networkId, networkId), isNull(addresses.machineId)))
    .orderBy(asc(addresses.address))
    .limit(1)
    .for('update', { skipLocked: true });
  const [taken] = await tx
    .update(addresses)
    .set({ machineId, takenAt: sql`now()` })
    .where(inArray(addresses.address, free))
    .returning({ address: addresses.address });
  return taken?.address ?? null;
}

/** Takes one certain address; returns the machine that holds it already, or null when it was taken. */
export async function takeAddress(
  tx: Transaction,
  networkId: string,
  machineId: string,
  address: string,
): Promise<string | null> {
  await tx
    .insert(addresses)
    .values({ address, networkId, machineId, takenAt: sql`now()` })
    .onConflictDoUpdate({
      target: addresses.address,
      set: { machineId, takenAt: sql`now()` },
      setWhere: isNull(addresses.machineId),
    });
  const [row] = await tx.select({ holder: addresses.machineId }).from(addresses).where(eq(addresses.address, address));
  return row?.holder === machineId ? null : (row?.holder ?? 'nobody');
}

/**
 * Addresses of the rack that no unit of it can claim: above its height, then of units that nothing is recorded or
 * announced at. For machines that share a unit, of which only one can have the unit's own.
 */
export async function spareUnits(tx: Transaction, rack: { id: string; units: number }): Promise<number[]> {
  const rows = await tx.execute<{ unit: number }>(sql`
    select unit from machines where rack_id = ${rack.id} union select unit from switch_ports where rack_id = ${rack.id}`);
  const claimed = new Set(rows.map(({ unit }) => unit));
  const all = Array.from({ length: addressesPerRack - 1 }, (_, index) => index + 1);
  const within = all.filter((unit) => unit <= rack.units && !claimed.has(unit));
  return [...all.filter((unit) => unit > rack.units), ...within.reverse()];
}

/** Gives back what the machine holds on networks of this kind. */
export async function releaseAddresses(
  tx: Transaction,
  machineId: string,
  networkIds: readonly string[],
): Promise<void> {
  if (networkIds.length === 0) return;
  await tx
    .update(addresses)
    .set({ machineId: null, takenAt: null })
    .where(and(eq(addresses.machineId, machineId), inArray(addresses.networkId, [...networkIds])));
}

export async function networksOfKind(
  tx: Transaction,
  siteId: string,
  kind: 'birth' | 'main' | 'bmc',
): Promise<string[]> {
  const rows = await tx
    .select({ id: networks.id })
    .from(networks)
    .where(and(eq(networks.siteId, siteId), eq(networks.kind, kind)));
  return rows.map((row) => row.id);
}
