/**
 * The people's API as the console and programs see it, with 10,000 machines whose controllers all hang: lists and pages at
 * 50 a second, and what follows changes while a thousand machines change a second. PostgreSQL, the API and the load are a
 * process each. Ends with one line of JSON.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { nodeFlags } from '../../host/nodeflags.ts';
import { startPostgres } from '../../host/postgres.ts';
import { connectMdb, type Mdb } from '../../mdb/connect.ts';
import { migrateMdb } from '../../mdb/migrate.ts';
import { definePlaces } from '../../mdb/places/places.ts';
import { type ApiResult, apiBounds } from './apibudget.ts';
import { quantile, steady } from './load.ts';
import { reportBounds } from './verdict.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, machines: { type: 'string', default: '10000' } },
});
const options = z
  .object({ seconds: z.coerce.number().int().positive(), machines: z.coerce.number().int().min(1000).max(40_000) })
  .parse(values);
const round = (number: number) => Math.round(number * 10) / 10;
const perRack = 40;
const readsPerSecond = 50;
const changesPerSecond = 1000;
/** Machines that are changed in one statement, of which there are ten a second. */
const perChange = changesPerSecond / 10;

// Takes every connection and says nothing: it stands for all controllers, each under an address of loopback.
let asked = 0;
const hung = createServer(() => {
  asked += 1;
}).listen(0, '0.0.0.0');
await once(hung, 'listening');

const data = await mkdtemp(join(tmpdir(), 'farrier-bench-api-'));
const postgres = await startPostgres({ folder: join(data, 'postgres'), durable: false });
const { mdb, close } = connectMdb({ url: postgres.url, name: 'bench' });
try {
  await fill(mdb, (hung.address() as AddressInfo).port);
  const api = await startApi(postgres.url);
  const result = await measure(api);
  console.log(JSON.stringify(result));
  process.exitCode = reportBounds(apiBounds(result));
  api.child.kill('SIGTERM');
  await once(api.child, 'exit');
} finally {
  await close();
  await postgres.stop();
  hung.close();
  await rm(data, { recursive: true, force: true });
}

interface Api {
  readonly child: ChildProcess;
  readonly origin: string;
}

async function measure({ child, origin }: Api): Promise<ApiResult> {
  const machine = (n: number) => `m-${String((n % options.machines) + 1).padStart(5, '0')}`;
  const paths: ((n: number) => string)[] = [
    () => '/machines?limit=200',
    (n) => `/machines?limit=200&selector=rack%3DA${(n % 200) + 1}`,
    () => '/machines?limit=200&selector=stage%3Din_service,pool%3Dbatch',
    (n) => `/machines/${machine(n * 37)}`,
    (n) => `/machines/${machine(n * 53)}/timeline`,
    () => '/orders?limit=200',
    () => '/steps?limit=200',
    () => '/tickets?limit=200',
    () => '/belt',
    () => '/racks',
    () => '/drift?limit=200',
    () => '/campaigns',
    () => '/approvals',
    () => '/audit?limit=200',
    () => '/capacity',
    () => '/semaphores',
    () => '/doctor',
  ];
  const ask = (path: (n: number) => string, rate: number, seconds: number) =>
    steady({ origin, path: (n) => `/api/v1${path(n)}`, bytes: 1 }, rate, seconds);
  const mixed = (n: number) => (paths[n % paths.length] ?? (() => ''))(n);
  await ask(mixed, readsPerSecond, 3);
  const reads = await ask(mixed, readsPerSecond, options.seconds);
  const each: { path: string; p99_ms: number }[] = [];
  for (const path of paths) each.push({ path: path(1), p99_ms: round(quantile((await ask(path, 10, 2)).times, 0.99)) });
  each.sort((one, other) => other.p99_ms - one.p99_ms);
  for (const one of each) process.stderr.write(`${one.p99_ms} ms: ${one.path}\n`);
  const events = await followChanges(origin);
  return {
    ...{ bench: 'api', ...options, events, asked_controllers: asked },
    reads: {
      ...{ p50_ms: round(quantile(reads.times, 0.5)), p99_ms: round(quantile(reads.times, 0.99)) },
      errors: reads.errors,
    },
    slowest: each[0] ?? { path: '', p99_ms: Number.NaN },
    memory_mib: await peakMib(child),
  };
}

/** Each change says when it was made; the reader is told how the machine stands, and how old that is. */
async function followChanges(origin: string): Promise<ApiResult['events']> {
  const stop = new AbortController();
  const lags: number[] = [];
  const ready = Promise.withResolvers<void>();
  const reading = read(`${origin}/api/v1/changes?kinds=machine`, stop.signal, (event, body) => {
    if (event === 'ready') ready.resolve();
    const held = (body as { machine?: { held: string | null } }).machine?.held;
    if (held) lags.push(Date.now() - Number(held));
  });
  await ready.promise;
  const began = performance.now();
  let changed = 0;
  for (let at = 0; at < options.seconds * 10; at += 1) {
    const ahead = began + at * 100 - performance.now();
    if (ahead > 0) await sleep(ahead);
    const from = (at * perChange) % options.machines;
    // Ages are taken by one clock, that of this process.
    await mdb.execute(sql`update machines set held = ${String(Date.now())}
      where id in (select 'm-' || lpad(n::text, 5, '0') from generate_series(${from + 1}::int, ${from + perChange}::int) n)`);
    changed += perChange;
  }
  const seconds = (performance.now() - began) / 1000;
  await sleep(2000);
  stop.abort();
  await reading;
  return { changes_per_second: Math.ceil(changed / seconds), told: lags.length, p99_ms: round(quantile(lags, 0.99)) };
}

