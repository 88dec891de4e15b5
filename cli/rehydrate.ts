import type { Command } from 'commander';
import type { RehydrateView } from '../contract/rehydrateschemas.ts';
import type { Seconds } from '../domain/duration.ts';
import { wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';
import { age } from './format.ts';
import { readUntil } from './polling.ts';
import type { Column } from './table.ts';

interface Flags {
  readonly selector?: string;
  readonly dryRun?: true;
  readonly reason?: string;
  readonly wait: boolean;
  readonly timeout: Seconds;
}

/** `farrier rehydrate`: brings back the workflows that Temporal has lost, from the MDB. */
export function addRehydrate(program: Command, open: () => Context): void {
  const rehydrate = program.command('rehydrate');
  rehydrate
    .command('run', { isDefault: true })
    .description('compare, and start what is missing; what runs is left alone')
    .argument('[machine]', 'id, hostname or MAC; everything by default')
    .option('--selector <selector>', 'only the machines that it means, e.g. "rack=A12"')
    .option('--dry-run', 'say what is missing, and start nothing')
    .option('--reason <text>', 'why, for the audit')
    .option('--no-wait', 'only ask for it')
    .option('--timeout <seconds>', 'how long to wait for it', wholeNumber(1, 86_400), 600)
    .action(async (machine: string | undefined, flags: Flags) => {
      const { api, screen } = open();
      const { selector, dryRun = false, reason, wait, timeout } = flags;
      const { id } = await api.rehydrate({
        dryRun,
        ...(machine !== undefined && { machine }),
        ...(selector !== undefined && { selector }),
        ...(reason !== undefined && { reason }),
      });
      if (!wait) return screen.answer({ id }, () => screen.line(`Asked for: farrier rehydrate show ${id}`));
      const view = await awaitEnd(api, id, Date.now() + timeout * 1000);
      screen.answer(view, () => show(screen, view));
      if (view.error !== null || view.found.some(({ failed }) => failed !== undefined)) process.exitCode = 1;
    });
  rehydrate
    .command('ls')
    .description('comparisons that were asked for, and those that found something')
    .action(async () => {
      const { api, screen, now } = open();
      const list = await api.rehydrations();
      const columns: Column<RehydrateView>[] = [
        { title: 'id', cell: ({ id }) => id },
        { title: 'by', cell: ({ requestedBy }) => requestedBy ?? 'itself' },
        { title: 'age', cell: ({ requestedAt }) => age(requestedAt, now), align: 'right' },
        { title: 'dry run', cell: ({ dryRun }) => (dryRun ? 'yes' : null) },
        { title: 'machines', cell: ({ machines }) => String(machines), align: 'right' },
        { title: 'found', cell: describe, flexible: true },
      ];
      screen.answer(list, () => screen.table(columns, list.rounds, 'Nothing was ever missing.'));
    });
  rehydrate
    .command('show')
    .description('what a comparison found')
    .argument('<id>', 'as farrier rehydrate ls shows it')
    .action(async (id: string) => {
      const { api, screen } = open();
      const view = await api.rehydration(id);
      screen.answer(view, () => show(screen, view));
    });
}

async function awaitEnd(api: Context['api'], id: string, until: number): Promise<RehydrateView> {
  const view = await readUntil(
    () => api.rehydration(id),
    ({ endedAt }) => endedAt !== null,
    until,
  );
  if (view.endedAt !== null) return view;
  throw new Error(
    view.beganAt === null
      ? `no dispatcher took it in time: does it run, and reach Temporal? farrier rehydrate show ${id}`
      : `it goes on, after ${view.machines} machines: farrier rehydrate show ${id}`,
  );
}

function show(screen: Context['screen'], view: RehydrateView): void {
  const { machines, found, counts, dryRun, error, endedAt } = view;
  if (endedAt === null) {
    screen.line(`It goes on: ${machines} machines so far.`);
    return;
  }
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const nothing = `Nothing ${dryRun ? 'is' : 'was'} missing: ${machines} machines were compared with their workflows.`;
  if (error === null || found.length > 0) screen.table(columns(found), found, nothing);
  if (total > found.length) screen.line(`… and ${total - found.length} more.`);
  if (total > 0) screen.line(`${dryRun ? 'Missing' : 'Brought back'}: ${describe(view)}.`);
  if (error !== null) screen.line(`It could not be done to the end: ${error}`);
}

type Found = RehydrateView['found'][number];

function columns(found: readonly Found[]): Column<Found>[] {
  const failed: Column<Found> = { title: 'failed', cell: (one) => one.failed ?? null, flexible: true };
  return [
    { title: 'kind', cell: ({ kind }) => kind },
    { title: 'id', cell: ({ id }) => id },
    { title: 'what', cell: ({ what }) => what, flexible: true },
    ...(found.some((one) => one.failed !== undefined) ? [failed] : []),
  ];
}

function describe({ counts, error }: RehydrateView): string {
  const parts = Object.entries(counts).map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`);
  return parts.length > 0 ? parts.join(', ') : error === null ? 'nothing' : `not done: ${error}`;
}
