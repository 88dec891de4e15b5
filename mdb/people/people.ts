/** Questions to people and their tickets. Inside the transaction of one activity. */

import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { standardOnClose } from '../../domain/answers.ts';
import type { Milliseconds } from '../../domain/duration.ts';
import type { AnswerSchema } from '../../domain/question.ts';
import type { Transaction } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { humanSteps, ignoredAnswers, ticketMirrors, ticketNotes, tickets } from '../schema.ts';
import { standsIn } from './oncall.ts';

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
  readonly remindAfter: Milliseconds;
  /** Milliseconds from now until whoever is on call is notified too; the first reminder when absent. */
  readonly deadline?: Milliseconds | undefined;
  readonly schema?: AnswerSchema | undefined;
  /** Who may answer; operators and admins when absent. */
  readonly roles?: readonly ('operator' | 'admin')[] | undefined;
  /** The answer that closing the ticket gives; `retry`, `done` or `restore` among the choices when absent. */
  readonly onClose?: string | null | undefined;
}

export interface TicketRow {
  readonly id: string;
  readonly machineId: string;
  readonly fault: string;
  readonly title: string;
  readonly body: string;
  /** Team whose it is; `operations` when absent. */
  readonly owner?: string | undefined;
}

/** Opens a ticket, or finds the one that is open for this fault of this machine; returns its id. */
export async function openTicket(tx: Transaction, row: TicketRow): Promise<string> {
  const { owner, ...rest } = row;
  const known = await openTicketOf(tx, row);
  if (known !== null) return known;
  await tx
    .insert(tickets)
    .values({ ...rest, ...(owner === undefined ? {} : { owner }) })
    .onConflictDoNothing();
  // Another transaction may have been first: then its ticket is the one.
  return (await openTicketOf(tx, row)) ?? row.id;
}

async function openTicketOf(tx: Transaction, { machineId, fault }: TicketRow): Promise<string | null> {
  const open = and(eq(tickets.machineId, machineId), eq(tickets.fault, fault), isNull(tickets.closedAt));
  const [row] = await tx.select({ id: tickets.id }).from(tickets).where(open);
  return row?.id ?? null;
}

export interface NoteRow {
  readonly ticketId: string;
  /** De-duplication id. */
  readonly key: string;
  readonly by: string;
  readonly text: string;
  readonly origin: 'farrier' | 'outside';
}

/** Writes a note at a ticket, which its mirror is told soon; the same key again is the same note. */
export async function noteTicket(tx: Transaction, row: NoteRow): Promise<void> {
  await tx.insert(ticketNotes).values(row).onConflictDoNothing({ target: ticketNotes.key });
  await wakeMirror(tx, row.ticketId);
}

/** What a mirror has to be told is due at once; one that is in trouble keeps its pace. */
async function wakeMirror(tx: Transaction, ticketId: string): Promise<void> {
  const idle = and(eq(ticketMirrors.ticketId, ticketId), isNull(ticketMirrors.error), isNull(ticketMirrors.doneAt));
  await tx.update(ticketMirrors).set({ nextAt: sql`now()` }).where(idle);
}

/** Closes a ticket on which nothing is asked any more. */
export async function closeTicket(tx: Transaction, id: string, by: string, why: string): Promise<void> {
  await tx
    .update(tickets)
    .set({ closedAt: sql`now()`, closedBy: by, closedWhy: why })
    .where(
      and(
        eq(tickets.id, id),
        isNull(tickets.closedAt),
        sql`not exists (select from human_steps h where h.ticket_id = ${id} and h.answered_at is null)`,
      ),
    );
  await wakeMirror(tx, id);
}

/** Opens the question and its ticket. */
export async function openHumanStep(tx: Transaction, row: HumanStepRow): Promise<string> {
  const ticketId = await openTicket(tx, {
    id: `T-${row.id}`,
    machineId: row.machineId,
    fault: row.fault,
    title: `${row.machineId}: ${row.fault}`,
    body: row.reason,
    owner: row.owner,
  });
  const inTime = (milliseconds: number) => sql`now() + ${milliseconds} * interval '1 millisecond'`;
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
      onClose: row.onClose === undefined ? standardOnClose(row.choices) : row.onClose,
      schema: row.schema ?? null,
      ...(row.roles ? { roles: [...row.roles] } : {}),
      remindAt: inTime(Math.min(row.remindAfter, row.deadline ?? row.remindAfter)),
      deadlineAt: inTime(row.deadline ?? row.remindAfter),
    })
    .onConflictDoNothing();
  return ticketId;
}

