import { inArray, sql } from 'drizzle-orm';
import { numberRacks } from '../../domain/places/numbers.ts';
import type { Places } from '../../domain/places/places.ts';
import { normaliseChassis } from '../../domain/places/ports.ts';
import { refuseProblems } from '../../domain/places/problems.ts';
import type { Transaction } from '../acting.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { racks, switches, switchPorts } from '../schema.ts';

/** Writes racks; each keeps the number it has, since addresses follow from it. */
export async function writeRacks(tx: Transaction, { siteId, racks: given = [] }: Places): Promise<void> {
  if (given.length === 0) return;
  const rows = await tx
    .select({ id: racks.id, siteId: racks.siteId, ordinal: racks.ordinal, tags: racks.tags })
    .from(racks);
  const known = new Map(rows.map((row) => [row.id, row]));
  refuseProblems(
    given.flatMap(({ id }) => {
      const elsewhere = known.get(id)?.siteId;
      return elsewhere && elsewhere !== siteId ? [`rack ${id} is in site ${elsewhere} already`] : [];
    }),
  );
  const taken = new Map(rows.filter((row) => row.siteId === siteId).map((row) => [row.ordinal, row.id]));
  const tagsOf = new Map(given.flatMap(({ id, tags }) => (tags === undefined ? [] : [[id, tags] as const])));
  const values = numberRacks(given, taken).map((rack) => ({
    siteId,
    ...rack,
    tags: tagsOf.get(rack.id) ?? known.get(rack.id)?.tags ?? {},
  }));
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
        tags: sql`excluded.tags`,
      },
    });
}

/** Writes switches and which unit each port leads to. */
export async function writeSwitches(tx: Transaction, { siteId, switches: given = [] }: Places): Promise<void> {
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
  refuseProblems(
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
    ports.map(({ port, rack, unit, slot }) => ({
      switchId: id,
      port,
      rackId: rack,
      unit,
      slot: slot?.toUpperCase() ?? null,
    })),
  );
  for (let at = 0; at < ports.length; at += 5000) {
    await tx
      .insert(switchPorts)
      .values(ports.slice(at, at + 5000))
      .onConflictDoUpdate({
        target: [switchPorts.switchId, switchPorts.port],
        set: { rackId: sql`excluded.rack_id`, unit: sql`excluded.unit`, slot: sql`excluded.slot` },
      });
  }
}

async function refuseUnknownRacks(tx: MdbOrTransaction, wanted: readonly string[]): Promise<void> {
  const ids = [...new Set(wanted)];
  if (ids.length === 0) return;
  const known = await tx.select({ id: racks.id }).from(racks).where(inArray(racks.id, ids));
  const there = new Set(known.map((row) => row.id));
  refuseProblems(
    ids.filter((id) => !there.has(id)).map((id) => `rack ${id}, which a switch port leads to, is not in the MDB`),
  );
}
