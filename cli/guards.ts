import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BrakeView, CapacityView, PoolRequest, PoolView } from '../contract/guards.ts';
import {
  type DiskKind,
  diskKinds,
  drainAdapters,
  drainTimeOuts,
  type EraseMethod,
  eraseMethods,
  reconcileModes,
} from '../domain/machine.ts';
import { wholeNumber } from './arguments.ts';
import type { Context, Open } from './context.ts';
import { moment } from './format.ts';
import { readJson } from './ordering.ts';
import type { Column } from './table.ts';

const capacityColumns: Column<CapacityView>[] = [
  { title: 'scope', cell: ({ scope }) => scope },
  { title: 'name', cell: ({ name }) => name },
  { title: 'machines', cell: ({ total }) => total, align: 'right' },
  { title: 'in service', cell: ({ have }) => have, align: 'right' },
  { title: 'must keep', cell: ({ rule, need }) => (rule === null ? null : need), align: 'right' },
  {
    title: 'may leave',
    cell: ({ rule, have, need }) => (rule === null ? null : Math.max(0, have - need)),
    align: 'right',
  },
  {
    title: 'rule',
    cell: ({ rule }) => (rule === null ? null : `${rule.name} ${rule.min}${rule.unit === 'percent' ? ' %' : ''}`),
  },
];

export function addCapacity(program: Command, open: Open): void {
  const capacity = program.command('capacity');
  capacity
    .command('ls')
    .alias('list')
    .description('list groups with what they have and must keep')
    .option('--scope <scope>', 'only of this kind: fleet, or any column or tag')
    .action(async ({ scope }: { scope?: string }) => {
      const { api, screen } = open();
      const groups = await api.capacity(scope);
      screen.answer(groups, () => screen.table(capacityColumns, groups, 'No machine has been in service yet.'));
    });
  const set = capacity.command('set').description('set what a group must keep');
  set
    .argument('<scope>', 'kind of group: fleet, or any column or tag, e.g. rack, feed, pool')
    .argument('[name]', 'the group, e.g. the rack; "*" is each one without a rule of its own', '*')
    .argument('[min]', 'a share like 90%, a number of machines, or "none"')
    .requiredOption('--reason <text>', 'why, for the audit')
    .action(
      async (scope: CapacityView['scope'], name: string, min: string | undefined, { reason }: { reason: string }) => {
        const { api, screen } = open();
        // The fleet has no name: `capacity set fleet 90%`.
        const [group, amount] = min === undefined ? ['*', name] : [name, min];
        const groups = await api.setCapacity({ scope, name: group, reason, ...readMin(amount) });
        screen.answer(groups, () =>
          screen.table(capacityColumns, groups, 'No group of this kind has a machine or a rule.'),
        );
      },
    );
}

function readMin(text: string): { min: number | null; unit?: 'percent' | 'count' } {
  if (text === 'none') return { min: null };
  const [, digits, percent] = /^(\d{1,7})(%?)$/.exec(text) ?? [];
  if (digits === undefined)
    throw new InvalidArgumentError('It must be a share like 90%, a number of machines, or none.');
  return { min: Number(digits), unit: percent === '%' ? 'percent' : 'count' };
}

export function addBreaker(program: Command, open: Open): void {
  const breaker = program.command('brake');
  const show = ({ screen }: Context, view: BrakeView) => screen.answer(view, () => showBreaker(screen, view));
  breaker
    .command('status')
    .description('show whether it is engaged, and why')
    .action(async () => {
      const context = open();
      show(context, await context.api.brake());
    });
  breaker
    .command('engage')
    .description('keep every machine in production')
    .requiredOption('--reason <text>', 'why, for the audit and for those who wait')
    .option('--minutes <count>', 'until it lets go by itself; else a person does', wholeNumber(1, 10_080))
    .action(async (options: { reason: string; minutes?: number }) => {
      const context = open();
      show(context, await context.api.engageBreaker(options));
    });
  breaker
    .command('release')
    .description('let machines leave production again')
    .requiredOption('--reason <text>', 'why, for the audit')
    .option('--override-minutes <count>', 'and keep it from engaging for so long', wholeNumber(1, 10_080))
    .action(async (options: { reason: string; overrideMinutes?: number }) => {
      const context = open();
      show(context, await context.api.releaseBreaker(options));
    });
  breaker
    .command('set')
    .description('set the limits of the storm brake')
    .requiredOption('--reason <text>', 'why, for the audit')
    .option('--per-minute <count>', 'machines that may leave production a minute, at most', wholeNumber(1, 100_000))
    .option('--share <percent>', 'share of a pool, rack or feed within the window; 100 is off', wholeNumber(1, 100))
    .option('--share-floor <count>', 'machines that left below which no share counts', wholeNumber(1, 100_000))
    .option('--window-minutes <count>', 'how far back a share is counted', wholeNumber(1, 1440))
    .option('--cool-minutes <count>', 'how long it stays engaged', wholeNumber(1, 10_080))
    .action(async (options: { reason: string }) => {
      const context = open();
      show(context, await context.api.setBreaker(options));
    });
}

