#!/bin/sh
# postgres (postgres.js) 3.4.9, Node.js 24, PostgreSQL 18:
# 1. Whoever asks on a connection of sql.reserve() that is gone ends the whole process: the error is thrown from a timer,
#    where nobody can catch it (its issues 1066, 1154 and 1208, open).
# 2. Of what is asked at once on such a connection, only the first is told that the connection is lost; the rest never ends.
# 3. sql.reserve() never comes back when it has to connect first and fetch_types is false.
# 4. A null in a list is read as the text "NULL" (issue 1124, open).
# 5. A server that takes the connection and hangs up without a word is asked again without a pause and without an end.
# 6. unsafe() with values takes two round trips where it is not prepared; so does whatever drizzle-orm 0.45.4 asks.
# 7. A parameter of the URL that it does not know is sent to the server, which then refuses the connection; also `host`,
#    by which other clients are given the folder of a Unix socket.
# 8. The text of every unsafe() query that failed is kept for ever, to say where it was written, which it is not.
# 9. Why the server ended a connection (57P01) is not told: the error is CONNECTION_CLOSED.
#
# Seen:
#   1 the process ended: TypeError: Cannot read properties of null (reading 'write')
#   2 CONNECTION_CLOSED, nothing
#   3 nothing
#   4 ["a","NULL"]
#   5 over a hundred times in a second, and nothing
#   6 unprepared 2, prepared 1
#   7 unrecognized configuration parameter "host"
#   8 20 MiB of 400 statements of 50 kB
#   9 CONNECTION_CLOSED
#
# Exits 0 while this is so, else with another status. PostgreSQL is that of this checkout.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 711 "$folder"
cd "$folder"
echo '{ "type": "module" }' >package.json
npm install --silent --no-audit --no-fund postgres@3.4.9
cat >show.mjs <<'JS'
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createConnection, createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import postgres from 'postgres';

const [root, url, only] = process.argv.slice(2);
const options = { max: 2, onnotice() {} };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const soon = (work, ms = 1000) =>
  Promise.race([
    work.then((rows) => JSON.stringify(rows), (error) => error.code ?? error.message),
    pause(ms).then(() => 'nothing'),
  ]);

/** A connection of its own that the server has ended. */
async function lost() {
  const sql = postgres(url, options);
  await sql`select 1`;
  const reserved = await sql.reserve();
  const [{ pid }] = await reserved`select pg_backend_pid() as pid`;
  const killer = postgres(url, options);
  return { reserved, kill: () => killer`select pg_terminate_backend(${pid})` };
}

async function listen(connected) {
  const server = createServer(connected).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server.address().port;
}

const shows = {
  async 1() {
    const { reserved, kill } = await lost();
    await kill();
    await pause(300);
    return soon(reserved`select 1`);
  },
  async 2() {
    const { reserved, kill } = await lost();
    const asked = [reserved`select pg_sleep(60)`, reserved.unsafe('select $1::int', [1]), reserved`select 2`];
    const told = asked.map((query) => soon(query, 3000));
    await pause(300);
    await kill();
    const [first, , last] = await Promise.all(told);
    return `${first}, ${last}`;
  },
  3: () => soon(postgres(url, { ...options, fetch_types: false }).reserve().then(() => 'a connection')),
  4: async () => soon(postgres(url, options)`select array['a', null] as list`.then(([row]) => row.list)),
  async 5() {
    let times = 0;
    const port = await listen((socket) => {
      times += 1;
      socket.on('data', () => socket.end());
    });
    const told = await soon(postgres(`postgres://a:b@127.0.0.1:${port}/c`, { ...options, connect_timeout: 0.5 })`select 1`);
    return `${times > 100 ? 'over a hundred times in a second' : times}, and ${told}`;
  },
  async 6() {
    const target = new URL(url);
    let messages = 0;
    const port = await listen((near) => {
      const far = createConnection(Number(target.port), target.hostname);
      near.on('data', () => (messages += 1));
      near.on('error', () => {}).pipe(far).on('error', () => {}).pipe(near);
    });
    const through = new URL(url);
    through.port = String(port);
    const sql = postgres(through.href, { ...options, max: 1 });
    const count = async (prepare) => {
      const ask = () => sql.unsafe('select $1::int', [1], { prepare });
      await ask();
      messages = 0;
      await ask();
      return messages;
    };
    return `unprepared ${await count(false)}, prepared ${await count(true)}`;
  },
  async 7() {
    const { port, username, password } = new URL(url);
    const socket = `postgres://${username}:${password}@127.0.0.1:${port}/postgres?host=/tmp`;
    return postgres(socket, options)`select 1`.then(() => 'in', (error) => error.message);
  },
  async 8() {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    const sql = postgres(url, options);
    await sql`select 1`;
    const used = () => (collect(), process.memoryUsage().heapUsed / 2 ** 20);
    const before = used();
    for (let n = 0; n < 400; n += 1)
      await sql.unsafe(`select 1 / 0 /* ${randomBytes(25_000).toString('hex')} */`).catch(() => {});
    return `${Math.round((used() - before) / 10) * 10} MiB of 400 statements of 50 kB`;
  },
  9: () => soon(postgres(url, options)`select pg_terminate_backend(pg_backend_pid())`),
};

if (only) {
  console.log(await shows[only]());
  process.exit(0);
}
const { startPostgres } = await import(`${root}/host/postgres.ts`);
const server = await startPostgres({ folder: `${process.cwd()}/data`, durable: false });
const expected = [
  "the process ended: TypeError: Cannot read properties of null (reading 'write')",
  'CONNECTION_CLOSED, nothing',
  'nothing',
  '["a","NULL"]',
  'over a hundred times in a second, and nothing',
  'unprepared 2, prepared 1',
  'unrecognized configuration parameter "host"',
  '20 MiB of 400 statements of 50 kB',
  'CONNECTION_CLOSED',
];
let same = true;
for (const [index, wanted] of expected.entries()) {
  const child = spawnSync(process.execPath, ['show.mjs', root, server.url, String(index + 1)], { encoding: 'utf8' });
  const told = child.stdout.trim() || `the process ended: ${/\w*Error: .*/.exec(child.stderr)?.[0]}`;
  console.log(`  ${index + 1} ${told}`);
  same &&= told === wanted;
}
await server.stop();
process.exit(same ? 0 : 1);
JS
"$root/scripts/node" show.mjs "$root"
