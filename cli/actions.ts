import { type Command, Option } from 'commander';
import { type Passage, passages } from '../domain/machine.ts';
import { postRebootStates, powerActions } from '../domain/requests.ts';
import { timeArgument } from './arguments.ts';
import type { Open } from './context.ts';
import {
  groupsOf,
  type Options,
  type OrderOptions,
  order,
  readJson,
  withGroups,
  withOrderOptions,
} from './ordering.ts';

/** The orders that an operator gives most, one command each. */
export function addActions(program: Command, open: Open): void {
  addDrain(program, open);
  addReboot(program, open);
  addPower(program, open);
}

const flowOption = () => new Option('--flow <flow>', 'whose edges it follows').choices(['basic', 'orchestrated']);

function addDrain(program: Command, open: Open): void {
  withGroups(withOrderOptions(program.command('drain')), 'drain')
    .addOption(flowOption())
    .option('--by <time>', "when the drain's time is up", timeArgument)
    .option('--intervention', 'hand it to a person when it is drained')
    .action(
      async (
        machine: string | undefined,
        options: Options<{ flow?: string; by?: string; intervention?: true }>,
        command: Command,
      ) => {
        const { flow, by, intervention, drainGroup, ...rest } = options;
        const request = {
          ...(flow !== undefined && { flow }),
          ...(by !== undefined && { drainBy: by }),
          ...(intervention && { afterDrain: 'intervention' }),
          ...groupsOf({ drainGroup }),
        };
        await order(open(), command, machine, 'drain', request, rest);
      },
    );
  withOrderOptions(program.command('undrain'))
    .addOption(flowOption())
    .option('--disabled', 'leave it out of production')
    .action(
      async (machine: string | undefined, options: Options<{ flow?: string; disabled?: true }>, command: Command) => {
        const { flow, disabled, ...rest } = options;
        const request = { ...(flow !== undefined && { flow }), ...(disabled && { to: 'disabled' }) };
        await order(open(), command, machine, 'undrain', request, rest);
      },
    );
}

interface RebootFlags {
  readonly flow?: string;
  readonly drain: boolean;
  readonly by?: string;
  readonly at?: string;
  readonly after?: string;
}

function addReboot(program: Command, open: Open): void {
  withGroups(withOrderOptions(program.command('reboot')), 'drain', 'reboot')
    .addOption(flowOption())
    .option('--no-drain', 'reboot it as it is')
    .option('--by <time>', 'reboot it then, drained or not', timeArgument)
    .addOption(new Option('--at <time>', 'reboot it then, and no earlier').argParser(timeArgument).conflicts('by'))
    .addOption(new Option('--after <state>', 'where it goes after the reboot').choices(postRebootStates))
    .action(async (machine: string | undefined, options: Options<RebootFlags>, command: Command) => {
      const { flow, drain, by, at, after, drainGroup, rebootGroup, ...rest } = options;
      const request = {
        drain,
        ...(flow !== undefined && { flow }),
        ...(by !== undefined && { powerBy: by }),
        ...(at !== undefined && { powerBy: at, policy: 'date' }),
        ...(after !== undefined && { postRebootState: after }),
        ...groupsOf({ drainGroup, rebootGroup }),
      };
      await order(open(), command, machine, 'reboot', request, rest);
    });
}

function addPower(program: Command, open: Open): void {
  for (const action of powerActions) {
    const power = program.commands.find((command) => command.name() === 'power') ?? program.command('power');
    withGroups(withOrderOptions(power.command(action).description(`power ${action}`)), 'reboot').action(
      async (machine: string | undefined, { rebootGroup, ...rest }: Options<object>, command: Command) => {
        const request = { action, ...groupsOf({ rebootGroup }) };
        await order(open(), command, machine, 'power', request, rest);
      },
    );
  }
}

/** `farrier order place`: any passage, with its request as JSON. */
export function addPlace(parent: Command, open: Open): void {
  const place = parent.command('place').description('order any passage, with its request as JSON');
  place.addArgument(place.createArgument('<passage>', 'what is to be done').choices(passages));
  withOrderOptions(place)
    .option('--request <json>', 'what it is asked to do: JSON, @FILE, or - for what is piped in', '{}')
    .action(
      async (
        passage: Passage,
        machine: string | undefined,
        { request, ...rest }: OrderOptions & { request: string },
        command: Command,
      ) => order(open(), command, machine, passage, (await readJson(request)) as object, rest),
    );
}
