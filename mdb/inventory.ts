/** Keeping what a machine is made of, as its agent found it. */
import { and, eq, inArray, isNull, ne, notInArray, or, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Inventory } from '../contract/agent.ts';
import { acting, record, type Transaction } from './acting.ts';
import { agentActor, lockReporter, type Session, tell } from './agent.ts';
import type { Mdb } from './connect.ts';
import { isLocallyAdministered } from './machine.ts';
import { accelerators, bmcs, cpus, dimms, disks, expectedBmcs, machines, nics, tags } from './schema.ts';

type Machine = typeof machines.$inferSelect;

/**
 * Replaces what is known of the machine's parts, in one transaction with the report to its workflow. Disks are never
 * forgotten: those not seen any more stay as absent. Returns the reason, with nothing changed, when a MAC, a UUID or
 * a controller belongs to another machine.
 */
export async function takeInventory(mdb: Mdb, session: Session, told: Inventory): Promise<string | null> {
  return acting(mdb, agentActor, session.orderId, async (tx) => {
    // Twins that report one UUID at once are taken one after the other; a MAC is kept single by its primary key.
    if (told.system.uuid !== null) {
      await tx.execute(sql`select pg_advisory_xact_lock(719205, hashtext(${told.system.uuid}))`);
    }
    const machine = await lockReporter(tx, session.machineId);
    const fact = await withoutSharedNics(tx, machine, told);
    const conflict = await findConflict(tx, machine, fact);
    if (conflict !== null) return conflict;
    const controller = await claimController(tx, machine, fact);
    if (controller !== null) return controller;
    await writeMachine(tx, machine, fact);
    await writeParts(tx, machine, fact);
    await writeDisks(tx, machine.id, fact);
    await writeTags(tx, machine.id, fact);
    await tell(tx, session, { kind: 'inventory' });
    return null;
  });
}

/**
 * Leaves out network cards that another machine has already under the same locally administered MAC: controllers show
 * their host a card over USB whose MAC is the same on every machine of a kind (quirk 61). A card that one of them boots
 * from is no such card.
 */
async function withoutSharedNics(tx: Transaction, machine: Machine, fact: Inventory): Promise<Inventory> {
  const local = fact.nics.map(({ mac }) => mac).filter((mac) => mac !== machine.mac && isLocallyAdministered(mac));
  if (local.length === 0) return fact;
  const shared = await tx
    .select({ mac: nics.mac })
    .from(nics)
    .leftJoin(machines, eq(machines.mac, nics.mac))
    .where(and(inArray(nics.mac, local), ne(nics.machineId, machine.id), isNull(machines.id)));
  const left = new Set(shared.map(({ mac }) => mac));
  return { ...fact, nics: fact.nics.filter(({ mac }) => !left.has(mac)) };
}

async function findConflict(tx: Transaction, machine: Machine, fact: Inventory): Promise<string | null> {
  const macs = fact.nics.map(({ mac }) => mac);
  if (!macs.includes(machine.mac)) {
    return `no nic has the MAC ${machine.mac}, with which the machine booted`;
  }
  const [nic] = await tx
    .select({ mac: nics.mac, machineId: nics.machineId })
    .from(nics)
    .where(and(inArray(nics.mac, macs), ne(nics.machineId, machine.id)))
    .limit(1);
  if (nic) return `nic MAC ${nic.mac} belongs to ${nic.machineId}`;
  const [other] = await tx
    .select({ mac: machines.mac, id: machines.id })
    .from(machines)
    .where(and(inArray(machines.mac, macs), ne(machines.id, machine.id)))
    .limit(1);
  if (other) return `nic MAC ${other.mac} belongs to ${other.id}`;
  if (fact.system.uuid === null) return null;
  const [twin] = await tx
    .select({ id: machines.id })
    .from(machines)
    .where(and(eq(machines.systemUuid, fact.system.uuid), ne(machines.id, machine.id)))
    .limit(1);
  return twin ? `system UUID ${fact.system.uuid} belongs to ${twin.id}` : null;
}

/** Gives the machine the controller that was announced for its MAC or serial number; the reason when that is unclear. */
async function claimController(tx: Transaction, machine: Machine, fact: Inventory): Promise<string | null> {
  const mac = fact.bmc?.mac ?? null;
  if (mac !== null) {
    const [owner] = await tx
      .select({ machineId: bmcs.machineId })
      .from(bmcs)
      .where(and(eq(bmcs.mac, mac), ne(bmcs.machineId, machine.id)));
    if (owner) return `controller MAC ${mac} belongs to ${owner.machineId}`;
  }
  const [known] = await tx.select().from(bmcs).where(eq(bmcs.machineId, machine.id));
  if (known) {
    if (known.mac === null && mac !== null) await tx.update(bmcs).set({ mac }).where(eq(bmcs.machineId, machine.id));
    return null;
  }
  const expected = await findExpected(tx, machine, fact);
  const [claimed, second] = expected;
  if (!claimed) return null;
  if (second) {
    return `two controllers are expected for it: ${claimed.origin} and ${second.origin}`;
  }
  const [taken] = await tx.select({ machineId: bmcs.machineId }).from(bmcs).where(eq(bmcs.origin, claimed.origin));
  if (taken) return `the controller ${claimed.origin} expected for it belongs to ${taken.machineId}`;
  await tx.insert(bmcs).values({ machineId: machine.id, origin: claimed.origin, mac, secretRef: claimed.secretRef });
  await tx.delete(expectedBmcs).where(eq(expectedBmcs.origin, claimed.origin));
  return null;
}

