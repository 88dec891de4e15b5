import { readFile, readlink, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { until } from './child.ts';
import { Trouble } from './trouble.ts';

/**
 * Clears the way after an unclean end: stops a server that outlived its Farrier, and removes a lock file whose
 * process number now belongs to some other program (PostgreSQL itself refuses both). Throws Trouble when the
 * folder is in use by a Farrier that is alive.
 */
export async function clearLeftover(folder: string): Promise<void> {
  const lock = join(folder, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(lock, 'utf8').catch(() => ''), 10);
  if (!Number.isInteger(pid) || !isAlive(pid)) return;
  const server = await serverOf(pid);
  if (server === null) return;
  if (!server.command.includes(folder)) return rm(lock, { force: true });
  if (server.parent > 1 && (await nameOf(server.parent)).startsWith('node')) {
    throw new Trouble(
      `${folder} is in use by a Farrier that is running (process ${server.parent}); stop it or give another folder`,
    );
  }
  process.kill(pid, 'SIGINT');
  const gone = await until(30_000, async () => (isAlive(pid) ? null : true));
  if (!gone) throw new Trouble(`PostgreSQL of an earlier run (process ${pid}) does not stop; end it and start again`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Null where there is no /proc to read: then PostgreSQL's own check has the word. */
async function serverOf(pid: number): Promise<{ command: string; parent: number } | null> {
  try {
    const [command, status] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile(`/proc/${pid}/status`, 'utf8'),
    ]);
    return { command: command.replaceAll('\0', ' '), parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0) };
  } catch {
    return null;
  }
}

/** Name of the program; a process may call itself anything (Node's is `MainThread`), its file may not. */
async function nameOf(pid: number): Promise<string> {
  return basename(await readlink(`/proc/${pid}/exe`).catch(() => ''));
}
