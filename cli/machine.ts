import { type Command, InvalidArgumentError, Option } from 'commander';
import type { MachineSummary, MachineView, TimelineEntry } from '../contract/api.ts';
import { normaliseMac, opStates, stages } from '../domain/machine.ts';
import { addSetting, wholeNumber } from './arguments.ts';
import type { Context, Open } from './context.ts';
import { age, bytes, memory, moment, span } from './format.ts';
import { orderColumns, stepColumns } from './order.ts';
import { type Column, cleanCell } from './table.ts';
import { watched } from './watch.ts';

const machineColumns = (now: number): Column<MachineSummary>[] => [
  { title: 'machine', cell: ({ id }) => id },
  { title: 'hostname', cell: ({ hostname }) => hostname, flexible: true },
  {
    title: 'place',
    cell: ({ rack, unit, slot }) => (rack === null ? null : `${rack}/${unit}${slot === null ? '' : `.${slot}`}`),
  },
  { title: 'address', cell: ({ address }) => address },
  { title: 'stage', cell: ({ stage }) => stage },
  { title: 'state', cell: ({ opState }) => opState },
  {
    title: 'step',
    cell: ({ step, percent, steered }) => {
      const place = percent === null || step === null ? step : `${step} ${Math.round(percent)}%`;
      return [place, steered].filter((part) => part !== null).join(', ');
    },
    flexible: true,
  },
  { title: 'since', cell: ({ since }) => age(since, now), align: 'right' },
  { title: 'held', cell: ({ held }) => held, flexible: true },
  { title: 'pool', cell: ({ pool }) => pool, wide: true },
  { title: 'boot', cell: ({ bootState }) => bootState, wide: true },
  { title: 'mac', cell: ({ mac }) => mac, wide: true },
  { title: 'product', cell: ({ product }) => product, wide: true },
  { title: 'serial', cell: ({ serial }) => serial, wide: true },
  { title: 'seen', cell: ({ lastSeenAt }) => age(lastSeenAt, now), align: 'right', wide: true },
];

const timelineColumns: Column<TimelineEntry>[] = [
  { title: 'when', cell: ({ at }) => moment(at) },
  { title: 'kind', cell: ({ kind }) => kind },
  { title: 'by', cell: ({ by }) => by },
  { title: 'what', cell: ({ text }) => text, flexible: true },
];

/** By place, then by id: how a person walks along the racks. */
function byPlace(one: MachineSummary, other: MachineSummary): number {
  const rack = (one.rack ?? '~').localeCompare(other.rack ?? '~', 'en', { numeric: true });
  return rack || (one.unit ?? 0) - (other.unit ?? 0) || one.id.localeCompare(other.id);
}

interface ListOptions {
  readonly stage?: (typeof stages)[number];
  readonly state?: (typeof opStates)[number];
  readonly rack?: string;
  readonly held?: true;
}

/** Gives the command, for what else is done to machines. */
export function addMachine(program: Command, open: Open): Command {
  const machine = program.command('machine');
  addList(machine.command('list').alias('ls'), open);
  // What people type most has a short name.
  addList(program.command('ls'), open);
  addShow(machine.command('show'), open);
  addShow(program.command('show'), open);
  machine
    .command('timeline')
    .description('show what happened to a machine, newest first')
    .argument('<machine>', 'id, hostname or MAC')
    .option('--limit <count>', 'events at most', wholeNumber(1, 2000), 50)
    .action(async (name: string, { limit }: { limit: number }) => {
      const { api, screen } = open();
      const entries = await api.timeline(name, limit);
      screen.answer(entries, () => screen.table(timelineColumns, entries, 'Nothing has happened yet.'));
    });
  machine
    .command('unhold')
    .description('lift the hold of a machine, after you have checked its cause')
    .argument('<machine>', 'id, hostname or MAC')
    .requiredOption('--reason <reason>', 'what was found or done, for the audit')
    .action(async (name: string, { reason }: { reason: string }) => {
      const { api, screen } = open();
      await api.unholdMachine(name, { reason });
      screen.answer({ unheld: name }, () => screen.line(`${name} is held no more.`));
    });
  machine
    .command('release')
    .description("end the quarantine of a machine's controller, after you have checked its cause")
    .argument('<machine>', 'id, hostname or MAC')
    .requiredOption('--reason <reason>', 'what was found, for the audit')
    .option('--new-certificate', 'its certificate was renewed: pin the one that it shows next')
    .action(async (name: string, { reason, newCertificate = false }: { reason: string; newCertificate?: boolean }) => {
      const { api, screen } = open();
      await api.releaseController(name, { reason, newCertificate });
      screen.answer({ released: name }, () => screen.line(`The controller of ${name} is talked to again.`));
    });
  machine
    .command('vouch')
    .description('confirm that a controller belongs to this machine when its data do not show it')
    .argument('<machine>', 'id, hostname or MAC')
    .requiredOption('--reason <reason>', 'how it is known, for the audit')
    .action(async (name: string, { reason }: { reason: string }) => {
      const { api, screen } = open();
      await api.vouchForController(name, { reason });
      screen.answer({ vouched: name }, () => screen.line(`The controller of ${name} counts as its own from now on.`));
    });
  addAnnouncement(machine, open);
  return machine;
}

