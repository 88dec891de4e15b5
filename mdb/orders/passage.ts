/** What every passage reads and writes of its machine, its order and its steps. Inside the transaction of one activity. */

import { and, eq, inArray, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import { campaignSignals } from '../../contract/campaign.ts';
import type { Milliseconds } from '../../domain/duration.ts';
import type { Passage, StepState } from '../../domain/machine.ts';
import type { StepDetail } from '../../domain/steps.ts';
import type { Transaction } from '../acting.ts';
import { macsOf } from '../boot/witness.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { postToCampaign } from '../outbox.ts';
import { bmcs, fences, machines, orders, sites, steps } from '../schema.ts';

export type OrderedMachineRow = typeof machines.$inferSelect;

/** The machine's row, locked until the transaction ends; throws when there is none. */
export async function lockMachine(tx: Transaction, machineId: string): Promise<OrderedMachineRow> {
  const [machine] = await tx.select().from(machines).where(eq(machines.id, machineId)).for('update');
  if (!machine) throw new Error(`the MDB has no machine ${machineId}`);
  return machine;
}

export async function siteOf(tx: Transaction, siteId: string): Promise<typeof sites.$inferSelect> {
  const [site] = await tx.select().from(sites).where(eq(sites.id, siteId));
  if (!site) throw new Error(`the MDB has no site ${siteId}`);
  return site;
}

export async function updateMachine(
  tx: Transaction,
  machineId: string,
  change: Partial<typeof machines.$inferInsert>,
): Promise<void> {
  await tx.update(machines).set(change).where(eq(machines.id, machineId));
}

/** The order as it was placed; throws when there is none. */
export async function orderOf(tx: Transaction, orderId: string): Promise<typeof orders.$inferSelect> {
  const [order] = await tx.select().from(orders).where(eq(orders.id, orderId));
  if (!order) throw new Error(`the MDB has no order ${orderId}`);
  return order;
}

export async function isOrdered(tx: Transaction, orderId: string): Promise<boolean> {
  return (await tx.$count(orders, eq(orders.id, orderId))) > 0;
}

/**
 * Why there is no such order, in a sentence; null where there is. A signal of the stock CLI says what it likes: the order
 * may be nobody's, another machine's, or of another passage.
 */
export async function doubtOrder(
  tx: Transaction,
  { orderId, machineId, passage }: { readonly orderId: string; readonly machineId: string; readonly passage: Passage },
): Promise<string | null> {
  const [order] = await tx.select().from(orders).where(eq(orders.id, orderId));
  if (!order) return `the MDB has no order ${orderId}`;
  if (order.machineId !== machineId) return `order ${orderId} is for another machine, ${order.machineId}`;
  return order.passage === passage ? null : `order ${orderId} is ${article(order.passage)}, not ${article(passage)}`;
}

function article(passage: Passage): string {
  return `${passage === 'undrain' ? 'an' : 'a'} ${passage}`;
}

export interface BegunOrder {
  /** How often it was begun, this time included: writers of an earlier run are refused from now on. */
  readonly epoch: number;
  /** It ran already: an earlier run of its passage was lost, or this is that beginning once more. */
  readonly again: boolean;
}

/** Marks a waiting order as running, or one that runs as begun again. A sentence when it has ended. */
export async function beginOrder(tx: Transaction, orderId: string): Promise<BegunOrder | string> {
  const [order] = await tx
    .select({ state: orders.state, epoch: orders.epoch })
    .from(orders)
    .where(eq(orders.id, orderId))
    .for('update');
  if (!order) throw new Error(`the MDB has no order ${orderId}`);
  if (order.state !== 'waiting' && order.state !== 'running') return `order ${orderId} has ended: ${order.state}`;
  const epoch = order.epoch + 1;
  const started = order.state === 'waiting' ? { state: 'running' as const, startedAt: sql`now()` } : {};
  await tx
    .update(orders)
    .set({ epoch, ...started })
    .where(eq(orders.id, orderId));
  return { epoch, again: order.state === 'running' };
}

/**
 * Ends an order and whatever of it was still open; an order that has ended already keeps its outcome. `skipped` says
 * that the machine was left as it was, for a reason that is no fault of its own. Whether it is this that ended it.
 */
export async function endOrder(
  tx: Transaction,
  orderId: string,
  state: 'done' | 'failed' | 'cancelled',
  outcome: string,
  skipped = false,
): Promise<boolean> {
  const [ended] = await tx
    .update(orders)
    .set({ state, outcome, skipped, endedAt: sql`now()` })
    .where(and(eq(orders.id, orderId), inArray(orders.state, ['waiting', 'running'])))
    .returning({ campaign: orders.campaignId });
  await tx
    .update(steps)
    .set({ state: state === 'done' ? 'done' : 'failed', endedAt: sql`now()` })
    .where(and(eq(steps.orderId, orderId), inArray(steps.state, ['running', 'held'])));
  if (ended?.campaign) await describeCampaign(tx, ended.campaign, orderId, state);
  return ended !== undefined;
}

/** A campaign goes on when one of its orders has ended; it reads the rest in the MDB. */
async function describeCampaign(tx: Transaction, campaign: string, orderId: string, state: string): Promise<void> {
  const body = { orderId, state };
  await postToCampaign(tx, `outcome/${orderId}`, { campaign, signal: campaignSignals.wake, body });
}

export interface StepRow {
  readonly step: string;
  readonly ordinal: number;
  readonly owner: string;
  /** Milliseconds from now. */
  readonly limit: Milliseconds;
}

/** Begins a step of the passage; one that ran before (the machine booted anew) begins its next attempt. */
export async function beginStep(tx: Transaction, orderId: string, row: StepRow): Promise<void> {
  const limitAt = sql`now() + ${row.limit} * interval '1 millisecond'`;
  await tx
    .insert(steps)
    .values({ orderId, name: row.step, source: 'passage', ordinal: row.ordinal, owner: row.owner, limitAt })
    .onConflictDoUpdate({
      target: [steps.orderId, steps.name],
      set: {
        state: 'running',
        startedAt: sql`now()`,
        endedAt: null,
        limitAt,
        attempt: sql`case when ${steps.state} in ('running', 'held') then ${steps.attempt} else ${steps.attempt} + 1 end`,
      },
    });
}

export async function settleStep(
  tx: Transaction,
  orderId: string,
  step: string,
  state: StepState,
  detail: StepDetail = {},
): Promise<void> {
  const ended = state === 'held' || state === 'running' ? null : sql`now()`;
  await tx
    .update(steps)
    .set({ state, endedAt: ended, detail: sql`${steps.detail} || ${JSON.stringify(detail)}::jsonb` })
    .where(and(eq(steps.orderId, orderId), eq(steps.name, step)));
}

/** Says at the passage's running step what it waits for; null when it waits no more. */
export async function noteStep(tx: Transaction, orderId: string, message: string | null): Promise<void> {
  const said =
    message === null ? sql`${steps.detail} - 'message'` : sql`${steps.detail} || ${JSON.stringify({ message })}::jsonb`;
  await tx
    .update(steps)
    .set({ detail: said })
    .where(and(eq(steps.orderId, orderId), eq(steps.source, 'passage'), eq(steps.state, 'running')));
}

/** Whether the machine has been through another order before this one. */
export async function hadEarlierOrder(tx: Transaction, machineId: string, orderId: string): Promise<boolean> {
  return (await tx.$count(orders, and(eq(orders.machineId, machineId), ne(orders.id, orderId)))) > 0;
}

export async function stepEnded(tx: Transaction, orderId: string, step: string): Promise<boolean> {
  const ended = and(eq(steps.orderId, orderId), eq(steps.name, step), isNotNull(steps.endedAt));
  return (await tx.$count(steps, ended)) > 0;
}

/** When the order was given: the beginning of what it takes. */
export async function orderedAt(tx: Transaction, orderId: string): Promise<Date> {
  const [order] = await tx.select({ at: orders.createdAt }).from(orders).where(eq(orders.id, orderId));
  if (!order) throw new Error(`the MDB has no order ${orderId}`);
  return order.at;
}

/** The next fencing number of this machine, higher than every one before. */
export async function raiseFence(tx: Transaction, machineId: string): Promise<number> {
  const [row] = await tx
    .insert(fences)
    .values({ machineId, fence: 1 })
    .onConflictDoUpdate({ target: fences.machineId, set: { fence: sql`${fences.fence} + 1` } })
    .returning({ fence: fences.fence });
  return row?.fence ?? 1;
}

export async function hasController(tx: Transaction, machineId: string): Promise<boolean> {
  const rows = await tx
    .select({ origin: bmcs.origin })
    .from(bmcs)
    .where(and(eq(bmcs.machineId, machineId), isNull(bmcs.quarantine)));
  return rows.length > 0;
}

/**
 * Whether, since the machine last became healthy and no later than its latest *ready* report for this order, the
 * birther told it to boot its own disk. By the minute, which forgives clocks that differ a little.
 */
export async function bootedLocally(tx: Transaction, machineId: string, orderId: string): Promise<boolean> {
  const rows = await tx.execute<{ seen: boolean }>(sql`
    select exists (
      select from boot_counts c
      where c.mac in ${macsOf(machineId)}
        and c.state = 'healthy' and c.answer = 'local'
        and c.last_at >= date_trunc('minute', (select max(at) from state_history
          where machine_id = ${machineId} and guarded = 'boot_state' and "to" = 'healthy'))
        and c.minute <= (select max(at) from audit
          where machine_id = ${machineId} and order_id = ${orderId} and action = 'agent.ready')
    ) as seen`);
  return rows[0]?.seen === true;
}

/** Whether the birther told it to boot its own disk at or after that moment. */
export async function bootedLocallySince(mdb: MdbOrTransaction, machineId: string, since: Date): Promise<boolean> {
  const rows = await mdb.execute<{ seen: boolean }>(sql`
    select exists (
      select from boot_counts c
      where c.mac in ${macsOf(machineId)}
        and c.state = 'healthy' and c.answer = 'local' and c.last_at >= ${since.toISOString()}::timestamptz
    ) as seen`);
  return rows[0]?.seen === true;
}

/** Who ordered it; null for an order that the MDB does not have. */
export async function requesterOf(tx: Transaction, orderId: string) {
  const [order] = await tx
    .select({ requester: orders.requester, class: orders.requesterClass })
    .from(orders)
    .where(eq(orders.id, orderId));
  return order ?? null;
}
