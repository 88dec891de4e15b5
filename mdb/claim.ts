import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { lockSpaces } from './locks.ts';

const askEvery = 100;

/** Work that only one of all processes does at a time. */
export interface Claims {
  /** Works while holding the claim; waits for its holder at most `patience` milliseconds, then gives `taken`. */
  hold<T>(name: string, patience: number, work: () => Promise<T>): Promise<T | 'taken'>;
}

/**
 * Claims held in PostgreSQL for as long as their process lives: one connection, taken from the pool while anything is
 * claimed, carries all of a process's claims, so that slow work does not use up the pool.
 */
export function openClaims(pool: pg.Pool): Claims {
  let line: Line | null = null;
  return {
    async hold(name, patience, work) {
      line ??= openLine(pool, (lost) => {
        if (line === lost) line = null;
      });
      const mine = line;
      mine.users += 1;
      try {
        const until = Date.now() + patience;
        while (!(await take(mine, name))) {
          if (Date.now() > until) return 'taken';
          await sleep(askEvery);
        }
        return await work().finally(() => leave(mine, name));
      } finally {
        mine.users -= 1;
        if (mine.users === 0) mine.end();
      }
    },
  };
}

interface Line {
  readonly client: Promise<pg.PoolClient>;
  /** Names claimed here: the locks are the connection's, so they don't part those who share it. */
  readonly held: Set<string>;
  users: number;
  end(): void;
}

function openLine(pool: pg.Pool, over: (line: Line) => void): Line {
  let broken = false;
  // The connection's locks are gone with it; who works on meanwhile is told by the next query.
  const lost = () => {
    broken = true;
    over(line);
  };
  const line: Line = {
    client: pool.connect().then((client) => client.on('error', lost)),
    held: new Set(),
    users: 0,
    end() {
      over(line);
      void line.client.then(
        (client) => {
          // A broken one may tell of it once more, and nobody listening would end the process.
          if (!broken) client.off('error', lost);
          client.release(broken);
        },
        () => undefined,
      );
    },
  };
  line.client.catch(() => over(line));
  return line;
}

async function take({ client, held }: Line, name: string): Promise<boolean> {
  const connected = await client;
  if (held.has(name)) return false;
  held.add(name);
  let got = false;
  try {
    const { rows } = await connected.query('select pg_try_advisory_lock($1, hashtext($2)) as got', [
      lockSpaces.claims,
      name,
    ]);
    got = rows[0]?.got === true;
  } finally {
    if (!got) held.delete(name);
  }
  return got;
}

async function leave({ client, held }: Line, name: string): Promise<void> {
  held.delete(name);
  const connected = await client;
  await connected.query('select pg_advisory_unlock($1, hashtext($2))', [lockSpaces.claims, name]).catch(() => {
    // A connection that is gone has given up its locks.
  });
}
