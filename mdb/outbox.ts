/** The transactional outbox: what is to be sent to workflows, delivered at least once and in no order. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { OrderState, Passage } from '../domain/machine.ts';
import type { Mdb, MdbOrTransaction } from './connect.ts';
import { ignoredAnswers, machines, orders, outbox } from './schema.ts';

export interface OutboxMessage {
  /** De-duplication id: a second message with the same key is dropped. */
  readonly key: string;
  readonly machineId: string;
  readonly orderId: string | null;
  readonly kind: 'order' | 'report' | 'answer' | 'cancel' | 'pause' | 'resume' | 'takeover';
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Puts a message in, in the transaction that makes it true. False when the key was there already. */
export async function post(tx: MdbOrTransaction, message: OutboxMessage): Promise<boolean> {
  const rows = await tx
    .insert(outbox)
    .values({ ...message, payload: { ...message.payload } })
    .onConflictDoNothing({ target: outbox.key })
    .returning({ id: outbox.id });
  return rows.length === 1;
}

/**
 * Takes back messages about an order that were not delivered yet and are contradicted by what comes now: the outbox is
 * delivered in no order, so that the older could else be the last to arrive.
 */
export async function takeBack(
  tx: MdbOrTransaction,
  orderId: string,
  kinds: readonly OutboxMessage['kind'][],
): Promise<void> {
  await tx
    .update(outbox)
    .set({ deliveredAt: sql`now()`, dropped: 'taken back by a later message' })
    .where(
      and(
        inArray(outbox.kind, [...kinds]),
        sql`${outbox.deliveredAt} is null and ${outbox.payload} ->> 'orderId' = ${orderId}`,
      ),
    );
}

/** A message to a semaphore: its id, one of `semaphoreMessages`, and what that takes. */
export interface PermitMessage extends Record<string, unknown> {
  readonly semaphore: string;
  readonly signal: string;
  readonly body: unknown;
}

/** Puts in a message to a semaphore. False when the key was there already. */
export async function postToSemaphore(tx: MdbOrTransaction, key: string, payload: PermitMessage): Promise<boolean> {
  const rows = await tx
    .insert(outbox)
    .values({ key, kind: 'permit', payload })
    .onConflictDoNothing({ target: outbox.key })
    .returning({ id: outbox.id });
  return rows.length === 1;
}

/** A message to a campaign's workflow: one of its signals, and what that takes. */
export interface CampaignMessage extends Record<string, unknown> {
  readonly campaign: string;
  readonly signal: string;
  readonly body: unknown;
}

/** Puts in a message to a campaign. False when the key was there already. */
export async function postToCampaign(tx: MdbOrTransaction, key: string, payload: CampaignMessage): Promise<boolean> {
  const rows = await tx
    .insert(outbox)
    .values({ key, kind: 'campaign', payload })
    .onConflictDoNothing({ target: outbox.key })
    .returning({ id: outbox.id });
  return rows.length === 1;
}

/** Asks for a round of a site's reconciler. False when the key was there already. */
export async function postToReconciler(
  tx: MdbOrTransaction,
  key: string,
  payload: { readonly siteId: string },
): Promise<boolean> {
  const rows = await tx
    .insert(outbox)
    .values({ key, kind: 'reconcile', payload: { ...payload } })
    .onConflictDoNothing({ target: outbox.key })
    .returning({ id: outbox.id });
  return rows.length === 1;
}

/** Asks for the workflow of an adoption. */
export async function postAdoption(
  tx: MdbOrTransaction,
  payload: { readonly adoptionId: string; readonly siteId: string },
): Promise<void> {
  const key = `adoption/${payload.adoptionId}`;
  await tx
    .insert(outbox)
    .values({ key, kind: 'adoption', payload: { ...payload } })
    .onConflictDoNothing({ target: outbox.key });
}

export interface DueMessage {
  readonly id: number;
  readonly key: string;
  readonly kind: OutboxMessage['kind'] | 'permit' | 'campaign' | 'reconcile' | 'adoption';
  readonly payload: Readonly<Record<string, unknown>>;
  readonly attempts: number;
  readonly machineId: string | null;
  readonly siteId: string | null;
  readonly orderId: string | null;
  readonly passage: Passage | null;
  readonly orderState: OrderState | null;
}

/**
 * Leases up to `limit` due messages for `leaseSeconds`: a dispatcher that dies gives them back by that time. Several
 * dispatchers lease different ones.
 */
export async function leaseDue(mdb: Mdb, limit: number, leaseSeconds: number): Promise<DueMessage[]> {
  const due = mdb
    .select({ id: outbox.id })
    .from(outbox)
    .where(sql`${outbox.deliveredAt} is null and ${outbox.nextAt} <= now()`)
    .orderBy(outbox.nextAt, outbox.id)
    .limit(limit)
    .for('update', { skipLocked: true });
  const leased = await mdb
    .update(outbox)
    .set({ nextAt: sql`now() + ${leaseSeconds} * interval '1 second'`, attempts: sql`${outbox.attempts} + 1` })
    .where(inArray(outbox.id, due))
    .returning({ id: outbox.id });
  if (leased.length === 0) return [];
  return mdb
    .select({
      id: outbox.id,
      key: outbox.key,
      kind: outbox.kind,
      payload: outbox.payload,
      attempts: outbox.attempts,
      machineId: outbox.machineId,
      siteId: machines.siteId,
      orderId: outbox.orderId,
      passage: orders.passage,
      orderState: orders.state,
    })
    .from(outbox)
    .leftJoin(machines, eq(machines.id, outbox.machineId))
    .leftJoin(orders, eq(orders.id, outbox.orderId))
    .where(
      inArray(
        outbox.id,
        leased.map((row) => row.id),
      ),
    )
    .orderBy(outbox.id);
}

export async function markDelivered(mdb: Mdb, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await mdb
    .update(outbox)
    .set({ deliveredAt: sql`now()`, error: null })
    .where(inArray(outbox.id, [...ids]));
}

/**
 * A message nobody will ever take is kept with the reason and not sent again. A person's answer is kept with the ignored
 * ones too, where its giver finds it.
 */
export async function markDropped(mdb: Mdb, message: DueMessage, why: string): Promise<void> {
  const { id, kind, machineId, payload } = message;
  await mdb.transaction(async (tx) => {
    await tx.update(outbox).set({ deliveredAt: sql`now()`, dropped: why }).where(eq(outbox.id, id));
    if (kind === 'answer' && machineId !== null)
      await tx.insert(ignoredAnswers).values({ machineId, why, answer: { ...payload } });
  });
}

export async function postpone(mdb: Mdb, id: number, seconds: number, error: string): Promise<void> {
  await mdb
    .update(outbox)
    .set({ nextAt: sql`now() + ${seconds} * interval '1 second'`, error: error.slice(0, 500) })
    .where(and(eq(outbox.id, id), sql`${outbox.deliveredAt} is null`));
}
