import { join } from 'node:path';

/**
 * Folder of what is fetched or built once for all checkouts: the Temporal CLI, the test server, kernels.
 * FARRIER_CACHE if set, else `farrier` in the user's cache folder.
 */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>>): string {
  if (environment['FARRIER_CACHE']) return environment['FARRIER_CACHE'];
  const base = environment['XDG_CACHE_HOME'] || join(environment['HOME'] || '/tmp', '.cache');
  return join(base, 'farrier');
}
