/** Orders: each is asked for, cancelled, paused or taken over in one transaction with its audit row and its message. */

import { randomUUID } from 'node:crypto';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Cancel, OrderMessage, Steering } from '../../contract/machine.ts';
import { type LiveOrder, type OrderSpec, refuseOrder, usualClass } from '../../domain/orders.ts';
import type { Refused } from '../../domain/refused.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { post, takeBack } from '../outbox.ts';
import { machines, orders } from '../schema.ts';
import { endOrder } from './passage.ts';

export interface PlacedOrder {
  readonly id: string;
  /** False when this id was ordered before. */
  readonly created: boolean;
}

/** Orders a passage of one machine. The same id again is the same order. */
export function placeOrder(mdb: Mdb, operator: Actor, spec: OrderSpec): Promise<PlacedOrder | Refused> {
  return acting(mdb, operator, null, (tx) => placeOrderIn(tx, operator, spec));
}

/** The same as the last thing of a transaction that does more. */
export async function placeOrderIn(tx: Transaction, operator: Actor, spec: OrderSpec): Promise<PlacedOrder | Refused> {
  const [machine] = await tx.select().from(machines).where(eq(machines.id, spec.machineId)).for('update');
  if (!machine) return { code: 'not-found', message: `there is no machine ${spec.machineId}`, field: 'machine' };
  const { passage } = spec.passageRequest;
  const id = spec.id ?? `${passage}-${machine.id.replace(/^m-/, '')}-${randomUUID().slice(0, 8)}`;
  const known = await findOrder(tx, id, spec);
  if (known) return known;
  const live = await liveOrders(tx, machine.id);
  const doubt = refuseOrder(spec, machine, live, Date.now());
  if (doubt) return doubt;
  await insertOrder(tx, operator, id, spec);
  // A drain may last a week: who stops it isn't made to wait behind it.
  if (passage === 'undrain') await stopDrains(tx, operator, live, id, spec);
  const { reason, dryRun } = spec;
  const detail = { reason, ...(dryRun && { dryRun }), request: spec.passageRequest.request };
  await record(tx, { actor: operator, action: `order.${passage}`, machineId: machine.id, orderId: id, detail });
  return { id, created: true };
}

async function findOrder(tx: Transaction, id: string, spec: OrderSpec): Promise<PlacedOrder | Refused | null> {
  const [known] = await tx.select().from(orders).where(eq(orders.id, id));
  if (!known) return null;
  if (known.machineId === spec.machineId && known.passage === spec.passageRequest.passage)
    return { id, created: false };
  // Not for which machine: it may be of a pool that whoever asks does not see.
  return { code: 'conflict', message: `order ${id} is another one already`, field: 'id' };
}

function liveOrders(tx: Transaction, machineId: string): Promise<LiveOrder[]> {
  return tx
    .select({ id: orders.id, passage: orders.passage, state: orders.state, notBefore: orders.notBefore })
    .from(orders)
    .where(and(eq(orders.machineId, machineId), inArray(orders.state, ['waiting', 'running'])));
}

/** Writes an order and its message, without asking whether it fits: for orders that another one hands on to. */
export async function insertOrder(tx: Transaction, operator: Actor, id: string, spec: OrderSpec): Promise<void> {
  const { machineId, passageRequest, reason, dryRun, reviewed, notBefore, deadline, campaignId } = spec;
  const { passage } = passageRequest;
  const urgency = spec.class ?? usualClass(passage);
  await tx.insert(orders).values({
    id,
    machineId,
    passage,
    requester: operator.name,
    requesterClass: operator.class,
    reason,
    class: urgency,
    request: { ...passageRequest.request },
    dryRun,
    reviewed,
    notBefore,
    deadline,
    campaignId: campaignId ?? null,
  });
  if (!dryRun && (passageRequest.passage === 'birth' || passageRequest.passage === 'rebirth')) {
    // A new intent: the bound on bootstrap images counts from here.
    const wipeReason = passageRequest.request.wipe ? { wipeReason: `${operator.name}: ${reason}` } : {};
    await tx
      .update(machines)
      .set({ bootstraps: 0, ...wipeReason })
      .where(eq(machines.id, machineId));
  }
  const payload: OrderMessage = {
    id,
    passage,
    ...(urgency !== 'maintenance' && { class: urgency }),
    ...(notBefore !== null && { notBefore: notBefore.toISOString() }),
    ...(deadline !== null && { deadline: deadline.toISOString() }),
  };
  await post(tx, { key: `order/${id}`, machineId, orderId: id, kind: 'order', payload: { ...payload } });
}

