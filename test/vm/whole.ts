/** A whole Farrier with virtual machines, as `scripts/up --vm N --once` brings it up, and what it leaves behind. */
import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { upCommand } from '../../cli/up/options.ts';
import { startPostgres } from '../../host/postgres.ts';
import { connectMdb, type Mdb } from '../../mdb/connect.ts';
import { ended } from '../../sim/vm/process.ts';
import { VmOperator } from './operator.ts';

const main = fileURLToPath(new URL('../../cli/up/main.ts', import.meta.url));

// Emulated, on an idle host, a birth took two minutes; the images may have to be built before (the kernel: a quarter
// of an hour on two cores).
const bornMs = 20 * 60_000;
export const wholeMs = 60 * 60_000;

export interface FarrierEnd {
  readonly code: number | null;
  /** All that it wrote. */
  readonly said: string;
}

export interface VmSpec {
  /** The data folder. */
  readonly data: string;
  readonly count: number;
  readonly firmware: 'bios' | 'uefi' | 'mixed';
}

/** The command line of a Farrier with these machines, on free ports only: one that runs here already has the usual ones. */
export function commandLine({ data, count, firmware }: VmSpec, ...more: readonly string[]): string[] {
  const ports = upCommand(async () => {}).options.flatMap(({ long }) => (long?.endsWith('-port') ? [long, '0'] : []));
  return ['--data', data, '--sim', '0', '--vm', String(count), '--firmware', firmware, '--no-view', ...more, ...ports];
}

/** What a person's shell says of their own Farrier is none of this one's. The cache is shared: it holds packages. */
export function ownEnvironment(shell: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = (name: string) => /^(TEMPORAL_|FARRIER_)/.test(name) && name !== 'FARRIER_CACHE';
  return Object.fromEntries(Object.entries(shell).filter(([name]) => !foreign(name)));
}

function start(argv: readonly string[]) {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
  const child = spawn(process.execPath, [main, ...argv], { stdio, env: ownEnvironment(process.env) });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => said.push(text));
  return { child, said: () => said.join('') };
}

/** Brings an earlier run's folder up again, for as long as the work takes. A Farrier that ends earlier ends the work. */
export async function whileUp<T>(spec: VmSpec, work: (operator: VmOperator) => Promise<T>): Promise<T> {
  const { child, said } = start(commandLine(spec));
  const early = once(child, 'close').then(() => {
    throw new Error(`Farrier ended before its work was done: ${said().trim()}`);
  });
  try {
    return await Promise.race([early, work(new VmOperator(spec.data))]);
  } finally {
    early.catch(() => {});
    child.kill('SIGTERM');
    await ended(child, 120_000);
  }
}

/** Starts it; it ends by itself once all machines are in service, or have not come so far in time. */
export async function startUp(spec: VmSpec): Promise<FarrierEnd> {
  const { child, said } = start(commandLine(spec, '--once', '--timeout', String(bornMs / 1000)));
  if (!(await ended(child, wholeMs))) child.kill('SIGTERM');
  await ended(child, 60_000);
  return { code: child.exitCode, said: said() };
}

/** Reads the MDB of a data folder whose Farrier has ended. */
export async function readMdb<T>(data: string, read: (mdb: Mdb) => Promise<T>): Promise<T> {
  const server = await startPostgres({ folder: join(data, 'postgres') });
  const connection = connectMdb({ url: server.url, name: 'vm test', connections: 1 });
  try {
    return await read(connection.mdb);
  } finally {
    await connection.close();
    await server.stop();
  }
}

/** Addresses that the machine's DHCP server gave to a MAC between two times, in milliseconds, from its log. */
export function leased(data: string, mac: string, from: number, until: number): string[] {
  const lines = readFileSync(join(data, 'logs', 'vm-dhcp.log'), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, address] = /DHCPACK\(\w+\) ([\d.]+) /.exec(line) ?? [];
    if (address === undefined || !line.includes(mac)) return [];
    const { time } = JSON.parse(line) as { time: string | number };
    const at = new Date(time).getTime();
    return at > from && at < until ? [address] : [];
  });
}

/** What the rig's journal says of a machine, of one kind; nothing before there is a journal. */
export function vmEffects(data: string, machine: string, kind: string): { time: string; cause: string }[] {
  let text = '';
  try {
    text = readFileSync(join(data, 'vm', 'journal.jsonl'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line)).filter((effect) => effect.machine === machine && effect.kind === kind);
}
