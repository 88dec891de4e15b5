/** Takes Temporal's store away from a whole Farrier that is at work. */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { Whole } from './farrier.ts';

/** Kills the server, removes its database, and waits until it serves again, with nothing in it. */
export async function loseTemporal(whole: Whole): Promise<void> {
  const { pid = null, restarts = 0 } = whole.supervisor.find('temporal') ?? {};
  if (pid === null) throw new Error('Temporal does not run');
  whole.supervisor.signal('temporal', 'SIGKILL');
  while (isAlive(pid)) await sleep(2);
  // The supervisor waits a quarter of a second before it starts it again.
  for (const part of ['', '-wal', '-shm', '-journal']) await rm(`${whole.up.layout.temporal}${part}`, { force: true });
  await whole.supervisor.settled('temporal', restarts + 1);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A client of its server; ended by `done`. */
export async function withTemporal<T>(whole: Whole, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: whole.up.temporal.address });
  return work(new Client({ connection })).finally(() => connection.close());
}
