/** The Dominator's disruption manager, answered from the reboot permits that repairs and maintenance take too. */
import { randomUUID } from 'node:crypto';
import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import { type PermitRequest, semaphoreMessages } from '../../contract/semaphore.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { postToSemaphore } from '../outbox.ts';
import { machines, permits } from '../schema.ts';
import { disruptionSemaphore } from './semaphores.ts';

export interface Disruption {
  readonly state: 'permitted' | 'requested' | 'denied';
  readonly semaphore: string | null;
}

const denied: Disruption = { state: 'denied', semaphore: null };
/** A repeated request is told to the semaphore this often; it lapses an hour after the last. In milliseconds. */
const repeatMs = 300_000;

/** One indexed read: every machine may ask every second. */
export async function checkDisruption(mdb: MdbOrTransaction, machineId: string): Promise<Disruption> {
  const row = await openRow(mdb, machineId);
  return row ? status(row) : denied;
}

/** Asks for the permit, or says that it is still wanted. Null for a machine that the MDB does not have. */
export function requestDisruption(mdb: Mdb, actor: Actor, machineId: string): Promise<Disruption | null> {
  return acting(mdb, actor, null, async (tx) => {
    const [machine] = await tx.select().from(machines).where(eq(machines.id, machineId)).for('update');
    if (!machine) return null;
    const open = (await openRow(tx, machineId)) ?? (await openNew(tx, machineId, machine.rackId));
    const { id, semaphore } = open;
    const body: PermitRequest = { id, machineId, siteId: machine.siteId, class: 'maintenance' };
    const key = `permit/${id}/acquire/${Math.floor(Date.now() / repeatMs)}`;
    await postToSemaphore(tx, key, { semaphore, signal: semaphoreMessages.acquire, body });
    if (open.isNew) await record(tx, { actor, action: 'disruption.requested', machineId, detail: { id, semaphore } });
    return status(open);
  });
}

/** Gives the permit back, or takes the request out of the line; without either, nothing. */
export function cancelDisruption(mdb: Mdb, actor: Actor, machineId: string): Promise<Disruption> {
  return acting(mdb, actor, null, async (tx) => {
    const row = await openRow(tx, machineId);
    if (!row) return denied;
    // In the ledger at once, so that the machine reads what it said; the semaphore follows.
    await tx
      .update(permits)
      .set({ state: 'closed', how: 'released', why: 'the image system is done', closedAt: sql`now()` })
      .where(and(eq(permits.id, row.id), ne(permits.state, 'closed')));
    const { id, semaphore } = row;
    await postToSemaphore(tx, `permit/${id}/release`, { semaphore, signal: semaphoreMessages.release, body: { id } });
    await record(tx, { actor, action: 'disruption.cancelled', machineId, detail: { id, semaphore } });
    return denied;
  });
}

interface Open {
  readonly id: string;
  readonly semaphore: string;
  readonly state: 'waiting' | 'granted' | 'closed';
  readonly isNew?: boolean;
}

async function openRow(mdb: MdbOrTransaction, machineId: string): Promise<Open | null> {
  const [row] = await mdb
    .select({ id: permits.id, semaphore: permits.semaphore, state: permits.state })
    .from(permits)
    .where(and(eq(permits.machineId, machineId), isNull(permits.workflowId), ne(permits.state, 'closed')))
    .limit(1);
  return row ?? null;
}

async function openNew(tx: Transaction, machineId: string, rack: string | null): Promise<Open> {
  const id = `disruption-${machineId}-${randomUUID().slice(0, 8)}`;
  const semaphore = disruptionSemaphore(rack);
  await tx.insert(permits).values({ id, semaphore, machineId, class: 'maintenance' });
  return { id, semaphore, state: 'waiting', isNew: true };
}

function status({ state, semaphore }: Open): Disruption {
  return { state: state === 'granted' ? 'permitted' : 'requested', semaphore };
}
