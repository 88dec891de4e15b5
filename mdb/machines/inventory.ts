/** Keeping what a machine is made of, as its agent found it. */

import { and, eq, inArray, ne, notExists, notInArray, or, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { DiskFact, Inventory } from '../../domain/agent.ts';
import { describeMove } from '../../domain/identity/cards.ts';
import { serialKey, uuidForms } from '../../domain/identity/identity.ts';
import { chooseLasting } from '../../domain/identity/lasting.ts';
import { isOneMachine, type ObservedMachine } from '../../domain/identity/onemachine.ts';
import { acting, record, type Transaction } from '../acting.ts';
import { type AgentSession, agentActor, lockReporter, postReport } from '../boot/agent.ts';
import type { Mdb } from '../connect.ts';
import { moveCards, ownersOf, readKnownRow, remarkShared, withoutSharedCards } from '../identity/cards.ts';
import { mergeMachines } from '../identity/merging.ts';
import { lockSpaces } from '../locks.ts';
import { liveOrder } from '../orders/live.ts';
import { stopOrders } from '../orders/orders.ts';
import { accelerators, bmcs, cpus, dimms, disks, expectedBmcs, machines, nics, tags } from '../schema.ts';

type Machine = typeof machines.$inferSelect;

/**
 * Replaces what is known of the machine's parts, in one transaction with the report to its workflow. Disks are never
 * forgotten: those not seen any more stay as absent. What is odd or another machine's too is told in `remarks`, and the
 * rest is taken. Returns the reason, with nothing changed, only where the session can't be this machine's, or where
 * what operators announced of its controller contradicts itself.
 */
export async function takeInventory(mdb: Mdb, session: AgentSession, reported: Inventory): Promise<string | null> {
  return acting(mdb, agentActor, session.orderId, async (tx) => {
    await lockIdentity(tx, reported);
    const reporter = await lockReporter(tx, session.machineId);
    const shared = await withoutSharedCards(tx, reporter, reported.nics);
    const fact: Inventory = { ...reported, nics: shared.cards };
    const unknownMachine = await findUnknownMachine(tx, reporter, fact);
    if (unknownMachine !== null) return unknownMachine;
    const { machine, moved } = await settleOwners(tx, reporter, fact);
    const mine = machine.id === session.machineId ? session : await sessionOf(tx, session, machine.id);
    const controller = await claimController(tx, machine, fact);
    if ('reason' in controller) return controller.reason;
    const remarks = [
      ...(reported.leftOut ?? []),
      ...shared.remarks,
      ...[...moved].map(([mac, from]) => describeMove(mac, from, machine.id)),
      ...(await remarkShared(tx, machine, fact)),
      ...controller.remarks,
    ];
    await writeMachine(tx, machine, fact, remarks);
    await writeParts(tx, machine, fact, moved);
    await writeDisks(tx, machine.id, fact);
    await writeTags(tx, machine.id, fact);
    await postReport(tx, mine, { kind: 'inventory' });
    return null;
  });
}

/** Inventories that show one card or one UUID are taken one after the other, in whatever order they come. */
async function lockIdentity(tx: Transaction, { nics: cards, system }: Inventory): Promise<void> {
  const names = [
    ...cards.map(({ mac }) => mac),
    ...(system.uuid === null ? [] : [[...uuidForms(system.uuid)].sort()[0]]),
  ];
  await tx.execute(sql`
    select pg_advisory_xact_lock(${lockSpaces.identity}, key)
    from (select distinct hashtext(name) as key from jsonb_array_elements_text(${JSON.stringify(names)}::jsonb) as name order by 1) keys`);
}

/** Why the session that tells this can't be that machine's: it shows none of its cards. */
async function findUnknownMachine(
  tx: Transaction,
  machine: Machine,
  { nics: cards }: Inventory,
): Promise<string | null> {
  const macs = cards.map(({ mac }) => mac);
  if (macs.includes(machine.mac)) return null;
  const known = await tx.select({ mac: nics.mac }).from(nics).where(eq(nics.machineId, machine.id));
  if (known.some(({ mac }) => macs.includes(mac))) return null;
  return `no nic has the MAC ${machine.mac}, with which the machine booted`;
}

/** Cards that another machine has: it is this very one, or they were moved here. Gives the machine, and whence they came. */
async function settleOwners(tx: Transaction, reporter: Machine, fact: Inventory) {
  let machine = reporter;
  const moved = new Map<string, string>();
  const owners = await ownersOf(
    tx,
    reporter,
    fact.nics.map(({ mac }) => mac),
  );
  for (const [id, macs] of [...owners].sort()) {
    const other = await lockReporter(tx, id);
    if (isOneMachine(observedOf(fact), machine.memoryMib !== null, await readKnownRow(tx, other))) {
      const { lasting, passing } = chooseLasting(machine, other);
      await stopOrders(tx, agentActor, passing.id, `it is the same machine as ${lasting.id}`);
      await mergeMachines(tx, agentActor, passing, lasting);
      machine = await lockReporter(tx, lasting.id);
      // Nobody ordered anything for it, and it has a system of its own to boot.
      if (passing.id === reporter.id && lasting.bootState === 'healthy')
        await tx
          .update(machines)
          .set({ directive: { do: 'reboot' } })
          .where(eq(machines.id, machine.id));
    } else {
      await moveCards(tx, agentActor, machine.id, id, macs);
      for (const mac of macs) moved.set(mac, id);
    }
  }
  return { machine, moved };
}

function observedOf({ system, nics: cards, disks: drives }: Inventory): ObservedMachine {
  const { uuid, serial, vendor, product } = system;
  return { uuid, serial, vendor, product, macs: cards.map(({ mac }) => mac), disks: drives.map((one) => one.serial) };
}

async function sessionOf(tx: Transaction, session: AgentSession, machineId: string): Promise<AgentSession> {
  return { ...session, machineId, orderId: await liveOrder(tx, machineId) };
}

type Claim = { readonly reason: string } | { readonly remarks: readonly string[] };

/** Gives the machine the controller that was announced for its MAC or serial number; the reason when that is unclear. */
async function claimController(tx: Transaction, machine: Machine, fact: Inventory): Promise<Claim> {
  const { mac, remarks } = await ownMac(tx, machine, fact.bmc?.mac ?? null);
  const [known] = await tx.select().from(bmcs).where(eq(bmcs.machineId, machine.id));
  if (known) {
    if (known.mac === null && mac !== null) await tx.update(bmcs).set({ mac }).where(eq(bmcs.machineId, machine.id));
    return { remarks };
  }
  const [claimed, second] = await findExpected(tx, machine, fact);
  if (!claimed) return { remarks };
  if (second) return { reason: `two controllers are expected for it: ${claimed.origin} and ${second.origin}` };
  const [taken] = await tx.select({ machineId: bmcs.machineId }).from(bmcs).where(eq(bmcs.origin, claimed.origin));
  if (taken) return { reason: `the controller ${claimed.origin} expected for it belongs to ${taken.machineId}` };
  await tx.insert(bmcs).values({ machineId: machine.id, origin: claimed.origin, mac, secretRef: claimed.secretRef });
  await tx.delete(expectedBmcs).where(eq(expectedBmcs.origin, claimed.origin));
  return { remarks };
}

/** The controller's MAC, unless another machine's controller has it: then it tells neither. */
async function ownMac(tx: Transaction, machine: Machine, mac: string | null) {
  const [owner] =
    mac === null
      ? []
      : await tx
          .select({ machineId: bmcs.machineId })
          .from(bmcs)
          .where(and(eq(bmcs.mac, mac), ne(bmcs.machineId, machine.id)));
  if (!owner) return { mac, remarks: [] };
  return { mac: null, remarks: [`its controller's MAC ${mac} is also that of ${owner.machineId}'s: left out`] };
}

async function findExpected(tx: Transaction, machine: Machine, fact: Inventory) {
  const { serial, boardSerial, sku, vendor } = fact.system;
  // Dell prints the board's serial number as the system's; what its people know is the service tag, in the SKU.
  const serials = [serial, boardSerial, /dell/i.test(vendor ?? '') ? sku : null].flatMap((text) =>
    text === null ? [] : [serialKey(text)],
  );
  // As `serialKey` has it: an operator types what a label says.
  const announced = sql`regexp_replace(lower(${expectedBmcs.serial}), '[^a-z0-9]', '', 'g')`;
  const macs = fact.nics.map((one) => one.mac);
  const expected = await tx
    .select()
    .from(expectedBmcs)
    .where(
      and(
        eq(expectedBmcs.siteId, machine.siteId),
        or(inArray(expectedBmcs.mac, macs), serials.length > 0 ? inArray(announced, serials) : sql`false`),
      ),
    )
    .orderBy(expectedBmcs.origin)
    .for('update');
  // A MAC is one card's; a serial number may be that of a case with several machines in it.
  const byMac = expected.filter(({ mac }) => mac !== null && macs.includes(mac));
  return byMac.length > 0 ? byMac : expected;
}

async function writeMachine(
  tx: Transaction,
  machine: Machine,
  fact: Inventory,
  remarks: readonly string[],
): Promise<void> {
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
      remarks: [...remarks],
      unseen: [...(fact.unseen ?? [])],
      lastSeenAt: sql`now()`,
      ...(firmware === null ? {} : { firmware }),
      // What `reportFailure` wrote of an inventory that was refused is over with one that is taken.
      heldByInventory: null,
      ...(machine.held !== null && machine.held === machine.heldByInventory ? { held: null } : {}),
    })
    .where(eq(machines.id, machine.id));
}

