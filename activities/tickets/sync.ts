import { OutsideError } from '../../integrations/http/errors.ts';
import {
  type OutsidePlace,
  type OutsideTicket,
  type TicketSystem,
  Unmarked,
} from '../../integrations/tickets/system.ts';
import { markerOf, noteIn, signNote, titled, writeBody } from '../../integrations/tickets/text.ts';
import { acting, record } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { answerStep } from '../../mdb/people/answering.ts';
import {
  beginMaking,
  type Mirrored,
  type MirrorRow,
  readMirrored,
  settleMirror,
  updateMirror,
} from '../../mdb/people/mirrors.ts';
import { closeTicket, noteTicket } from '../../mdb/people/people.ts';
import { personOf, readComments } from './comments.ts';

/** Seconds until the passage has surely taken an answer, after which the ticket is closed or asks anew. */
const settledAfterSeconds = 15;
/** Seconds for which a system's search may not show what was just made; none of them promises less. */
const searchLagSeconds = 90;

interface Work {
  readonly mdb: Mdb;
  readonly system: TicketSystem;
  readonly mirror: MirrorRow;
  readonly mirrored: Mirrored;
}

/**
 * Makes one mirror show what its ticket says, and the ticket know what was said at the mirror. It reads both ends and
 * does what is missing, so that it may be cut off anywhere and run again. `pace` is the seconds until it is looked at
 * again. Throws OutsideError.
 */
export async function syncMirror(mdb: Mdb, system: TicketSystem, mirror: MirrorRow, pace: number): Promise<void> {
  const mirrored = await readMirrored(mdb, mirror);
  const work = { mdb, system, mirror, mirrored };
  const id = mirror.outsideId ?? (await keepUnmarked(mdb, mirror.ticketId, () => findOrMake(work)));
  if (id === null) return settleMirror(mdb, mirror.ticketId, null);
  const there = await readThere(work, id);
  const answered = await readComments(mdb, mirror, mirrored, there);
  await sendNotes(work, there);
  if (mirrored.ticket.closedAt !== null) return closeThere(work, there);
  if (there.open) return settleMirror(mdb, mirror.ticketId, answered ? settledAfterSeconds : pace);
  await closeHere(work, there, answered);
  await settleMirror(mdb, mirror.ticketId, settledAfterSeconds);
}

/** Its id over there; null for a ticket that closed before it was ever made there. */
async function findOrMake({ mdb, system, mirror, mirrored }: Work): Promise<string | null> {
  const { ticketId, triedAt } = mirror;
  const closed = mirrored.ticket.closedAt !== null;
  if (closed && triedAt === null) return null;
  const marker = markerOf(ticketId);
  const found = await system.find(marker);
  if (found === null && triedAt !== null) {
    const ageSeconds = (Date.now() - triedAt.getTime()) / 1000;
    // Whether the last try made one is not known yet: making another now could be the second.
    if (ageSeconds < searchLagSeconds)
      throw new OutsideError('busy', 'it may have been made; its search shows it soon', {
        retryAfter: Math.ceil(searchLagSeconds - ageSeconds),
      });
    if (closed) return null;
  }
  const place = found ?? (await make({ mdb, system, mirror, mirrored }, marker));
  await keepPlace(mdb, ticketId, place);
  return place.id;
}

const keepPlace = (mdb: Mdb, ticketId: string, { id, url }: OutsidePlace) =>
  updateMirror(mdb, ticketId, { outsideId: id, url });

/** One that could not be found again is kept by its place, so that no second one is made; the fault is reported. */
async function keepUnmarked<T>(mdb: Mdb, ticketId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Unmarked) await keepPlace(mdb, ticketId, error.place);
    throw error;
  }
}

async function make({ mdb, system, mirror, mirrored }: Work, marker: string) {
  const { ticket, machine, questions } = mirrored;
  await beginMaking(mdb, mirror.ticketId);
  const body = writeBody({
    machineId: machine.id,
    hostname: machine.hostname,
    place: machine.rackId === null ? null : `rack ${machine.rackId} unit ${machine.unit}`,
    fault: ticket.fault,
    body: ticket.body,
    openedAt: ticket.openedAt,
    questions,
  });
  return system.create({ marker, title: titled(ticket.title), body });
}

/** One that was deleted over there is made anew, since the fault is still here; a closed one is forgotten. */
async function readThere({ mdb, system, mirror }: Work, id: string): Promise<OutsideTicket> {
  try {
    return await system.read(id);
  } catch (error) {
    if (error instanceof OutsideError && error.kind === 'missing')
      await updateMirror(mdb, mirror.ticketId, { outsideId: null, url: null });
    throw error;
  }
}

/** A note that a comment over there says it is was told before, by a try whose end we did not see. */
async function sendNotes({ mdb, system, mirror, mirrored }: Work, there: OutsideTicket): Promise<void> {
  const sent = new Set(there.comments.map(({ text }) => noteIn(text)));
  for (const { id, text } of mirrored.notes) {
    if (!sent.has(id)) await system.comment(there.id, signNote(text, id));
    await updateMirror(mdb, mirror.ticketId, { lastNoteSent: id });
  }
}

async function closeThere({ mdb, system, mirror, mirrored }: Work, there: OutsideTicket): Promise<void> {
  const { closedBy, closedWhy } = mirrored.ticket;
  if (there.open) await system.close(there.id, `closed by ${closedBy ?? 'farrier'}: ${closedWhy ?? 'it is over'}`);
  await settleMirror(mdb, mirror.ticketId, null);
}

/** Closed over there: that answers what is asked here, or closes what asks nothing, or is not enough and undone. */
async function closeHere(work: Work, there: OutsideTicket, answered: boolean): Promise<void> {
  const { mdb, mirror, mirrored } = work;
  const person = personOf(mirror, there.closedBy);
  if (mirrored.questions.length === 0) {
    const { ticketId } = mirror;
    const { machineId } = mirrored.ticket;
    if (mirror.role === 'viewer') return reopen(work, there, `a closing by ${person.name} closes nothing here`);
    return acting(mdb, person, null, async (tx) => {
      await closeTicket(tx, ticketId, person.name, `closed at ${there.url ?? mirror.adapter}`);
      await record(tx, {
        actor: person,
        action: 'ticket.close',
        machineId,
        detail: { ticket: ticketId, at: there.url },
      });
    });
  }
  for (const { id, onClose, choices } of answered ? [] : mirrored.questions) {
    if (onClose === null)
      return reopen(work, there, `closing could mean ${choices.join(' or ')}: comment "/farrier ANSWER"`);
    const taken = await answerStep(mdb, person, {
      step: id,
      answer: onClose,
      note: `closed at ${there.url ?? mirror.adapter}`,
    });
    // Answered a moment ago, and the passage has not taken it yet.
    if (taken !== true && taken.code !== 'conflict') return reopen(work, there, taken.message);
  }
}

async function reopen({ mdb, system, mirror }: Work, there: OutsideTicket, why: string): Promise<void> {
  await system.reopen(there.id);
  const key = `${mirror.ticketId}:reopened:${Math.floor(Date.now() / 60_000)}`;
  await mdb.transaction((tx) =>
    noteTicket(tx, { ticketId: mirror.ticketId, key, by: 'farrier', text: `Opened again: ${why}`, origin: 'farrier' }),
  );
}
