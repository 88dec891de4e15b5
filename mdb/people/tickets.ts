/** Tickets as people see them, and the routes to the systems that mirror them. */

import { and, asc, count, desc, eq, isNull, sql } from 'drizzle-orm';
import type { Refused } from '../../domain/refused.ts';
import type { Selector } from '../../domain/selector.ts';
import { type Actor, acting, explain, record } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { inPools } from '../machines/listing.ts';
import { selectorSql } from '../machines/selecting.ts';
import { humanSteps, machines, sites, ticketMirrors, ticketNotes, ticketRoutes, tickets } from '../schema.ts';
import { type Answerer, answerStep } from './answering.ts';
import { closeTicket, noteTicket } from './people.ts';

const columns = {
  id: tickets.id,
  machineId: tickets.machineId,
  hostname: machines.hostname,
  fault: tickets.fault,
  title: tickets.title,
  owner: tickets.owner,
  openedAt: tickets.openedAt,
  closedAt: tickets.closedAt,
  closedBy: tickets.closedBy,
  closedWhy: tickets.closedWhy,
  mirror: ticketMirrors.adapter,
  outsideId: ticketMirrors.outsideId,
  url: ticketMirrors.url,
  /** Why the mirror is behind; null where it is not, or there is none. */
  trouble: ticketMirrors.error,
};

