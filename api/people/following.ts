/** Tells those who follow what changes: the log is read once for all of them, and they are told how things stand now. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { MachineSummary } from '../../contract/api.ts';
import type { ChangeKind } from '../../domain/changes.ts';
import { isOfferable } from '../../domain/machine.ts';
import type { Selector } from '../../domain/selector.ts';
import {
  type Change,
  type ChangePosition,
  forgetChanges,
  poolsOfChanges,
  readChanges,
  readEnd,
} from '../../mdb/api/changes.ts';
import type { Mdb, MdbConnection } from '../../mdb/connect.ts';
import { listMachines } from '../../mdb/machines/listing.ts';
import { selectAmong, selectMachines } from '../../mdb/machines/selecting.ts';
import { ApiError } from './errors.ts';
import type { EventStream, ServerEvent } from './stream.ts';

export interface Wanted {
  /** Only what is of machines that it means. */
  readonly selector: { readonly text: string; readonly selector: Selector } | null;
  /** Pools of which the reader sees all that it means, and nothing of others; null: of all. */
  readonly pools: readonly string[] | null;
  /** All of them where it is null. */
  readonly kinds: ReadonlySet<ChangeKind> | null;
  /** Where its reader was; null for one that begins. */
  readonly from: ChangePosition | null;
}

export interface ChangeFeed {
  /** Throws when as many follow as may, and when the MDB is away: before anything is answered. */
  mustBeReady(): Promise<void>;
  /** Tells a reader what changes, until it leaves. */
  follow(stream: EventStream, wanted: Wanted): Promise<void>;
  /** How many follow. */
  count(): number;
  close(): Promise<void>;
}

export interface FollowingOptions {
  readonly mdb: Mdb;
  /** Hears of changes at once; without it they are looked for every few seconds. */
  readonly listen?: MdbConnection['listen'] | undefined;
  readonly log: Logger;
}

interface Follower extends Omit<Wanted, 'selector' | 'from'> {
  readonly stream: EventStream;
  readonly members: Members | null;
}

/** The machines that a selector means, as far as those who follow it know. */
interface Members {
  readonly text: string;
  readonly selector: Selector;
  readonly ids: Set<string>;
}

/** What a batch of changes came to. */
interface News {
  /** Of what belongs to no machine alone, to which pools it does. */
  readonly pools: ReadonlyMap<string, readonly string[]>;
  /** How the machines that it is about stand now; null for one that is gone. */
  readonly machines: ReadonlyMap<string, MachineSummary | null>;
  /** The others, each once. */
  readonly others: readonly Change[];
}

const maxFollowers = 500;
/** Changes that are read at once, and that one who comes back is told at most: beyond that it reads all anew. */
const batch = 5000;
const maxMissed = 20_000;
const maxMachines = 100_000;
/** Between two readings, so that what changes often is told once; until it is looked for unheard; between signs of life. */
const [pauseMs, lookMs, beatMs, forgetMs] = [200, 5000, 15_000, 60_000];

export const showPosition = ({ transaction, id }: ChangePosition) => `${transaction}-${id}`;

export function readPosition(text: string): ChangePosition | null {
  const [, transaction, id] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  return transaction === undefined || id === undefined ? null : { transaction: Number(transaction), id: Number(id) };
}