async function findExpected(tx: Transaction, machine: Machine, fact: Inventory) {
  const { serial, boardSerial, sku, vendor } = fact.system;
  // Dell prints the board's serial number as the system's; what its people know is the service tag, in the SKU.
  const serials = [serial, boardSerial, /dell/i.test(vendor ?? '') ? sku : null].filter((text) => text !== null);
  const macs = fact.nics.map((one) => one.mac);
  return tx
    .select()
    .from(expectedBmcs)
    .where(
      and(
        eq(expectedBmcs.siteId, machine.siteId),
        or(inArray(expectedBmcs.mac, macs), inArray(expectedBmcs.serial, serials.length > 0 ? serials : [''])),
      ),
    )
    .orderBy(expectedBmcs.origin)
    .for('update');
}

async function writeMachine(tx: Transaction, machine: Machine, fact: Inventory): Promise<void> {
  const { vendor, product, serial, uuid, sku, boardSerial, biosVersion, firmware } = fact.system;
  if (machine.systemUuid !== uuid || machine.serial !== serial) {
    const before = { serial: machine.serial, uuid: machine.systemUuid };
    if (machine.systemUuid !== null || machine.serial !== null) {
      const detail = { before, after: { serial, uuid } };
      await record(tx, { actor: agentActor, action: 'agent.identity-changed', machineId: machine.id, detail });
    }
  }
  await tx
    .update(machines)
    .set({
      vendor,
      product,
      sku,
      serial,
      boardSerial,
      systemUuid: uuid,
      biosVersion,
      memoryMib: fact.memoryMib,
      lastSeenAt: sql`now()`,
      ...(firmware === null ? {} : { firmware }),
      // What `reportFailure` wrote of an inventory that was refused is over with one that is taken.
      ...(machine.held?.startsWith('inventory: ') ? { held: null } : {}),
    })
    .where(eq(machines.id, machine.id));
}

async function writeParts(tx: Transaction, machine: Machine, fact: Inventory): Promise<void> {
  const { id } = machine;
  const rows = <T extends object>(facts: readonly T[]) => facts.map((one) => ({ ...one, machineId: id }));
  await replace(tx, nics, nics.machineId, id, rows(fact.nics));
  await replace(tx, cpus, cpus.machineId, id, rows(fact.cpus));
  await replace(tx, dimms, dimms.machineId, id, rows(fact.dimms));
  await replace(tx, accelerators, accelerators.machineId, id, rows(fact.accelerators));
}

async function replace<T extends PgTable>(
  tx: Transaction,
  table: T,
  owner: PgColumn,
  machineId: string,
  rows: T['$inferInsert'][],
): Promise<void> {
  await tx.delete(table).where(eq(owner, machineId));
  if (rows.length > 0) await tx.insert(table).values(rows);
}

async function writeDisks(tx: Transaction, machineId: string, fact: Inventory): Promise<void> {
  const serials = fact.disks.map(({ serial }) => serial);
  const mine = eq(disks.machineId, machineId);
  await tx
    .update(disks)
    .set({ present: false })
    .where(serials.length > 0 ? and(mine, notInArray(disks.serial, serials)) : mine);
  if (fact.disks.length === 0) return;
  await tx
    .insert(disks)
    .values(fact.disks.map((disk) => ({ ...disk, machineId, present: true })))
    .onConflictDoUpdate({
      target: [disks.machineId, disks.serial],
      set: {
        name: sql`excluded.name`,
        model: sql`excluded.model`,
        bytes: sql`excluded.bytes`,
        rotational: sql`excluded.rotational`,
        content: sql`excluded.content`,
        mark: sql`excluded.mark`,
        present: true,
        // One that was not there for a while, without anybody having called it gone, never left.
        presentSince: sql`case when ${disks.present} or coalesce(${disks.confirmedAt} < ${disks.seenAt}, true)
          then ${disks.presentSince} else now() end`,
        seenAt: sql`now()`,
      },
    });
}

async function writeTags(tx: Transaction, machineId: string, fact: Inventory): Promise<void> {
  const found = { watchdog: fact.watchdog, tpm: fact.tpm };
  for (const [key, value] of Object.entries(found)) {
    if (value === null) {
      await tx.delete(tags).where(and(eq(tags.machineId, machineId), eq(tags.key, key)));
    } else {
      const row = { machineId, key, value };
      await tx
        .insert(tags)
        .values(row)
        .onConflictDoUpdate({ target: [tags.machineId, tags.key], set: { value } });
    }
  }
}