export interface TicketsWanted {
  readonly id?: string | undefined;
  readonly open?: boolean | undefined;
  readonly owner?: string | undefined;
  readonly machineId?: string | undefined;
  readonly selector?: Selector | undefined;
  /** Only of machines of these; null or absent: of all. */
  readonly pools?: readonly string[] | null | undefined;
  /** Id of the last ticket of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Tickets, newest first. */
export async function listTickets(mdb: MdbOrTransaction, wanted: TicketsWanted) {
  return mdb
    .select(columns)
    .from(tickets)
    .innerJoin(machines, eq(machines.id, tickets.machineId))
    .leftJoin(ticketMirrors, eq(ticketMirrors.ticketId, tickets.id))
    .where(filterTickets(wanted))
    .orderBy(desc(tickets.openedAt), asc(tickets.id))
    .limit(wanted.limit);
}

export async function countTickets(
  mdb: MdbOrTransaction,
  wanted: Omit<TicketsWanted, 'after' | 'limit'>,
): Promise<number> {
  const [row] = await mdb
    .select({ total: count() })
    .from(tickets)
    .where(filterTickets({ ...wanted, limit: 0 }));
  return row?.total ?? 0;
}

function filterTickets({ id, open, owner, machineId, selector, pools, after }: TicketsWanted) {
  return and(
    id === undefined ? undefined : eq(tickets.id, id),
    owner === undefined ? undefined : eq(tickets.owner, owner),
    machineId === undefined ? undefined : eq(tickets.machineId, machineId),
    open === true ? isNull(tickets.closedAt) : undefined,
    pools ? sql`exists (select 1 from machines m where m.id = ${tickets.machineId} and ${inPools(pools)})` : undefined,
    selector === undefined
      ? undefined
      : sql`exists (select 1 from machines m where m.id = ${tickets.machineId} and (${selectorSql(selector)}))`,
    after === undefined
      ? undefined
      : sql`exists (select 1 from tickets a where a.id = ${after} and (${tickets.openedAt} < a.opened_at
          or (${tickets.openedAt} = a.opened_at and ${tickets.id} > a.id)))`,
  );
}

/** What is said in a ticket: its text, its notes oldest first (the last 200), and the questions that hang on it. */
export async function readTicket(mdb: MdbOrTransaction, id: string) {
  const [ticket] = await listTickets(mdb, { id, limit: 1 });
  if (!ticket) return null;
  const [{ body } = { body: '' }] = await mdb.select({ body: tickets.body }).from(tickets).where(eq(tickets.id, id));
  const notes = await mdb
    .select({ at: ticketNotes.at, by: ticketNotes.by, text: ticketNotes.text, origin: ticketNotes.origin })
    .from(ticketNotes)
    .where(eq(ticketNotes.ticketId, id))
    .orderBy(desc(ticketNotes.id))
    .limit(200);
  const questions = await mdb
    .select()
    .from(humanSteps)
    .where(eq(humanSteps.ticketId, id))
    .orderBy(asc(humanSteps.openedAt));
  return { ticket, body, notes: notes.reverse(), questions };
}

/** Questions that are open: one of them, or those that hang on a ticket. */
export function listQuestions(
  mdb: MdbOrTransaction,
  which: { readonly stepId: string } | { readonly ticketId: string },
) {
  return mdb
    .select({
      machineId: humanSteps.machineId,
      question: humanSteps.question,
      onClose: humanSteps.onClose,
      fault: tickets.fault,
    })
    .from(humanSteps)
    .innerJoin(tickets, eq(tickets.id, humanSteps.ticketId))
    .where(
      and(
        'stepId' in which ? eq(humanSteps.id, which.stepId) : eq(humanSteps.ticketId, which.ticketId),
        isNull(humanSteps.answeredAt),
      ),
    )
    .orderBy(asc(humanSteps.openedAt));
}

export interface CloseSpec {
  readonly id: string;
  /** Says which answer the closing gives, where the questions' own would not do. */
  readonly answer?: string | undefined;
  readonly why: string;
}

/**
 * Closes a ticket. Questions that hang on it are answered by it, and the ticket closes once their passage has taken the
 * answer; a ticket without a question closes at once.
 */
export async function closeByPerson(
  mdb: Mdb,
  person: Answerer,
  spec: CloseSpec,
): Promise<'closed' | 'answered' | Refused> {
  const found = await readTicket(mdb, spec.id);
  if (found === null)
    return { code: 'not-found', message: `there is no ticket ${spec.id}: farrier ticket ls shows them` };
  if (found.ticket.closedAt !== null)
    return {
      code: 'conflict',
      message: `ticket ${spec.id} was closed already, by ${found.ticket.closedBy ?? 'farrier'}`,
    };
  if (person.role === 'viewer') return { code: 'forbidden', message: 'a viewer closes no tickets' };
  const open = found.questions.filter(({ answeredAt }) => answeredAt === null);
  if (open.length === 0) {
    await acting(mdb, person, null, async (tx) => {
      await closeTicket(tx, spec.id, person.name, spec.why);
      const { machineId } = found.ticket;
      await record(tx, {
        actor: person,
        action: 'ticket.close',
        machineId,
        detail: { ticket: spec.id, why: spec.why },
      });
    });
    return 'closed';
  }
  for (const { id, onClose, choices } of open) {
    const answer = spec.answer ?? onClose;
    if (answer === null) {
      const message = `closing ${spec.id} could mean ${choices.join(' or ')}: say which with --answer`;
      return { code: 'invalid', message, field: 'answer' };
    }
    const answered = await answerStep(mdb, person, { step: id, answer, note: spec.why });
    if (answered !== true) return answered;
  }
  return 'answered';
}

/** Writes a person's note at a ticket. */
export async function addNote(mdb: Mdb, person: Actor, id: string, key: string, text: string): Promise<true | Refused> {
  return acting(mdb, person, null, async (tx) => {
    const [ticket] = await tx.select({ id: tickets.id }).from(tickets).where(eq(tickets.id, id));
    if (!ticket) return { code: 'not-found', message: `there is no ticket ${id}` } as const;
    await noteTicket(tx, { ticketId: id, key, by: person.name, text, origin: 'farrier' });
    return true;
  });
}

export type TicketRoute = typeof ticketRoutes.$inferSelect;

export async function listRoutes(mdb: MdbOrTransaction): Promise<TicketRoute[]> {
  return mdb.select().from(ticketRoutes).orderBy(asc(ticketRoutes.siteId), asc(ticketRoutes.team));
}

/** Writes a route. Tickets that are mirrored already stay where they are. */
export async function setRoute(mdb: Mdb, operator: Actor, route: TicketRoute, reason: string): Promise<true | Refused> {
  return acting(mdb, operator, null, async (tx) => {
    const [site] = await tx.select({ id: sites.id }).from(sites).where(eq(sites.id, route.siteId));
    if (!site) return { code: 'not-found', message: `there is no site ${route.siteId}`, field: 'site' } as const;
    const { siteId: _, team: __, ...rest } = route;
    await explain(tx, { reason });
    await tx
      .insert(ticketRoutes)
      .values(route)
      .onConflictDoUpdate({ target: [ticketRoutes.siteId, ticketRoutes.team], set: rest });
    await record(tx, { actor: operator, action: 'ticket.route', detail: { ...route, reason } });
    return true;
  });
}

/** Takes a route away; new tickets of that team are no longer mirrored. False when there was none. */
export async function removeRoute(
  mdb: Mdb,
  operator: Actor,
  siteId: string,
  team: string,
  reason: string,
): Promise<boolean> {
  return acting(mdb, operator, null, async (tx) => {
    await explain(tx, { reason });
    const gone = await tx
      .delete(ticketRoutes)
      .where(and(eq(ticketRoutes.siteId, siteId), eq(ticketRoutes.team, team)))
      .returning({ team: ticketRoutes.team });
    if (gone.length === 0) return false;
    await record(tx, { actor: operator, action: 'ticket.unroute', detail: { siteId, team, reason } });
    return true;
  });
}
