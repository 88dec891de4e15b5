import { type Command, Option } from 'commander';
import type { RouteView, TicketDetail, TicketView } from '../contract/tickets.ts';
import { ticketAdapters } from '../domain/machine.ts';
import { addSetting } from './arguments.ts';
import type { Context } from './context.ts';
import { age, moment } from './format.ts';
import type { Column } from './table.ts';
import { watched } from './watch.ts';

const columns = (now: number): Column<TicketView>[] => [
  { title: 'ticket', cell: ({ id }) => id },
  { title: 'machine', cell: ({ hostname, machineId }) => hostname ?? machineId },
  { title: 'owner', cell: ({ owner }) => owner },
  { title: 'state', cell: ({ closedAt }) => (closedAt === null ? 'open' : 'closed') },
  { title: 'age', cell: ({ openedAt }) => age(openedAt, now), align: 'right' },
  { title: 'mirror', cell: ({ mirror, outsideId, trouble }) => mirrorOf(mirror, outsideId, trouble), flexible: true },
  { title: 'title', cell: ({ title }) => title, flexible: true },
];

function mirrorOf(mirror: string | null, outsideId: string | null, trouble: string | null): string | null {
  if (mirror === null) return null;
  if (trouble !== null) return `${mirror}: ${trouble}`;
  return outsideId === null ? `${mirror}, soon` : `${mirror} ${outsideId}`;
}

const routeColumns: Column<RouteView>[] = [
  { title: 'site', cell: ({ siteId }) => siteId },
  { title: 'team', cell: ({ team }) => team },
  { title: 'system', cell: ({ adapter }) => adapter },
  { title: 'secret', cell: ({ secretRef }) => secretRef },
  { title: 'role', cell: ({ role }) => role },
  {
    title: 'settings',
    cell: ({ settings }) =>
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    flexible: true,
  },
];

interface ListOptions {
  readonly all?: true;
  readonly owner?: string;
  readonly machine?: string;
}

/** `farrier ticket …`: the built-in tickets, and the systems that mirror them. */
export function addTicket(program: Command, open: () => Context): void {
  const ticket = program.command('ticket');
  const list = ticket
    .command('ls')
    .alias('list')
    .description('list the open tickets, newest first')
    .option('--all', 'those that are closed too')
    .option('--owner <team>', 'only those of this team')
    .option('--machine <machine>', 'only those of this machine');
  watched(list, open, ['ticket'], async ({ api, screen, now }, { all, ...filter }: ListOptions) => {
    const tickets = await api.tickets({ open: !all, ...filter });
    screen.answer(tickets, () => screen.table(columns(now), tickets, 'No ticket is open.'));
  });
  ticket
    .command('show')
    .description('show a ticket with its notes')
    .argument('<ticket>', 'id of the ticket')
    .action(async (id: string) => {
      const context = open();
      const detail = await context.api.ticket(id);
      context.screen.answer(detail, () => showTicket(context, detail));
    });
  ticket
    .command('close')
    .description('close a ticket, which answers its open question')
    .argument('<ticket>', 'id of the ticket')
    .requiredOption('--why <text>', 'what was found or done')
    .option('--answer <answer>', 'which answer that is, where closing could mean several')
    .action(async (id: string, spec: { why: string; answer?: string }) => {
      const { api, screen } = open();
      const closed = await api.closeTicket(id, spec);
      const said = { closed: 'is closed', answered: 'is answered, and closes once its passage has taken that' };
      screen.answer(closed, () => screen.line(`${id} ${said[closed.outcome]}`));
    });
  ticket
    .command('note')
    .description('write a note at a ticket')
    .argument('<ticket>', 'id of the ticket')
    .argument('<text>', 'the note')
    .action(async (id: string, text: string) => {
      const { api, screen } = open();
      await api.noteTicket(id, text);
      screen.answer({ accepted: true }, () => screen.line(`${id} has your note`));
    });
  addRoutes(ticket, open);
}

function showTicket({ screen }: Context, { ticket, body, notes, questions }: TicketDetail): void {
  screen.facts(ticket.title, [
    ['ticket', ticket.id],
    ['machine', ticket.hostname ?? ticket.machineId],
    ['owner', ticket.owner],
    ['opened', moment(ticket.openedAt)],
    [
      'closed',
      ticket.closedAt === null ? null : `${moment(ticket.closedAt)} by ${ticket.closedBy}: ${ticket.closedWhy}`,
    ],
    ['mirror', mirrorOf(ticket.mirror, ticket.outsideId, ticket.trouble)],
    ['page', ticket.url],
    ['text', body],
  ]);
  for (const { id, question, choices, answer, answeredBy } of questions) {
    const state = answer === null ? `farrier step answer ${id} ${choices.join('|')}` : `${answer} by ${answeredBy}`;
    screen.facts(question, [['answer', state]]);
  }
  const noteColumns: Column<TicketDetail['notes'][number]>[] = [
    { title: 'at', cell: ({ at }) => moment(at) },
    { title: 'by', cell: ({ by }) => by },
    { title: 'note', cell: ({ text }) => text, flexible: true },
  ];
  screen.line('');
  screen.table(noteColumns, notes, 'Nothing was said at it.');
}

interface RouteOptions {
  readonly adapter: RouteView['adapter'];
  readonly secret: string;
  readonly set: Record<string, string>;
  readonly role: RouteView['role'];
  readonly reason: string;
}

function addRoutes(ticket: Command, open: () => Context): void {
  const route = ticket.command('route').description('which systems mirror the tickets of which team');
  route
    .command('ls')
    .alias('list')
    .description('list the routes')
    .action(async () => {
      const { api, screen } = open();
      const routes = await api.ticketRoutes();
      screen.answer(routes, () => screen.table(routeColumns, routes, 'Tickets are mirrored nowhere.'));
    });
  route
    .command('set')
    .description("mirror a team's new tickets")
    .argument('<team>', '"*" is every team without a route of its own')
    .addOption(new Option('--adapter <system>', 'kind of system').choices(ticketAdapters).makeOptionMandatory())
    .requiredOption('--secret <reference>', "name of the secret with the system's address and credentials")
    .option('--set <name=value>', 'a setting of the adapter; may be repeated', addSetting, {})
    .addOption(
      new Option('--role <role>', 'what a word over there is worth here')
        .choices(['viewer', 'operator', 'admin'])
        .default('operator'),
    )
    .requiredOption('--reason <text>', 'why, for the audit')
    .action(async (team: string, { adapter, secret, set, role, reason }: RouteOptions) => {
      const { api, screen } = open();
      await api.setTicketRoute(team, { adapter, secretRef: secret, settings: set, role, reason });
      screen.answer({ accepted: true }, () => screen.line(`new tickets of ${team} are mirrored to ${adapter}`));
    });
  route
    .command('rm')
    .description("stop mirroring a team's new tickets")
    .argument('<team>', 'the team of the route')
    .requiredOption('--reason <text>', 'why, for the audit')
    .action(async (team: string, { reason }: { reason: string }) => {
      const { api, screen } = open();
      await api.removeTicketRoute(team, reason);
      screen.answer({ accepted: true }, () => screen.line(`new tickets of ${team} are mirrored no longer`));
    });
}
