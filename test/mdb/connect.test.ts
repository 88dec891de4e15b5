import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectMdb, type MdbConnection } from '../../mdb/connect.ts';
import { troubleOf } from '../../mdb/trouble.ts';
import { openLine } from '../support/line.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

let db: ThrowawayMdb;
beforeAll(async () => {
  db = await throwawayMdb({ connections: 1, owner: true });
});
afterAll(() => db?.close());

const end = sql`select pg_terminate_backend(pg_backend_pid())`;
const answers = ({ mdb }: Pick<MdbConnection, 'mdb'>) =>
  mdb.transaction(async (tx) => await tx.execute(sql`select 1 as one`));

/** A pool of one: what a transaction does not give back is missed by the next. */
async function withOne(url: string, work: (connection: MdbConnection) => Promise<void>, statementTimeoutMs?: number) {
  const options = {
    url,
    name: 'one',
    connections: 1,
    ...(statementTimeoutMs !== undefined && { statementTimeoutMs }),
  };
  const connection = connectMdb(options);
  try {
    await work(connection);
  } finally {
    await connection.close();
  }
}

test('a transaction whose begin meets a dead connection gives its place in the pool back', async () => {
  await withOne(db.url, async (connection) => {
    const { pool } = connection;
    const session = await pool.take();
    // In front of the begin, on the same connection: the server ends it, and the begin meets what is left.
    session.query('select pg_terminate_backend(pg_backend_pid())').catch(() => {});
    pool.give(session);
    await expect(answers(connection)).rejects.toMatchObject({ cause: { message: 'PostgreSQL closed the connection' } });
    expect(await answers(connection)).toEqual([{ one: 1 }]);
  });
});

test('one that loses its connection midway tells what happened first, and is followed by others', async () => {
  await withOne(db.url, async (connection) => {
    const later: Promise<unknown>[] = [];
    const cut = connection.mdb.transaction(async (tx) => {
      // What was asked at once as well, and what is asked behind the loss, belongs to nothing any more.
      later.push(...[end, sql`select 1`].map((query) => tx.execute(query).then(() => 'answered', String)));
      await Promise.all(later);
      later.push(tx.execute(sql`select 1`).then(() => 'answered', String));
      await later[0];
      await tx.execute(sql`select 1`);
    });
    await expect(cut).rejects.toMatchObject({ cause: { message: 'PostgreSQL closed the connection' } });
    expect(await Promise.all(later)).toEqual([0, 1, 2].map(() => expect.stringContaining('Failed query')));
    expect(await answers(connection)).toEqual([{ one: 1 }]);
  });
});

test('one whose work throws is rolled back, and its connection is used again', async () => {
  await withOne(db.url, async (connection) => {
    const { mdb } = connection;
    const backend = async () => await mdb.execute(sql`select pg_backend_pid() as pid`);
    const before = await backend();
    const failed = mdb.transaction(async (tx) => {
      await tx.execute(sql`insert into sites (id, name, domain, policy) values ('x', 'x', 'x', '{}')`);
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await mdb.execute(sql`select id from sites where id = 'x'`)).toEqual([]);
    expect(await backend()).toEqual(before);
  });
});

test('a connection on which nothing comes any more is given up, and a new one made', async () => {
  const line = await openLine(new URL(db.url));
  try {
    await withOne(
      line.url,
      async (connection) => {
        await expect.poll(() => answers(connection).catch(String)).toEqual([{ one: 1 }]);
        for (const ask of [() => answers(connection), () => connection.mdb.execute(sql`select 1`)]) {
          line.freeze();
          await expect(ask()).rejects.toThrow();
          line.thaw();
          await expect.poll(() => answers(connection).catch(String)).toEqual([{ one: 1 }]);
        }
      },
      300,
    );
  } finally {
    line.close();
  }
});

test('whoever waits longer than it may for a free connection is told so, and the next in line gets it', async () => {
  const connection = connectMdb({ url: db.url, name: 'narrow', connections: 1, waitMs: 200 });
  const { pool } = connection;
  const session = await pool.take();
  const late = pool.query('select 1');
  await expect(late).rejects.toThrow('none of the 1 connections to PostgreSQL was free within 200 ms');
  const next = pool.query('select 1 as one');
  pool.give(session);
  expect(await next).toEqual([{ one: 1 }]);
  await connection.close();
  await expect(pool.query('select 1')).rejects.toThrow('the connections to PostgreSQL were ended');
});

test('there are never more connections than allowed, each under its name and with its limits', async () => {
  const connection = connectMdb({ url: db.url, name: 'counted', connections: 3, statementTimeoutMs: 7000 });
  const seen = await Promise.all(
    Array.from({ length: 30 }, () =>
      connection.pool.query<{ pid: number; limits: string }>(
        `select pg_backend_pid() as pid, pg_sleep(0.01)::text, concat_ws(' ', current_setting('application_name'),
           current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')) as limits`,
      ),
    ),
  );
  expect(new Set(seen.map(([row]) => row?.pid)).size).toBe(3);
  expect(new Set(seen.map(([row]) => row?.limits))).toEqual(new Set(['counted 7s 30s']));
  await connection.close();
});

test('a statement past its time is given up by the server, and its connection is used again', async () => {
  await withOne(
    db.url,
    async (connection) => {
      const { pool } = connection;
      const before = await pool.query('select pg_backend_pid() as pid');
      await expect(pool.query('select pg_sleep(5)')).rejects.toMatchObject({ code: '57014' });
      expect(await pool.query('select pg_backend_pid() as pid')).toEqual(before);
    },
    200,
  );
});

test('a server that lets in and then says nothing is given up within the time for a connection', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = connectMdb({ url: `postgres://a:b@127.0.0.1:${port}/c`, name: 'silent', waitMs: 300 });
  await expect(connection.pool.query('select 1')).rejects.toThrow('300 ms');
  await connection.close();
  server.close();
});

