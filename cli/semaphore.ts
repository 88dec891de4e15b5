import { type Command, InvalidArgumentError } from 'commander';
import type {
  PermitGroupView,
  PermitView,
  SemaphoreChange,
  SemaphoreDetail,
  SemaphoreView,
} from '../contract/permitviews.ts';
import { permitOperations } from '../domain/permits/groups.ts';
import { wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';
import { age } from './format.ts';
import type { Column } from './table.ts';

const semaphoreColumns = (now: number): Column<SemaphoreView>[] => [
  { title: 'semaphore', cell: ({ id }) => id.replace(/^semaphore\//, '') },
  { title: 'held', cell: ({ held }) => held, align: 'right' },
  { title: 'of', cell: ({ capacity }) => capacity, align: 'right' },
  { title: 'waiting', cell: ({ waiting }) => waiting, align: 'right' },
  { title: 'overdue', cell: ({ overdue }) => (overdue === 0 ? null : overdue), align: 'right' },
  { title: 'oldest', cell: ({ oldest }) => age(oldest, now), align: 'right' },
  { title: 'why', cell: ({ gate, waiting }) => (waiting === 0 ? null : gate), flexible: true },
];

const permitColumns = (now: number): Column<PermitView>[] => [
  { title: 'permit', cell: ({ id }) => id },
  { title: 'machine', cell: ({ hostname, machineId }) => hostname ?? machineId },
  { title: 'class', cell: (permit) => permit.class },
  { title: 'fence', cell: ({ fence }) => fence, align: 'right' },
  { title: 'age', cell: ({ grantedAt, requestedAt }) => age(grantedAt ?? requestedAt, now), align: 'right' },
  { title: 'holder', cell: ({ workflowId }) => workflowId ?? 'image system' },
  { title: 'overdue', cell: ({ overdue }) => overdue, flexible: true },
];

const endedColumns = (now: number): Column<PermitView>[] => [
  { title: 'ended', cell: ({ id }) => id },
  { title: 'machine', cell: ({ hostname, machineId }) => hostname ?? machineId },
  { title: 'ago', cell: ({ closedAt }) => age(closedAt, now), align: 'right' },
  { title: 'how', cell: ({ how }) => how },
  { title: 'by', cell: ({ by }) => by },
  { title: 'why', cell: ({ why }) => why, flexible: true },
];

export function addSemaphore(program: Command, open: () => Context): void {
  const semaphore = program.command('semaphore');
  semaphore
    .command('ls')
    .alias('list')
    .description('list semaphores: who holds, who waits, and why')
    .action(async () => {
      const { api, screen, now } = open();
      const semaphores = await api.semaphores();
      screen.answer(semaphores, () =>
        screen.table(semaphoreColumns(now), semaphores, 'Nobody has asked for a permit.'),
      );
    });
  semaphore
    .command('show')
    .description('show its policy, its holders and its queue')
    .argument('<semaphore>', 'like reboot/rack=A12')
    .action(async (id: string) => {
      const { api, screen, now } = open();
      const detail = await api.semaphore(id);
      screen.answer(detail, () => showDetail(screen, detail, now));
    });
  addResize(semaphore, open);
  addGroups(semaphore, open);
  semaphore
    .command('evict')
    .description('take a permit away; do so only when you know that its machine is up')
    .argument('<permit>', 'id of the permit, as "farrier semaphore show" has it')
    .requiredOption('--reason <text>', 'why, for the audit')
    .action(async (id: string, { reason }: { reason: string }) => {
      const { api, screen } = open();
      await api.evictPermit(id, reason);
      screen.answer({ accepted: true }, () => screen.line(`${id} is taken away and given on.`));
    });
}

const groupColumns: Column<PermitGroupView>[] = [
  { title: 'operation', cell: ({ operation }) => operation },
  { title: 'groups', cell: ({ tags }) => (tags.length === 0 ? 'the fleet only' : tags.join(', ')) },
  { title: 'by', cell: ({ by }) => by ?? 'the standard' },
  { title: 'reason', cell: ({ reason }) => reason, flexible: true },
];

/** The policy of which groups' permits are taken when an order names none. */
function addGroups(semaphore: Command, open: () => Context): void {
  const group = semaphore.command('group').description('groups whose permits are taken when an order names none');
  group
    .command('ls')
    .alias('list')
    .description('list the columns and tags by which each operation takes permits, beside the fleet')
    .action(async () => {
      const { api, screen } = open();
      const groups = await api.permitGroups();
      screen.answer(groups, () => screen.table(groupColumns, groups, ''));
    });
  const set = group.command('set').description('set these groups; in force from the next permit on');
  set.addArgument(set.createArgument('<operation>', 'what the permits are for').choices(permitOperations));
  set
    .argument('<names...>', 'columns or tags, e.g. rack feed; "none" is the fleet only')
    .requiredOption('--reason <text>', 'why, for the audit')
    .action(async (operation: PermitGroupView['operation'], names: string[], { reason }: { reason: string }) => {
      const { api, screen } = open();
      const tags = names.length === 1 && names[0] === 'none' ? [] : names;
      const after = await api.setPermitGroups(operation, { tags, reason });
      screen.answer(after, () => screen.table(groupColumns, [after], ''));
    });
}

interface ResizeOptions extends Omit<SemaphoreChange, 'capacity' | 'percent'> {
  readonly size?: Pick<SemaphoreChange, 'capacity' | 'percent'>;
}

function addResize(semaphore: Command, open: () => Context): void {
  semaphore
    .command('resize')
    .description('change its policy; nobody who holds a permit loses it')
    .argument('<semaphore>', 'like reboot/rack=A12, or reboot/rack=* for every rack without a policy of its own')
    .argument('[size]', 'a number, or a percentage of the group like 10%', readSize)
    .requiredOption('--reason <text>', 'why, for the audit')
    .option('--minimum <count>', 'at least so many, however small the group', wholeNumber(0, 100_000))
    .option('--queue-bound <count>', 'requests that may wait', wholeNumber(0, 7000))
    .option('--lease-seconds <count>', 'after which a silent holder is looked at', wholeNumber(10, 604_800))
    .option('--limit-seconds <count>', 'after which a running holder is overdue', wholeNumber(10, 31_536_000))
    .option('--min-healthy <percent>', 'share of the group that must stay offerable', wholeNumber(0, 100))
    .option('--per-minute <count>', 'grants within any minute at most', wholeNumber(1, 100_000))
    .action(async (id: string, size: ResizeOptions['size'], options: ResizeOptions) => {
      const { api, screen } = open();
      const policy = await api.resizeSemaphore(id, { ...options, ...size });
      screen.answer(policy, () => screen.facts(`Policy of ${id}`, policyFacts(policy)));
    });
}

function readSize(text: string): NonNullable<ResizeOptions['size']> {
  const [, digits = '', percent] = /^(\d{1,6})(%?)$/.exec(text) ?? [];
  if (digits === '') throw new InvalidArgumentError('It must be a number like 2, or a percentage like 10%.');
  return percent === '%' ? { percent: Number(digits) } : { capacity: Number(digits) };
}

function showDetail(screen: Context['screen'], detail: SemaphoreDetail, now: number): void {
  const { semaphore, policy, holders, queue, ended } = detail;
  screen.facts(semaphore.id, [
    ['held', `${semaphore.held} of ${semaphore.capacity ?? '?'}`],
    ['waiting', semaphore.waiting],
    ['why', semaphore.waiting === 0 ? null : semaphore.gate],
    ...policyFacts(policy),
  ]);
  screen.line('');
  screen.table(permitColumns(now), holders, 'Nobody holds a permit.');
  if (queue.length > 0) screen.line('');
  if (queue.length > 0) screen.table(permitColumns(now), queue, '');
  if (ended.length > 0) screen.line('');
  if (ended.length > 0) screen.table(endedColumns(now), ended, '');
}

function policyFacts(policy: SemaphoreDetail['policy']): [string, string | null][] {
  const { capacity, percent, minimum, queueBound, leaseSeconds, limitSeconds, minHealthy, perMinute, windows } = policy;
  return [
    ['policy', capacity !== null ? `${capacity} at once` : `${percent} % of the group, at least ${minimum}`],
    ['queue', `at most ${queueBound}`],
    ['lease', `${leaseSeconds} s, overdue after ${limitSeconds} s`],
    ['healthy', minHealthy === null ? null : `at least ${minHealthy} %`],
    ['rate', perMinute === null ? null : `at most ${perMinute} a minute`],
    ['windows', windows.map(({ days, from, to, zone }) => `${days.join('')} ${from}-${to} ${zone}`).join('; ') || null],
  ];
}
