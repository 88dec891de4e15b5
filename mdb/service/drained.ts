/** What Farrier took out of schedulers, and what of it is in service again. */
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Mdb } from '../connect.ts';
import { drained, machines, orders } from '../schema.ts';

export interface DrainedNode {
  readonly machineId: string;
  /** See the column. */
  readonly scheduler: string;
  readonly node: string;
}

const isThis = ({ machineId, scheduler, node }: DrainedNode) =>
  and(eq(drained.machineId, machineId), eq(drained.scheduler, scheduler), eq(drained.node, node));

/** Null where Farrier never took it. */
export async function readDrained(mdb: Mdb, which: DrainedNode) {
  const [row] = await mdb
    .select({ orderId: drained.orderId, endedAt: drained.endedAt })
    .from(drained)
    .where(isThis(which));
  return row ?? null;
}

export async function noteDrained(mdb: Mdb, which: DrainedNode, orderId: string): Promise<void> {
  await mdb
    .insert(drained)
    .values({ ...which, orderId })
    .onConflictDoUpdate({
      target: [drained.machineId, drained.scheduler, drained.node],
      set: { orderId, takenAt: sql`now()`, endedAt: null },
    });
}

/** Again changes nothing. */
export async function noteUndrained(mdb: Mdb, which: DrainedNode): Promise<void> {
  await mdb
    .update(drained)
    .set({ endedAt: sql`now()` })
    .where(and(isThis(which), isNull(drained.endedAt)));
}

/** By what a scheduler may know the machine, and why the order wants it drained; null where the MDB does not have it. */
export async function readNode(mdb: Mdb, machineId: string, orderId: string) {
  const [machine] = await mdb
    .select({ id: machines.id, hostname: machines.hostname, pool: machines.pool, reason: orders.reason })
    .from(machines)
    .leftJoin(orders, eq(orders.id, orderId))
    .where(eq(machines.id, machineId));
  return machine ?? null;
}
