import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { accepted } from '../../contract/api.ts';
import * as contract from '../../contract/tickets.ts';
import { listHumanSteps } from '../../mdb/orders/listing.ts';
import {
  addNote,
  closeByPerson,
  countTickets,
  listRoutes,
  listTickets,
  readTicket,
  removeRoute,
  setRoute,
} from '../../mdb/people/tickets.ts';
import { readPage } from './cursors.ts';
import { ApiError, granted } from './errors.ts';
import { eyesOfClosing } from './eyes/identity.ts';
import { mustBeSecret, onlyOf } from './names.ts';
import { type ApiRoute, acceptance, route } from './route.ts';

const numbered = z.strictObject({ id: z.string().min(1).max(200) });

type Row = Awaited<ReturnType<typeof listTickets>>[number];

function show(row: Row): contract.TicketView {
  return { ...row, openedAt: row.openedAt.toISOString(), closedAt: row.closedAt?.toISOString() ?? null };
}

export const ticketingRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/tickets',
    tag: 'tickets',
    summary: 'Tickets, newest first',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    query: contract.ticketFilter,
    fieldsOf: 'tickets',
    answers: { 200: contract.ticketList },
    handle: async ({ query: { open, machine, selector, limit, after, fields: _, ...rest }, pools, mdb, cursors }) => {
      const wanted = { ...rest, pools, open: open === 'true', ...(await onlyOf(mdb, machine, selector)) };
      const { rows, ...page } = await readPage(
        cursors,
        'tickets',
        { after, limit },
        (of) => listTickets(mdb, { ...wanted, ...of }),
        () => countTickets(mdb, wanted),
      );
      return { tickets: rows.map(show), ...page };
    },
  }),
  route({
    method: 'GET',
    path: '/tickets/:id',
    tag: 'tickets',
    summary: 'One ticket with its notes',
    right: { role: 'viewer', of: 'ticket' },
    effect: 'read',
    params: numbered,
    answers: { 200: contract.ticketDetail },
    handle: async ({ params: { id }, mdb }) => {
      const found = await readTicket(mdb, id);
      if (found === null) throw new ApiError('not-found', `there is no ticket ${id}`);
      const notes = found.notes.map((note) => ({ ...note, at: note.at.toISOString() }));
      const questions = await listHumanSteps(mdb, { ticketId: id, limit: 200 });
      return { ticket: show(found.ticket), body: found.body, notes, questions };
    },
  }),
  route({
    method: 'POST',
    path: '/tickets/:id/close',
    tag: 'tickets',
    summary: 'Closes a ticket, which answers its open question',
    right: { role: 'operator', of: 'ticket' },
    effect: 'write',
    reason: 'required',
    params: numbered,
    body: contract.ticketClose,
    eyes: eyesOfClosing,
    answers: { 202: contract.ticketClosed },
    handle: async ({ params, body, operator, mdb }) => {
      const outcome = granted(await closeByPerson(mdb, operator, { id: params.id, ...body }));
      return { outcome };
    },
  }),
  route({
    method: 'POST',
    path: '/tickets/:id/notes',
    tag: 'tickets',
    summary: 'Writes a note at a ticket and its mirror',
    right: { role: 'operator', of: 'ticket' },
    effect: 'write',
    params: numbered,
    body: contract.ticketNote,
    answers: { 202: accepted },
    handle: async ({ params, body, operator, mdb }) => {
      const key = `${params.id}:note:${body.id ?? randomUUID()}`;
      granted(await addNote(mdb, operator, params.id, key, body.text));
      return acceptance;
    },
  }),
];

export const mirrorRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/ticket-routes',
    tag: 'tickets',
    summary: 'Which systems mirror tickets',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: contract.routeList },
    intentOf: 'ticket routes',
    intent: ({ mdb }) => listRoutes(mdb),
    handle: async ({ mdb }) => ({ routes: await listRoutes(mdb) }),
  }),
  route({
    method: 'PUT',
    path: '/ticket-routes/:team',
    tag: 'tickets',
    summary: "Mirrors a team's new tickets; * is every team without a route of its own",
    right: { role: 'admin', of: 'team' },
    effect: 'write',
    reason: 'required',
    params: contract.routeTeam,
    body: contract.routeRequest,
    answers: { 200: accepted },
    intentOf: 'ticket routes',
    intent: ({ mdb }) => listRoutes(mdb),
    handle: async ({ params, body: { reason, ...wanted }, operator, dependencies, mdb, siteId }) => {
      await mustBeSecret(dependencies, wanted.secretRef, 'secretRef');
      granted(await setRoute(mdb, operator, { siteId, team: params.team, ...wanted }, reason));
      return acceptance;
    },
  }),
  route({
    method: 'DELETE',
    path: '/ticket-routes/:team',
    tag: 'tickets',
    summary: "Stops mirroring a team's new tickets",
    right: { role: 'admin', of: 'team' },
    effect: 'write',
    reason: 'required',
    params: contract.routeTeam,
    query: contract.routeRemoval,
    answers: { 200: accepted },
    intentOf: 'ticket routes',
    intent: ({ mdb }) => listRoutes(mdb),
    handle: async ({ params, query, operator, mdb, siteId }) => {
      if (!(await removeRoute(mdb, operator, siteId, params.team, query.reason)))
        throw new ApiError('not-found', `there is no route of ${params.team}`);
      return acceptance;
    },
  }),
];