async function read(url: string, signal: AbortSignal, take: (event: string, body: unknown) => void): Promise<void> {
  try {
    const { body } = await fetch(url, { signal });
    let event = '';
    for await (const line of createInterface({ input: Readable.fromWeb(body as never) })) {
      if (line.startsWith('event: ')) event = line.slice(7);
      if (line.startsWith('data: ')) take(event, JSON.parse(line.slice(6)));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The most that a process ever had in memory, in MiB. */
async function peakMib({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
}

async function startApi(mdbUrl: string): Promise<Api> {
  const main = fileURLToPath(new URL('../../api/main.ts', import.meta.url));
  const env = {
    ...process.env,
    ...{ FARRIER_MDB_URL: mdbUrl, FARRIER_DATA: data, FARRIER_API_LISTEN: '127.0.0.1:0', FARRIER_AGENT_LISTEN: '' },
    FARRIER_TRUST_LOOPBACK: 'yes',
  };
  const child = spawn(process.execPath, [...nodeFlags('api/main.ts'), main], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, api } = z.object({ msg: z.string(), api: z.string().optional() }).parse(JSON.parse(line));
    if (msg === 'ready' && api !== undefined) return { child, origin: api };
  }
  throw new Error('the API did not start');
}

/** A fleet in service, of which each machine has had an order and some are asked about, each with a controller that hangs. */
async function fill(of: Mdb, port: number): Promise<void> {
  await migrateMdb(of);
  const policy = {
    ...({ autoBirth: true, wipe: 'blank', bmcNetworks: ['127.0.0.0/8'], bootstrapLimit: 5 } as const),
    ...({ unknownMachinesPerMinute: 60, hostname: '{rack}-{unit}', imageSystem: 'archive' } as const),
  };
  const racks = Array.from({ length: Math.ceil(options.machines / perRack) }, (_, at) => ({
    id: `A${at + 1}`,
    units: 48,
  }));
  await definePlaces(
    of,
    { class: 'system', name: 'bench' },
    { siteId: 'home', site: { name: 'bench', domain: 'bench.example', policy }, racks },
  );
  const all = sql`generate_series(1, ${options.machines}::int) n`;
  const id = sql`'m-' || lpad(n::text, 5, '0')`;
  const statements = [
    sql`insert into machines (id, site_id, mac, hostname, rack_id, unit, pool, stage, op_state, boot_state, in_service_at)
      select ${id}, 'home', lpad(to_hex(n + 2199023255552), 12, '0')::macaddr, 'h-' || n,
        'A' || ((n - 1) / ${perRack}::int + 1), (n - 1) % ${perRack}::int + 1,
        case n % 3 when 0 then 'web' else 'batch' end, 'in_service', 'production', 'healthy', now() from ${all}`,
    sql`insert into bmcs (machine_id, origin, secret_ref)
      select ${id}, 'https://127.' || (1 + n / 62500) || '.' || (n / 250 % 250) || '.' || (1 + n % 250) || ':' || ${port}::int,
        'bmc' from ${all}`,
    sql`insert into orders (id, machine_id, passage, requester, reason, state)
      select 'o-' || n, ${id}, 'maintenance', 'ann', 'kernel', (case when n % 20 = 0 then 'running' else 'done' end)::order_state
      from ${all}`,
    sql`insert into steps (order_id, name, source, ordinal, state, owner, limit_at)
      select 'o-' || n, 'drain', 'passage', 10, (case when n % 20 = 0 then 'running' else 'done' end)::step_state,
        'operations', now() + (n % 200 - 100) * interval '1 minute' from ${all}`,
    sql`insert into tickets (id, machine_id, fault, title, body)
      select 't-' || n, ${id}, 'f', 'a disk is slow', 'look' from ${all} where n % 10 = 0`,
    sql`insert into human_steps (id, machine_id, order_id, step, ticket_id, owner, question, choices, remind_at)
      select 'q-' || n, ${id}, 'o-' || n, 'drain', 't-' || n, 'dc', 'Which disk?', '{done,abandon}', now()
      from ${all} where n % 10 = 0`,
    sql`insert into disks (machine_id, serial, name, bytes, rotational, content, present)
      select ${id}, 's-' || n || '-' || d, 'sd' || d, 480e9, false, 'farrier', true from ${all}, generate_series(1, 4) d`,
    sql`insert into drifts (machine_id, kind, name, want, have)
      select ${id}, 'bios', 'BootMode', 'Uefi', 'Legacy' from ${all} where n % 4 = 0`,
    sql`analyze`,
  ];
  for (const statement of statements) await of.execute(statement);
}
