import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { OrdersAccepted, OrdersRequest, OrderView } from '../contract/api.ts';
import type { Seconds } from '../domain/duration.ts';
import { orderClasses } from '../domain/machine.ts';
import type { SemaphoreTags } from '../domain/requests.ts';
import { timeArgument, wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';
import { exits } from './exits.ts';
import { span } from './format.ts';
import { awaitPlans, showRehearsals } from './rehearsal.ts';
import type { Column } from './table.ts';
import { awaitOrders, exitOfOrders, secondsOf, type Wait, waitOption } from './waiting.ts';

/** Seconds that a dry run waits for its plan: reads of a slow controller take some. */
const standardWaitSeconds = 60;

/** What every order may be given. */
export interface OrderOptions {
  readonly selector?: string;
  readonly count?: number;
  readonly reason?: string;
  readonly id?: string;
  readonly class?: (typeof orderClasses)[number];
  readonly dryRun?: true;
  readonly wait?: Wait;
  readonly plan?: string;
  readonly notBefore?: string;
  readonly deadline?: string;
}

/** Adds the machine's argument, the selector beside it, and when, why and how urgently. */
export function withOrderOptions(command: Command): Command {
  return command
    .argument('[machine]', 'id, hostname or MAC')
    .option('--selector <selector>', 'every machine that it means instead, e.g. "az=A,rack in (r3,r4),!legacy"')
    .option('--count <machines>', 'how many it means; needed for "all"', wholeNumber(0, 1_000_000))
    .option('--reason <text>', 'why, for the audit')
    .option('--id <id>', 'id of the order, so that asking twice is one order')
    .addOption(new Option('--class <class>', 'how urgent it is').choices(orderClasses))
    .option('--dry-run', 'plan every act and do none: shows the plan and the command that applies it')
    .addOption(waitOption())
    .option('--no-wait', `do not wait for the plan of a dry run, as it is for ${standardWaitSeconds} s otherwise`)
    .option('--plan <hash>', 'do it only if its plan is still this one')
    .option('--not-before <time>', 'when it may begin', timeArgument)
    .option('--deadline <time>', 'refuse it when it has not begun by then', timeArgument);
}

/** Adds the tags whose groups its permits are of. */
export function withGroups(command: Command, ...phases: readonly ('drain' | 'reboot')[]): Command {
  for (const phase of phases)
    command.option(
      `--${phase}-group <tag>`,
      `take the ${phase} permit of the machine's group by this column or tag too, e.g. feed; may be repeated`,
      (tag: string, before: readonly string[] = []) => [...before, tag],
    );
  return command;
}

export interface GroupOptions {
  readonly drainGroup?: readonly string[] | undefined;
  readonly rebootGroup?: readonly string[] | undefined;
}

/** What a command that orders a passage is given, its own flags beside those of every order. */
export type Options<T> = OrderOptions & GroupOptions & T;

export function groupsOf({ drainGroup, rebootGroup }: GroupOptions): { semaphores: SemaphoreTags } {
  return {
    semaphores: {
      ...(drainGroup !== undefined && { drain: oneOrMore(drainGroup) }),
      ...(rebootGroup !== undefined && { reboot: oneOrMore(rebootGroup) }),
    },
  };
}

const oneOrMore = (tags: readonly string[]) => (tags.length === 1 ? (tags[0] ?? '') : tags);

const outcomeColumns: Column<OrdersAccepted['outcomes'][number]>[] = [
  { title: 'machine', cell: ({ machineId }) => machineId },
  { title: 'order', cell: ({ orderId }) => orderId },
  {
    title: 'outcome',
    cell: ({ created, refused }) => refused ?? (created ? 'ordered' : 'was ordered before'),
    flexible: true,
  },
];

/** Shows one outcome a machine, and ends with 1 when one was refused. */
export function showOutcomes({ screen }: Context, taken: OrdersAccepted): void {
  screen.answer(taken, () => screen.table(outcomeColumns, taken.outcomes, 'Nothing was ordered.'));
  if (taken.outcomes.some(({ refused }) => refused !== null)) process.exitCode = exits.failed;
}

/** Orders a passage of the machine, or of all that the selector means. */
export async function order(
  context: Context,
  command: Command,
  machine: string | undefined,
  passage: OrdersRequest['passage'],
  request: object,
  { selector, count, reason, plan, wait: given, ...options }: OrderOptions,
): Promise<void> {
  const { api, screen, operator } = context;
  mustBeOne(command, machine, selector);
  const spec = {
    passage,
    request: { ...request },
    reason: reason ?? `${operator} asked for it`,
    ...options,
    ...(plan !== undefined && { plan }),
  };
  const wait = given ?? (options.dryRun ? standardWaitSeconds : false);
  const waits = wait !== false && !(options.dryRun && !begins(options.notBefore, secondsOf(wait)));
  if (selector !== undefined) {
    const many = await api.orderMany({ ...spec, selector, ...(count !== undefined && { count }) });
    if (!waits) return showOutcomes(context, many);
    if (!options.dryRun) return showEnds(context, many, secondsOf(wait));
    const outcomes = await awaitPlans(context, command, many.outcomes, secondsOf(wait));
    return screen.answer({ outcomes }, () => showRehearsals(context, outcomes));
  }
  const taken = await api.order({ ...spec, machine: machine ?? '' });
  const { id, machineId } = taken.order;
  const done = taken.created ? 'is ordered' : 'was ordered before';
  const sentence = `${id} ${done} for ${machineId}: farrier order show ${id}`;
  if (!waits) return screen.answer(taken, () => screen.line(sentence));
  if (!options.dryRun) return waitFor(context, [id], secondsOf(wait));
  const asked = [{ machineId, orderId: id, refused: null }];
  const rehearsals = await awaitPlans(context, command, asked, secondsOf(wait));
  screen.answer({ ...taken, ...rehearsals[0] }, () => {
    screen.line(sentence);
    showRehearsals(context, rehearsals);
  });
}

const endColumns: Column<OrderView>[] = [
  { title: 'machine', cell: ({ hostname, machineId }) => hostname ?? machineId },
  { title: 'order', cell: ({ id }) => id },
  { title: 'state', cell: ({ state }) => state },
  { title: 'took', cell: ({ startedAt, endedAt }) => (startedAt && endedAt ? span(startedAt, endedAt) : null) },
  { title: 'outcome', cell: ({ outcome }) => outcome, flexible: true },
];

/** Waits until orders have ended and shows how; the exit code tells it too. Null seconds: as long as it takes. */
export async function waitFor(context: Context, ids: readonly string[], seconds: Seconds | null): Promise<void> {
  const found = [...(await awaitOrders(context, ids, seconds)).values()];
  process.exitCode = exitOfOrders(found);
  const orders = found.map(({ order: one }) => one);
  context.screen.answer(orders, () => context.screen.table(endColumns, orders, ''));
}

/** Waits for those that were ordered; one that was refused makes the command end with 1. */
async function showEnds(context: Context, { outcomes }: OrdersAccepted, seconds: Seconds | null): Promise<void> {
  const refused = outcomes.filter((one) => one.refused !== null);
  await waitFor(
    context,
    outcomes.flatMap(({ orderId }) => orderId ?? []),
    seconds,
  );
  for (const { machineId, refused: why } of refused) context.screen.note(`${machineId}: ${why}`);
  if (refused.length > 0) process.exitCode = exits.failed;
}

/** Whether an order begins within so many seconds. */
function begins(notBefore: string | undefined, seconds: Seconds | null): boolean {
  return notBefore === undefined || seconds === null || Date.parse(notBefore) < Date.now() + seconds * 1000;
}

export function mustBeOne(command: Command, machine: string | undefined, selector: string | undefined): void {
  if ((machine === undefined) === (selector === undefined))
    command.error('Give either a machine or --selector.', { exitCode: 2 });
}

/** JSON as it was typed, or from a file: `@request.json`, or `-` for what is piped in. */
export async function readJson(text: string, what = 'the request'): Promise<unknown> {
  const source = text === '-' ? '/dev/stdin' : text.startsWith('@') ? text.slice(1) : null;
  const json = source === null ? text : await readFile(source, 'utf8').catch((error: Error) => error);
  if (json instanceof Error) throw new Error(`${what} can't be read: ${json.message}`);
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    throw new Error(`${source ?? what} is not JSON: ${(error as Error).message}`);
  }
}
