import type { Command } from 'commander';
import type { OnCallView } from '../contract/tickets.ts';
import { timeArgument, wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';
import { moment } from './format.ts';
import type { Column } from './table.ts';

const columns: Column<OnCallView>[] = [
  { title: 'team', cell: ({ team }) => team },
  { title: 'on call', cell: ({ person }) => person },
  { title: 'until', cell: ({ until }) => moment(until) },
  { title: 'how', cell: ({ swapped }) => (swapped ? 'swap' : 'by rotation') },
  { title: 'rotation', cell: ({ people }) => people.join(' '), flexible: true },
];

interface Rotation {
  readonly first: string;
  readonly days: number;
  readonly handover: string;
  readonly zone: string;
}

/** `farrier oncall …`: who is notified when a question waits past its deadline. */
export function addOncall(program: Command, open: () => Context): void {
  const oncall = program.command('oncall');
  oncall
    .command('now')
    .description('say who is on call')
    .option('--team <team>', 'only for this team')
    .option('--at <time>', 'at another time, like 2026-11-23T09:00:00Z or +2d', timeArgument)
    .action(async (query: { team?: string; at?: string }) => {
      const { api, screen } = open();
      const rows = await api.onCall(query);
      screen.answer(rows, () => screen.table(columns, rows, 'No team has a rotation.'));
    });
  oncall
    .command('set')
    .description("set a team's rotation")
    .argument('<team>', 'the team')
    .argument('<people...>', 'its people in their order')
    .requiredOption('--first <day>', 'day on which the first of them takes over, like 2026-11-23')
    .option('--days <count>', 'days a shift', wholeNumber(1, 366), 7)
    .option('--handover <time>', 'time of day of the hand-over', '09:00')
    .option('--zone <zone>', 'time zone of the hand-over, like Europe/Paris', 'UTC')
    .action(async (team: string, people: string[], rotation: Rotation) => {
      const { api, screen } = open();
      const { first, days, handover, zone } = rotation;
      await api.setRotation(team, { people, first, days, handover, zone });
      const rows = await api.onCall({ team });
      screen.answer(rows, () => screen.table(columns, rows, ''));
    });
  oncall
    .command('swap')
    .description('let another person stand in for a while')
    .argument('<team>', 'the team')
    .argument('<person>', 'who')
    .requiredOption('--from <time>', 'like 2026-12-24T09:00:00Z', timeArgument)
    .requiredOption('--until <time>', 'like 2026-12-26T09:00:00Z or +2d', timeArgument)
    .action(async (team: string, person: string, { from, until }: { from: string; until: string }) => {
      const { api, screen } = open();
      await api.swapOnCall(team, { person, from, until });
      screen.answer({ accepted: true }, () =>
        screen.line(`${person} is on call for ${team} from ${from} until ${until}`),
      );
    });
}
