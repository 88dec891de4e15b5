import { execFile } from 'node:child_process';

let found: Promise<readonly string[]> | undefined;

/**
 * The beginning of a command line that makes a program get SIGTERM when its parent dies, even by SIGKILL. Empty
 * where the system has no such thing; then the lock file's list of children is what ends leftovers.
 */
export function findGuard(): Promise<readonly string[]> {
  const guard = ['setpriv', '--pdeathsig', 'TERM'];
  found ??= new Promise((resolve) => {
    execFile('setpriv', [...guard.slice(1), 'true'], (error) => resolve(error ? [] : guard));
  });
  return found;
}
