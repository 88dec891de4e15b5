import { createConnection, createServer, type Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectMdb, type MdbConnection } from '../../mdb/connect.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

let db: ThrowawayMdb;
beforeAll(async () => {
  db = await throwawayMdb({ connections: 1 });
});
afterAll(() => db?.close());

const end = sql`select pg_terminate_backend(pg_backend_pid())`;
const answers = ({ mdb }: Pick<MdbConnection, 'mdb'>) =>
  mdb.transaction(async (tx) => (await tx.execute(sql`select 1 as one`)).rows);

/** A pool of one: what a transaction does not give back is missed by the next. */
async function withOne(url: string, work: (connection: MdbConnection) => Promise<void>, statementTimeout?: number) {
  const options = { url, name: 'one', connections: 1, ...(statementTimeout !== undefined && { statementTimeout }) };
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
    // In front of the begin, on the same connection: the server ends it, and the begin meets what is left.
    pool.once(
      'acquire',
      (client) => void client.query('select pg_terminate_backend(pg_backend_pid())').catch(() => {}),
    );
    await expect(answers(connection)).rejects.toThrow();
    expect(await answers(connection)).toEqual([{ one: 1 }]);
  });
});

test('one that loses its connection midway tells what happened first, and is followed by others', async () => {
  await withOne(db.url, async (connection) => {
    const cut = connection.mdb.transaction((tx) => tx.execute(end));
    await expect(cut).rejects.toMatchObject({ cause: { code: '57P01' } });
    expect(await answers(connection)).toEqual([{ one: 1 }]);
  });
});

test('one whose work throws is rolled back, and its connection is used again', async () => {
  await withOne(db.url, async (connection) => {
    const { mdb } = connection;
    const backend = async () => (await mdb.execute(sql`select pg_backend_pid() as pid`)).rows;
    const before = await backend();
    const failed = mdb.transaction(async (tx) => {
      await tx.execute(sql`insert into sites (id, name, domain, policy) values ('x', 'x', 'x', '{}')`);
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect((await mdb.execute(sql`select id from sites where id = 'x'`)).rows).toEqual([]);
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

/** A way to the database that can be cut without either end being told, as when a network loses a machine. */
async function openLine(target: URL) {
  const sockets = new Set<Socket>();
  let frozen = false;
  const carry = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on('data', (bytes) => void (frozen || to.write(bytes)));
    from.on('error', () => to.destroy());
    from.on('close', () => void (frozen || to.destroy()));
  };
  const server = createServer((near) => {
    const far = createConnection(Number(target.port), target.hostname);
    carry(near, far);
    carry(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = new URL(target);
  url.port = String(typeof address === 'object' ? address?.port : '');
  return {
    url: url.href,
    freeze: () => {
      frozen = true;
    },
    thaw: () => {
      frozen = false;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