async function stopDrains(tx: Transaction, operator: Actor, live: readonly LiveOrder[], id: string, spec: OrderSpec) {
  for (const order of live.filter(({ passage }) => passage === 'drain' || passage === 'reboot'))
    await askToStop(tx, operator, { ...order, machineId: spec.machineId }, `${id}: ${spec.reason}`);
}

interface Stopped extends Pick<LiveOrder, 'id' | 'state'> {
  readonly machineId: string;
}

/** One that waits ends here; one that runs is told, and ends at its next safe point. */
async function askToStop(tx: Transaction, operator: Actor, order: Stopped, reason: string): Promise<boolean> {
  const { id: orderId, machineId, state } = order;
  const payload: Cancel = {
    ...{ orderId, by: operator.name, reason },
    ...(operator.class !== 'user' && { class: operator.class }),
  };
  if (state === 'waiting') await endOrder(tx, orderId, 'cancelled', `cancelled by ${operator.name}: ${reason}`);
  // The machine drops an order that waits; a passage that is under way is told itself.
  const target = state === 'waiting' ? null : orderId;
  const key = `cancel/${orderId}`;
  return post(tx, { key, machineId, orderId: target, kind: 'cancel', payload: { ...payload } });
}

/** Asks every order of a machine that is not over to stop. */
export async function stopOrders(tx: Transaction, actor: Actor, machineId: string, reason: string): Promise<void> {
  for (const order of await liveOrders(tx, machineId)) await askToStop(tx, actor, { ...order, machineId }, reason);
}

/** Asks an order to stop. Asking again changes nothing; an order that has ended is refused. */
export async function cancelOrder(mdb: Mdb, operator: Actor, orderId: string, reason: string): Promise<true | Refused> {
  return acting(mdb, operator, orderId, async (tx) => {
    const order = await lockLive(tx, orderId);
    if ('code' in order) return order;
    const requested = await askToStop(tx, operator, order, reason);
    const { machineId } = order;
    if (requested)
      await record(tx, { actor: operator, action: 'order.cancel', machineId, orderId, detail: { reason } });
    return true;
  });
}

async function lockLive(tx: Transaction, orderId: string): Promise<typeof orders.$inferSelect | Refused> {
  const [order] = await tx.select().from(orders).where(eq(orders.id, orderId)).for('update');
  if (!order) return { code: 'not-found', message: `there is no order ${orderId}` };
  if (order.state === 'waiting' || order.state === 'running') return order;
  return { code: 'conflict', message: `order ${orderId} has ended: ${order.state}` };
}

/**
 * `pause`: nothing more is begun until `resume`. `takeover`: a person does the rest, and Farrier only watches, until
 * they say that it is done or `resume` hands it back.
 */
export async function steerOrder(
  mdb: Mdb,
  operator: Actor,
  orderId: string,
  how: 'pause' | 'resume' | 'takeover',
  reason: string,
): Promise<true | Refused> {
  return acting(mdb, operator, orderId, async (tx) => {
    const order = await lockLive(tx, orderId);
    if ('code' in order) return order;
    const { machineId, state } = order;
    if (how === 'takeover' && state === 'waiting')
      return { code: 'conflict', message: `order ${orderId} has not begun; there is nothing to take over` };
    await tx
      .update(orders)
      .set(
        how === 'resume'
          ? { pausedBy: null, takenOverBy: null }
          : { [how === 'pause' ? 'pausedBy' : 'takenOverBy']: operator.name },
      )
      .where(eq(orders.id, orderId));
    await takeBack(tx, orderId, how === 'resume' ? ['pause', 'takeover'] : ['resume']);
    const payload: Steering = { orderId, by: operator.name, reason };
    // The machine knows whether it still waits or runs by the time the message is there, and passes it on.
    await post(tx, {
      key: `${how}/${orderId}/${randomUUID()}`,
      machineId,
      orderId: null,
      kind: how,
      payload: { ...payload },
    });
    await record(tx, { actor: operator, action: `order.${how}`, machineId, orderId, detail: { reason } });
    return true;
  });
}

/** The passage of this order goes on by itself again. */
export async function handBack(tx: Transaction, orderId: string): Promise<void> {
  await tx
    .update(orders)
    .set({ takenOverBy: null })
    .where(and(eq(orders.id, orderId), sql`taken_over_by is not null`));
}
