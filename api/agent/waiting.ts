import pg from 'pg';
import type { Logger } from 'pino';
import type { StandingDirective } from '../../mdb/boot/agent.ts';

export interface Waiting {
  /** The directive of a machine as soon as its number differs from `seq`, at the latest after `milliseconds`. */
  next(
    machineId: string,
    seq: number | null,
    milliseconds: number,
    gone: AbortSignal,
  ): Promise<StandingDirective | null>;
  /** How many agents wait. */
  count(): number;
  /** Answers everyone who waits and stops listening. */
  close(): Promise<void>;
}

interface Waiter {
  readonly seq: number;
  last: StandingDirective;
  resolve(standing: StandingDirective): void;
}

export interface WaitingOptions {
  /** The MDB's URL: one connection of its own listens for changes. */
  readonly url: string;
  /** Reads a machine's directive now; many calls at once are expected. */
  readonly read: (machineId: string) => Promise<StandingDirective | undefined>;
  readonly log: Logger;
}

/**
 * Agents that wait for a directive. PostgreSQL tells which machine's changed, and only that machine's waiters are
 * read again. While the listening connection is down nothing is lost: whoever waits is read when it is back.
 */
export function waitForDirectives({ url, read, log }: WaitingOptions): Waiting {
  const waiters = new Map<string, Set<Waiter>>();

  const refresh = async (machineId: string): Promise<void> => {
    if (!waiters.has(machineId)) return;
    const standing = await read(machineId).catch(() => undefined);
    if (standing) offer(waiters.get(machineId), standing);
  };
  const listener = listen(url, 'farrier_directive', log, {
    notified: (machineId) => void refresh(machineId),
    connected: () => {
      for (const machineId of waiters.keys()) void refresh(machineId);
    },
  });

  const wait = (
    machineId: string,
    seq: number,
    standing: StandingDirective | null,
    milliseconds: number,
    gone: AbortSignal,
  ) =>
    new Promise<StandingDirective | null>((resolve) => {
      const leave = (answer: StandingDirective | null) => {
        clearTimeout(timer);
        gone.removeEventListener('abort', abandon);
        const others = waiters.get(machineId);
        others?.delete(waiter);
        if (others?.size === 0) waiters.delete(machineId);
        resolve(answer);
      };
      const waiter: Waiter = { seq, last: standing ?? { seq, directive: { do: 'wait' } }, resolve: leave };
      const abandon = () => leave(null);
      const timer = setTimeout(() => leave(waiter.last), milliseconds);
      gone.addEventListener('abort', abandon);
      const mine = waiters.get(machineId) ?? new Set();
      waiters.set(machineId, mine.add(waiter));
      // It may have changed between the first reading and now.
      void refresh(machineId);
    });

  return {
    async next(machineId, seq, milliseconds, gone) {
      const standing = await read(machineId);
      if (!standing || standing.seq !== seq || milliseconds <= 0 || gone.aborted) return standing ?? null;
      return wait(machineId, seq, standing, milliseconds, gone);
    },
    count: () => [...waiters.values()].reduce((sum, mine) => sum + mine.size, 0),
    async close() {
      for (const mine of [...waiters.values()]) for (const waiter of [...mine]) waiter.resolve(waiter.last);
      await listener.close();
    },
  };
}

function offer(mine: Set<Waiter> | undefined, standing: StandingDirective): void {
  for (const waiter of [...(mine ?? [])]) {
    waiter.last = standing;
    if (standing.seq !== waiter.seq) waiter.resolve(standing);
  }
}

interface Listening {
  notified(payload: string): void;
  /** The connection is made, or made again: whatever was notified meanwhile has been missed. */
  connected(): void;
}

function listen(url: string, channel: string, log: Logger, handlers: Listening): { close(): Promise<void> } {
  const closed = new AbortController();
  let client: pg.Client | null = null;

  const once = async (): Promise<void> => {
    const mine = new pg.Client({
      connectionString: url,
      application_name: 'farrier-agent-api listening',
      connectionTimeoutMillis: 5000,
      keepAlive: true,
    });
    client = mine;
    const ended = new Promise<void>((resolve) => {
      mine.on('error', () => resolve());
      mine.on('end', () => resolve());
    });
    mine.on('notification', ({ payload }) => handlers.notified(payload ?? ''));
    await mine.connect();
    await mine.query(`listen ${channel}`);
    handlers.connected();
    await ended;
  };

  const loop = async (): Promise<void> => {
    for (let failures = 0; !closed.signal.aborted; failures++) {
      const began = Date.now();
      await once().catch((error: unknown) => log.warn({ error: String(error) }, 'not listening to the MDB'));
      await client?.end().catch(() => {});
      if (Date.now() - began > 10_000) failures = 0;
      await pause(Math.min(5000, 200 * 2 ** Math.min(failures, 5)), closed.signal);
    }
  };
  const running = loop();

  return {
    async close() {
      closed.abort();
      await client?.end().catch(() => {});
      await running;
    },
  };
}

function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    stop.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
