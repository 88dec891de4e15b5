/** What the workflow of a machine has to know: the orders that are under way there, and whether it is paused. */
import { and, asc, desc, eq, inArray, isNotNull } from 'drizzle-orm';
import type { MachineBacklog, OrderMessage, PassageSummary } from '../../contract/machine.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { machines, orders } from '../schema.ts';

type OrderRow = typeof orders.$inferSelect;
type MachineRow = typeof machines.$inferSelect;

/** An order as its machine is told of it. One that runs has begun, whenever it had to. */
export function messageOf({ id, passage, class: urgency, notBefore, deadline, state }: OrderRow): OrderMessage {
  return {
    id,
    passage,
    ...(urgency !== 'maintenance' && { class: urgency }),
    ...(state === 'waiting' && notBefore !== null && { notBefore: notBefore.toISOString() }),
    ...(state === 'waiting' && deadline !== null && { deadline: deadline.toISOString() }),
  };
}

/** Reads it; nothing is under way at a machine that the MDB does not have. */
export async function readBacklog(mdb: MdbOrTransaction, machineId: string): Promise<MachineBacklog> {
  const rows = await mdb
    .select({ machine: machines, order: orders })
    .from(machines)
    .leftJoin(orders, and(eq(orders.machineId, machines.id), inArray(orders.state, ['waiting', 'running'])))
    .where(eq(machines.id, machineId))
    .orderBy(asc(orders.createdAt), asc(orders.id));
  const [first] = rows;
  const open = rows.flatMap(({ order }) => order ?? []);
  const running = open.find(({ state }) => state === 'running');
  return {
    underWay: running ? messageOf(running) : null,
    waiting: open.filter(({ state }) => state === 'waiting').map(messageOf),
    pausedOrders: open.filter(({ state, pausedBy }) => state === 'waiting' && pausedBy !== null).map(({ id }) => id),
    paused: first?.machine.paused ?? false,
    lastPassage: first ? await lastOf(mdb, first.machine) : null,
  };
}

async function lastOf(mdb: MdbOrTransaction, machine: MachineRow): Promise<PassageSummary | null> {
  const [row] = await mdb
    .select()
    .from(orders)
    .where(and(eq(orders.machineId, machine.id), isNotNull(orders.endedAt)))
    .orderBy(desc(orders.endedAt))
    .limit(1);
  if (row === undefined || row.state === 'waiting' || row.state === 'running') return null;
  const { stage, opState, bootState, rackId: rack, pool, sku } = machine;
  return {
    ...{ orderId: row.id, passage: row.passage, outcome: row.state, stage, opState, bootState, pool },
    ...(row.skipped && { skipped: true as const }),
    ...(rack !== null && { rack }),
    ...(sku !== null && { sku }),
    ...(row.outcome !== null && { note: row.outcome }),
  };
}

/** A machine that is paused begins no order, whatever workflow it has. */
export async function keepPause(mdb: Mdb, machineId: string, paused: boolean): Promise<void> {
  await mdb.update(machines).set({ paused }).where(eq(machines.id, machineId));
}
