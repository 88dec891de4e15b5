import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from '../../host/cache.ts';

const run = promisify(execFile);
const module = fileURLToPath(new URL('real', import.meta.url));

/** Folder with the Dominator's own `mdbd` and `subd`, or why there is none. */
export type Real = { readonly folder: string } | { readonly why: string };

/** Builds them once, static, from the versions that `real/go.mod` pins; half a minute, then from the cache. */
export async function buildReal(): Promise<Real> {
  try {
    const { stdout: version } = await run('go', ['env', 'GOVERSION']);
    const pinned = await Promise.all(['go.mod', 'go.sum'].map((name) => readFile(join(module, name))));
    const hash = createHash('sha256').update(version);
    for (const text of pinned) hash.update(text);
    const cache = join(cacheFolder(process.env), 'dominator');
    const folder = join(cache, hash.digest('hex').slice(0, 16));
    if ((await readdir(folder).catch(() => [])).length > 0) return { folder };
    await mkdir(cache, { recursive: true });
    const partial = await mkdtemp(join(cache, '.build-'));
    const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-buildvcs=false -mod=readonly' };
    try {
      await run('nice', ['go', 'build', '-o', `${partial}/`, 'tool'], { cwd: module, env });
      // Another suite may have built them meanwhile.
      await rename(partial, folder).catch(() => {});
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
    return { folder };
  } catch (error) {
    const { code, stderr = '', message } = error as { code?: unknown; stderr?: string; message: string };
    if (code === 'ENOENT') return { why: 'Go is not installed' };
    return { why: `the Dominator cannot be built: ${(stderr.trim().split('\n').at(-1) || message).slice(0, 200)}` };
  }
}
