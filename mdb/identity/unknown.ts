import { and, eq, isNull, like, or, type SQL, sql } from 'drizzle-orm';
import { machineIdOf } from '../../domain/machine.ts';
import { acting, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { machines, nics, orders, outbox } from '../schema.ts';
import { isDuplicate } from '../trouble.ts';

const birther = { class: 'system', name: 'birther' } as const;

export interface UnknownMachine {
  readonly siteId: string;
  /** Normalised MAC of the NIC that booted. */
  readonly mac: string;
  readonly uuid: string | null;
  readonly serial: string | null;
  readonly vendor: string | null;
  readonly product: string | null;
  readonly firmware: 'bios' | 'uefi' | null;
  /** Address that the request came from: preferred when it is one of ours and free, since DHCP has just leased it. */
  readonly source: string | null;
}

/** `known`: somebody else registered it meanwhile. `full`: no temporary address is free, and nothing was written. */
export type Registration = 'registered' | 'known' | 'full';

class PoolFull extends Error {}

/** The first birth of a machine; an order minted from the MAC, so that two first requests mint the same one. */
export function birthOrderOf(mac: string): string {
  return `birth-${mac.replaceAll(':', '')}-1`;
}

/**
 * Writes a machine that was never seen: its row in state *birth*, its NIC, a temporary address, the order for its
 * birth and the message about it, all or nothing. Any number of first requests for one MAC make one machine.
 */
export async function registerUnknownMachine(mdb: Mdb, unknownMachine: UnknownMachine): Promise<Registration> {
  const { mac } = unknownMachine;
  const registered = await registerAs(mdb, machineIdOf(mac), birthOrderOf(mac), unknownMachine);
  if (registered !== 'known' || (await ownerOf(mdb, mac)) !== null) return registered;
  // Of a machine that was first seen under this MAC and has lost the card since, the id stays its own.
  const id = await freeId(mdb, mac);
  return registerAs(mdb, id, `birth-${id.slice(2)}-1`, unknownMachine);
}

async function registerAs(
  mdb: Mdb,
  id: string,
  orderId: string,
  unknownMachine: UnknownMachine,
): Promise<Registration> {
  try {
    return await acting(mdb, birther, orderId, async (tx) => {
      if (!(await insertUnknownMachine(tx, id, unknownMachine))) return 'known';
      const address = await takeAddress(tx, unknownMachine.siteId, id, unknownMachine.source);
      // Rolls the machine back: a row without an address would be answered for ever and reach nothing.
      if (address === null) throw new PoolFull();
      await tx.update(machines).set({ temporaryAddress: address }).where(eq(machines.id, id));
      await writeBirthOrder(tx, id, orderId);
      const detail = { mac: unknownMachine.mac, address };
      await record(tx, { actor: birther, action: 'machine.registered', machineId: id, orderId, detail });
      return 'registered';
    });
  } catch (error) {
    if (error instanceof PoolFull) return 'full';
    if (isDuplicate(error)) return 'known';
    throw error;
  }
}

/** Lends a temporary address to a machine that is to be born again and has none. Null when none is free. */
export function lendTemporaryAddress(
  mdb: Mdb,
  siteId: string,
  machineId: string,
  source: string | null,
): Promise<string | null> {
  return acting(mdb, birther, null, async (tx) => {
    const [machine] = await tx
      .select({ temporaryAddress: machines.temporaryAddress })
      .from(machines)
      .where(eq(machines.id, machineId))
      .for('update');
    if (!machine || machine.temporaryAddress) return machine?.temporaryAddress ?? null;
    const held = await heldAddress(tx, siteId, machineId);
    const address = held ?? (await takeAddress(tx, siteId, machineId, source));
    if (address) await tx.update(machines).set({ temporaryAddress: address }).where(eq(machines.id, machineId));
    return address;
  });
}

/** Leaves a trace of an exhausted pool, for which there is no machine row to hold. Throttled by the caller. */
export async function recordPoolFull(mdb: Mdb, siteId: string, mac: string): Promise<void> {
  await record(mdb, { actor: birther, action: 'boot.pool-full', detail: { site: siteId, mac } });
}

/** Writes the row of a machine that was never seen, with its card unless that is another's. False where there is one. */
export async function insertUnknownMachine(
  tx: Transaction,
  id: string,
  unknownMachine: UnknownMachine,
  more: Pick<typeof machines.$inferInsert, 'macMovedTo' | 'resembles' | 'held'> = {},
): Promise<boolean> {
  const { siteId, mac, uuid, serial, vendor, product, firmware } = unknownMachine;
  const inserted = await tx
    .insert(machines)
    .values({ id, siteId, mac, systemUuid: uuid, serial, vendor, product, firmware, ...more })
    .onConflictDoNothing()
    .returning({ id: machines.id });
  if (inserted.length === 0) return false;
  if (!more.macMovedTo) await tx.insert(nics).values({ mac, machineId: id });
  return true;
}

/**
 * Takes a free address of the site's birth networks: the source itself if it is one, else the lowest in the network
 * that the source is in, else the lowest. Rows that another transaction is taking are skipped: a burst never queues.
 */
async function takeAddress(
  tx: Transaction,
  siteId: string,
  machineId: string,
  source: string | null,
): Promise<string | null> {
  const rows = await tx.execute<{ id: string; near: boolean }>(sql`
    select id, coalesce(${source}::inet <<= cidr::cidr, false) as near from networks
    where site_id = ${siteId} and kind = 'birth' order by near desc, id`);
  for (const { id, near } of rows) {
    const wanted = near ? await takeFrom(tx, id, machineId, sql`address = ${source}::inet`) : null;
    const address = wanted ?? (await takeFrom(tx, id, machineId, sql`true`));
    if (address !== null) return address;
  }
  return null;
}

/** One network at a time, so that the index of free addresses gives the lowest without sorting them. */
async function takeFrom(tx: Transaction, networkId: string, machineId: string, which: SQL): Promise<string | null> {
  const rows = await tx.execute<{ address: string }>(sql`
    update addresses set machine_id = ${machineId}, taken_at = now() where address = (
      select address from addresses where network_id = ${networkId} and machine_id is null and ${which}
      order by network_id, address limit 1 for update skip locked
    ) returning host(address) as address`);
  return rows[0]?.address ?? null;
}

async function heldAddress(tx: Transaction, siteId: string, machineId: string): Promise<string | null> {
  const rows = await tx.execute<{ address: string }>(sql`
    select host(a.address) as address from addresses a join networks n on n.id = a.network_id
    where a.machine_id = ${machineId} and n.site_id = ${siteId} and n.kind = 'birth' limit 1`);
  return rows[0]?.address ?? null;
}

/** The order for a birth that begins with a boot request, and the message about it. */
export async function writeBirthOrder(tx: Transaction, machineId: string, orderId: string): Promise<void> {
  const passage = 'birth' as const;
  const reason = 'a boot request from a MAC that no machine has';
  await tx
    .insert(orders)
    .values({ id: orderId, machineId, passage, requester: birther.name, requesterClass: birther.class, reason });
  const payload = { id: orderId, passage };
  await tx.insert(outbox).values({ key: `order/${orderId}`, machineId, orderId, kind: 'order', payload });
}

/** The machine that has this card, or boots from it; null where none does. */
export async function ownerOf(tx: MdbOrTransaction, mac: string): Promise<string | null> {
  const [card] = await tx.select({ id: nics.machineId }).from(nics).where(eq(nics.mac, mac));
  if (card) return card.id;
  const mine = and(eq(machines.mac, mac), isNull(machines.macMovedTo));
  const [booted] = await tx.select({ id: machines.id }).from(machines).where(mine);
  return booted?.id ?? null;
}

/** `m-<mac>`, or with a number behind it where a machine was first seen under this MAC before. */
export async function freeId(tx: MdbOrTransaction, mac: string): Promise<string> {
  const plain = machineIdOf(mac);
  const rows = await tx
    .select({ id: machines.id })
    .from(machines)
    .where(or(eq(machines.id, plain), like(machines.id, `${plain}-%`)));
  if (!rows.some(({ id }) => id === plain)) return plain;
  return `${plain}-${Math.max(1, ...rows.map(({ id }) => Number(id.slice(plain.length + 1)) || 1)) + 1}`;
}
