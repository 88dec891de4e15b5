/** A few sessions for many who ask. */
import type { Milliseconds } from '../../domain/duration.ts';
import { MdbAway, type MdbSession, type Rows } from './session.ts';

export interface Pool {
  /** One statement on whichever session is free. */
  query<Row>(text: string, values?: readonly unknown[]): Promise<Rows<Row>>;
  /** The same with rows as lists. */
  list(text: string, values?: readonly unknown[]): Promise<unknown[][]>;
  /** A session of one's own until it is given back. Throws MdbAway when none is free, or made, in time. */
  take(): Promise<MdbSession>;
  give(session: MdbSession): void;
  /** Ends all sessions, each once it is given back; none is lent any more. */
  end(): Promise<void>;
}

export interface PoolOptions {
  readonly open: () => Promise<MdbSession>;
  readonly connections: number;
  /** Milliseconds that somebody waits for a session. */
  readonly wait: Milliseconds;
}

/** Milliseconds after which a session that nobody needs is ended. */
const idleMs = 10_000;

interface Waiter {
  resolve(session: MdbSession): void;
  reject(error: unknown): void;
}

export function createPool({ open, connections, wait }: PoolOptions): Pool {
  const members = new Set<MdbSession>();
  /** Free ones, the last used last: it is lent first, so that those too many grow old. */
  const idle: { readonly session: MdbSession; readonly since: number }[] = [];
  const waiting: Waiter[] = [];
  let opening = 0;
  let ended: (() => void) | null = null;
  let sweeping = false;

  const checkEnd = () => void (members.size + opening === 0 && ended?.());

  const forget = (session: MdbSession) => {
    members.delete(session);
    const at = idle.findIndex((free) => free.session === session);
    if (at >= 0) idle.splice(at, 1);
    grow();
    checkEnd();
  };

  const retire = (session: MdbSession) => void session.end().catch(() => {});

  /** Makes a session for each who waits, as long as there is room. */
  function grow(): void {
    while (waiting.length > opening && members.size + opening < connections) {
      opening += 1;
      open().then(welcome, refuse);
    }
  }

  function welcome(session: MdbSession): void {
    opening -= 1;
    members.add(session);
    session.onLost(() => forget(session));
    if (session.lost) forget(session);
    else lend(session);
  }

  /** Whoever waits longest is told why; the others try for themselves. */
  function refuse(error: unknown): void {
    opening -= 1;
    waiting.shift()?.reject(error);
    grow();
    checkEnd();
  }

  function lend(session: MdbSession): void {
    const next = waiting.shift();
    if (next) next.resolve(session);
    else if (ended) retire(session);
    else {
      idle.push({ session, since: Date.now() });
      if (!sweeping) sweepLater();
    }
  }

  function sweepLater(): void {
    sweeping = true;
    setTimeout(sweep, idleMs).unref();
  }

  function sweep(): void {
    sweeping = false;
    const used = idle.findIndex(({ since }) => since > Date.now() - idleMs);
    for (const { session } of idle.splice(0, used < 0 ? idle.length : used)) retire(session);
    if (idle.length > 0) sweepLater();
  }

  function take(): Promise<MdbSession> {
    if (ended) return Promise.reject(new MdbAway('the connections to PostgreSQL were ended'));
    const free = idle.pop();
    if (free) return Promise.resolve(free.session);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve(session) {
          clearTimeout(timer);
          resolve(session);
        },
        reject(error) {
          clearTimeout(timer);
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(waiter), 1);
        reject(new MdbAway(`none of the ${connections} connections to PostgreSQL was free within ${wait} ms`));
      }, wait);
      waiting.push(waiter);
      grow();
    });
  }

  function give(session: MdbSession): void {
    if (session.lost) return;
    if (session.worn) retire(session);
    else lend(session);
  }

  async function lent<T>(work: (session: MdbSession) => Promise<T>): Promise<T> {
    const session = await take();
    try {
      return await work(session);
    } finally {
      give(session);
    }
  }

  return {
    query: (text, values) => lent((session) => session.query(text, values)),
    list: (text, values) => lent((session) => session.list(text, values)),
    take,
    give,
    end: () =>
      new Promise((resolve) => {
        ended = resolve;
        for (const waiter of waiting.splice(0)) waiter.reject(new MdbAway('the connections to PostgreSQL were ended'));
        for (const { session } of idle.splice(0)) retire(session);
        checkEnd();
      }),
  };
}
