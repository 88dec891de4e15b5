import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ending } from './child.ts';
import type { Progress } from './fetch.ts';

/** The groups of `scripts/packages`, which names what is in each. */
export type PackageGroup = 'vm' | 'go';

/**
 * Installs the system's packages of a group, where this is Debian or Ubuntu and the user is root; quick when they are
 * all there. Null when they are, else the sentence that says why not.
 */
export async function installPackages(group: PackageGroup, onProgress?: Progress): Promise<string | null> {
  const script = fileURLToPath(new URL('../scripts/packages', import.meta.url));
  const child = spawn(script, [group], { stdio: ['ignore', 'pipe', 'ignore'] });
  let last = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = line;
    onProgress?.(line);
  });
  const how = await ending(child);
  return how === 'exit code 0' ? null : last || `scripts/packages ended with ${how}`;
}
