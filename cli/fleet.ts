import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import type { BurninView, ImageView } from '../contract/api.ts';
import { imageKinds } from '../domain/machine.ts';
import { wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';
import { age, bytes, moment } from './format.ts';
import type { Column } from './table.ts';

const partColumns: Column<BurninView['parts'][number]>[] = [
  { title: 'subject', cell: ({ subject }) => subject },
  { title: 'kind', cell: ({ kind }) => kind },
  { title: 'device', cell: ({ device }) => device, flexible: true },
  { title: 'result', cell: ({ ok }) => (ok ? 'ok' : 'failed') },
  {
    title: 'value',
    cell: ({ value, unit }) => (value === null ? null : `${value} ${unit ?? ''}`.trim()),
    align: 'right',
  },
  { title: 'seconds', cell: ({ seconds }) => seconds, align: 'right' },
  { title: 'message', cell: ({ message }) => message, flexible: true },
];

export function addBurnin(program: Command, open: () => Context): void {
  program
    .command('burnin')
    .command('show')
    .description("show a machine's latest burn-in, or all of them")
    .argument('<machine>', 'id, hostname or MAC')
    .option('--all', 'the earlier ones too')
    .action(async (machine: string, { all }: { all?: true }) => {
      const { api, screen } = open();
      const answer = await api.burnins(machine);
      const burnins = all ? answer.burnins : answer.burnins.slice(0, 1);
      screen.answer({ ...answer, burnins: burnins }, () => {
        if (burnins.length === 0) screen.line(`${answer.machineId} has had no burn-in.`);
        for (const burnin of burnins) {
          screen.facts(`Burn-in of order ${burnin.orderId}`, [
            ['verdict', burnin.verdict ?? `none yet, at ${Math.round(burnin.progress)} %`],
            ['finding', burnin.finding],
            ['profile', burnin.profile],
            ['began', moment(burnin.startedAt)],
            ['ended', burnin.endedAt === null ? null : moment(burnin.endedAt)],
            ['cut short', burnin.cut ? 'yes' : null],
          ]);
          screen.table(partColumns, burnin.parts, 'No part has reported yet.');
        }
      });
    });
}

export function addBootStats(program: Command, open: () => Context): void {
  program
    .command('boot')
    .command('stats')
    .description('count boot requests and answers')
    .option('--minutes <count>', 'how far back', wholeNumber(1, 10_080), 60)
    .action(async ({ minutes }: { minutes: number }) => {
      const { api, screen, now } = open();
      const stats = await api.boots(minutes);
      screen.answer(stats, () => {
        screen.line(`${stats.requests} requests, ${stats.answers} answers in ${minutes} minutes`);
        screen.table(
          [
            { title: 'state', cell: ({ state }) => state },
            { title: 'answer', cell: ({ answer }) => answer },
            { title: 'requests', cell: ({ requests }) => requests, align: 'right' },
            { title: 'answers', cell: ({ answers }) => answers, align: 'right' },
          ],
          stats.byAnswer,
          'No machine has asked.',
        );
        if (stats.busiest.length === 0) return;
        screen.line('');
        screen.table(
          [
            { title: 'mac', cell: ({ mac }) => mac },
            { title: 'machine', cell: ({ hostname, machineId }) => hostname ?? machineId },
            { title: 'requests', cell: ({ requests }) => requests, align: 'right' },
            { title: 'last', cell: ({ lastAt }) => age(lastAt, now), align: 'right' },
          ],
          stats.busiest,
          '',
        );
      });
    });
}

const imageColumns = (now: number): Column<ImageView>[] => [
  { title: 'image', cell: ({ id }) => id },
  { title: 'kind', cell: ({ kind }) => kind },
  { title: 'preferred', cell: ({ preferred }) => (preferred ? 'yes' : null) },
  { title: 'size', cell: (image) => bytes(image.bytes), align: 'right' },
  { title: 'machines', cell: ({ machines }) => machines, align: 'right' },
  { title: 'age', cell: ({ createdAt }) => age(createdAt, now), align: 'right' },
  { title: 'sha256', cell: ({ sha256 }) => sha256, flexible: true },
];

interface AddOptions {
  readonly id?: string;
  readonly kind: (typeof imageKinds)[number];
  readonly sha256?: string;
  readonly preferred: boolean;
}

export function addImage(program: Command, open: () => Context): void {
  const image = program.command('image');
  image
    .command('list')
    .alias('ls')
    .description('list images')
    .action(async () => {
      const { api, screen, now } = open();
      const images = await api.images();
      screen.answer(images, () => screen.table(imageColumns(now), images, 'There is no image.'));
    });
  image
    .command('add')
    .description('take an image (tar.gz) in and sign it')
    .argument('<file>', 'the archive')
    .addOption(new Option('--kind <kind>', 'what it is for').choices(imageKinds).makeOptionMandatory())
    .option('--id <id>', "its id; the file's name without ending by default")
    .option('--sha256 <digest>', 'refuse it when it has another checksum')
    .option('--preferred', 'new machines of this kind get it', false)
    .action(async (file: string, { id, kind, sha256, preferred }: AddOptions) => {
      const { api, screen } = open();
      const name = id ?? basename(file).replace(/\.(tar\.gz|tgz)$/, '');
      const upload = {
        kind,
        preferred: preferred ? 'true' : 'false',
        ...(sha256 === undefined ? {} : { sha256 }),
      } as const;
      const added = await api.addImage(name, file, upload);
      screen.answer(added, () =>
        screen.line(`${added.id} is taken in: ${bytes(added.bytes)}, SHA-256 ${added.sha256}`),
      );
    });
}
