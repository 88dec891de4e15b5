import { type Command, Option } from 'commander';
import type { Minutes } from '../domain/duration.ts';
import { eraseMethods } from '../domain/machine.ts';
import { severities } from '../domain/requests.ts';
import { timeArgument, wholeNumber } from './arguments.ts';
import type { Open } from './context.ts';
import { groupsOf, type Options, order, readJson, withGroups, withOrderOptions } from './ordering.ts';

/** The longer passages, one command each; what a flag can't say, `farrier order place` takes as JSON. */
export function addPassages(program: Command, open: Open): void {
  addAnew(program, open);
  addMaintenance(program, open);
  addRepair(program, open);
  addRetire(program, open);
}

/** Passages that leave nothing of what was on the disks. */
function addAnew(program: Command, open: Open): void {
  withGroups(withOrderOptions(program.command('rebirth')), 'reboot')
    .option('--wipe', 'its disks may be wiped, whatever is on them', false)
    .option('--cycle', 'power-cycle it instead of waiting for its next reboot')
    .action(
      async (machine: string | undefined, options: Options<{ wipe: boolean; cycle?: true }>, command: Command) => {
        const { wipe, cycle, rebootGroup, ...rest } = options;
        const request = {
          wipe,
          power: cycle ? 'cycle' : 'wait',
          ...groupsOf({ rebootGroup }),
        };
        await order(open(), command, machine, 'rebirth', request, rest);
      },
    );
  withGroups(withOrderOptions(program.command('clean')), 'drain', 'reboot')
    .addOption(
      new Option('--method <method>', "how its disks are erased; its pool's method by default").choices(eraseMethods),
    )
    .option('--owner <owner>', 'who gets it once that is proven')
    .option('--cycle', 'power-cycle it instead of waiting for its next reboot')
    .action(
      async (
        machine: string | undefined,
        options: Options<{ method?: string; owner?: string; cycle?: true }>,
        command: Command,
      ) => {
        const { method, owner, cycle, drainGroup, rebootGroup, ...rest } = options;
        const request = {
          ...(method !== undefined && { method }),
          ...(owner !== undefined && { owner }),
          power: cycle ? 'cycle' : 'wait',
          ...groupsOf({ drainGroup, rebootGroup }),
        };
        await order(open(), command, machine, 'clean', request, rest);
      },
    );
}

interface MaintenanceFlags {
  readonly work: string;
  readonly opens?: string;
  readonly closes?: string;
  readonly soak?: Minutes;
  readonly drain: boolean;
}

function addMaintenance(program: Command, open: Open): void {
  const maintenance = program.command('maintenance');
  withGroups(withOrderOptions(maintenance), 'drain', 'reboot')
    .requiredOption('--work <json>', 'list of what is to be done: JSON, @FILE, or - for what is piped in')
    .option('--opens <time>', 'when the window opens; needs --closes', timeArgument)
    .option('--closes <time>', 'when the window closes', timeArgument)
    .option('--soak <minutes>', "how long it must stay healthy; its pool's time by default", wholeNumber(0, 1440))
    .option('--no-drain', 'work on it as it is')
    .action(async (machine: string | undefined, options: Options<MaintenanceFlags>, command: Command) => {
      const { work, opens, closes, soak, drain, drainGroup, rebootGroup, ...rest } = options;
      const window = closes === undefined ? null : { opens: opens ?? new Date(open().now).toISOString(), closes };
      if (opens !== undefined && closes === undefined)
        return command.error('error: --opens without --closes: say when the window closes', { exitCode: 2 });
      const request = {
        work: await readJson(work, '--work'),
        window,
        drain,
        ...(soak !== undefined && { soakMinutes: soak }),
        ...groupsOf({ drainGroup, rebootGroup }),
      };
      await order(open(), command, machine, 'maintenance', request, rest);
    });
}

interface RepairFlags {
  readonly fault: string;
  readonly evidence?: string;
  readonly severity?: string;
}

function addRepair(program: Command, open: Open): void {
  const repair = program.command('repair');
  withGroups(withOrderOptions(repair), 'drain', 'reboot')
    .requiredOption('--fault <fault>', 'what is broken, e.g. disk/S3Z8NB0K: one open ticket a machine and fault')
    .option('--evidence <text>', 'what was seen')
    .addOption(new Option('--severity <attempt>', 'the attempt to begin at').choices(severities))
    .action(async (machine: string | undefined, options: Options<RepairFlags>, command: Command) => {
      const { fault, evidence, severity, drainGroup, rebootGroup, ...rest } = options;
      const request = {
        fault,
        ...(evidence !== undefined && { evidence }),
        ...(severity !== undefined && { severity }),
        ...groupsOf({ drainGroup, rebootGroup }),
      };
      await order(open(), command, machine, 'repair', request, rest);
    });
}

function addRetire(program: Command, open: Open): void {
  const retire = program.command('retire');
  withGroups(withOrderOptions(retire), 'drain', 'reboot')
    .addOption(
      new Option('--method <method>', "how its disks are erased; its pool's method by default").choices(eraseMethods),
    )
    .action(async (machine: string | undefined, options: Options<{ method?: string }>, command: Command) => {
      const { method, drainGroup, rebootGroup, ...rest } = options;
      const request = {
        ...(method !== undefined && { method }),
        ...groupsOf({ drainGroup, rebootGroup }),
      };
      await order(open(), command, machine, 'retire', request, rest);
    });
}
