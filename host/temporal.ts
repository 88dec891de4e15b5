import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Connection } from '@temporalio/client';
import { attributes } from '../contract/attributes.ts';
import { ending, hasEnded, logTail, stopChild, until } from './child.ts';
import { findPort } from './port.ts';
import { findTemporalCli, type Search } from './temporalcli.ts';
import { tether } from './tether.ts';
import { folderTrouble, Trouble } from './trouble.ts';

export interface TemporalOptions extends Search {
  /** The database; null keeps everything in memory. */
  readonly dataFile: string | null;
  readonly logFile: string;
  /** 0 or absent for a free one. */
  readonly port?: number;
  /** Port of the Web UI: 0 or absent for a free one, null for no Web UI. */
  readonly uiPort?: number | null;
  /** Dynamic configuration of the server beyond ours, e.g. a history limit that a test wants to meet soon. */
  readonly dynamicConfig?: Readonly<Record<string, string | number>>;
}

export interface Temporal {
  /** `host:port` for clients and workers. */
  readonly address: string;
  /** Origin of the Web UI; null without one. */
  readonly ui: string | null;
  readonly pid: number;
  /** Settles when the server is gone, asked or not, with how it went. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** Starts a Temporal dev server with our search attributes and waits until it serves. Throws Trouble. */
export async function startTemporal(options: TemporalOptions): Promise<Temporal> {
  const program = await findTemporalCli(options);
  const port = await findPort('Temporal', options.port ?? 0);
  const uiPort = options.uiPort === null ? null : await findPort("Temporal's Web UI", options.uiPort ?? 0);
  const args = serverArguments(options, port, uiPort);
  const { child, from } = await launch(program, args, options);
  const address = `127.0.0.1:${port}`;
  if (
    !(await until(
      60_000,
      () => serves(address),
      () => hasEnded(child),
    ))
  ) {
    const why = hasEnded(child) ? `it ended with ${await ending(child)}` : 'it did not serve within a minute';
    await stopChild(child, 'SIGINT', 10_000);
    throw explain(await logTail(options.logFile, from), why, options);
  }
  return {
    address,
    ui: uiPort === null ? null : `http://127.0.0.1:${uiPort}`,
    pid: child.pid ?? 0,
    ended: ending(child),
    stop: () => stopChild(child, 'SIGINT', 20_000),
  };
}

function serverArguments({ dataFile, dynamicConfig }: TemporalOptions, port: number, uiPort: number | null): string[] {
  const pairs = (flag: string, values: Readonly<Record<string, string | number>>) =>
    Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  const keywords = Object.fromEntries(Object.values(attributes).map(({ name }) => [name, 'Keyword']));
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
    ...(uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...(dataFile === null ? [] : ['--db-filename', dataFile, ...pairs('--sqlite-pragma', pragmas)]),
    ...['--log-level', 'warn', '--log-format', 'json'],
    ...pairs('--search-attribute', keywords),
    ...pairs('--dynamic-config-value', { ...limits, ...dynamicConfig }),
  ];
}

/** One flush a commit instead of two, and readers that do not wait for the writer; as safe as the default. */
const pragmas = { journal_mode: 'wal', synchronous: 'full', busy_timeout: 10_000 };

/**
 * The defaults (in `common/dynamicconfig/constants.go` of the server) share one cluster among many tenants: 2,400
 * requests a second a namespace, and 1,200 at matching. Here Farrier is the only tenant and the machine is the
 * limit. One partition a task queue: four would only forward tasks to one another in the same process.
 */
const limits = {
  'frontend.rps': 20_000,
  'frontend.namespaceRPS': 20_000,
  'frontend.namespaceRPS.visibility': 500,
  'frontend.persistenceMaxQPS': 20_000,
  'history.rps': 20_000,
  'history.persistenceMaxQPS': 20_000,
  'matching.rps': 20_000,
  'matching.persistenceMaxQPS': 20_000,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
};

async function launch(program: string, args: readonly string[], options: TemporalOptions) {
  try {
    await mkdir(dirname(options.logFile), { recursive: true });
    if (options.dataFile !== null) await mkdir(dirname(options.dataFile), { recursive: true });
    const log = await open(options.logFile, 'a');
    const from = (await log.stat()).size;
    const [first = program, ...rest] = [...(await tether('INT')), program, ...args];
    // Its own process group: Ctrl-C at the terminal must reach Farrier, which stops this after the workers.
    // Go's default collects garbage twice as often; that was 5 of 100 CPU seconds of this server while machines were born.
    const env = { GOGC: '200', ...process.env };
    const child: ChildProcess = spawn(first, rest, { stdio: ['ignore', log.fd, log.fd], detached: true, env });
    child.on('error', () => {});
    await log.close();
    return { child, from };
  } catch (error) {
    throw folderTrouble(dirname(options.dataFile ?? options.logFile), error) ?? error;
  }
}

/** True when it serves the default namespace; null when it does not yet. */
async function serves(address: string): Promise<true | null> {
  const connection = Connection.lazy({ address });
  try {
    await connection.withDeadline(Date.now() + 2000, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
    return true;
  } catch {
    return null;
  } finally {
    await connection.close();
  }
}

function explain(log: string, why: string, { dataFile }: TemporalOptions): Trouble {
  if (/no space left|database or disk is full|disk I\/O error/i.test(log))
    return new Trouble(`the disk that holds ${dataFile} is full`);
  if (/address already in use|can't (set|use).*port/.test(log))
    return new Trouble('a port for Temporal was taken by another program while it started; start again');
  if (/file is not a database|malformed/.test(log))
    return new Trouble(`${dataFile} is not a Temporal database; move it away`);
  const last = log
    .trim()
    .split('\n')
    .findLast((line) => /error|fatal|unable|failed/i.test(line));
  return new Trouble(`Temporal did not start: ${last?.slice(0, 300) ?? why}`);
}
