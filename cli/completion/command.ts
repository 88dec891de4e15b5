/** What may stand next on a command line: for the shells, which ask at each Tab. */
import { readFile } from 'node:fs/promises';
import type { Argument, Command, Option } from 'commander';
import type { ApiClient } from '../../client/api.ts';
import type { Open } from '../context.ts';

/** What each shell runs to complete words: the file of its name beside this one. */
const shells = ['bash', 'zsh', 'fish'] as const;

interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** `farrier completion SHELL`: the script for the shell to read; `farrier complete`: what it asks then. */
export function addCompletion(
  program: Command,
  open: Open,
  programFor: (args: readonly string[]) => Promise<Command>,
): void {
  const completion = program.command('completion');
  completion
    .addArgument(completion.createArgument('<shell>', 'which one').choices(shells))
    .addHelpText(
      'after',
      `
bash:  source <(farrier completion bash)
zsh:   source <(farrier completion zsh)      after compinit
fish:  farrier completion fish | source`,
    )
    .action(async (shell: (typeof shells)[number]) => {
      open().screen.line((await readFile(new URL(`farrier.${shell}`, import.meta.url), 'utf8')).trimEnd());
    });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      const { api, screen } = open();
      const last = words.at(-1) ?? '';
      const found = await candidates(await programFor(words), words.slice(0, -1), last, api);
      for (const { word, about } of found) if (word.startsWith(last)) screen.line(`${word}\t${about}`);
    });
}

/** What may stand behind the words, of which the last is only begun. */
export async function candidates(
  program: Command,
  before: readonly string[],
  last: string,
  api: ApiClient,
): Promise<Candidate[]> {
  let command = program;
  let position = 0;
  let open: Option | undefined;
  for (const word of before) {
    if (open !== undefined) {
      open = undefined;
    } else if (word.startsWith('-')) {
      const option = optionsOf(command).find(({ long, short }) => long === word || short === word);
      open = option?.required ? option : undefined;
    } else {
      const inner = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
      if (inner !== undefined) command = inner;
      else position += 1;
    }
  }
  if (open !== undefined) return valuesOf(open, open.attributeName(), api);
  if (last.startsWith('-'))
    return optionsOf(command).map((option) => ({ word: option.long ?? option.short ?? '', about: option.description }));
  if (command.commands.length > 0) {
    const visible = command.createHelp().visibleCommands(command);
    return visible.map((one) => ({ word: one.name(), about: one.description() }));
  }
  const { registeredArguments: given } = command;
  const argument = given[position] ?? (given.at(-1)?.variadic ? given.at(-1) : undefined);
  return argument === undefined ? [] : valuesOf(argument, argument.name(), api);
}

/** A command's own options and those of the commands around it. */
function optionsOf(command: Command): readonly Option[] {
  const { parent } = command;
  const own = command.createHelp().visibleOptions(command);
  return parent === null ? own : [...own, ...parent.options];
}

async function valuesOf({ argChoices }: Argument | Option, name: string, api: ApiClient): Promise<Candidate[]> {
  if (argChoices !== undefined) return argChoices.map((word) => ({ word, about: '' }));
  const ask = names[name];
  // Whoever presses Tab is told nothing rather than that nothing answers.
  return ask === undefined ? [] : ask(api).catch(() => []);
}

type Names = (api: ApiClient) => Promise<Candidate[]>;

const list =
  <T>(
    read: (api: ApiClient) => Promise<readonly T[]>,
    tell: (one: T) => readonly [word: string, about: string],
  ): Names =>
  async (api) =>
    (await read(api)).map((one) => {
      const [word, about] = tell(one);
      return { word, about };
    });

const orders = list(
  (api) => api.orders({ limit: 200 }),
  ({ id, passage, state, hostname, machineId }) => [id, `${passage} of ${hostname ?? machineId}, ${state}`],
);
const steps = list(
  (api) => api.steps({ open: true }),
  ({ id, question }) => [id, question.slice(0, 60)],
);

/** What there is of what an argument or the value of an option is called after. */
const names: Readonly<Record<string, Names>> = {
  machine: list(
    (api) => api.machines({ limit: 1000 }),
    ({ id, hostname, stage }) => [hostname ?? id, stage],
  ),
  order: orders,
  orders,
  step: steps,
  rack: list(
    (api) => api.racks(),
    ({ id, machines }) => [id, `${machines} machines`],
  ),
  pool: list(
    (api) => api.pools(),
    ({ id, machines }) => [id, `${machines} machines`],
  ),
  campaign: list(
    (api) => api.campaigns(),
    ({ id, passage, state }) => [id, `${passage}, ${state}`],
  ),
  ticket: list(
    (api) => api.tickets({ open: true }),
    ({ id, title }) => [id, title],
  ),
  network: list(
    (api) => api.networks(),
    ({ id, cidr }) => [id, cidr],
  ),
  switch: list(
    (api) => api.switches(),
    ({ id, name }) => [id, name],
  ),
};
