/** Machines that ask under a card or an identity which another machine has: they get a row and a question of their own. */
import { and, eq, sql } from 'drizzle-orm';
import { acting, record, type Transaction } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { lock } from '../locks.ts';
import { machines, nics } from '../schema.ts';
import { moveCards } from './cards.ts';
import {
  freeId,
  insertUnknownMachine,
  ownerOf,
  type Registration,
  type UnknownMachine,
  writeBirthOrder,
} from './unknown.ts';

const birther = { class: 'system', name: 'birther' } as const;

export type About =
  /** Another machine for certain: it has the card now. */
  | { readonly from: string }
  /** It may be that machine or another: a person is asked, and it boots nothing until then. */
  | { readonly resembles: string; readonly reason: string };

/**
 * Writes a newcomer with its birth order. The machine that had the card, or that it looks like, is left as it is and told.
 * `known`: this MAC has its question already, or was registered meanwhile.
 */
export function registerNewcomer(mdb: Mdb, unknownMachine: UnknownMachine, about: About): Promise<Registration> {
  return acting(mdb, birther, null, async (tx) => {
    await lock(tx, 'newcomers', unknownMachine.mac);
    const owner = await ownerOf(tx, unknownMachine.mac);
    if (await isKnown(tx, unknownMachine, about, owner)) return 'known';
    const id = await freeId(tx, unknownMachine.mac);
    const orderId = `birth-${id.slice(2)}-1`;
    const request = 'resembles' in about ? { resembles: about.resembles, held: about.reason } : {};
    // The card stays whose it is until it is known who asks.
    await insertUnknownMachine(tx, id, unknownMachine, { macMovedTo: owner, ...request });
    if ('from' in about) await takeCard(tx, id, about.from, unknownMachine.mac);
    await writeBirthOrder(tx, id, orderId);
    const detail = { mac: unknownMachine.mac, ...about };
    await record(tx, { actor: birther, action: 'machine.registered', machineId: id, orderId, detail });
    if ('resembles' in about) {
      const resembled = { machineId: about.resembles, detail: { reason: about.reason, newcomer: id } };
      await record(tx, { actor: birther, action: 'boot.resembled', ...resembled });
    }
    return 'registered';
  });
}

async function isKnown(tx: Transaction, { mac }: UnknownMachine, about: About, owner: string | null): Promise<boolean> {
  if ('from' in about) return owner !== about.from;
  const request = and(eq(machines.mac, mac), sql`${machines.resembles} is not null`);
  return (await tx.$count(machines, request)) > 0 || (owner !== null && owner !== about.resembles);
}

/** The machine that boots from a card has it: the one that had it keeps its others. */
export async function takeCard(tx: Transaction, machineId: string, from: string, mac: string): Promise<void> {
  await moveCards(tx, birther, machineId, from, [mac]);
  await tx.update(machines).set({ macMovedTo: null }).where(eq(machines.id, machineId));
  await tx.insert(nics).values({ mac, machineId, movedFrom: from }).onConflictDoNothing();
}

/** Tells at both machines that one boots from a card of the other; the card is moved when its inventory shows it. */
export function recordCardElsewhere(
  mdb: Mdb,
  card: { readonly mac: string; readonly from: string; readonly to: string; readonly reason: string },
): Promise<void> {
  return acting(mdb, birther, null, async (tx) => {
    for (const machineId of [card.from, card.to])
      await record(tx, { actor: birther, action: 'boot.card-elsewhere', machineId, detail: { ...card } });
  });
}