async function writeParts(
  tx: Transaction,
  machine: Machine,
  fact: Inventory,
  moved: ReadonlyMap<string, string>,
): Promise<void> {
  const { id } = machine;
  const rows = <T extends object>(facts: readonly T[]) => facts.map((one) => ({ ...one, machineId: id }));
  const known = await tx.select({ mac: nics.mac, from: nics.movedFrom }).from(nics).where(eq(nics.machineId, id));
  const whence = new Map([...known.map(({ mac, from }) => [mac, from] as const), ...moved]);
  const cards = fact.nics.map((card) => ({ ...card, machineId: id, movedFrom: whence.get(card.mac) ?? null }));
  await replace(tx, nics, nics.machineId, id, cards);
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
  const wwids = fact.disks.map(({ wwid }) => wwid);
  for (const disk of fact.disks)
    if (wwids.indexOf(disk.wwid) === wwids.lastIndexOf(disk.wwid)) await renameDisk(tx, machineId, disk);
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
        wwid: sql`coalesce(excluded.wwid, ${disks.wwid})`,
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

/**
 * A disk whose serial number is no longer single, or is again, goes by another name and is the same disk. Not one whose
 * WWID the machine has seen on several: drives of a batch may share it.
 */
async function renameDisk(tx: Transaction, machineId: string, { serial, wwid }: DiskFact): Promise<void> {
  if (!wwid) return;
  if ((await tx.$count(disks, and(eq(disks.machineId, machineId), eq(disks.wwid, wwid)))) > 1) return;
  const named = tx
    .select({ one: sql`1` })
    .from(disks)
    .where(and(eq(disks.machineId, machineId), eq(disks.serial, serial)));
  await tx
    .update(disks)
    .set({ serial })
    .where(and(eq(disks.machineId, machineId), eq(disks.wwid, wwid), ne(disks.serial, serial), notExists(named)));
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