export function tellChanges({ mdb, listen, log }: FollowingOptions): ChangeFeed {
  const followers = new Set<Follower>();
  const selections = new Map<string, Members>();
  const closed = new AbortController();
  let position: ChangePosition = { transaction: 0, id: 0 };
  let listening: Promise<void> | null = null;
  let running: Promise<void> | null = null;
  let waiting: Promise<unknown> = Promise.resolve();
  let wake = new AbortController();

  /** One after the other, so that nobody joins between a reading and its telling. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = waiting.then(work);
    waiting = mine.catch(() => {});
    return mine;
  }

  async function newsOf(changes: readonly Change[]): Promise<News> {
    const ids = [...new Set(changes.flatMap(({ machineId }) => (machineId === null ? [] : [machineId])))];
    const machines = new Map<string, MachineSummary | null>(ids.map((id) => [id, null]));
    for (let at = 0; at < ids.length; at += 1000) {
      const some = ids.slice(at, at + 1000);
      for (const one of await listMachines(mdb, { ids: some, limit: some.length }))
        machines.set(one.id, { ...one, offerable: isOfferable(one) });
    }
    const others = new Map(
      changes.filter(({ kind }) => kind !== 'machine').map((one) => [`${one.kind} ${one.subject}`, one]),
    );
    const loose = [...others.values()].filter(({ machineId }) => machineId === null);
    const narrowed = [...followers].some(({ pools }) => pools !== null) && loose.length > 0;
    const pools = narrowed ? await poolsOfChanges(mdb, loose) : new Map<string, readonly string[]>();
    return { machines, pools, others: [...others.values()] };
  }

  /** Which of the machines a selector means now, and which it means no longer. */
  async function sort(members: Members, ids: readonly string[]): Promise<void> {
    const meant = new Set<string>();
    for (let at = 0; at < ids.length; at += 1000)
      for (const id of await selectAmong(mdb, members.selector, ids.slice(at, at + 1000))) meant.add(id);
    for (const id of ids) if (meant.has(id)) members.ids.add(id);
  }

  /** Tells one what is for it. */
  function tell(
    { stream, members, pools, kinds }: Follower,
    news: News,
    left: ReadonlySet<string>,
    to: ChangePosition,
  ): void {
    const events: ServerEvent[] = [];
    const isMember = (id: string) => members === null || members.ids.has(id);
    const isSeen = ({ kind, subject, machineId }: Change) => {
      if (machineId !== null) return isMember(machineId) || left.has(machineId);
      const own = pools && news.pools.get(`${kind} ${subject}`);
      return pools === null || (own?.every((pool) => pools.includes(pool)) ?? false);
    };
    if (kinds === null || kinds.has('machine'))
      for (const [id, machine] of news.machines) {
        // Of a machine that is gone those are told who had it, and those who have all.
        if (left.has(id) || (members === null && machine === null))
          events.push({ event: 'left', data: JSON.stringify({ id }) });
        else if (machine !== null && isMember(id))
          events.push({ event: 'machine', data: JSON.stringify({ id, machine }) });
      }
    for (const one of news.others) {
      const { kind, subject, machineId } = one;
      if ((kinds === null || kinds.has(kind)) && isSeen(one))
        events.push({ event: kind, data: JSON.stringify({ id: subject, machineId }) });
    }
    stream.send(events, showPosition(to));
  }

  /** Looks which of the machines each selection means; those that it means no longer are gone from it. */
  async function update(news: News): Promise<Map<Members, Set<string>>> {
    const leaving = new Map<Members, Set<string>>();
    const ids = [...news.machines.keys()];
    for (const members of selections.values()) {
      const before = new Set(ids.filter((id) => members.ids.delete(id)));
      await sort(members, ids);
      leaving.set(members, new Set([...before].filter((id) => !members.ids.has(id))));
    }
    return leaving;
  }

  /** Reads what there is and tells it. True where there is more. */
  async function advance(): Promise<boolean> {
    if (followers.size === 0) return false;
    const read = await readChanges(mdb, position, batch);
    position = read.lost ? await readEnd(mdb) : read.position;
    if (read.lost)
      for (const { stream } of followers) stream.send([{ event: 'reset', data: '{}' }], showPosition(position));
    else if (read.changes.length > 0) {
      const news = await newsOf(read.changes);
      const leaving = await update(news);
      const none = new Set<string>();
      for (const one of followers) tell(one, news, (one.members && leaving.get(one.members)) ?? none, position);
    }
    return read.more;
  }

  async function run(): Promise<void> {
    let beaten = Date.now();
    let forgotten = 0;
    while (!closed.signal.aborted && followers.size > 0) {
      const more = await inTurn(advance).catch((error: unknown) => {
        log.warn({ error: String(error) }, 'changes could not be read');
        return false;
      });
      if (Date.now() - beaten >= beatMs) {
        beaten = Date.now();
        for (const { stream } of followers) stream.beat(showPosition(position));
      }
      if (Date.now() - forgotten >= forgetMs) {
        forgotten = Date.now();
        await forgetChanges(mdb).catch((error: unknown) => log.warn({ error: String(error) }, 'changes were kept'));
      }
      await sleep(pauseMs, undefined, { signal: closed.signal }).catch(() => {});
      if (!more)
        await sleep(lookMs, undefined, { signal: AbortSignal.any([wake.signal, closed.signal]) }).catch(() => {});
      if (wake.signal.aborted) wake = new AbortController();
    }
  }

  function begin(): void {
    listening ??=
      listen?.(
        'farrier_changes',
        {
          notified: () => wake.abort(),
          // Whatever was notified meanwhile is in the log.
          connected: () => wake.abort(),
          lost: (error) => log.warn({ error: String(error) }, 'not listening to the MDB'),
        },
        closed.signal,
      ) ?? null;
    running ??= run().finally(() => {
      running = null;
      if (followers.size > 0 && !closed.signal.aborted) begin();
    });
  }

  async function membersOf(wanted: Wanted['selector']): Promise<Members | null> {
    if (wanted === null) return null;
    const known = selections.get(wanted.text);
    if (known) return known;
    const made = { ...wanted, ids: new Set(await selectMachines(mdb, wanted.selector, maxMachines)) };
    selections.set(wanted.text, made);
    return made;
  }

  /** What somebody missed, or that it was too much. Of machines that are not meant now nobody knows whether they were. */
  async function catchUp(follower: Follower, from: ChangePosition): Promise<ChangePosition> {
    const changes: Change[] = [];
    let at = from;
    for (let more = true; more; ) {
      const read = await readChanges(mdb, at, batch);
      changes.push(...read.changes);
      if (read.lost || changes.length > maxMissed) {
        const end = await readEnd(mdb);
        follower.stream.send([{ event: 'reset', data: '{}' }], showPosition(end));
        return end;
      }
      at = read.position;
      more = read.changes.length === batch;
    }
    const news = await newsOf(changes);
    const { members } = follower;
    const ids = [...news.machines.keys()];
    if (members) await sort(members, ids);
    const others = members ? ids.filter((id) => !members.ids.has(id)) : [];
    // Whether they were ever of the reader's pools nobody knows, and of others' machines nothing is told, not even an id.
    if (follower.pools !== null && others.length > 0) {
      follower.stream.send([{ event: 'reset', data: '{}' }], showPosition(at));
      return at;
    }
    tell(follower, news, new Set(others), at);
    return at;
  }

  function leave(follower: Follower): void {
    followers.delete(follower);
    const { members } = follower;
    if (members && ![...followers].some((one) => one.members === members)) selections.delete(members.text);
    if (followers.size === 0) wake.abort();
  }

  return {
    mustBeReady: async () => {
      if (followers.size >= maxFollowers || closed.signal.aborted)
        throw new ApiError('busy', `${followers.size} follow already, which is as many as may`);
      await readEnd(mdb);
    },
    follow: (stream, { selector, pools, kinds, from }) =>
      inTurn(async () => {
        if (followers.size === 0) position = await readEnd(mdb);
        const follower = { stream, kinds, pools, members: await membersOf(selector) };
        followers.add(follower);
        stream.onEnd(() => leave(follower));
        const at = from === null ? position : await catchUp(follower, from);
        stream.send([{ event: 'ready', data: '{}' }], showPosition(at));
        begin();
      }),
    count: () => followers.size,
    async close() {
      closed.abort();
      for (const { stream } of followers) stream.end();
      await Promise.all([listening, running]);
    },
  };
}
