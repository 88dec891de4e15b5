import type { Logger } from 'pino';
import type { CurrentDirective } from '../../mdb/boot/agent.ts';
import { connectMdb } from '../../mdb/connect.ts';

export interface Waiting {
  /** The directive of a machine as soon as its number differs from `seq`, at the latest after `milliseconds`. */
  next(
    machineId: string,
    seq: number | null,
    milliseconds: number,
    gone: AbortSignal,
  ): Promise<CurrentDirective | null>;
  /** How many agents wait. */
  count(): number;
  /** Answers everyone who waits and stops listening. */
  close(): Promise<void>;
}

interface Waiter {
  readonly seq: number;
  last: CurrentDirective;
  resolve(directive: CurrentDirective): void;
}

export interface WaitingOptions {
  /** The MDB's URL: one connection of its own listens for changes. */
  readonly url: string;
  /** Reads a machine's directive now; many calls at once are expected. */
  readonly read: (machineId: string) => Promise<CurrentDirective | undefined>;
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
    const directive = await read(machineId).catch(() => undefined);
    if (directive) offer(waiters.get(machineId), directive);
  };
  const closed = new AbortController();
  const { listen } = connectMdb({ url, name: 'farrier-agent-api listening' });
  const listening = listen(
    'farrier_directive',
    {
      notified: (machineId) => void refresh(machineId),
      connected: () => {
        for (const machineId of waiters.keys()) void refresh(machineId);
      },
      lost: (error) => log.warn({ error: String(error) }, 'not listening to the MDB'),
    },
    closed.signal,
  );

  const wait = (
    machineId: string,
    seq: number,
    directive: CurrentDirective | null,
    milliseconds: number,
    gone: AbortSignal,
  ) =>
    new Promise<CurrentDirective | null>((resolve) => {
      const leave = (answer: CurrentDirective | null) => {
        clearTimeout(timer);
        gone.removeEventListener('abort', abandon);
        const others = waiters.get(machineId);
        others?.delete(waiter);
        if (others?.size === 0) waiters.delete(machineId);
        resolve(answer);
      };
      const waiter: Waiter = { seq, last: directive ?? { seq, directive: { do: 'wait' } }, resolve: leave };
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
      const directive = await read(machineId);
      if (!directive || directive.seq !== seq || milliseconds <= 0 || gone.aborted) return directive ?? null;
      return wait(machineId, seq, directive, milliseconds, gone);
    },
    count: () => [...waiters.values()].reduce((sum, mine) => sum + mine.size, 0),
    async close() {
      for (const mine of [...waiters.values()]) for (const waiter of [...mine]) waiter.resolve(waiter.last);
      closed.abort();
      await listening;
    },
  };
}

function offer(mine: Set<Waiter> | undefined, directive: CurrentDirective): void {
  for (const waiter of [...(mine ?? [])]) {
    waiter.last = directive;
    if (directive.seq !== waiter.seq) waiter.resolve(directive);
  }
}
