import { type Command, InvalidArgumentError, Option } from 'commander';
import type { RackView } from '../contract/api.ts';
import type { NetworkView, PlacesRequest, SwitchView } from '../contract/places.ts';
import { addSetting, wholeNumber } from './arguments.ts';
import type { Open } from './context.ts';
import { addOnboard } from './onboard.ts';
import { readJson } from './ordering.ts';
import type { Column } from './table.ts';

const rackColumns: Column<RackView>[] = [
  { title: 'rack', cell: ({ id }) => id },
  { title: 'row', cell: ({ row }) => row },
  { title: 'feed', cell: ({ feed }) => feed },
  { title: 'az', cell: ({ az }) => az, wide: true },
  { title: 'units', cell: ({ units }) => units, align: 'right' },
  { title: 'ports', cell: ({ ports }) => ports, align: 'right' },
  { title: 'machines', cell: ({ machines }) => machines, align: 'right' },
  { title: 'in service', cell: ({ inService }) => inService, align: 'right' },
  { title: 'held', cell: ({ held }) => (held === 0 ? null : held), align: 'right' },
  { title: 'addresses free', cell: ({ addressesFree }) => addressesFree, align: 'right', wide: true },
];

/** `farrier rack …`: racks, and what stands around them. */
export function addRack(program: Command, open: Open): void {
  const rack = program.command('rack');
  rack
    .command('list')
    .alias('ls')
    .description('list racks and what is in them')
    .action(async () => {
      const { api, screen } = open();
      const racks = await api.racks();
      screen.answer(racks, () => screen.table(rackColumns, racks, 'There is no rack.'));
    });
  rack
    .command('announce')
    .description('announce networks, racks, switches and controllers; may be repeated, and nothing is removed')
    .argument('<json>', 'as docs/real-hardware.md shows it, or @FILE, or - for standard input')
    .action(async (json: string) => {
      const { api, screen } = open();
      const places = (await readJson(json, 'the places')) as PlacesRequest;
      await api.announcePlaces(places);
      const counts = Object.entries(places).map(([what, list]) => `${list.length} ${what}`);
      screen.answer({ accepted: true }, () => screen.line(`announced: ${counts.join(', ') || 'nothing'}`));
    });
  rack
    .command('set')
    .description('announce a rack, or change what is named of one')
    .argument('<rack>', 'its name')
    .option('--row <row>', 'row that it stands in')
    .option('--feed <feed>', 'feed that it has its power from')
    .option('--az <zone>', 'availability zone')
    .option('--units <count>', 'its height', wholeNumber(1, 64))
    .option(
      '--tag <name=value>',
      'a tag that its machines have too, in place of those it has; may be repeated',
      addSetting,
    )
    .action(async (id: string, { tag, ...given }: RackOptions) => {
      const { api, screen } = open();
      const known = (await api.racks()).find((one) => one.id === id);
      const { row, feed, az, units } = known ?? {};
      const rackNow = present({ row, feed, az, units, ...given, tags: tag });
      await api.announcePlaces({ racks: [{ id, ...rackNow }] });
      screen.answer({ id }, () => screen.line(`rack ${id} is ${known ? 'changed' : 'announced'}`));
    });
  addOnboard(rack, open);
}

interface RackOptions {
  readonly row?: string;
  readonly feed?: string;
  readonly az?: string;
  readonly units?: number;
  readonly tag?: Record<string, string>;
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** Only what has a value. */
function present<T extends object>(values: T): Present<T> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries) as Present<T>;
}

const networkColumns: Column<NetworkView>[] = [
  { title: 'network', cell: ({ id }) => id },
  { title: 'site', cell: ({ site }) => site },
  { title: 'kind', cell: ({ kind }) => kind },
  { title: 'cidr', cell: ({ cidr }) => cidr },
  { title: 'gateway', cell: ({ gateway }) => gateway },
  { title: 'vlan', cell: ({ vlan }) => vlan, align: 'right' },
  { title: 'addresses', cell: ({ kind, assignment }) => (kind === 'bmc' ? null : `by ${assignment}`) },
  {
    title: 'free',
    cell: ({ addresses, free }) => (addresses === 0 ? null : `${free} of ${addresses}`),
    align: 'right',
  },
  { title: 'dns', cell: ({ dns }) => dns.join(' '), wide: true },
];

interface NetworkOptions {
  readonly kind?: NetworkView['kind'];
  readonly cidr?: string;
  readonly gateway?: string;
  readonly dns?: string[];
  readonly vlan?: number;
  readonly assignment?: NetworkView['assignment'];
  readonly range?: { readonly first: string; readonly last: string };
}

