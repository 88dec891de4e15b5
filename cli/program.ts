import { Command, Option } from 'commander';
import type { Context } from './context.ts';
import { formats, type OutputFormat } from './output.ts';
import { type CommandSurroundings, words } from './words.ts';

export interface GlobalOptions {
  readonly api: string;
  readonly output: OutputFormat;
  readonly toYaml?: ((value: unknown) => string) | undefined;
}

export interface ProgramOptions extends Omit<CommandSurroundings, 'open' | 'programFor'> {
  /** Where the API is unless `--api` says so. */
  readonly standardApi: string;
  readonly version: string;
  /** Called once a command runs, with the options that were given. */
  readonly open: (options: GlobalOptions) => Context;
}

/**
 * The commands that the arguments may mean: those of the word that they begin with, or all when they begin with none.
 * Of the others only the names are there.
 */
export async function createProgram(options: ProgramOptions, args: readonly string[] | null): Promise<Command> {
  const { standardApi, version, open, ...surroundings } = options;
  const program = new Command('farrier')
    .option('--api <url>', 'origin of the API (or FARRIER_API)', standardApi)
    .addOption(new Option('-o, --output <format>', 'how answers are written').choices(formats).default('table'))
    .addOption(new Option('--json', 'the same as -o json').implies({ output: 'json' }))
    .exitOverride()
    .description('Bare-metal servers from first power-on to useful work, and back.')
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    .showHelpAfterError('Add --help for the commands and their options.');
  const asked = args === null ? null : wordOf(program, args);
  // Behind a word it is that command's: `policy show` has one of its own.
  if (asked === undefined) program.version(version, '--version', 'print the version');
  const around: CommandSurroundings = {
    ...surroundings,
    open: () => open(program.opts<GlobalOptions>()),
    programFor: (words) => createProgram(options, words),
  };
  const all = Object.entries(words).flatMap(([heading, under]) =>
    Object.entries(under).map(([name, word]) => ({ heading, name, ...word })),
  );
  const found = (name: string) => program.commands.find((command) => command.name() === name);
  for (const { name, load } of all) {
    if ((args === null || name === asked) && found(name) === undefined) await load(program, around);
  }
  for (const { heading, name, about, hidden = false } of all) {
    (found(name) ?? program.command(name, { hidden })).description(about).helpGroup(heading);
  }
  for (const command of everyCommand(program)) command.exitOverride();
  return program.hook('preAction', async () => {
    if (program.opts<GlobalOptions>().output === 'yaml')
      program.setOptionValue('toYaml', (await import('yaml')).stringify);
  });
}

/** The word that the arguments begin with, behind options that may stand before it and their values. */
function wordOf({ options }: Command, args: readonly string[]): string | undefined {
  const takesValue = (word: string | undefined) =>
    word !== undefined && options.some(({ long, short, required }) => required && (long === word || short === word));
  const found = args.filter((word, at) => !word.startsWith('-') && !takesValue(args[at - 1]));
  return found[0] === 'help' ? found[1] : found[0];
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