function addShow(show: Command, open: Open): void {
  show
    .description('show where a machine stands, why, since when, by whom, what comes next and what it waits for')
    .argument('<machine>', 'id, hostname or MAC');
  watched(show, open, ['machine', 'question'], async (context, name: string) => {
    const view = await context.api.machine(name);
    context.screen.answer(view, () => showMachine(context, view));
  });
}

function addList(list: Command, open: Open): void {
  list
    .description('list machines, by place')
    .argument('[selector]', 'only those that it means, e.g. "az=A,rack in (r3,r4),!legacy"')
    .addOption(new Option('--stage <stage>', 'only at this stage').choices(stages))
    .addOption(new Option('--state <state>', 'only in this state').choices(opStates))
    .option('--rack <rack>', 'only in this rack')
    .option('--held', 'only those that are held');
  const show = async (
    { api, screen, now }: Context,
    selector: string | undefined,
    { held, ...filter }: ListOptions,
  ): Promise<void> => {
    const wanted = {
      ...filter,
      ...(selector !== undefined && { selector }),
      ...(held ? ({ held: 'true' } as const) : {}),
    };
    const machines = (await api.machines(wanted)).sort(byPlace);
    screen.answer(machines, () => screen.table(machineColumns(now), machines, 'There is no such machine.'));
  };
  watched(list, open, ['machine'], show);
}

interface AddOptions {
  readonly rack?: string;
  readonly unit?: number;
  readonly slot?: string;
  readonly switch?: string;
  readonly port?: string;
  readonly bmc?: string;
  readonly bmcSecret?: string;
  readonly serial?: string;
  readonly tag: Record<string, string>;
}

function addAnnouncement(machine: Command, open: Open): void {
  machine
    .command('add')
    .description('announce a machine before its first boot')
    .argument('<mac>', 'MAC of the NIC that it boots from', macArgument)
    .option('--rack <rack>', 'rack it stands in')
    .option('--unit <unit>', 'lowest unit it takes up', wholeNumber(1, 64))
    .option('--slot <slot>', 'which of several machines in one case, e.g. 2 or B')
    .option('--switch <switch>', 'switch it hangs on, instead of a rack')
    .option('--port <port>', 'port of that switch')
    .option('--bmc <origin>', 'its controller, e.g. https://10.0.9.12')
    .option('--bmc-secret <name>', 'name of the secret with its credentials')
    .option('--serial <serial>', 'its serial number: with --bmc, Farrier powers it on for its first boot')
    .option('--tag <name=value>', 'a free tag; may be repeated', addSetting, {})
    .action(async (mac: string, { bmc, bmcSecret, serial, tag, ...place }: AddOptions, command: Command) => {
      if ((bmc === undefined) !== (bmcSecret === undefined))
        command.error('--bmc and --bmc-secret belong together', { exitCode: 2 });
      if (serial !== undefined && bmc === undefined) command.error('--serial needs --bmc', { exitCode: 2 });
      const { api, screen } = open();
      const controller =
        bmc === undefined || bmcSecret === undefined
          ? {}
          : { bmc: { origin: bmc, secretRef: bmcSecret, ...(serial !== undefined && { serial }) } };
      const tags = Object.keys(tag).length === 0 ? {} : { tags: tag };
      const made = await api.announce({ mac, ...place, ...tags, ...controller });
      screen.answer(made, () => {
        screen.line(`${made.id} is announced; "farrier birth ${made.id}" orders its birth.`);
        for (const note of made.notes) screen.line(`Note: ${note}.`);
      });
    });
}

