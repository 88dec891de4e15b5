/** The command line in this process, as `cli/main.ts` would run it in one of its own: its start would be most of the time. */
import { type Command, CommanderError } from 'commander';
import { openScreen } from '../../cli/context.ts';
import { exitOf, exits } from '../../cli/exits.ts';
import { createProgram, type ProgramOptions } from '../../cli/program.ts';
import { ApiClient, ApiProblem } from '../../client/api.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** All commands, asking the API at `url` as ann, with a pipe behind them. */
export async function openCommandLine(
  url: string,
  { write, complain = () => {} }: { write: (text: string) => void; complain?: (text: string) => void },
  more: Partial<ProgramOptions> = {},
): Promise<Command> {
  const program = await createProgram(
    {
      standardApi: url,
      version: '0.0.0',
      open: ({ api, output, toYaml }) => ({
        api: new ApiClient({ url: api, operator: 'ann' }),
        operator: 'ann',
        now: Date.now(),
        screen: openScreen({ output, colour: false, width: null, write, ...(toYaml !== undefined && { toYaml }) }),
      }),
      checks: { temporal: async () => ({ name: 'temporal', ok: true, message: '' }) },
      askBmcPassword: async () => '',
      mdb: {},
      signingIn: {
        file: '/nowhere',
        askToken: async () => '',
        askSecret: async () => '',
        isTyped: false,
        connect: (options) => new ApiClient({ url, ...options }),
      },
      ...more,
    },
    null,
  );
  for (const command of everyCommand(program)) command.configureOutput({ writeOut: write, writeErr: complain });
  return program;
}

/** What a command writes; throws what it is refused with. */
export async function runFarrier(url: string, args: readonly string[]): Promise<string> {
  let out = '';
  const program = await openCommandLine(url, { write: (text) => (out += text) });
  await program.parseAsync(args, { from: 'user' });
  return out;
}

/** How a command ends, and what it writes. */
export async function endFarrier(url: string, args: readonly string[]): Promise<Ran> {
  let [out, error] = ['', ''];
  const program = await openCommandLine(url, { write: (text) => (out += text), complain: (text) => (error += text) });
  // A command says by it how it ended; so would this process, otherwise.
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await program.parseAsync(args, { from: 'user' });
    return { code: Number(process.exitCode ?? exits.done), out, error };
  } catch (thrown) {
    if (thrown instanceof CommanderError)
      return { code: thrown.exitCode === 0 ? exits.done : exits.misused, out, error };
    if (thrown instanceof ApiProblem) return { code: exitOf(thrown), out, error: thrown.message };
    throw thrown;
  } finally {
    process.exitCode = before;
  }
}

export function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
