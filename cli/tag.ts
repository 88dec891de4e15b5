import type { Command } from 'commander';
import type { TagChange, TagsChanged, TagView } from '../contract/tagschemas.ts';
import { addSetting, wholeNumber } from './arguments.ts';
import type { Context, Open } from './context.ts';
import type { Column } from './table.ts';

const columns: Column<TagView>[] = [
  { title: 'tag', cell: ({ name }) => name },
  { title: 'value', cell: ({ value }) => value },
  { title: 'machines', cell: ({ machines }) => machines, align: 'right' },
];

interface ChangeOptions {
  readonly selector?: string;
  readonly count?: number;
  readonly reason: string;
}

/** `farrier tag`: free tags, by which selectors, semaphores and capacity may group machines. */
export function addTag(program: Command, open: Open): void {
  const tag = program.command('tag');
  tag
    .command('ls')
    .alias('list')
    .description('list tags and how many machines have each value, or those of one machine')
    .argument('[machine]', 'id, hostname or MAC')
    .action(async (machine: string | undefined) => {
      const { api, screen } = open();
      const found = await api.tags(machine);
      screen.answer(found, () => screen.table(columns, found, 'There is no tag.'));
    });
  withChange(tag.command('set').description('set tags of a machine, or of every machine that a selector matches'))
    .argument('<words...>', 'the machine, unless --selector is given, then name=value …')
    .action(async (words: string[], { selector, ...rest }: ChangeOptions) => {
      const { machine, others } = apart(words, selector);
      const set = others.reduce((all, one) => addSetting(one, all), {} as Record<string, string>);
      await change(open(), { ...subject(machine, selector), ...rest, set });
    });
  withChange(tag.command('rm').description('remove tags of a machine, or of every machine that a selector matches'))
    .argument('<words...>', 'the machine, unless --selector is given, then the names of the tags')
    .action(async (words: string[], { selector, ...rest }: ChangeOptions) => {
      const { machine, others } = apart(words, selector);
      await change(open(), { ...subject(machine, selector), ...rest, remove: others });
    });
}

function withChange(command: Command): Command {
  return command
    .option('--selector <selector>', 'every machine that it means instead, e.g. "az=A,rack in (r3,r4)"')
    .option(
      '--count <machines>',
      'how many it means; needed for "all" and what only excludes',
      wholeNumber(0, 1_000_000),
    )
    .requiredOption('--reason <text>', 'why, for the audit');
}

function apart(words: readonly string[], selector: string | undefined) {
  return selector === undefined
    ? { machine: words[0], others: words.slice(1) }
    : { machine: undefined, others: [...words] };
}

const subject = (machine: string | undefined, selector: string | undefined) => ({
  ...(machine !== undefined && { machine }),
  ...(selector !== undefined && { selector }),
});

async function change({ api, screen }: Context, spec: TagChange): Promise<void> {
  const done: TagsChanged = await api.changeTags(spec);
  const which = done.machines.length === 1 ? done.machines[0] : `${done.machines.length} machines`;
  screen.answer(done, () => screen.line(`${which}: ${done.changed === 0 ? 'nothing changed' : 'tags changed'}`));
}