function macArgument(text: string): string {
  const mac = normaliseMac(text);
  if (mac === null) throw new InvalidArgumentError('It is not the MAC of a machine.');
  return mac;
}

function showMachine({ screen, now }: Context, view: MachineView): void {
  const { machine, status, identity, parts } = view;
  screen.facts(`${machine.id} ${machine.hostname ?? ''}`.trim(), [
    ['where', status.where],
    ['why', status.why],
    ['since', status.since === null ? null : `${moment(status.since)} (${age(status.since, now)})`],
    ['by', status.by],
    ['next', status.next],
    ['blocked on', status.blockedOn],
    ['boots', view.boots.times === 0 ? null : `${view.boots.times} times in the last ${view.boots.minutes} minutes`],
    ['born in', machine.inServiceAt === null ? null : span(machine.firstBootAt, machine.inServiceAt)],
    [
      'tags',
      Object.entries(view.tags)
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    ],
  ]);
  screen.facts('Identity', [
    ['mac', machine.mac],
    [
      'address',
      machine.address ?? (identity.temporaryAddress === null ? null : `${identity.temporaryAddress} (temporary)`),
    ],
    ['boot state', machine.bootState],
    ['repair state', machine.repairState],
    ['offerable', machine.offerable ? 'yes' : 'no'],
    ['model', [identity.vendor, machine.product].filter(Boolean).join(' ')],
    ['serial', machine.serial],
    ['uuid', identity.systemUuid],
    ['firmware', [identity.firmware, identity.biosVersion].filter(Boolean).join(' ')],
    ['pool', machine.pool],
    ['required image', identity.requiredImage],
    ['observed image', identity.observedImage],
    ['disk keys', identity.keyStore],
    ['may be wiped', identity.wipeReason],
    ['resembles', identity.resembles],
    ...identity.remarks.map((sentence) => ['remark', sentence] as const),
    ...identity.unseen.map((sentence) => ['not seen', sentence] as const),
    ['last seen', machine.lastSeenAt === null ? null : `${age(machine.lastSeenAt, now)} ago`],
    [
      'controller',
      parts.bmc === null
        ? null
        : `${parts.bmc.origin}${parts.bmc.quarantine === null ? '' : ` (quarantined: ${parts.bmc.quarantine})`}`,
    ],
  ]);
  screen.facts('Parts', [
    ['memory', memory(parts.memoryMib)],
    ...parts.cpus.map(
      ({ socket, model, cores, threads }) => [`cpu ${socket}`, `${model}, ${cores} cores, ${threads} threads`] as const,
    ),
    ...parts.disks.map(
      (disk) =>
        [
          disk.name,
          `${bytes(disk.bytes)} ${disk.model ?? ''} serial ${disk.serial}, ${disk.present ? disk.content : 'absent'}`.replace(
            / +/g,
            ' ',
          ),
        ] as const,
    ),
    ...parts.nics.map(
      (nic) =>
        [
          nic.name ?? 'nic',
          [
            nic.mac,
            nic.neighbourPort === null
              ? null
              : `at ${nic.neighbourName ?? nic.neighbourChassis} port ${nic.neighbourPort}`,
          ]
            .filter(Boolean)
            .join(' '),
        ] as const,
    ),
    ...parts.accelerators.map(({ pci, vendor, device }) => [pci, `${vendor} ${device}`] as const),
  ]);
  if (view.order) {
    screen.line('');
    screen.table(orderColumns(now), [view.order], '');
    screen.line('');
    screen.table(stepColumns, view.steps, 'None of its steps has begun.');
  }
  for (const step of view.humanSteps) {
    screen.line('');
    screen.line(`Waits for ${cleanCell(step.owner)}: ${cleanCell(step.question)}`);
    screen.line(`  farrier step answer ${step.id} ${step.choices.join('|')}`);
  }
}
