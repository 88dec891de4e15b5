/** Tells the MDB what an operator would have entered before the rack was switched on: ports, and where the BMCs are. */
import { and, eq, max, ne, or, sql } from 'drizzle-orm';
import type { Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { expectedBmcs, racks, sites, switches, switchPorts } from '../../mdb/schema.ts';
import { type MachineFacts, rigRack, rigSwitch } from './rig.ts';
import { RigTrouble } from './trouble.ts';

const units = 48;

async function ensureRack(tx: Transaction, siteId: string): Promise<void> {
  // Ordinals are dense and unique within the site; whoever else adds racks right now has to wait.
  await tx.execute(sql`lock table ${racks} in share row exclusive mode`);
  const [present] = await tx.select().from(racks).where(eq(racks.id, rigRack));
  if (present !== undefined) return;
  const [last] = await tx
    .select({ ordinal: max(racks.ordinal) })
    .from(racks)
    .where(eq(racks.siteId, siteId));
  await tx.insert(racks).values({ id: rigRack, siteId, units, ordinal: (last?.ordinal ?? 0) + 1 });
}

async function ensurePorts(tx: Transaction, siteId: string, machines: readonly MachineFacts[]): Promise<void> {
  await tx
    .insert(switches)
    .values({ ...rigSwitch, siteId })
    .onConflictDoNothing();
  const ports = machines.map(({ port }) => ({
    switchId: rigSwitch.id,
    port: port.port,
    rackId: rigRack,
    unit: port.unit,
  }));
  await tx.insert(switchPorts).values(ports).onConflictDoNothing();
}

async function expectBmcs(tx: Transaction, siteId: string, machines: readonly MachineFacts[]): Promise<void> {
  for (const { mac, serial, bmc } of machines) {
    const same = or(eq(expectedBmcs.mac, mac), eq(expectedBmcs.serial, serial));
    await tx.delete(expectedBmcs).where(and(same, ne(expectedBmcs.origin, bmc.origin)));
    const row = { origin: bmc.origin, siteId, mac, serial, secretRef: bmc.secretRef };
    await tx.insert(expectedBmcs).values(row).onConflictDoUpdate({ target: expectedBmcs.origin, set: row });
  }
}

/** May be repeated: rows that are there stay, BMCs that moved are corrected. Throws RigTrouble for an unknown site. */
export async function announce(mdb: Mdb, siteId: string, machines: readonly MachineFacts[]): Promise<void> {
  await mdb.transaction(async (tx) => {
    const [site] = await tx.select({ id: sites.id }).from(sites).where(eq(sites.id, siteId));
    if (site === undefined) throw new RigTrouble(`The MDB has no site ${siteId}: check FARRIER_SITE.`);
    await ensureRack(tx, siteId);
    await ensurePorts(tx, siteId, machines);
    await expectBmcs(tx, siteId, machines);
  });
}
