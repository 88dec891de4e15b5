import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Transaction } from '../acting.ts';
import { orders } from '../schema.ts';

/** The order that runs, else the one that waits longest. */
export async function liveOrder(tx: Transaction, machineId: string): Promise<string | null> {
  const [order] = await tx
    .select({ id: orders.id })
    .from(orders)
    .where(and(eq(orders.machineId, machineId), inArray(orders.state, ['running', 'waiting'])))
    .orderBy(sql`${orders.state} = 'running' desc`, orders.createdAt)
    .limit(1);
  return order?.id ?? null;
}
