import type { Command } from 'commander';
import type { ConformanceView, ConsumptionView, FleetHealthView } from '../contract/fleetschemas.ts';
import type { Context, Open } from './context.ts';
import { age, memory } from './format.ts';
import type { Column } from './table.ts';
import { watched } from './watch.ts';

const inNone = 'in no rack';

const conformanceColumns: Column<ConformanceView['racks'][number]>[] = [
  { title: 'rack', cell: ({ rack }) => rack ?? inNone },
  { title: 'as wanted', cell: ({ conformant }) => conformant, align: 'right' },
  { title: 'drifting', cell: ({ drifting }) => drifting || null, align: 'right' },
  { title: 'not known', cell: ({ unknown }) => unknown || null, align: 'right' },
];

const consumptionColumns: Column<ConsumptionView['racks'][number]>[] = [
  { title: 'rack', cell: ({ rack }) => rack ?? inNone },
  { title: 'watts', cell: ({ watts }) => Math.round(watts), align: 'right' },
  { title: 'machines', cell: ({ machines }) => machines, align: 'right' },
  { title: 'not read', cell: ({ machines, read }) => machines - read || null, align: 'right' },
  {
    title: 'units',
    cell: ({ unitsUsed, units }) => (units === null ? null : `${unitsUsed} of ${units}`),
    align: 'right',
  },
  { title: 'cores', cell: ({ cores }) => cores, align: 'right' },
  { title: 'memory', cell: ({ memoryMib }) => memory(memoryMib), align: 'right' },
];

type Draw = NonNullable<ConsumptionView['machines']>[number];
const drawColumns = (now: number): Column<Draw>[] => [
  { title: 'machine', cell: ({ hostname, machineId }) => hostname ?? machineId },
  { title: 'unit', cell: ({ unit }) => unit, align: 'right' },
  { title: 'watts', cell: ({ watts }) => (watts === null ? null : Math.round(watts)), align: 'right' },
  { title: 'read', cell: ({ readAt }) => (readAt === null ? 'never' : `${age(readAt, now)} ago`) },
];

const healthColumns: Column<FleetHealthView['racks'][number]>[] = [
  { title: 'rack', cell: ({ rack }) => rack ?? inNone },
  { title: 'healthy', cell: ({ healthy }) => healthy, align: 'right' },
  { title: 'becoming', cell: ({ becoming }) => becoming || null, align: 'right' },
  { title: 'aside', cell: ({ aside }) => aside || null, align: 'right' },
  { title: 'ailing', cell: ({ ailing }) => ailing || null, align: 'right' },
  { title: 'held', cell: ({ held }) => held || null, align: 'right' },
  { title: 'unread', cell: ({ unread }) => unread || null, align: 'right' },
];

/** `farrier fleet …`: the fleet by rack, in three views. */
export function addFleet(program: Command, open: Open): void {
  const fleet = program.command('fleet');
  const conformance = fleet.command('conformance').description('how many machines of each rack are as they are wanted');
  watched(conformance, open, ['machine'], showConformance);
  fleet
    .command('consumption')
    .description('what each rack draws and takes up; of one rack each of its machines too')
    .argument('[rack]', 'only this rack, machine by machine')
    .action(async (rack: string | undefined) => {
      const { api, screen, now } = open();
      const view = await api.consumption(rack);
      screen.answer(view, () => {
        screen.line(`${Math.round(view.watts)} W are drawn by the machines that were read.`);
        screen.table(consumptionColumns, view.racks, 'There is no machine.');
        if (view.machines === null) return;
        screen.line('');
        screen.table(drawColumns(now), view.machines, '');
      });
    });
  const health = fleet.command('health').description('how many machines of each rack are well');
  watched(health, open, ['machine'], showHealth);
}

async function showConformance({ api, screen, now }: Context): Promise<void> {
  const view = await api.conformance();
  const { conformant, drifting, unknown, comparedAt } = view.summary;
  screen.answer(view, () => {
    const compared = comparedAt === null ? 'never yet' : `${age(comparedAt, now)} ago`;
    screen.line(
      `${conformant} machines are as wanted, ${drifting} are not, of ${unknown} it is not known; last compared ${compared}.`,
    );
    screen.table(conformanceColumns, view.racks, 'No machine has been in service yet.');
  });
}

async function showHealth({ api, screen }: Context): Promise<void> {
  const view = await api.fleetHealth();
  screen.answer(view, () => {
    screen.line(`${view.healthy} of ${view.machines} machines are in production and well.`);
    screen.table(healthColumns, view.racks, 'There is no machine.');
  });
}
