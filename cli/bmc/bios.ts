import { Argument, type Command } from 'commander';
import type { BiosReading } from '../../redfish/bios.ts';
import type { Screen } from '../context.ts';
import { actByHand } from './act.ts';
import { dryRunOption, type Hand, type HandOptions, systemOption, yesOption } from './hand.ts';
import { onSystem, type SystemContext, showSystem } from './reading.ts';

/** `farrier bmc bios ADDRESS [set NAME=VALUE… | reset]`. */
export function addBios(hand: Hand): void {
  hand
    .add('bios', 'the settings of its BIOS: in force and pending, or changed for the next start')
    .addArgument(new Argument('[verb]', 'what to do; shows them without').choices(['set', 'reset']))
    .argument('[settings...]', 'for set: NAME=VALUE')
    .option(...systemOption)
    .option(...yesOption)
    .option(...dryRunOption)
    .action(
      async (
        address: string,
        verb: 'set' | 'reset' | undefined,
        settings: readonly string[],
        options: HandOptions,
        command: Command,
      ) => {
        if (verb === undefined) return showSystem(hand, command, address, options, read, showBios);
        const { resetBios, setBios } = await import('../../redfish/acts/bios.ts');
        if (verb === 'reset') {
          const about = 'Put every setting of the BIOS back to its default at the next start';
          return actByHand(hand, command, address, options, { kind: resetBios, parameters: {}, about });
        }
        const given = settings.map((setting) => /^([^=]+)=(.*)$/s.exec(setting)?.slice(1, 3) as [string, string]);
        if (given.length === 0 || given.includes(undefined as never))
          command.error('set wants settings as NAME=VALUE.', { exitCode: 2 });
        const { value: bios } = await hand.ask(command, address, options, (session) =>
          onSystem(session, options, read),
        );
        const attributes = Object.fromEntries(given.map(([name, value]) => [name, typed(bios, name, value, command)]));
        const about = `Set ${Object.keys(attributes).join(', ')} of the BIOS from the next start on`;
        return actByHand(hand, command, address, options, { kind: setBios, parameters: { attributes }, about });
      },
    );
}

type Observed = Pick<BiosReading, 'attributes' | 'pending' | 'resets'> | { readonly attributes: null };

async function read({ session, probe }: SystemContext): Promise<Observed> {
  const { readBios } = await import('../../redfish/bios.ts');
  const bios = await readBios(session, probe);
  if (bios === null) return { attributes: null };
  const { attributes, pending, resets } = bios;
  return { attributes, pending, resets };
}

/** A value of the type that the setting has now. */
function typed(bios: Observed, name: string, value: string, command: Command): string | number | boolean {
  const now = bios.attributes?.[name];
  if (now === undefined) return command.error(`The BIOS shows no setting ${name}.`, { exitCode: 2 });
  if (typeof now === 'boolean' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  if (typeof now === 'number' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  if (typeof now === 'string') return value;
  return command.error(`${name} is now ${String(now)}: ${JSON.stringify(value)} is not of that kind.`, { exitCode: 2 });
}

function showBios(screen: Screen, bios: Observed): void {
  if (bios.attributes === null) {
    screen.line('It shows no settings of the BIOS.');
    return;
  }
  const { attributes, pending, resets } = bios;
  if (resets) screen.line('Everything goes back to its default at the next start.');
  const rows = Object.keys({ ...attributes, ...pending })
    .sort()
    .map((name) => ({ name, now: attributes[name], next: pending[name] }));
  const cell = (value: unknown) => (value === undefined || value === null ? null : String(value));
  screen.table(
    [
      { title: 'setting', cell: ({ name }) => name, flexible: true },
      { title: 'in force', cell: ({ now }) => cell(now), flexible: true },
      { title: 'pending', cell: ({ next, now }) => (next === now ? null : cell(next)), flexible: true },
    ],
    rows,
    'It lists no settings.',
  );
}
