import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from './connect.ts';
import type { MdbSession } from './driver/session.ts';
import { lockSpaces } from './locks.ts';

const pollMs = 100;

/** Work that only one of all processes does at a time. */
export interface Claims {
  /** Works while holding the claim; waits for its holder at most `timeout` milliseconds, then gives `taken`. */
  hold<T>(name: string, timeoutMs: number, work: () => Promise<T>): Promise<T | 'taken'>;
}

/**
 * Claims held in PostgreSQL for as long as their process lives: one connection, taken from the pool while anything is
 * claimed, carries all of a process's claims, so that slow work does not use up the pool.
 */
export function openClaims(pool: Pool): Claims {
  let line: Line | null = null;
  const join = () => {
    line ??= openLine(pool, (lost) => {
      if (line === lost) line = null;
    });
    line.users += 1;
    return line;
  };
  const part = (mine: Line) => {
    mine.users -= 1;
    if (mine.users === 0) mine.end();
  };
  return {
    async hold(name, timeoutMs, work) {
      let mine = join();
      try {
        const until = Date.now() + timeoutMs;
        while (!(await take(mine, name))) {
          if (Date.now() > until) return 'taken';
          await sleep(pollMs);
          // What was claimed on a line that is lost is free: another one is told so.
          if (mine.lost) {
            part(mine);
            mine = join();
          }
        }
        return await work().finally(() => leave(mine, name));
      } finally {
        part(mine);
      }
    },
  };
}

interface Line {
  readonly session: Promise<MdbSession>;
  /** Names claimed here: the locks are the session's, so they don't part those who share it. */
  readonly held: Set<string>;
  users: number;
  lost: boolean;
  end(): void;
}

function openLine(pool: Pool, over: (line: Line) => void): Line {
  const line: Line = {
    session: pool.take(),
    held: new Set(),
    users: 0,
    lost: false,
    end() {
      over(line);
      void line.session.then(pool.give, () => {});
    },
  };
  line.session.then(
    // Its locks are gone with it; who works on meanwhile is told by the next query.
    (session) =>
      session.onLost(() => {
        line.lost = true;
        over(line);
      }),
    () => over(line),
  );
  return line;
}

async function take({ session, held }: Line, name: string): Promise<boolean> {
  const taken = await session;
  if (held.has(name)) return false;
  held.add(name);
  let got = false;
  try {
    const [row] = await taken.query<{ got: boolean }>('select pg_try_advisory_lock($1, hashtext($2)) as got', [
      lockSpaces.claims,
      name,
    ]);
    got = row?.got === true;
  } finally {
    if (!got) held.delete(name);
  }
  return got;
}

async function leave({ session, held }: Line, name: string): Promise<void> {
  held.delete(name);
  const taken = await session;
  await taken
    .query('select pg_advisory_unlock($1, hashtext($2))', [lockSpaces.claims, name])
    // A session that is gone has given up its locks; one that has not must not take them along into the pool.
    .catch((error: Error) => taken.cut(error));
}
