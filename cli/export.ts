import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { exportFormats } from '../domain/imports/exported.ts';
import { wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';

const formats = [...exportFormats, 'dominator'] as const;

interface Options {
  readonly format: (typeof formats)[number];
  readonly selector?: string;
  readonly port?: number;
  readonly out?: string;
  readonly list?: true;
  readonly host?: string;
}

/** `farrier export`: the fleet in the words of other systems. */
export function addExport(program: Command, open: () => Context): void {
  program
    .command('export')
    .addOption(new Option('--format <format>', 'in whose words').choices(formats).default('json'))
    .option('--selector <selector>', 'only machines that it means, e.g. "az=A,rack in (r3,r4)"')
    .option(
      '--port <port>',
      'of the exporter on each machine, for prometheus; 9100 unless given',
      wholeNumber(1, 65_535),
    )
    .option('--out <file>', 'write it there, and not to standard output')
    .option('--list', 'for ansible: all hosts, as it asks its scripts')
    .option('--host <name>', 'for ansible: the variables of one host, as it asks its scripts')
    .action(async (options: Options, command: Command) => {
      const { format, host, out } = options;
      const isForAnsible = options.list === true || host !== undefined;
      if (isForAnsible && format !== 'ansible')
        command.error('--list and --host are for --format ansible', { exitCode: 2 });
      if (format === 'dominator' && options.selector !== undefined)
        command.error('the list of the Dominator is of all healthy machines: it takes no --selector', { exitCode: 2 });
      const text = await textOf(open(), options);
      const whole = host === undefined ? text : variablesOf(text, host);
      if (out === undefined) process.stdout.write(whole);
      else await writeFile(out, whole);
    });
}

function textOf({ api }: Context, { format, selector, port }: Options): Promise<string> {
  return format === 'dominator' ? api.dominatorList() : api.exportFleet(format, { selector, port });
}

function variablesOf(text: string, host: string): string {
  const { _meta } = JSON.parse(text) as { readonly _meta: { readonly hostvars: Readonly<Record<string, unknown>> } };
  const known = Object.hasOwn(_meta.hostvars, host) ? _meta.hostvars[host] : {};
  return `${JSON.stringify(known, null, 1)}\n`;
}
