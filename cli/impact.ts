import type { Command } from 'commander';
import type { ImpactView } from '../contract/places.ts';
import { impactKinds } from '../domain/places/impact.ts';
import type { Open } from './context.ts';
import type { Column } from './table.ts';

type Dependent = ImpactView['machines'][number];

const columns: Column<Dependent>[] = [
  { title: 'machine', cell: ({ hostname, machineId }) => hostname ?? machineId },
  { title: 'place', cell: ({ rack, unit }) => (rack === null ? null : `${rack}/${unit ?? '?'}`) },
  { title: 'port', cell: ({ port }) => port },
  { title: 'pool', cell: ({ pool }) => pool },
  { title: 'owner', cell: ({ owner }) => owner },
  { title: 'stage', cell: ({ stage }) => stage },
  { title: 'state', cell: ({ opState }) => opState },
  { title: 'other ways', cell: ({ others }) => (others === 0 ? 'none' : others), align: 'right' },
];

type Loss = ImpactView['pools'][number];
const poolColumns: Column<Loss>[] = [
  { title: 'pool', cell: ({ pool }) => pool },
  { title: 'in production', cell: ({ inProduction }) => inProduction, align: 'right' },
  { title: 'hang on it', cell: ({ hanging }) => hanging, align: 'right' },
  { title: 'left', cell: ({ inProduction, hanging }) => inProduction - hanging, align: 'right' },
];

/** `farrier impact …`: what goes when something goes on which many machines hang. */
export function addImpact(program: Command, open: Open): void {
  const impact = program.command('impact');
  for (const kind of impactKinds) {
    impact
      .command(kind)
      .description(`list the machines that hang on a ${kind}, and what their pools would lose`)
      .argument(`<${kind}>`, 'its name')
      .action(async (name: string) => {
        const { api, screen } = open();
        const view = await api.impact(kind, name);
        const { machines, pools } = view;
        const show = () => {
          const alone = machines.filter(({ others }) => others === 0).length;
          screen.line(`${machines.length} machines hang on ${kind} ${name}, ${alone} on nothing else.`);
          screen.table(poolColumns, pools, 'None of them is in production.');
          screen.line('');
          screen.table(kind === 'switch' ? columns : withoutPorts, machines, 'No machine hangs on it.');
        };
        screen.answer(view, show, machines);
      });
  }
}

const withoutPorts = columns.filter(({ title }) => title !== 'port' && title !== 'other ways');