test('one that hangs up before it has said anything is asked once, not on and on', async () => {
  let requestCount = 0;
  const server = createServer((socket) => {
    requestCount += 1;
    socket.on('data', () => socket.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = connectMdb({ url: `postgres://a:b@127.0.0.1:${port}/c`, name: 'curt' });
  await expect(connection.pool.query('select 1')).rejects.toThrow('PostgreSQL closed the connection');
  expect(requestCount).toBe(1);
  await connection.close();
  server.close();
});

test('all connections that the server ended are replaced', async () => {
  const connection = connectMdb({ url: db.url, name: 'ended', connections: 4 });
  const ask = () =>
    Promise.all(
      [1, 2, 3, 4].map(() =>
        connection.pool.query<{ pid: number }>('select pg_backend_pid() as pid, pg_sleep(0.05)::text'),
      ),
    );
  const before = (await ask()).map(([row]) => row?.pid);
  await db.mdb.execute(sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ended'`);
  // Whoever asks before the news has come is told that the connection is gone.
  const again = async () => (await ask()).map(([row]) => row?.pid).filter((pid) => before.includes(pid));
  await expect.poll(again).toEqual([]);
  await connection.close();
});

test('a transaction in which a statement failed is not taken for committed, whatever its work makes of that', async () => {
  await withOne(db.url, async ({ mdb }) => {
    const done = mdb.transaction(async (tx) => {
      await tx.execute(sql`insert into sites (id, name, domain, policy) values ('y', 'y', 'y', '{}')`);
      await tx.execute(sql`select 1 / 0`).catch(() => {});
    });
    await expect(done).rejects.toThrow('nothing was committed');
    expect(await mdb.execute(sql`select id from sites where id = 'y'`)).toEqual([]);
  });
});

test('a commit that is refused tells why, and its connection is used again', async () => {
  await withOne(db.url, async ({ mdb }) => {
    await mdb.execute('create table late (id int primary key deferrable initially deferred)');
    const done = mdb.transaction((tx) => tx.execute(sql`insert into late values (1), (1)`));
    await expect(done).rejects.toMatchObject({ code: '23505', constraint_name: 'late_pkey' });
    expect(await mdb.execute(sql`select * from late`)).toEqual([]);
  });
});

test('a savepoint is rolled back alone', async () => {
  await withOne(db.url, async ({ mdb }) => {
    await mdb.execute('create table points (id int primary key)');
    await mdb.transaction(async (tx) => {
      await tx.execute(sql`insert into points values (1)`);
      await tx.transaction((inner) => inner.execute(sql`insert into points values (2)`));
      const failed = tx.transaction(async (inner) => {
        await inner.execute(sql`insert into points values (3)`);
        await inner.execute(sql`insert into points values (1)`);
      });
      await expect(failed).rejects.toMatchObject({ cause: { code: '23505' } });
      await tx.execute(sql`insert into points values (4)`);
    });
    expect(await mdb.execute(sql`select id from points order by id`)).toEqual([{ id: 1 }, { id: 2 }, { id: 4 }]);
  });
});

test('what goes on behind the end of its transaction writes nothing', async () => {
  await withOne(db.url, async ({ mdb }) => {
    let escaped: (() => Promise<unknown>) | undefined;
    await mdb.transaction(async (tx) => {
      escaped = () => tx.execute(sql`insert into sites (id, name, domain, policy) values ('z', 'z', 'z', '{}')`);
    });
    await expect(escaped?.()).rejects.toMatchObject({ cause: { message: 'the transaction is over' } });
    expect(await mdb.execute(sql`select id from sites where id = 'z'`)).toEqual([]);
  });
});

test('a transaction runs as strictly as is asked, and the next one as before', async () => {
  await withOne(db.url, async ({ mdb }) => {
    const level = (config?: Parameters<typeof mdb.transaction>[1]) =>
      mdb.transaction((tx) => tx.execute(sql`show transaction_isolation`), config);
    expect(await level({ isolationLevel: 'serializable' })).toEqual([{ transaction_isolation: 'serializable' }]);
    expect(await level()).toEqual([{ transaction_isolation: 'read committed' }]);
  });
});

test('two serializable transactions that meet end in a collision for one', async () => {
  await withOne(db.url, async ({ mdb: one }) => {
    await withOne(db.url, async ({ mdb: other }) => {
      await one.execute('create table counted (n int); insert into counted values (0)');
      const raise = (mdb: typeof one, between: () => Promise<unknown>) =>
        mdb.transaction(
          async (tx) => {
            await tx.execute(sql`select n from counted`);
            await between();
            await tx.execute(sql`update counted set n = n + 1`);
          },
          { isolationLevel: 'serializable' },
        );
      const met = await raise(one, () => raise(other, async () => {})).catch((error: unknown) => error);
      expect(troubleOf(met)).toBe('collision');
    });
  });
});

test('a statement that was planned before its table changed is planned anew, in a transaction at the next try', async () => {
  await withOne(db.url, async ({ mdb }) => {
    await mdb.execute('create table changing (a int); insert into changing values (1)');
    const read = () => mdb.transaction((tx) => tx.execute(sql`select * from changing where a = ${1}`));
    expect(await read()).toEqual([{ a: 1 }]);
    await mdb.execute('alter table changing add column b int');
    expect(troubleOf(await read().catch((error: unknown) => error))).toBe('collision');
    expect(await read()).toEqual([{ a: 1, b: null }]);
  });
});

test('a connection for which the server keeps very many planned statements is replaced', async () => {
  await withOne(db.url, async ({ pool }) => {
    const pid = async () => (await pool.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid;
    const first = await pid();
    const kept = async () =>
      (await pool.query<{ count: number }>('select count(*) from pg_prepared_statements'))[0]?.count;
    for (let n = 0; n < 399; n += 1) await pool.query(`select $1::int + ${n}`, [1]);
    expect([await kept(), await pid()]).toEqual([399, first]);
    await pool.query('select $1::int + 1000', [1]);
    expect(await pid()).not.toBe(first);
    expect(await kept()).toBe(0);
  });
});

test('a statement takes one round trip, the first time as well', async () => {
  const line = await openLine(new URL(db.url));
  await withOne(line.url, async ({ pool }) => {
    await pool.query('select 1');
    for (const _ of ['first', 'again']) {
      const before = line.sent;
      expect(await pool.query('select $1::int as one', [1])).toEqual([{ one: 1 }]);
      expect(line.sent - before).toBe(1);
    }
  });
  line.close();
});

test('nothing is kept of statements that failed', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  await withOne(db.url, async ({ pool }) => {
    const fail = async () => {
      const text = `select 1 / 0 /* ${randomBytes(25_000).toString('hex')} */`;
      // Vitest keeps what it expects to be rejected.
      const code = await pool.query(text).catch((error: { code: string }) => error.code);
      if (code !== '22012') throw new Error(`it was not refused: ${code}`);
    };
    await fail();
    const before = used();
    for (let n = 0; n < 400; n += 1) await fail();
    // Twenty MiB of text went by.
    expect(used() - before).toBeLessThan(8);
  });
});
