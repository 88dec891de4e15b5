import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { accepted } from '../../contract/api.ts';
import * as contract from '../../contract/tickets.ts';
import { listHumanSteps } from '../../mdb/orders/listing.ts';
import {
  addNote,
  closeByPerson,
  listRoutes,
  listTickets,
  readTicket,
  removeRoute,
  setRoute,
} from '../../mdb/people/tickets.ts';
import type { App, PeopleDependencies } from './app.ts';
import { ApiError, granted } from './errors.ts';
import { mustFind } from './machines.ts';
import { mustBeSecret } from './names.ts';
import { mustBe } from './operator.ts';

const tags = ['tickets'];
const numbered = z.strictObject({ id: z.string().min(1).max(200) });

type Row = Awaited<ReturnType<typeof listTickets>>[number];

function show(row: Row): contract.TicketView {
  return { ...row, openedAt: row.openedAt.toISOString(), closedAt: row.closedAt?.toISOString() ?? null };
}

export function serveTickets(app: App, dependencies: PeopleDependencies): void {
  const { mdb } = dependencies;
  app.get(
    '/tickets',
    {
      schema: {
        tags,
        summary: 'Tickets, newest first',
        querystring: contract.ticketFilter,
        response: { 200: contract.ticketList },
      },
    },
    async ({ query: { open, machine, ...wanted } }) => {
      const machineId = machine === undefined ? undefined : await mustFind(mdb, machine);
      return { tickets: (await listTickets(mdb, { ...wanted, machineId, open: open === 'true' })).map(show) };
    },
  );
  app.get(
    '/tickets/:id',
    {
      schema: {
        tags,
        summary: 'One ticket with what was said at it',
        params: numbered,
        response: { 200: contract.ticketDetail },
      },
    },
    async ({ params: { id } }) => {
      const found = await readTicket(mdb, id);
      if (found === null) throw new ApiError('not-found', `there is no ticket ${id}`);
      const notes = found.notes.map((note) => ({ ...note, at: note.at.toISOString() }));
      const questions = await listHumanSteps(mdb, { ticketId: id, limit: 200 });
      return { ticket: show(found.ticket), body: found.body, notes, questions };
    },
  );
  app.post(
    '/tickets/:id/close',
    {
      schema: {
        tags,
        summary: 'Closes a ticket, which answers what is asked in it',
        params: numbered,
        body: contract.ticketClose,
        response: { 202: contract.ticketClosed },
      },
    },
    async ({ params, body, operator }, reply) => {
      const outcome = granted(await closeByPerson(mdb, operator, { id: params.id, ...body }));
      return reply.code(202).send({ outcome });
    },
  );
  app.post(
    '/tickets/:id/notes',
    {
      schema: {
        tags,
        summary: 'Writes a note at a ticket and its mirror',
        params: numbered,
        body: contract.ticketNote,
        response: { 202: accepted },
      },
    },
    async ({ params, body, operator }, reply) => {
      mustBe(operator, 'operator');
      const key = `${params.id}:note:${body.id ?? randomUUID()}`;
      granted(await addNote(mdb, operator, params.id, key, body.text));
      return reply.code(202).send({ accepted: true });
    },
  );
  serveRoutes(app, dependencies);
}

function serveRoutes(app: App, dependencies: PeopleDependencies): void {
  const { mdb, siteId } = dependencies;
  app.get(
    '/ticket-routes',
    { schema: { tags, summary: 'Which systems mirror tickets', response: { 200: contract.routeList } } },
    async () => ({ routes: await listRoutes(mdb) }),
  );
  app.put(
    '/ticket-routes/:team',
    {
      schema: {
        tags,
        summary: "Has a team's tickets mirrored; * is every team without a route of its own",
        params: contract.routeTeam,
        body: contract.routeRequest,
        response: { 200: accepted },
      },
    },
    async ({ params, body: { reason, ...route }, operator }) => {
      mustBe(operator, 'admin');
      await mustBeSecret(dependencies, route.secretRef, 'secretRef');
      granted(await setRoute(mdb, operator, { siteId, team: params.team, ...route }, reason));
      return { accepted: true as const };
    },
  );
  app.delete(
    '/ticket-routes/:team',
    {
      schema: {
        tags,
        summary: "Has a team's new tickets mirrored no longer",
        params: contract.routeTeam,
        querystring: contract.routeRemoval,
        response: { 200: accepted },
      },
    },
    async ({ params, query, operator }) => {
      mustBe(operator, 'admin');
      if (!(await removeRoute(mdb, operator, siteId, params.team, query.reason)))
        throw new ApiError('not-found', `there is no route of ${params.team}`);
      return { accepted: true as const };
    },
  );
}
