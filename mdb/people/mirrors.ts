/** The work that is due on the mirrors of tickets: leased, done, or put off. Read level by level, not event by event. */
import { and, asc, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import type { TicketAdapter } from '../../domain/machine.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { hookDeliveries, humanSteps, machines, ticketMirrors, ticketNotes, ticketRoutes, tickets } from '../schema.ts';

/** Gives tickets that a route leads somewhere a mirror; returns how many. A team's own route goes before the one of all. */
export async function adoptTickets(mdb: Mdb): Promise<number> {
  const { count } = await mdb.execute(sql`
    insert into ticket_mirrors (ticket_id, adapter, secret_ref, settings, role)
    select distinct on (t.id) t.id, r.adapter, r.secret_ref, r.settings, r.role
    from tickets t
    join machines m on m.id = t.machine_id
    join ticket_routes r on r.site_id = m.site_id and r.team in (t.owner, '*')
    where t.closed_at is null and not exists (select from ticket_mirrors x where x.ticket_id = t.id)
    order by t.id, r.team = '*'
    limit 500
    on conflict do nothing`);
  return count;
}

/** The systems that have something due, each by the name of its secret. */
export async function dueLanes(mdb: MdbOrTransaction): Promise<string[]> {
  const rows = await mdb
    .select({ lane: ticketMirrors.secretRef })
    .from(ticketMirrors)
    .where(sql`${ticketMirrors.doneAt} is null and ${ticketMirrors.nextAt} <= now()`)
    .groupBy(ticketMirrors.secretRef);
  return rows.map(({ lane }) => lane);
}

/** Mirrors at one system that are looked at from time to time. */
export function countMirrors(mdb: MdbOrTransaction & Pick<Mdb, '$count'>, lane: string): Promise<number> {
  return mdb.$count(ticketMirrors, and(eq(ticketMirrors.secretRef, lane), isNull(ticketMirrors.doneAt)));
}

export type MirrorRow = typeof ticketMirrors.$inferSelect;

/** Leases what is due at one system: a process that dies gives it back in time, two never do the same. */
export async function leaseMirrors(mdb: Mdb, lane: string, limit: number, leaseSeconds: number): Promise<MirrorRow[]> {
  const due = mdb
    .select({ id: ticketMirrors.ticketId })
    .from(ticketMirrors)
    .where(
      sql`${ticketMirrors.doneAt} is null and ${ticketMirrors.nextAt} <= now() and ${ticketMirrors.secretRef} = ${lane}`,
    )
    .orderBy(ticketMirrors.nextAt)
    .limit(limit)
    .for('update', { skipLocked: true });
  return mdb
    .update(ticketMirrors)
    .set({ nextAt: sql`now() + ${leaseSeconds} * interval '1 second'`, attempts: sql`${ticketMirrors.attempts} + 1` })
    .where(inArray(ticketMirrors.ticketId, due))
    .returning();
}

/** All that a mirror should show, as it is now. */
export async function readMirrored(mdb: MdbOrTransaction, mirror: MirrorRow) {
  const [row] = await mdb
    .select({ ticket: tickets, machine: machines })
    .from(tickets)
    .innerJoin(machines, eq(machines.id, tickets.machineId))
    .where(eq(tickets.id, mirror.ticketId));
  if (!row) throw new Error(`the MDB has no ticket ${mirror.ticketId}`);
  const questions = await mdb
    .select()
    .from(humanSteps)
    .where(and(eq(humanSteps.ticketId, mirror.ticketId), isNull(humanSteps.answeredAt)))
    .orderBy(asc(humanSteps.openedAt));
  const notes = await mdb
    .select()
    .from(ticketNotes)
    .where(
      and(
        eq(ticketNotes.ticketId, mirror.ticketId),
        gt(ticketNotes.id, mirror.lastNoteSent),
        eq(ticketNotes.origin, 'farrier'),
      ),
    )
    .orderBy(asc(ticketNotes.id))
    .limit(50);
  return { ...row, questions, notes };
}

export type Mirrored = Awaited<ReturnType<typeof readMirrored>>;

export async function updateMirror(
  mdb: MdbOrTransaction,
  ticketId: string,
  change: Partial<Pick<typeof ticketMirrors.$inferInsert, 'outsideId' | 'url' | 'lastNoteSent'>>,
): Promise<void> {
  await mdb.update(ticketMirrors).set(change).where(eq(ticketMirrors.ticketId, ticketId));
}

/** Notes that a ticket is about to be made over there, before anything is sent. */
export async function beginMaking(mdb: MdbOrTransaction, ticketId: string): Promise<void> {
  await mdb.update(ticketMirrors).set({ triedAt: sql`now()` }).where(eq(ticketMirrors.ticketId, ticketId));
}

/** The mirror shows all there is: look at it again after so many seconds, or never again. */
export async function settleMirror(mdb: MdbOrTransaction, ticketId: string, again: number | null): Promise<void> {
  const times = again === null ? { doneAt: sql`now()` } : { nextAt: sql`now() + ${again} * interval '1 second'` };
  await mdb
    .update(ticketMirrors)
    .set({ ...times, attempts: 0, error: null })
    .where(eq(ticketMirrors.ticketId, ticketId));
}

export async function postponeMirror(
  mdb: MdbOrTransaction,
  ticketId: string,
  seconds: number,
  error: string,
): Promise<void> {
  await mdb
    .update(ticketMirrors)
    .set({ nextAt: sql`now() + ${seconds} * interval '1 second'`, error: error.slice(0, 500) })
    .where(eq(ticketMirrors.ticketId, ticketId));
}

/** A ticket system told that something happened to one of its tickets: it is looked at now. False when it is not ours. */
export async function lookNow(mdb: Mdb, lane: string, outsideId: string): Promise<boolean> {
  const woken = await mdb
    .update(ticketMirrors)
    .set({ nextAt: sql`now()` })
    .where(and(eq(ticketMirrors.secretRef, lane), eq(ticketMirrors.outsideId, outsideId), isNull(ticketMirrors.doneAt)))
    .returning({ id: ticketMirrors.ticketId });
  return woken.length > 0;
}

/** Takes a message's id; false when it was taken before. Ids are kept for a day, far longer than a message is believed. */
export async function takeDelivery(mdb: Mdb, id: string): Promise<boolean> {
  await mdb.delete(hookDeliveries).where(sql`${hookDeliveries.at} < now() - interval '1 day'`);
  const taken = await mdb
    .insert(hookDeliveries)
    .values({ id })
    .onConflictDoNothing()
    .returning({ id: hookDeliveries.id });
  return taken.length === 1;
}

/** The kind of system behind the name of a secret; null when no route and no mirror uses it. */
export async function adapterOf(mdb: Mdb, lane: string): Promise<TicketAdapter | null> {
  const [route] = await mdb
    .select({ adapter: ticketRoutes.adapter })
    .from(ticketRoutes)
    .where(eq(ticketRoutes.secretRef, lane))
    .limit(1);
  if (route) return route.adapter;
  const [mirror] = await mdb
    .select({ adapter: ticketMirrors.adapter })
    .from(ticketMirrors)
    .where(eq(ticketMirrors.secretRef, lane))
    .limit(1);
  return mirror?.adapter ?? null;
}
