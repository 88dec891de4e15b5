import type { ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** Polls until `ready` gives a value; null at the limit or as soon as `given up` says so. */
export async function until<T>(
  limitMs: number,
  ready: () => Promise<T | null>,
  hopeless: () => boolean = () => false,
): Promise<T | null> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await ready();
    if (value !== null) return value;
    if (hopeless() || Date.now() > end) return null;
    await pause(25);
  }
}

export function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** Resolves when the process is gone, with how it went, e.g. `exit code 1` or `signal SIGKILL`. */
export function ending(child: ChildProcess): Promise<string> {
  const describeExit = () => (child.signalCode ? `signal ${child.signalCode}` : `exit code ${child.exitCode}`);
  if (child.pid !== undefined && hasEnded(child)) return Promise.resolve(describeExit());
  return new Promise((resolve) => {
    child.once('exit', () => resolve(describeExit()));
    child.once('error', (error) => resolve(error.message));
  });
}

/** Asks with `signal`, and after `patienceMs` insists with SIGKILL; resolves when the process is gone. */
export async function stopChild(child: ChildProcess, signal: NodeJS.Signals, patienceMs: number): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  const gone = ending(child);
  child.kill(signal);
  const insist = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await gone;
  clearTimeout(insist);
}

/** What was written to a log since `from`, at most its last 8 KiB. */
export async function logTail(file: string, from: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - 8192);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(size - start, 0)), 0, null, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
