/** `--wait`: until orders or a campaign have ended, told step by step. */
import { Option } from 'commander';
import type { OrderDetail } from '../contract/api.ts';
import type { CampaignDetail } from '../contract/campaignschemas.ts';
import type { ChangeKind } from '../domain/changes.ts';
import type { Seconds } from '../domain/duration.ts';
import { wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';
import { exits } from './exits.ts';
import { age } from './format.ts';

interface Following<T> {
  readonly kinds: readonly ChangeKind[];
  /** What of it is to be read again for an event; null: all. Nothing where the event is of something else. */
  readonly about: (data: Readonly<Record<string, unknown>>) => readonly string[];
  readonly read: (id: string) => Promise<T>;
  readonly isOver: (found: T) => boolean;
  readonly describe: (found: readonly T[], now: number) => string;
}

/** Reads each of them, and again whenever it changes, until all are over or the time is. Null: for as long as it takes. */
async function followUntilOver<T>(
  { api, screen }: Context,
  ids: readonly string[],
  seconds: Seconds | null,
  { kinds, about, read, isOver, describe }: Following<T>,
): Promise<ReadonlyMap<string, T>> {
  const found = new Map<string, T>();
  const time = seconds === null ? new AbortController().signal : AbortSignal.timeout(seconds * 1000);
  const over = new AbortController();
  const ended = AbortSignal.any([time, over.signal]);
  const look = async (some: readonly string[]) => {
    for (const id of some) {
      const known = found.get(id);
      if (known === undefined || !isOver(known)) found.set(id, await read(id));
    }
    if (ids.every((id) => found.has(id)) && [...found.values()].every(isOver)) over.abort();
    else screen.progress(describe([...found.values()], Date.now()));
  };
  try {
    for await (const { event, data } of api.changes({ kinds }, ended)) {
      await look(event === 'ready' || event === 'reset' ? ids : about(data).filter((id) => ids.includes(id)));
      if (over.signal.aborted) break;
    }
    if (!over.signal.aborted) await look(ids);
  } finally {
    over.abort();
    screen.progress('');
  }
  return found;
}

export function isOrderOver({ order: { state } }: Pick<OrderDetail, 'order'>): boolean {
  return state !== 'waiting' && state !== 'running';
}

/** How orders stand once they have ended, or the time is up. */
export function awaitOrders(
  context: Context,
  ids: readonly string[],
  seconds: Seconds | null,
): Promise<ReadonlyMap<string, OrderDetail>> {
  return followUntilOver(context, ids, seconds, {
    kinds: ['order', 'step', 'question'],
    about: ({ id }) => [String(id)],
    read: (id) => context.api.showOrder(id),
    isOver: isOrderOver,
    describe: describeOrders,
  });
}

function describeOrders(found: readonly OrderDetail[], now: number): string {
  const live = found.filter((one) => !isOrderOver(one));
  const [first] = live;
  if (first === undefined) return '';
  const { order, steps, humanSteps } = first;
  const step = steps.findLast(({ endedAt }) => endedAt === null);
  const asked = humanSteps.find(({ answer }) => answer === null);
  const where = [
    `${order.passage} of ${order.hostname ?? order.machineId}`,
    order.state === 'waiting' ? 'waits' : (step?.name ?? 'runs'),
    ...(step?.percent == null ? [] : [`${Math.round(step.percent)} %`]),
    ...(asked === undefined ? [] : [`asks ${asked.owner}: ${asked.question}`]),
    ...(step === undefined ? [] : [age(step.startedAt, now)]),
  ].join(', ');
  return found.length === 1 ? where : `${found.length - live.length} of ${found.length} ended; ${where}`;
}

/** The exit code that tells how orders ended: all done, one otherwise, or one not yet. */
export function exitOfOrders(found: Iterable<OrderDetail>): number {
  const states = [...found].map(({ order: { state } }) => state);
  if (states.some((state) => state === 'waiting' || state === 'running')) return exits.unfinished;
  return states.every((state) => state === 'done') ? exits.done : exits.unsuccessful;
}

/** How a campaign stands once it has ended or halted, or the time is up. */
export async function awaitCampaign(context: Context, id: string, seconds: Seconds | null): Promise<CampaignDetail> {
  const found = await followUntilOver(context, [id], seconds, {
    kinds: ['campaign', 'order'],
    about: () => [id],
    read: () => context.api.campaign(id, { limit: 0 }),
    isOver: (detail) => exitOfCampaign(detail) !== exits.unfinished,
    describe: ([detail]) => (detail === undefined ? '' : describeCampaign(detail)),
  });
  return found.get(id) ?? context.api.campaign(id, { limit: 0 });
}

function describeCampaign({ campaign: { id, phase, counts, machines, timeLeft } }: CampaignDetail): string {
  const left = timeLeft === null ? '' : `, ${Math.ceil(timeLeft / 60)}m left`;
  return `${id}, phase ${phase}: ${counts.done} of ${machines} done, ${counts.failed} failed, ${counts.ordered} under way${left}`;
}

/** The exit code that tells how a campaign ended: every machine done, one otherwise or it halted, or not yet. */
export function exitOfCampaign({ campaign: { state, counts, machines } }: Pick<CampaignDetail, 'campaign'>): number {
  if (state === 'running' || state === 'cancelling' || state === 'planned') return exits.unfinished;
  return state === 'done' && counts.done === machines ? exits.done : exits.unsuccessful;
}

/** Reads `--wait` and `--wait SECONDS`; null is for as long as it takes. */
export const waitOption = () =>
  new Option('--wait [seconds]', 'wait until it has ended, for so long at most; the exit code tells how').argParser(
    wholeNumber(0, 31_536_000),
  );

export type Wait = Seconds | boolean;

/** For how long; null: as long as it takes. */
export const secondsOf = (wait: Seconds | true): Seconds | null => (wait === true ? null : wait);
