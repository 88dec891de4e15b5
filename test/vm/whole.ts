/** A whole Farrier with virtual machines, as `scripts/up --vm N --once` brings it up, and what it leaves behind. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../../host/postgres.ts';
import { connectMdb, type Mdb } from '../../mdb/connect.ts';
import { ended } from '../../sim/vm/process.ts';
import { Operator } from './operator.ts';

const main = fileURLToPath(new URL('../../cli/up/main.ts', import.meta.url));

// Emulated, on an idle host, a birth took two minutes; the images may have to be built before (the kernel: a quarter
// of an hour on two cores).
const bornMs = 20 * 60_000;
export const wholeMs = 60 * 60_000;

export interface Outcome {
  readonly code: number | null;
  /** All that it wrote. */
  readonly said: string;
}

export interface VmWish {
  /** The data folder. */
  readonly data: string;
  readonly count: number;
  readonly firmware: 'bios' | 'uefi' | 'mixed';
}

/** Brings an earlier run's folder up again, for as long as the work takes. */
export async function whileUp<T>(
  { data, count, firmware }: VmWish,
  work: (operator: Operator) => Promise<T>,
): Promise<T> {
  const flags = ['--temporal-port', '--ui-port', '--api-port', '--agent-port', '--boot-port'];
  const ports = flags.flatMap((flag) => [flag, '0']);
  const what = ['--data', data, '--sim', '0', '--vm', String(count), '--firmware', firmware, '--no-view'];
  const child = spawn(process.execPath, [main, ...what, ...ports], { stdio: 'ignore' });
  try {
    return await work(new Operator(data));
  } finally {
    child.kill('SIGTERM');
    await ended(child, 120_000);
  }
}

/** Starts it; it ends by itself once all machines are in service, or have not come so far in time. */
export function startUp({ data, count, firmware }: VmWish): Promise<Outcome> {
  const flags = ['--temporal-port', '--ui-port', '--api-port', '--agent-port', '--events-port', '--boot-port'];
  const ports = flags.flatMap((flag) => [flag, '0']);
  const what = ['--data', data, '--sim', '0', '--vm', String(count), '--firmware', firmware, '--once', '--no-view'];
  const argv = [main, ...what, '--timeout', String(bornMs / 1000), ...ports];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  return (async () => {
    if (!(await ended(child, wholeMs))) child.kill('SIGTERM');
    await ended(child, 60_000);
    return { code: child.exitCode, said };
  })();
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
export function effects(data: string, machine: string, kind: string): { time: string; cause: string }[] {
  let text = '';
  try {
    text = readFileSync(join(data, 'vm', 'journal.jsonl'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line)).filter((effect) => effect.machine === machine && effect.kind === kind);
}
