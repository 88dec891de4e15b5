import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ending, hasEnded, until } from './child.ts';
import { isExecutable } from './path.ts';

/** The programs that the Temporal SDK knows how to download. */
export type SdkProgram = 'cli' | 'test-server';

/** Hears what goes on while something is fetched or built; `share` (0 to 1) where it is known. */
export type Progress = (text: string, share?: number) => void;

/** A download that brings no byte for so long is given up. */
const stalledMs = 20_000;

const shelf = (what: SdkProgram, cache: string) => join(cache, `temporal-${what}`, 'download');

/** What an earlier download left in the cache; null when there is none. */
export async function downloadedBySdk(what: SdkProgram, cache: string): Promise<string | null> {
  return executableIn(shelf(what, cache));
}

/** Lets the SDK download a program into the cache; null when it cannot, within 20 s of the last byte. */
export async function downloadBySdk(
  what: SdkProgram,
  {
    cache,
    onProgress,
    signal,
  }: { readonly cache: string; readonly onProgress?: Progress; readonly signal?: AbortSignal },
): Promise<string | null> {
  const title = `downloading the Temporal ${what === 'cli' ? 'CLI' : 'test server'}`;
  onProgress?.(title);
  const folder = shelf(what, cache);
  const fresh = `${folder}-${process.pid}`;
  await mkdir(fresh, { recursive: true });
  try {
    const program = fileURLToPath(new URL('./download.ts', import.meta.url));
    const child = spawn(process.execPath, [program, what, fresh], { stdio: 'ignore', signal });
    child.on('error', () => {});
    await watch(child, fresh, (bytes) => onProgress?.(`${title}: ${Math.round(bytes / 2 ** 20)} MiB`));
    if ((await ending(child)) !== 'exit code 0' || !(await executableIn(fresh))) return null;
    await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder);
    return executableIn(folder);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function executableIn(folder: string): Promise<string | null> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => !each.endsWith('.downloading'))) {
    if (await isExecutable(join(folder, name))) return join(folder, name);
  }
  return null;
}

/** Ends the process when its folder has not grown for a while. */
async function watch(child: ChildProcess, folder: string, grown: (bytes: number) => void): Promise<void> {
  let last = { bytes: 0, at: Date.now() };
  await until(3_600_000, async () => {
    const bytes = await sizeOf(folder);
    if (bytes > last.bytes) {
      last = { bytes, at: Date.now() };
      grown(bytes);
    }
    return hasEnded(child) || Date.now() - last.at > stalledMs ? true : null;
  });
  if (!hasEnded(child)) child.kill('SIGKILL');
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