function showBreaker(screen: Context['screen'], view: BrakeView): void {
  const until = view.until === null ? 'until a person releases it' : `until ${moment(view.until)}`;
  screen.facts('Storm brake', [
    ['engaged', view.engaged ? until : 'no'],
    ['why', view.reason],
    ['by', view.by],
    ['since', view.since === null ? null : moment(view.since)],
    ['overridden', view.overrideUntil === null ? null : `until ${moment(view.overrideUntil)} by ${view.overrideBy}`],
    ['last minute', `${view.lastMinute} of ${view.perMinute} machines that left`],
    ['window', `${view.inWindow} machines that left in ${view.windowMinutes} minutes`],
    [
      'share',
      view.share === 100 ? 'off' : `${view.share} % of a pool, rack or feed, from ${view.shareFloor} machines on`,
    ],
    ['cool-down', `${view.coolMinutes} minutes`],
  ]);
}

const poolColumns: Column<PoolView>[] = [
  { title: 'pool', cell: ({ id }) => id },
  { title: 'machines', cell: ({ machines }) => machines, align: 'right' },
  { title: 'drain', cell: ({ drain }) => drain },
  { title: 'time-out', cell: ({ drainTimeout, onDrainTimeout }) => `${hours(drainTimeout)}, ${onDrainTimeout}` },
  { title: 'erase', cell: ({ erase }) => erase },
  { title: 'soak', cell: ({ soakMinutes }) => `${soakMinutes}m`, align: 'right' },
  { title: 'owner', cell: ({ owner }) => owner },
  { title: 'reconciler', cell: ({ reconcile }) => reconcile },
  { title: 'policy', cell: ({ written }) => (written ? 'own' : 'standard') },
];

