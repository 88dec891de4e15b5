import { type Command, Option } from 'commander';
import type { ImportRequest, ImportView } from '../contract/importschemas.ts';
import { importFormats } from '../domain/imports/row.ts';
import { askYes } from './bmc/prompt.ts';
import type { Context } from './context.ts';
import { exits } from './exits.ts';
import { readSource } from './sources.ts';
import type { Column } from './table.ts';

interface Options {
  readonly format?: (typeof importFormats)[number];
  readonly bmcSecret?: string;
  readonly plan?: string;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly reason?: string;
}

/** `farrier import`: what an inventory of elsewhere would change, and then that. */
export function addImport(program: Command, open: () => Context, sourceToken: string | undefined): void {
  program
    .command('import')
    .argument('<source>', 'a file, - for standard input, or a URL; FARRIER_IMPORT_TOKEN lets in there')
    .addOption(new Option('--format <format>', 'what it is, where that cannot be seen').choices(importFormats))
    .option('--bmc-secret <name>', 'secret of the controllers for which the inventory names none')
    .option('--dry-run', 'show the plan, and change nothing')
    .option('--plan <hash>', 'do it without asking, if its plan is still this one')
    .option('--yes', 'do it without asking, whatever the plan is')
    .option('--reason <text>', 'why, for the audit')
    .action(async (from: string, { format, bmcSecret, reason, ...how }: Options) => {
      const context = open();
      const text = await readSource({ from, format, token: sourceToken });
      const request: ImportRequest = {
        text,
        ...(format !== undefined && { format }),
        ...(bmcSecret !== undefined && { secret: bmcSecret }),
        ...(reason !== undefined && { reason }),
      };
      await importPlanned(context, request, how);
    });
}

type How = Pick<Options, 'plan' | 'yes' | 'dryRun'>;

async function importPlanned(
  { api, screen }: Context,
  request: ImportRequest,
  { plan, yes, dryRun }: How,
): Promise<void> {
  const planned = await api.importInventory(request);
  const isWrong = planned.counts.problems > 0;
  const isNews = changesOf(planned) > 0;
  if (isWrong) process.exitCode = exits.failed;
  if (plan !== undefined && plan !== planned.hash && !isWrong)
    throw new Error(`the plan would be another one now, ${planned.hash}: look at it first`);
  const mayAsk = !isWrong && isNews && !dryRun;
  const agreed = mayAsk && (plan !== undefined || yes === true || (await shownAndAgreed(screen, planned)));
  if (!agreed) return screen.answer(planned, () => showPlan(screen, planned));
  const done = await api.importInventory({ ...request, plan: planned.hash });
  screen.answer(done, () => showDone(screen, done));
}

const changesOf = ({ counts }: ImportView) => counts.racks + counts.machines + counts.changes + counts.controllers;

type Screen = Context['screen'];

/** Where there is no terminal nobody is asked, and the plan is all. */
async function shownAndAgreed(screen: Screen, planned: ImportView): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  showPlan(screen, planned);
  return (await askYes('Do this?')) === true;
}

type Line = ImportView['machines'][number] & { readonly what: string };

const columns: Column<Line>[] = [
  { title: 'row', cell: ({ row }) => row, align: 'right' },
  { title: 'what', cell: ({ what }) => what },
  { title: 'machine', cell: ({ id }) => id },
  {
    title: 'place',
    cell: ({ place }) =>
      place === null ? null : `${place.rack}/${place.unit}${place.slot === null ? '' : `.${place.slot}`}`,
  },
  { title: 'controller', cell: ({ controller }) => controller && `${controller.origin} (${controller.secretRef})` },
  {
    title: 'tags',
    cell: ({ tags }) =>
      Object.entries(tags)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    flexible: true,
  },
];

type Note = ImportView['problems'][number];

const noteColumns: Column<Note>[] = [
  { title: 'row', cell: ({ row }) => row, align: 'right' },
  { title: 'field', cell: ({ field }) => field },
  { title: 'finding', cell: ({ detail }) => detail, flexible: true },
];

function showPlan(screen: Screen, planned: ImportView): void {
  const { counts, format, hash, racks } = planned;
  const lines = [
    ...planned.machines.map((one) => ({ ...one, what: 'announce' })),
    ...planned.changes.map((one) => ({ ...one, what: 'change' })),
  ];
  if (racks.length > 0) screen.line(`New racks: ${racks.join(', ')}`);
  screen.table(columns, lines, 'It announces and changes no machine.');
  if (lines.length < counts.machines + counts.changes)
    screen.line(`… and ${counts.machines + counts.changes - lines.length} machines more`);
  showNotes(screen, planned);
  screen.line(`${format}: ${countsOf(planned)}.`);
  if (counts.problems > 0) screen.line('Nothing was changed: what cannot be right has to be put right first.');
  else if (changesOf(planned) > 0) screen.line(`Nothing was changed yet. Its plan: --plan ${hash}`);
}

function showDone(screen: Screen, done: ImportView): void {
  if (done.racks.length > 0) screen.line(`New racks: ${done.racks.join(', ')}`);
  showNotes(screen, done);
  screen.line(`Done. ${done.format}: ${countsOf(done)}.`);
}

function countsOf({ counts: { machines, changes, controllers, same, skipped } }: ImportView): string {
  const alone = controllers === 0 ? '' : `, ${controllers} controllers alone`;
  return `${machines} announced, ${changes} changed${alone}, ${same} the same, ${skipped} left out`;
}

function showNotes(screen: Screen, { problems, remarks, leftOut, counts, notes }: ImportView): void {
  if (problems.length > 0) {
    screen.line('Cannot be right:');
    screen.table(noteColumns, problems, '');
  }
  if (remarks.length > 0) {
    screen.line('Passed over:');
    screen.table(noteColumns, remarks, '');
    if (remarks.length < counts.remarks) screen.line(`… and ${counts.remarks - remarks.length} more`);
  }
  if (leftOut.length > 0)
    screen.line(`Not understood: ${leftOut.map(({ field, rows }) => `${field} (${rows} rows)`).join(', ')}`);
  for (const note of notes) screen.line(`Note: ${note}.`);
}