/** `farrier network …`: where addresses are from. */
export function addNetwork(program: Command, open: Open): void {
  const network = program.command('network');
  network
    .command('list')
    .alias('ls')
    .description('list networks and their free addresses')
    .action(async () => {
      const { api, screen } = open();
      const networks = await api.networks();
      screen.answer(networks, () => screen.table(networkColumns, networks, 'There is no network.'));
    });
  network
    .command('set')
    .description('announce a network, or change what is named of one; its addresses stay what they are')
    .argument('<network>', 'its name')
    .addOption(
      new Option(
        '--kind <kind>',
        'birth lends temporary addresses, main has permanent ones, in bmc are controllers',
      ).choices(['birth', 'main', 'bmc']),
    )
    .option('--cidr <cidr>', 'its addresses, e.g. 10.8.0.0/16')
    .option('--gateway <address>', 'its router')
    .option('--dns <address>', 'a name server; may be repeated', (one: string, before: string[] = []) => [
      ...before,
      one,
    ])
    .option('--vlan <number>', 'its VLAN', wholeNumber(1, 4094))
    .addOption(
      new Option('--assignment <how>', 'an address by position, or the next free one').choices(['position', 'pool']),
    )
    .option('--range <first-last>', 'what may be lent of it, e.g. 10.8.1.10-10.8.1.250', readRange)
    .action(async (id: string, { range, ...given }: NetworkOptions, command: Command) => {
      const { api, screen } = open();
      const known = (await api.networks()).find((one) => one.id === id);
      const { kind = known?.kind, cidr = known?.cidr } = given;
      if (kind === undefined || cidr === undefined)
        return command.error(`There is no network ${id} yet: give --kind and --cidr.`, { exitCode: 2 });
      const { gateway, dns, vlan, assignment } = known ?? {};
      // Without a range all of it would be lent from now on.
      const pool = range ?? known?.range;
      const rest = present({ gateway, dns, vlan, assignment, ...given, pool });
      await api.announcePlaces({ networks: [{ ...rest, id, kind, cidr }] });
      screen.answer({ id }, () => screen.line(`network ${id} is ${known ? 'changed' : 'announced'}`));
    });
}

function readRange(text: string): { first: string; last: string } {
  const [first = '', last = '', ...more] = text.split('-').map((part) => part.trim());
  if (first === '' || last === '' || more.length > 0)
    throw new InvalidArgumentError('It reads like 10.8.1.10-10.8.1.250.');
  return { first, last };
}

const switchColumns: Column<SwitchView>[] = [
  { title: 'switch', cell: ({ id }) => id },
  { title: 'name', cell: ({ id, name }) => (name === id ? null : name) },
  { title: 'chassis', cell: ({ chassis }) => chassis },
  { title: 'ports', cell: ({ ports }) => ports.length, align: 'right' },
  { title: 'racks', cell: ({ ports }) => [...new Set(ports.map(({ rack }) => rack))].join(', '), flexible: true },
];

type Port = SwitchView['ports'][number];
const portColumns: Column<Port>[] = [
  { title: 'port', cell: ({ port }) => port },
  { title: 'leads to', cell: ({ rack, unit, slot }) => `${rack}/${unit}${slot === null ? '' : `.${slot}`}` },
];

interface SwitchOptions {
  readonly chassis?: string;
  readonly name?: string;
  readonly port?: readonly Port[];
}

/** `farrier switch …`: where ports lead, by which machines are found. */
export function addSwitch(program: Command, open: Open): void {
  const one = program.command('switch');
  one
    .command('list')
    .alias('ls')
    .description('list switches')
    .action(async () => {
      const { api, screen } = open();
      const switches = await api.switches();
      screen.answer(switches, () => screen.table(switchColumns, switches, 'There is no switch.'));
    });
  one
    .command('show')
    .description('show where the ports of a switch lead')
    .argument('<switch>', 'its name')
    .action(async (id: string) => {
      const { api, screen } = open();
      const found = (await api.switches()).find((row) => row.id === id);
      if (found === undefined) throw new Error(`there is no switch ${id}: farrier switch ls`);
      screen.answer(found, () => {
        screen.facts(`Switch ${id}`, [
          ['chassis', found.chassis],
          ['name', found.name],
        ]);
        screen.table(portColumns, found.ports, 'No port of it is known.');
      });
    });
  one
    .command('set')
    .description('announce a switch, or change what is named of one; ports that are not named stay')
    .argument('<switch>', 'its name')
    .option('--chassis <id>', 'chassis id that it tells by LLDP')
    .option('--name <name>', 'system name that it tells')
    .option(
      '--port <port=rack/unit>',
      'where a port leads, e.g. swp4=A01/17 or swp4=A01/17.2; may be repeated',
      readPort,
    )
    .action(async (id: string, { chassis, name, port = [] }: SwitchOptions, command: Command) => {
      const { api, screen } = open();
      const known = (await api.switches()).find((row) => row.id === id);
      const called = chassis ?? known?.chassis;
      if (called === undefined) return command.error(`There is no switch ${id} yet: give --chassis.`, { exitCode: 2 });
      const ports = port.map(({ slot, ...rest }) => ({ ...rest, ...(slot !== null && { slot }) }));
      const rest = present({ name: name ?? known?.name });
      await api.announcePlaces({ switches: [{ id, chassis: called, ports, ...rest }] });
      screen.answer({ id }, () => screen.line(`switch ${id} is ${known ? 'changed' : 'announced'}`));
    });
}

function readPort(text: string, before: readonly Port[] = []): readonly Port[] {
  const [, port = '', rack = '', unit = '', slot = null] = /^([^=]+)=([^/]+)\/(\d{1,2})(?:\.(\w+))?$/.exec(text) ?? [];
  if (port === '') throw new InvalidArgumentError('It reads like swp4=A01/17 or swp4=A01/17.2.');
  return [...before, { port, rack, unit: Number(unit), slot }];
}
