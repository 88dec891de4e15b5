import type { Command } from 'commander';
import type { ProfileRequest, ProfileView } from '../contract/driftschemas.ts';
import { wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';
import { readJson } from './ordering.ts';
import type { Column } from './table.ts';

// The MDB keeps no order of names.
const entries = <T>(values: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(values).sort(([one], [other]) => one.localeCompare(other, 'en'));
const count = (values: object) => Object.keys(values).length;
const pairs = (values: object) =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ');

const columns: Column<ProfileView>[] = [
  { title: 'profile', cell: ({ id }) => id },
  { title: 'machines', cell: ({ machines }) => machines, align: 'right' },
  { title: 'priority', cell: ({ priority }) => priority, align: 'right' },
  { title: 'pool', cell: ({ pool }) => pool },
  { title: 'for', cell: ({ match }) => pairs(match) || 'any machine', flexible: true },
  { title: 'settings', cell: ({ bios }) => count(bios), align: 'right' },
  { title: 'versions', cell: ({ firmware }) => count(firmware), align: 'right' },
  { title: 'parts', cell: ({ hardware }) => count(hardware), align: 'right' },
];

interface SetOptions {
  readonly reason: string;
  readonly bios?: string;
  readonly firmware?: string;
  readonly hardware?: string;
  readonly match?: string;
  readonly priority?: number;
  readonly pool?: string;
}

/** `farrier profile …`: what is wanted of machines of a kind. */
export function addProfile(program: Command, open: () => Context): void {
  const profile = program.command('profile');
  profile
    .command('ls')
    .description('list profiles')
    .action(async () => {
      const { api, screen } = open();
      const profiles = await api.profiles();
      screen.answer(profiles, () => screen.table(columns, profiles, 'There is no profile.'));
    });
  profile
    .command('show')
    .description('show what a profile wants')
    .argument('<profile>', 'its name')
    .action(async (id: string) => {
      const { api, screen } = open();
      const found = (await api.profiles()).find((one) => one.id === id);
      if (!found) throw new Error(`there is no profile ${id}`);
      screen.answer(found, () => show(screen, found));
    });
  profile
    .command('set')
    .description('change the named settings and keep the others; JSON may be @FILE or - too')
    .argument('<profile>', 'its name')
    .requiredOption('--reason <text>', 'why, for the audit')
    .option('--bios <json>', 'settings, e.g. {"BootMode":"Uefi"}')
    .option('--firmware <json>', 'versions, e.g. {"BIOS":{"version":"2.1","file":"firmware/bios.bin","sha256":"…"}}')
    .option('--hardware <json>', 'parts it must have at least, e.g. {"cpus":2,"disks":4,"memoryMib":262144}')
    .option('--match <json>', 'machines that get it at their birth, e.g. {"product":"R650"}')
    .option('--priority <number>', 'the highest wins when several match', wholeNumber(0, 1_000_000))
    .option('--pool <pool>', 'pool that its machines are born into')
    .action(async (id: string, { bios, firmware, hardware, match, ...rest }: SetOptions) => {
      const { api, screen } = open();
      const given = Object.entries({ bios, firmware, hardware, match });
      const read: [string, unknown][] = [];
      for (const [name, text] of given) if (text !== undefined) read.push([name, await readJson(text)]);
      const set = await api.setProfile(id, { ...rest, ...Object.fromEntries(read) } as ProfileRequest);
      screen.answer(set, () => show(screen, set));
    });
}

function show(screen: Context['screen'], profile: ProfileView): void {
  const { id, machines, match, priority, pool, bios, firmware, hardware } = profile;
  const versions = entries(firmware).map(
    ([name, { version, file }]) => [name, file === undefined ? `${version}, no file` : `${version}, ${file}`] as const,
  );
  screen.facts(`Profile ${id}`, [
    ['machines', machines],
    ['for', pairs(match) || 'any machine'],
    ['priority', priority],
    ['pool', pool],
  ]);
  screen.facts(
    'Settings',
    entries(bios).map(([name, value]) => [name, String(value)]),
  );
  screen.facts('Versions', versions);
  screen.facts('Parts at least', entries(hardware));
}