function hours(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400}d`;
  return seconds % 3600 === 0 ? `${seconds / 3600}h` : `${Math.round(seconds / 60)}m`;
}

interface SetOptions extends Omit<PoolRequest, 'drainSettings' | 'drainSecretRef' | 'burninCap' | 'reconcileLimits'> {
  readonly reconcileLimits?: string;
  readonly drainSettings?: string;
  readonly drainSecret?: string;
  readonly burninCap?: number | 'none';
}

export function addPool(program: Command, open: Open): void {
  const pool = program.command('pool');
  pool
    .command('ls')
    .alias('list')
    .description('list pools')
    .action(async () => {
      const { api, screen } = open();
      const pools = await api.pools();
      screen.answer(pools, () => screen.table(poolColumns, pools, 'There is no pool.'));
    });
  pool
    .command('show')
    .description("show a pool's policy")
    .argument('<pool>', 'name of the pool')
    .action(async (id: string) => {
      const { api, screen } = open();
      const found = (await api.pools()).find((one) => one.id === id);
      if (!found) throw new Error(`there is no pool ${id}: neither a machine nor a policy has it`);
      screen.answer(found, () => showPool(screen, found));
    });
  addPoolSet(pool, open);
}

function addPoolSet(pool: Command, open: Open): void {
  const orNone = (min: number, max: number) => (text: string) =>
    text === 'none' ? ('none' as const) : wholeNumber(min, max)(text);
  pool
    .command('set')
    .description('change the named settings and keep the others')
    .argument('<pool>', 'name of the pool')
    .requiredOption('--reason <text>', 'why, for the audit')
    .addOption(new Option('--drain <adapter>', 'how its machines are drained').choices(drainAdapters))
    .option('--drain-settings <json>', 'what the adapter needs to know: JSON, @FILE or -')
    .option('--drain-secret <name>', 'name of the secret with its credentials, or "none"')
    .option('--drain-timeout <seconds>', "until a drain's time is up", wholeNumber(0, 2_592_000))
    .addOption(new Option('--on-drain-timeout <what>', 'what happens then').choices(drainTimeOuts))
    .addOption(new Option('--erase <method>', 'how its disks are emptied').choices(eraseMethods))
    .option('--erase-others <methods>', 'for disks without our keys: nvme=METHOD,ata=METHOD,other=METHOD', byKind)
    .option('--soak-minutes <count>', 'how long it must stay healthy', wholeNumber(0, 1440))
    .option('--health-retries <count>', 'checks that may fail', wholeNumber(0, 20))
    .option('--burnin-cap <seconds>', 'longest burn-in, or "none"', orNone(1, 604_800))
    .option('--reboot-timeout <seconds>', 'until a reboot has failed', wholeNumber(60, 86_400))
    .option('--new', 'there is no such pool yet')
    .option('--owner <team>', 'team that questions go to')
    .addOption(new Option('--reconcile <mode>', 'what the reconciler may do about drift').choices(reconcileModes))
    .option('--reconcile-limits <json>', 'pace and semaphores of its campaigns: JSON, @FILE or -')
    .action(async (id: string, { drainSettings, drainSecret, burninCap, reconcileLimits, ...rest }: SetOptions) => {
      const { api, screen } = open();
      const settings =
        drainSettings === undefined ? {} : { drainSettings: (await readJson(drainSettings)) as Record<string, string> };
      const change: PoolRequest = {
        ...rest,
        ...settings,
        ...(drainSecret !== undefined && { drainSecretRef: drainSecret === 'none' ? null : drainSecret }),
        ...(burninCap !== undefined && { burninCap: burninCap === 'none' ? null : burninCap }),
        ...(reconcileLimits !== undefined && {
          reconcileLimits: (await readJson(reconcileLimits)) as NonNullable<PoolRequest['reconcileLimits']>,
        }),
      };
      const set = await api.setPool(id, change);
      screen.answer(set, () => showPool(screen, set));
    });
}

/** `nvme=nvme-format,ata=overwrite` */
function byKind(text: string): NonNullable<PoolRequest['eraseOthers']> {
  const pairs = text.split(',').map((pair) => pair.split('='));
  const good = pairs.every(
    ([kind, method]) => diskKinds.includes(kind as DiskKind) && eraseMethods.includes(method as EraseMethod),
  );
  if (!good)
    throw new InvalidArgumentError(
      `It is KIND=METHOD,…: kinds are ${diskKinds.join(', ')}; methods ${eraseMethods.join(', ')}.`,
    );
  return Object.fromEntries(pairs);
}

function showPool(screen: Context['screen'], pool: PoolView): void {
  const settings = Object.entries(pool.drainSettings).map(([key, value]) => `${key}=${value}`);
  screen.facts(`Pool ${pool.id}`, [
    ['machines', pool.machines],
    ['policy', pool.written ? 'its own' : 'the standard one'],
    ['drain', pool.drain],
    ['settings', settings.join(' ')],
    ['secret', pool.drainSecretRef],
    ['drain time-out', `${hours(pool.drainTimeout)}, then ${pool.onDrainTimeout}`],
    ['erase', pool.erase],
    [
      'other disks',
      Object.entries(pool.eraseOthers)
        .map((pair) => pair.join('='))
        .join(' '),
    ],
    ['soak', `${pool.soakMinutes} minutes`],
    ['health retries', pool.healthRetries],
    ['burn-in at most', pool.burninCap === null ? "as its machines' profiles say" : `${pool.burninCap} seconds`],
    ['reboot time-out', `${pool.rebootTimeout} seconds`],
    ['owner', pool.owner],
    ['reconciler', pool.reconcile],
    ['its campaigns', describeLimits(pool.reconcileLimits)],
  ]);
}

function describeLimits({ pace, semaphores = {} }: PoolView['reconcileLimits']): string | null {
  if (pace === undefined) return null;
  const permits = Object.entries(semaphores).map(
    ([phase, tags]) => `${phase} permit by ${[tags].flat().join(' and ')}`,
  );
  const words = [`canary ${pace.canary}`, `batches of ${pace.batch}`, `${pace.atOnce} at once`, ...permits];
  return words.join(', ');
}
