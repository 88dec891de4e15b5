import type { Command } from 'commander';
import type { FlowVersions } from '../contract/flowschemas.ts';
import type { Seconds } from '../domain/duration.ts';
import { suggest } from '../domain/suggest.ts';
import type { Open, Screen } from './context.ts';
import { age } from './format.ts';
import type { Column } from './table.ts';

type Flow = FlowVersions[number]['passages'][number];

const flowColumns: Column<Flow>[] = [
  { title: 'passage', cell: ({ passage }) => passage },
  { title: 'steps', cell: ({ steps }) => steps.map(({ name }) => name).join(' → '), flexible: true },
  { title: 'owners', cell: ({ steps }) => [...new Set(steps.map(({ owner }) => owner))].join(', '), flexible: true },
];

/** `farrier flow …`: what passages are made of, as the workers say that run them. */
export function addFlow(program: Command, open: Open): void {
  const flow = program.command('flow');
  flow
    .command('ls')
    .alias('list')
    .description('list the passages with their steps')
    .action(async () => {
      const { api, screen, now } = open();
      const versions = await api.flows();
      const rows = versions[0]?.passages ?? [];
      screen.answer(
        rows.map(({ passage, steps }) => ({ id: passage, steps })),
        () => {
          screen.table(flowColumns, rows, nobody);
          sayWho(screen, versions, now);
        },
      );
    });
  flow
    .command('describe')
    .description('print every step of a passage: what it does, whose its questions are, its limit, what undoes it')
    .argument('<passage>', 'e.g. repair')
    .action(async (name: string) => {
      const { api, screen, now } = open();
      const versions = await api.flows();
      const found = mustKnow(versions, name);
      screen.answer(found, () => {
        for (const [index, step] of found.steps.entries()) {
          screen.facts(`${index + 1}. ${step.name}`, [
            ['does', step.does],
            ['owner', step.owner],
            ['limit', describeLimit(step.limitSeconds)],
            ['undone by', step.undo],
          ]);
        }
        sayWho(screen, versions, now);
      });
    });
}

const nobody = 'No worker that runs passages has told what they are: farrier doctor';

function mustKnow(versions: FlowVersions, name: string): Flow {
  const passages = versions[0]?.passages ?? [];
  if (passages.length === 0) throw new Error(nobody);
  const found = passages.find(({ passage }) => passage === name);
  if (found !== undefined) return found;
  const names = passages.map(({ passage }) => passage);
  throw new Error(`there is no passage ${name}${suggest(name, names)}`);
}

function describeLimit(seconds: Seconds | null): string {
  if (seconds === null) return 'as the order or its pool says';
  const minutes = seconds / 60;
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${minutes / 60} h` : `${minutes / 60 / 24} days`;
}

function sayWho(screen: Screen, versions: FlowVersions, now: number): void {
  const [first, ...others] = versions;
  if (first === undefined) return;
  const who =
    first.workers === 0
      ? `as the last worker ran them, ${age(first.seenAt, now)} ago; none works now`
      : `as ${first.workers === 1 ? 'the worker runs' : `${first.workers} workers run`} them now`;
  screen.line(`Version ${first.version}, ${who}.`);
  if (others.length > 0)
    screen.line(`Other workers run version ${others.map(({ version }) => version).join(', ')}: -o json shows it.`);
}
