import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
let able: Promise<boolean> | undefined;

/**
 * What to put before a command line so that the program gets `signal` when we die, even by SIGKILL; empty where
 * the system cannot do that.
 */
export async function tether(signal: 'INT' | 'TERM'): Promise<readonly string[]> {
  able ??= run('setpriv', ['--pdeathsig', signal, 'true']).then(
    () => true,
    () => false,
  );
  return (await able) ? ['setpriv', '--pdeathsig', signal] : [];
}
