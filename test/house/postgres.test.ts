import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { findLaunch } from '../../host/account.ts';
import { startPostgres } from '../../host/postgres.ts';
import { connectMdb } from '../../mdb/connect.ts';

const root = await mkdtemp(join(tmpdir(), 'farrier-house-'));
afterAll(() => rm(root, { recursive: true, force: true }));

// Socket paths have about 100 characters; data folders may have more.
const folder = join(root, 'a-long-name-'.repeat(12), 'postgres');

async function ask(url: string, statement: string): Promise<unknown[]> {
  const { pool, close } = connectMdb({ url, name: 'test', connections: 1 });
  try {
    return (await pool.list(statement)).flat();
  } finally {
    await close();
  }
}

test('what was written is there after a stop, after a kill, and under a lock that another program now seems to hold', async () => {
  const first = await startPostgres({ folder });
  await ask(first.url, 'create table t as select 7 as n');
  await first.stop();
  expect(await first.ended).toBe('exit code 0');

  const second = await startPostgres({ folder });
  expect(await ask(second.socketUrl, 'select n from t')).toEqual([7]);
  process.kill(second.pid, 'SIGKILL');
  expect(await second.ended).toBe('signal SIGKILL');

  // As after a restart of the machine: the process number in the lock belongs to somebody else.
  const lock = join(folder, 'postmaster.pid');
  const rest = (await readFile(lock, 'utf8')).split('\n').slice(1);
  await writeFile(lock, [process.pid, ...rest].join('\n'));
  const third = await startPostgres({ folder });
  expect(await ask(third.url, 'select n from t')).toEqual([7]);

  await expect(startPostgres({ folder })).rejects.toThrow(/in use by a Farrier that is running \(process \d+\)/);
  await third.stop();
  expect(existsSync(new URL(third.socketUrl.replace('@/', '@nowhere/')).searchParams.get('host') ?? '')).toBe(false);
});

// PostgreSQL's programs look for each other with access(2), as this one does.
test.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')(
  'O-8: in a folder that is closed to everybody but root, as /root is, its programs find each other',
  async () => {
    const closed = join(root, 'closed');
    await mkdir(closed, { mode: 0o700 });
    await writeFile(join(closed, 'postgres'), '', { mode: 0o755 });
    const [program, ...args] = (await findLaunch()).command('/usr/bin/test', ['-x', join(closed, 'postgres')]);
    await expect(promisify(execFile)(program, args)).resolves.toBeDefined();
  },
);

test('only who knows the password gets in', async () => {
  const server = await startPostgres({ folder: join(root, 'locked'), durable: false });
  await expect(ask(server.url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow(/password/);
  await server.stop();
});

test('a taken port is named', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  await expect(startPostgres({ folder: join(root, 'port'), port })).rejects.toThrow(
    `port ${port} for PostgreSQL is taken by another program; give another port`,
  );
  other.close();
});

test('a data folder in a place that is no folder is named', async () => {
  await writeFile(join(root, 'file'), '');
  await expect(startPostgres({ folder: join(root, 'file', 'postgres') })).rejects.toThrow(
    /is in the way: it is not a folder/,
  );
});
