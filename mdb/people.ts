/** Questions to people and their tickets. Inside the transaction of one activity. */
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Transaction } from './acting.ts';
import { humanSteps, tickets } from './schema.ts';

export interface HumanStepRow {
  readonly id: string;
  readonly machineId: string;
  readonly orderId: string;
  readonly step: string;
  readonly owner: string;
  readonly fault: string;
  readonly reason: string;
  readonly choices: readonly string[];
  /** Milliseconds from now. */
  readonly remindAfter: number;
}

export interface TicketRow {
  readonly id: string;
  readonly machineId: string;
  readonly fault: string;
  readonly title: string;
  readonly body: string;
}

/** Opens a ticket, or finds the one that is open for this fault of this machine; returns its id. */
export async function openTicket(tx: Transaction, row: TicketRow): Promise<string> {
  const [open] = await tx
    .select({ id: tickets.id })
    .from(tickets)
    .where(and(eq(tickets.machineId, row.machineId), eq(tickets.fault, row.fault), isNull(tickets.closedAt)));
  if (open) return open.id;
  await tx.insert(tickets).values(row).onConflictDoNothing();
  return row.id;
}

/** Opens the question and its ticket. */
export async function openHumanStep(tx: Transaction, row: HumanStepRow): Promise<string> {
  const ticketId = await openTicket(tx, {
    id: `T-${row.id}`,
    machineId: row.machineId,
    fault: row.fault,
    title: `${row.machineId}: ${row.fault}`,
    body: row.reason,
  });
  await tx
    .insert(humanSteps)
    .values({
      id: row.id,
      machineId: row.machineId,
      orderId: row.orderId,
      step: row.step,
      ticketId,
      owner: row.owner,
      question: row.reason,
      choices: [...row.choices],
      remindAt: sql`now() + ${row.remindAfter} * interval '1 millisecond'`,
    })
    .onConflictDoNothing();
  return ticketId;
}

/** Writes the answer and closes the ticket; false when it had been answered already. */
export async function closeHumanStep(tx: Transaction, id: string, answer: string, by: string): Promise<boolean> {
  const [closed] = await tx
    .update(humanSteps)
    .set({ answer, answeredBy: by, answeredAt: sql`now()` })
    .where(and(eq(humanSteps.id, id), isNull(humanSteps.answeredAt)))
    .returning({ ticketId: humanSteps.ticketId });
  if (!closed) return false;
  await tx
    .update(tickets)
    .set({ closedAt: sql`now()` })
    .where(and(eq(tickets.id, closed.ticketId), isNull(tickets.closedAt)));
  return true;
}

export async function remindHumanStep(tx: Transaction, id: string, remindAfter: number): Promise<void> {
  await tx
    .update(humanSteps)
    .set({ remindAt: sql`now() + ${remindAfter} * interval '1 millisecond'` })
    .where(and(eq(humanSteps.id, id), isNull(humanSteps.answeredAt)));
}

/** Closes what a passage left open when it ended without an answer. */
export async function closeLeftOver(tx: Transaction, orderId: string, why: string): Promise<void> {
  const open = await tx
    .select({ id: humanSteps.id })
    .from(humanSteps)
    .where(and(eq(humanSteps.orderId, orderId), isNull(humanSteps.answeredAt)));
  for (const { id } of open) await closeHumanStep(tx, id, why, 'farrier');
}
