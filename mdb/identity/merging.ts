/** Two rows that turn out to be one machine, which was seen under one of its MACs and then under another. */
import { eq } from 'drizzle-orm';
import { type Actor, record, type Transaction } from '../acting.ts';
import { liveOrder } from '../orders/live.ts';
import { addresses, bmcs, bootTokens, machines, nics } from '../schema.ts';

export type MergedRow = typeof machines.$inferSelect;

/**
 * Gives everything of the passing row to the lasting one: cards, addresses, controller, and the sessions of its agent,
 * which goes on as the lasting machine's. The row stays, retired, for its history; its orders are the caller's to end.
 */
export async function mergeMachines(
  tx: Transaction,
  actor: Actor,
  passing: MergedRow,
  lasting: MergedRow,
): Promise<void> {
  const reason = `${passing.id} is the same machine as ${lasting.id}, seen under another of its MACs`;
  await tx
    .update(machines)
    .set({
      stage: 'retired',
      macMovedTo: lasting.id,
      resembles: null,
      held: null,
      temporaryAddress: null,
      rackId: null,
      unit: null,
      slot: null,
    })
    .where(eq(machines.id, passing.id));
  await tx.update(nics).set({ machineId: lasting.id }).where(eq(nics.machineId, passing.id));
  await tx.insert(nics).values({ mac: passing.mac, machineId: lasting.id }).onConflictDoNothing();
  await tx.update(addresses).set({ machineId: lasting.id }).where(eq(addresses.machineId, passing.id));
  await moveController(tx, passing.id, lasting.id);
  await tx
    .update(bootTokens)
    .set({ machineId: lasting.id, orderId: await liveOrder(tx, lasting.id) })
    .where(eq(bootTokens.machineId, passing.id));
  for (const machineId of [passing.id, lasting.id])
    await record(tx, {
      actor,
      action: 'machine.merged',
      machineId,
      detail: { reason, from: passing.id, to: lasting.id },
    });
}

async function moveController(tx: Transaction, from: string, to: string): Promise<void> {
  if ((await tx.$count(bmcs, eq(bmcs.machineId, to))) > 0) return;
  await tx.update(bmcs).set({ machineId: to }).where(eq(bmcs.machineId, from));
}
