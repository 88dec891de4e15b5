/** Claims and listeners hold a connection for long: they notice its loss, and begin anew. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openClaims } from '../../mdb/claim.ts';
import { connectMdb, type MdbConnection } from '../../mdb/connect.ts';
import { openLine } from '../support/line.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

let db: ThrowawayMdb;
let connection: MdbConnection;
beforeAll(async () => {
  db = await throwawayMdb();
  connection = connectMdb({ url: db.url, name: 'claiming', connections: 2 });
});
afterAll(async () => {
  await connection?.close();
  await db?.close();
});

const end = () =>
  db.mdb.execute(sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'claiming'`);
const locks = async () =>
  (
    await db.mdb.execute(sql`select from pg_locks where locktype = 'advisory' and database = (
    select oid from pg_database where datname = current_database())`)
  ).length;

describe('a claim', () => {
  test('whose connection is lost is free for others, and its holder claims again on another connection', async () => {
    const claims = openClaims(connection.pool);
    const others = openClaims(db.mdb.$client);
    await claims.hold('one', 1000, async () => {
      expect(await others.hold('one', 100, async () => 'worked')).toBe('taken');
      await end();
      await expect.poll(locks).toBe(0);
      expect(await others.hold('one', 5000, async () => 'worked')).toBe('worked');
      expect(await claims.hold('one', 5000, async () => 'worked')).toBe('worked');
    });
    expect(await locks()).toBe(0);
  });

  test('that waits beside one whose connection is lost goes on with another connection', async () => {
    const claims = openClaims(connection.pool);
    await claims.hold('one', 1000, async () => {
      const waiting = claims.hold('one', 5000, async () => 'worked');
      await end();
      await expect.poll(locks).toBe(0);
      expect(await waiting).toBe('worked');
    });
    expect(await locks()).toBe(0);
  });

  test('leaves its connection to the pool without a lock', async () => {
    const claims = openClaims(connection.pool);
    await Promise.all(['a', 'b', 'c'].map((name) => claims.hold(name, 1000, async () => {})));
    await expect.poll(locks).toBe(0);
    // Both connections of the pool can be had.
    const sessions = await Promise.all([connection.pool.take(), connection.pool.take()]);
    for (const session of sessions) connection.pool.give(session);
  });

  test('fails while no connection is to be had, and the next one is tried anew', async () => {
    const narrow = connectMdb({ url: 'postgres://a:b@127.0.0.1:1/c', name: 'away' });
    const claims = openClaims(narrow.pool);
    for (const _ of [1, 2])
      await expect(claims.hold('x', 100, async () => {})).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await narrow.close();
  });
});

describe('a listener', () => {
  const received: string[] = [];
  let connected = 0;
  let lost = 0;
  const listener = {
    notified: (payload: string) => void received.push(payload),
    connected: () => {
      connected += 1;
    },
    lost: () => {
      lost += 1;
    },
  };
  const notify = (payload: string) => db.mdb.execute(sql`select pg_notify('news', ${payload})`);

  test('hears, is told when something may have been missed, and hears again', async () => {
    const stop = new AbortController();
    const listening = connection.listen('news', listener, stop.signal);
    await expect.poll(() => connected).toBe(1);
    await notify('one');
    await expect.poll(() => received).toEqual(['one']);
    await end();
    await expect.poll(() => [connected, lost], { timeout: 10_000 }).toEqual([2, 1]);
    await notify('two');
    await expect.poll(() => received).toEqual(['one', 'two']);
    stop.abort();
    await listening;
    await notify('three');
    expect(received).toEqual(['one', 'two']);
    expect(await db.mdb.execute(sql`select from pg_stat_activity where query like 'listen%'`)).toEqual([]);
  });

  test('that cannot get in tells so, again and again, and stops when asked', async () => {
    lost = 0;
    const away = connectMdb({ url: 'postgres://a:b@127.0.0.1:1/c', name: 'away' });
    const stop = new AbortController();
    const listening = away.listen('news', listener, stop.signal);
    await expect.poll(() => lost, { timeout: 10_000 }).toBeGreaterThan(2);
    stop.abort();
    await listening;
    await away.close();
  });

  test('on a line that went silent finds out', { timeout: 60_000 }, async () => {
    connected = 0;
    lost = 0;
    const line = await openLine(new URL(db.url));
    const far = connectMdb({ url: line.url, name: 'far', statementTimeoutMs: 300 });
    const stop = new AbortController();
    const listening = far.listen('news', listener, stop.signal);
    await expect.poll(() => connected).toBe(1);
    line.freeze();
    await expect.poll(() => lost, { timeout: 30_000 }).toBe(1);
    line.thaw();
    await expect.poll(() => connected, { timeout: 15_000 }).toBe(2);
    stop.abort();
    await listening;
    await far.close();
    line.close();
  });
});
