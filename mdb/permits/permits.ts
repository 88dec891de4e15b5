/** The ledger of permits: the one place where permits are granted. Each function is one transaction's work. */

import { and, eq, inArray, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import {
  type LedgerBatch,
  type LedgerRest,
  type LedgerResult,
  type PermitHolder,
  type PermitWaiting,
  readSemaphoreId,
  semaphoreMessages,
} from '../../contract/semaphore.ts';
import { type GateFacts, judgeCandidates } from '../../domain/permits/gates.ts';
import type { Resource } from '../../domain/permits/groups.ts';
import { termsOf } from '../../domain/permits/policy.ts';
import { type Actor, record, type Transaction } from '../acting.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { lock } from '../locks.ts';
import { raiseFence } from '../orders/passage.ts';
import { postToSemaphore } from '../outbox.ts';
import { closeTicket, openTicket } from '../people/people.ts';
import { machines, permits, semaphoreStates, tickets } from '../schema.ts';
import { readBreakerGate, readCandidateFacts, readRate } from './gates.ts';
import { countGroup, opensAt, policyOf } from './policy.ts';

type PermitRow = typeof permits.$inferSelect;

const semaphoreActor: Actor = { class: 'system', name: 'semaphore' };

export function resourceOf(semaphore: string): Resource {
  const resource = readSemaphoreId(semaphore);
  if (resource === null) throw new Error(`${semaphore} is not the id of a semaphore`);
  return resource;
}

/**
 * Writes one batch and grants what policy and gates allow. A repeated batch, and one of a worker that was thought dead,
 * grants nothing twice: what counts is the ledger, which one batch of a semaphore at a time works on.
 */
export async function settleBatch(tx: Transaction, ledgerBatch: LedgerBatch): Promise<LedgerResult> {
  const { semaphore } = ledgerBatch;
  const resource = resourceOf(semaphore);
  await lock(tx, 'semaphores', semaphore);
  await writeQueued(tx, semaphore, ledgerBatch.queued);
  await writeClosed(tx, ledgerBatch);
  await writeOverdue(tx, ledgerBatch);
  const policy = await policyOf(tx, resource);
  const group = await countGroup(tx, semaphore, resource);
  const terms = termsOf(policy, group.total);
  const open = await openRows(tx, semaphore, ledgerBatch.candidates);
  const granted = open.filter(({ state }) => state === 'granted');
  const context: GateFacts = {
    policy,
    group,
    room: terms.capacity - granted.length,
    capacity: terms.capacity,
    opensAt: await opensAt(tx, policy.windows),
    rate: await readRate(tx, semaphore, policy.perMinute),
    brake: await readBreakerGate(tx),
  };
  const waiting = inOrderOf(ledgerBatch.candidates, open);
  const verdict = judgeCandidates(context, waiting, await readCandidateFacts(tx, waiting));
  const fences = await grant(tx, verdict.granted);
  const { gate } = verdict;
  const state = {
    capacity: terms.capacity,
    gate: gate?.reason ?? null,
    gateUntil: gate?.until ? new Date(gate.until) : null,
  };
  await tx
    .insert(semaphoreStates)
    .values({ id: semaphore, ...state })
    .onConflictDoUpdate({ target: semaphoreStates.id, set: { ...state, updatedAt: sql`now()` } });
  await auditBatch(tx, ledgerBatch);
  const known = new Set(ledgerBatch.holders);
  const candidates = new Set(ledgerBatch.candidates);
  const unknown = granted.filter(({ id }) => !known.has(id));
  return {
    terms,
    gate,
    granted: [
      ...unknown.filter(({ id }) => candidates.has(id)).map(({ id, fence }) => ({ id, fence: fence ?? 0 })),
      ...fences,
    ],
    found: await holdersOf(
      tx,
      unknown.filter(({ id }) => !candidates.has(id)),
    ),
    gone: await goneOf(tx, ledgerBatch, open),
    held: verdict.held,
  };
}

async function writeQueued(tx: Transaction, semaphore: string, queued: readonly PermitWaiting[]): Promise<void> {
  if (queued.length === 0) return;
  const rows = queued.map(({ id, machineId, class: urgency, workflowId, orderId, at }) => ({
    id,
    machine: machineId,
    class: urgency,
    workflow: workflowId ?? null,
    order: orderId ?? null,
    at: new Date(at).toISOString(),
  }));
  // A request for a machine that the MDB does not have is left out, and reported as gone.
  await tx.execute(sql`
    insert into permits (id, semaphore, machine_id, class, workflow_id, order_id, requested_at)
    select r.id, ${semaphore}, m.id, r.class::order_class, r.workflow, r."order", r.at
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as r(id text, machine text, class text, workflow text, "order" text, at timestamptz)
    join machines m on m.id = r.machine
    on conflict (id) do nothing`);
}

async function writeClosed(tx: Transaction, { semaphore, closed }: LedgerBatch): Promise<void> {
  if (closed.length === 0) return;
  await tx.execute(sql`
    update permits set state = 'closed', how = c.how, why = c.why, by = c.by, closed_at = now()
    from jsonb_to_recordset(${JSON.stringify(closed)}::jsonb) as c(id text, how text, why text, by text)
    where permits.id = c.id and permits.semaphore = ${semaphore} and permits.state <> 'closed'`);
  await closeTickets(
    tx,
    semaphore,
    closed.map(({ id }) => id),
  );
}

async function closeTickets(tx: Transaction, semaphore: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const of = tx
    .select({ id: permits.machineId })
    .from(permits)
    .where(inArray(permits.id, [...ids]));
  const open = await tx
    .select({ id: tickets.id })
    .from(tickets)
    .where(and(eq(tickets.fault, faultOf(semaphore)), inArray(tickets.machineId, of), isNull(tickets.closedAt)));
  for (const ticket of open) await closeTicket(tx, ticket.id, semaphoreActor.name, 'the permit is overdue no more');
}

function faultOf(semaphore: string): string {
  return `permit/${semaphore.replace(/^semaphore\//, '')}`;
}

/** One open ticket a machine and semaphore says that a permit is overdue; it is closed with the permit. */
async function writeOverdue(tx: Transaction, { semaphore, overdue }: LedgerBatch): Promise<void> {
  for (const { id, why } of overdue) {
    const [row] = await tx
      .update(permits)
      .set({ overdue: why, overdueAt: why === null ? null : sql`coalesce(${permits.overdueAt}, now())` })
      .where(and(eq(permits.id, id), eq(permits.state, 'granted')))
      .returning({ machineId: permits.machineId });
    if (why === null) await closeTickets(tx, semaphore, [id]);
    if (row === undefined || why === null) continue;
    const { machineId } = row;
    const body = `Permit ${id} of ${semaphore} is overdue: ${why}. It stays with ${machineId} until it is given back, or taken away: farrier semaphore evict ${id} --reason …`;
    const title = `${machineId}: a permit is overdue`;
    await openTicket(tx, { id: `T-permit-${id}-${Date.now()}`, machineId, fault: faultOf(semaphore), title, body });
  }
}

async function openRows(tx: Transaction, semaphore: string, candidates: readonly string[]): Promise<PermitRow[]> {
  const granted = and(eq(permits.semaphore, semaphore), eq(permits.state, 'granted'));
  const held = await tx.select().from(permits).where(granted);
  if (candidates.length === 0) return held;
  const waiting = await tx
    .select()
    .from(permits)
    .where(and(eq(permits.semaphore, semaphore), eq(permits.state, 'waiting'), inArray(permits.id, [...candidates])));
  return [...held, ...waiting];
}

function inOrderOf(candidates: readonly string[], open: readonly PermitRow[]): PermitRow[] {
  const rows = new Map(open.map((row) => [row.id, row]));
  return candidates.flatMap((id) => {
    const row = rows.get(id);
    return row?.state === 'waiting' ? [row] : [];
  });
}

/** Raises the fence of each machine and writes the grant. In the order of machines, so that no two batches lock crosswise. */
async function grant(tx: Transaction, rows: readonly PermitRow[]): Promise<{ id: string; fence: number }[]> {
  const fences = new Map<string, number>();
  for (const { id, machineId } of [...rows].sort((left, right) => (left.machineId < right.machineId ? -1 : 1)))
    fences.set(id, await raiseFence(tx, machineId));
  const granted = rows.map(({ id }) => ({ id, fence: fences.get(id) ?? 0 }));
  if (granted.length > 0)
    await tx.execute(sql`
      update permits set state = 'granted', fence = g.fence, granted_at = now(),
        before = jsonb_build_object('opState', m.op_state, 'bootId', m.boot_id)
      from jsonb_to_recordset(${JSON.stringify(granted)}::jsonb) as g(id text, fence bigint), machines m
      where permits.id = g.id and m.id = permits.machine_id`);
  return granted;
}

async function goneOf(
  tx: Transaction,
  ledgerBatch: LedgerBatch,
  open: readonly PermitRow[],
): Promise<{ id: string; why: string }[]> {
  const known = new Set(open.map(({ id }) => id));
  // Holders too: a semaphore that comes from a backup of Temporal knows some that have ended since.
  const requests = new Set([
    ...ledgerBatch.candidates,
    ...ledgerBatch.queued.map(({ id }) => id),
    ...ledgerBatch.holders,
  ]);
  const missing = [...requests].filter((id) => !known.has(id));
  if (missing.length === 0) return [];
  const rows = await tx.select().from(permits).where(inArray(permits.id, missing));
  const found = new Map(rows.map((row) => [row.id, row]));
  return missing.flatMap((id) => {
    const row = found.get(id);
    if (row === undefined) return [{ id, why: 'the MDB has no such machine' }];
    if (row.semaphore !== ledgerBatch.semaphore) return [{ id, why: `this id is a request for ${row.semaphore}` }];
    return row.state === 'closed' ? [{ id, why: `this request has ended: ${row.why ?? row.how ?? ''}` }] : [];
  });
}

/** What people did is audited; everything else is in the ledger itself. */
async function auditBatch(tx: Transaction, { semaphore, closed, overdue }: LedgerBatch): Promise<void> {
  const evicted = closed.filter(({ how }) => how === 'evicted');
  const late = overdue.filter(({ why }) => why !== null);
  for (const { id, by = 'nobody', why } of evicted) {
    const [row] = await tx.select({ machineId: permits.machineId }).from(permits).where(eq(permits.id, id));
    const actor: Actor = { class: 'user', name: by };
    await record(tx, {
      actor,
      action: 'permit.evicted',
      machineId: row?.machineId ?? null,
      detail: { id, semaphore, why },
    });
  }
  for (const { id, why } of late) {
    const [row] = await tx.select({ machineId: permits.machineId }).from(permits).where(eq(permits.id, id));
    const machineId = row?.machineId ?? null;
    await record(tx, { actor: semaphoreActor, action: 'permit.overdue', machineId, detail: { id, semaphore, why } });
  }
}

/** Everything open, for a semaphore whose workflow does not know it. */
export async function restOf(mdb: MdbOrTransaction, semaphore: string): Promise<LedgerRest> {
  resourceOf(semaphore);
  const rows = await mdb
    .select()
    .from(permits)
    .where(and(eq(permits.semaphore, semaphore), ne(permits.state, 'closed')))
    .orderBy(permits.requestedAt);
  const sites = await sitesOf(mdb, rows);
  return {
    holders: rows.filter(({ state }) => state === 'granted').map((row) => asHolder(row, sites)),
    waiting: rows.filter(({ state }) => state === 'waiting').map((row) => asWaiting(row, sites)),
  };
}

async function holdersOf(tx: Transaction, rows: readonly PermitRow[]): Promise<PermitHolder[]> {
  const sites = await sitesOf(tx, rows);
  return rows.map((row) => asHolder(row, sites));
}

async function sitesOf(mdb: MdbOrTransaction, rows: readonly PermitRow[]): Promise<ReadonlyMap<string, string>> {
  if (rows.length === 0) return new Map();
  const ids = [...new Set(rows.map(({ machineId }) => machineId))];
  const found = await mdb
    .select({ id: machines.id, siteId: machines.siteId })
    .from(machines)
    .where(and(inArray(machines.id, ids), isNotNull(machines.siteId)));
  return new Map(found.map(({ id, siteId }) => [id, siteId]));
}

/** Has the semaphores of an order whose passage is gone look at what it holds: they judge by its machine, not by it. */
export async function lookAfterPermits(tx: Transaction, orderId: string): Promise<void> {
  const open = await tx
    .select({ id: permits.id, semaphore: permits.semaphore })
    .from(permits)
    .where(and(eq(permits.orderId, orderId), ne(permits.state, 'closed')));
  for (const { id, semaphore } of open)
    await postToSemaphore(tx, `look/${id}`, { semaphore, signal: semaphoreMessages.look, body: { id } });
}

const lapseMs = 3_600_000;

function asWaiting(row: PermitRow, sites: ReadonlyMap<string, string>): PermitWaiting {
  const { id, machineId, workflowId, orderId, requestedAt } = row;
  const at = requestedAt.getTime();
  return {
    id,
    machineId,
    siteId: sites.get(machineId) ?? '',
    class: row.class,
    ...(workflowId !== null && { workflowId }),
    ...(orderId !== null && { orderId }),
    at,
    until: workflowId === null ? at + lapseMs : 0,
  };
}

function asHolder(row: PermitRow, sites: ReadonlyMap<string, string>): PermitHolder {
  const since = (row.grantedAt ?? row.requestedAt).getTime();
  return {
    ...asWaiting(row, sites),
    fence: row.fence ?? 0,
    since,
    renewed: since,
    overdue: row.overdue,
    notified: true,
  };
}