export interface AnswerGiven {
  readonly note?: string | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

/** Writes the answer and closes the ticket; false when it had been answered already. */
export async function closeHumanStep(
  tx: Transaction,
  id: string,
  answer: string,
  by: string,
  { note, data }: AnswerGiven = {},
): Promise<boolean> {
  const [closed] = await tx
    .update(humanSteps)
    .set({ answer, answeredBy: by, answeredAt: sql`now()`, note: note ?? null, data: data ?? null })
    .where(and(eq(humanSteps.id, id), isNull(humanSteps.answeredAt)))
    .returning({ ticketId: humanSteps.ticketId });
  if (!closed) return false;
  const said = `${id} was answered by ${by}: ${answer}${note === undefined ? '' : ` (${note})`}`;
  await noteTicket(tx, { ticketId: closed.ticketId, key: `${id}:answer`, by, text: said, origin: 'farrier' });
  await closeTicket(tx, closed.ticketId, by, `answered: ${answer}`);
  return true;
}

export interface Reminder {
  /** How often it has been reminded of, this time included. */
  readonly number: number;
  /** Who is notified besides its team; null before the deadline, or where nobody is on call. */
  readonly escalatedTo: string | null;
}

/**
 * Reminds of a question at its ticket, and past its deadline tells whoever is on call by now: at a later reminder that
 * may be somebody else. Null when it has been answered, or was reminded of a moment ago.
 */
export async function remindHumanStep(
  tx: Transaction,
  id: string,
  remindAfter: Milliseconds,
): Promise<Reminder | null> {
  const [step] = await tx
    .select()
    .from(humanSteps)
    .where(and(eq(humanSteps.id, id), isNull(humanSteps.answeredAt)))
    .for('update');
  // Asked for a little early, by a clock that differs, it counts; asked for twice, it does not.
  const [{ now } = { now: new Date() }] = await tx.execute<{ now: Date }>(sql`select now() as now`);
  const at = new Date(now);
  if (!step || step.remindAt.getTime() - at.getTime() > clockSlackMs) return null;
  const late = step.deadlineAt !== null && step.deadlineAt.getTime() - at.getTime() < clockSlackMs;
  const person = late ? await standsIn(tx, step.owner, at) : null;
  const number = step.reminders + 1;
  await tx
    .update(humanSteps)
    .set({
      reminders: number,
      remindAt: sql`now() + ${remindAfter} * interval '1 millisecond'`,
      ...(person === null ? {} : { escalatedTo: person }),
    })
    .where(eq(humanSteps.id, id));
  const who = person === null ? step.owner : `${person}, who is on call for ${step.owner}`;
  const text = `Reminder ${number}, to ${who}: ${step.question} (farrier step answer ${id} ${step.choices.join('|')})`;
  await noteTicket(tx, {
    ticketId: step.ticketId,
    key: `${id}:reminder:${number}`,
    by: 'farrier',
    text,
    origin: 'farrier',
  });
  return { number, escalatedTo: person };
}

/** Milliseconds by which the clock that woke us may be ahead of the MDB's. */
const clockSlackMs = 60_000;

export interface IgnoredRow {
  readonly machineId: string;
  readonly why: string;
  readonly answer: unknown;
}

/** Keeps an answer that was not taken: late, double, misaddressed, or of a wrong form. */
export async function keepIgnored(tx: Transaction, row: IgnoredRow): Promise<void> {
  await tx.insert(ignoredAnswers).values({ ...row, answer: row.answer ?? null });
}

/** Closes what a passage left open when it ended without an answer. */
export async function closeLeftOver(tx: Transaction, orderId: string, why: string): Promise<void> {
  const open = await tx
    .select({ id: humanSteps.id })
    .from(humanSteps)
    .where(and(eq(humanSteps.orderId, orderId), isNull(humanSteps.answeredAt)));
  for (const { id } of open) await closeHumanStep(tx, id, why, 'farrier');
}

/** Which of these comments are notes here already. */
export async function listNoted(mdb: Mdb, keys: string[]): Promise<string[]> {
  const rows = await mdb.select({ key: ticketNotes.key }).from(ticketNotes).where(inArray(ticketNotes.key, keys));
  return rows.map(({ key }) => key);
}
