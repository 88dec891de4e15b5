/** Network cards that another machine has in the MDB: shared by all, moved here, or those of one and the same machine. */
import { and, eq, inArray, isNull, ne, or, sql } from 'drizzle-orm';
import type { Inventory, NicFact } from '../../domain/agent.ts';
import { describeMove, describeShared, describeTwin, isSharedCard } from '../../domain/identity/cards.ts';
import { isSameUuid, uuidForms } from '../../domain/identity/identity.ts';
import type { KnownRow } from '../../domain/identity/onemachine.ts';
import { type Actor, record, type Transaction } from '../acting.ts';
import { disks, machines, nics, sharedMacs } from '../schema.ts';
import type { MergedRow } from './merging.ts';

type Row = typeof nics.$inferSelect;

/** Adds a sentence to what is remarked of a machine until its next inventory. */
async function remark(tx: Transaction, machineId: string, sentence: string): Promise<void> {
  await tx
    .update(machines)
    .set({ remarks: sql`array_append(array_remove(${machines.remarks}, ${sentence}), ${sentence})` })
    .where(eq(machines.id, machineId));
}

/**
 * Leaves out cards that tell no machine from another: controllers show their host one over USB whose MAC is the same on
 * every machine of a kind (quirk 61), given by a factory or not. A card that a machine boots from is no such card.
 */
export async function withoutSharedCards(
  tx: Transaction,
  machine: MergedRow,
  cards: readonly NicFact[],
): Promise<{ cards: NicFact[]; remarks: string[] }> {
  const requests = cards.map(({ mac }) => mac).filter((mac) => mac !== machine.mac);
  if (requests.length === 0) return { cards: [...cards], remarks: [] };
  const known = await tx.select().from(sharedMacs).where(inArray(sharedMacs.mac, requests));
  const others = await tx
    .select({ nic: nics })
    .from(nics)
    .leftJoin(machines, and(eq(machines.mac, nics.mac), isNull(machines.macMovedTo)))
    .where(and(inArray(nics.mac, requests), ne(nics.machineId, machine.id), isNull(machines.id)));
  const found = others
    .map(({ nic }) => nic)
    .filter((row) => {
      const card = cards.find(({ mac }) => mac === row.mac);
      return card !== undefined && isSharedCard(card, machine.id, row.movedFrom);
    });
  for (const row of found) await share(tx, row);
  const shared = new Set([...known, ...found].map(({ mac }) => mac));
  return {
    cards: cards.filter(({ mac }) => !shared.has(mac)),
    remarks: cards.filter(({ mac }) => shared.has(mac)).map(describeShared),
  };
}

async function share(tx: Transaction, { mac, name, machineId }: Row): Promise<void> {
  await tx.insert(sharedMacs).values({ mac }).onConflictDoNothing();
  await tx.delete(nics).where(eq(nics.mac, mac));
  await remark(tx, machineId, describeShared({ name: name ?? '?', mac }));
}

/** The machines that have cards which this one shows, each with those cards. */
export async function ownersOf(
  tx: Transaction,
  machine: MergedRow,
  macs: readonly string[],
): Promise<Map<string, string[]>> {
  const rows = await tx
    .select({ owner: nics.machineId, mac: nics.mac })
    .from(nics)
    .where(and(inArray(nics.mac, [...macs]), ne(nics.machineId, machine.id)));
  const booted = await tx
    .select({ owner: machines.id, mac: machines.mac })
    .from(machines)
    .where(and(inArray(machines.mac, [...macs]), isNull(machines.macMovedTo), ne(machines.id, machine.id)));
  const owners = new Map<string, string[]>();
  for (const { owner, mac } of [...rows, ...booted])
    owners.set(owner, [...new Set([...(owners.get(owner) ?? []), mac])]);
  return owners;
}

/** What a row of the MDB is known by, with the cards and disks that are on record as its. */
export async function readKnownRow(tx: Transaction, row: MergedRow): Promise<KnownRow> {
  const cards = await tx.select({ mac: nics.mac }).from(nics).where(eq(nics.machineId, row.id));
  const present = await tx
    .select({ serial: disks.serial })
    .from(disks)
    .where(and(eq(disks.machineId, row.id), eq(disks.present, true)));
  return {
    inventoried: row.memoryMib !== null,
    ...{ uuid: row.systemUuid, serial: row.serial, vendor: row.vendor, product: row.product },
    macs: [row.mac, ...cards.map(({ mac }) => mac)],
    disks: present.map(({ serial }) => serial),
  };
}

/** The machine that shows a card has it: the other keeps what else it has, and both are told. */
export async function moveCards(
  tx: Transaction,
  actor: Actor,
  now: string,
  other: string,
  macs: readonly string[],
): Promise<void> {
  await tx.delete(nics).where(and(eq(nics.machineId, other), inArray(nics.mac, [...macs])));
  const [row] = await tx.select({ mac: machines.mac }).from(machines).where(eq(machines.id, other));
  if (row && macs.includes(row.mac)) await bootFromAnother(tx, other, now);
  for (const mac of macs) {
    const reason = describeMove(mac, other, now);
    await remark(tx, other, reason);
    for (const machineId of [other, now]) {
      await record(tx, {
        actor,
        action: 'nic.moved',
        machineId,
        detail: { reason, mac, from: other, to: now },
      });
    }
  }
}

async function bootFromAnother(tx: Transaction, machineId: string, now: string): Promise<void> {
  const [card] = await tx
    .select({ mac: nics.mac })
    .from(nics)
    .where(eq(nics.machineId, machineId))
    .orderBy(sql`${nics.carrier} desc nulls last`, nics.mac)
    .limit(1);
  await tx
    .update(machines)
    .set(card ? { mac: card.mac } : { macMovedTo: now })
    .where(eq(machines.id, machineId));
}

/** Sentences on values that are not this machine's alone; the others are told too, and nobody is refused for them. */
export async function remarkShared(tx: Transaction, machine: MergedRow, { system }: Inventory): Promise<string[]> {
  const { uuid, serial, vendor } = system;
  const none = sql`false`;
  const rows = await tx
    .select({ id: machines.id, uuid: machines.systemUuid, serial: machines.serial })
    .from(machines)
    .where(
      and(
        ne(machines.id, machine.id),
        ne(machines.stage, 'retired'),
        or(
          uuid === null ? none : inArray(machines.systemUuid, uuidForms(uuid)),
          serial === null
            ? none
            : and(eq(machines.serial, serial), sql`${machines.vendor} is not distinct from ${vendor}`),
        ),
      ),
    )
    .orderBy(machines.id)
    .limit(20);
  const twins = rows.filter((row) => uuid !== null && row.uuid !== null && isSameUuid(uuid, row.uuid));
  const namesakes = rows.filter((row) => serial !== null && row.serial === serial);
  for (const row of rows) {
    if (twins.includes(row)) await remark(tx, row.id, describeTwin('system UUID', uuid, [machine.id]));
    if (namesakes.includes(row)) await remark(tx, row.id, describeTwin('serial number', serial, [machine.id]));
  }
  const ids = (some: readonly { id: string }[]) => some.map(({ id }) => id);
  return [
    ...(twins.length > 0 ? [describeTwin('system UUID', uuid, ids(twins))] : []),
    ...(namesakes.length > 0 ? [describeTwin('serial number', serial, ids(namesakes))] : []),
  ];
}
