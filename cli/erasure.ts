import type { Command } from 'commander';
import type { ErasureView } from '../contract/erasures.ts';
import type { Context } from './context.ts';
import { moment } from './format.ts';
import type { Column } from './table.ts';

const columns: Column<ErasureView>[] = [
  { title: 'order', cell: ({ orderId }) => orderId },
  { title: 'disk', cell: ({ name }) => name },
  { title: 'serial', cell: ({ serial }) => serial },
  { title: 'method', cell: ({ method }) => method },
  { title: 'state', cell: ({ state }) => state },
  {
    title: 'marks left',
    cell: ({ sampled, survived }) => (sampled === null ? null : `${survived ?? '?'} of ${sampled}`),
  },
  { title: 'ended', cell: ({ endedAt }) => (endedAt === null ? null : moment(endedAt)) },
  { title: 'words', cell: ({ words }) => words, flexible: true },
];

export function addErasure(program: Command, open: () => Context): void {
  program
    .command('erasure')
    .command('ls')
    .alias('list')
    .description('list the proof that the disks of a machine were erased, newest first')
    .argument('<machine>', 'id, hostname or MAC')
    .action(async (machine: string) => {
      const { api, screen } = open();
      const answer = await api.erasures(machine);
      screen.answer(answer, () =>
        screen.table(columns, answer.erasures, 'None of its disks was ever erased by an order.'),
      );
    });
}
