import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ending } from './child.ts';
import { downloadBySdk, downloadedBySdk, type Progress } from './fetch.ts';
import { findGo } from './go.ts';
import { LockHeld, takeLock } from './lock.ts';
import { isExecutable, onPath } from './path.ts';
import { Trouble } from './trouble.ts';

export interface Search {
  /** See cacheFolder. */
  readonly cache: string;
  /** The PATH to look on. */
  readonly path: string;
  readonly onProgress?: Progress;
  /** Aborted when it is not wanted any more: what fetches or builds it is ended. */
  readonly signal?: AbortSignal;
}

const version = 'v1.5.1';
/** Packages that `go install` compiles: `go list -deps ./cmd/temporal | wc -l` in the module of that version. */
const packages = 1298;

const ways = [
  'set TEMPORAL_ADDRESS to a running Temporal server',
  'put the Temporal CLI (`temporal`) on the PATH',
  'install Go, with which Farrier builds the CLI itself',
].join('; or ');

/** Path of the Temporal CLI: on the PATH, in the cache, downloaded by the SDK, or built by Go. Throws Trouble. */
export async function findTemporalCli(search: Search): Promise<string> {
  const present = (await onPath('temporal', search.path)) ?? (await cached(search.cache));
  if (present) return present;
  return (await downloadBySdk('cli', search)) ?? (await buildCli(search)) ?? missing();
}

function missing(): never {
  throw new Trouble(`no Temporal server was found and none could be fetched: ${ways}`);
}

/** Said before it begins and while it goes on: whoever waits may choose a way that takes seconds instead. */
const announced =
  'building the Temporal CLI with Go, once, in 5 to 10 minutes (a `temporal` on the PATH or TEMPORAL_ADDRESS takes seconds)';

const shelf = (cache: string) => join(cache, 'temporal-cli');

async function cached(cache: string): Promise<string | null> {
  const built = join(shelf(cache), version, 'temporal');
  return (await isExecutable(built)) ? built : downloadedBySdk('cli', cache);
}

/**
 * Builds the Temporal CLI with Go; null where there is no Go. Waits for another process that builds it already: two at
 * once would both take twice as long.
 */
export async function buildCli(search: Search): Promise<string | null> {
  const { cache, path, onProgress, signal } = search;
  const go = await findGo(path, onProgress);
  if (!go) return null;
  const file = join(shelf(cache), 'build.lock');
  for (;;) {
    const lock = tryLock(file);
    try {
      const present = await cached(cache);
      if (present || lock) return present ?? (await build(go, search));
    } finally {
      lock?.release();
    }
    onProgress?.('another process builds the Temporal CLI with Go: waiting for it');
    await sleep(2000, undefined, { signal });
  }
}

function tryLock(file: string) {
  try {
    return takeLock(file, 'the folder of the Temporal CLI');
  } catch (error) {
    if (error instanceof LockHeld) return null;
    throw error;
  }
}

async function build(go: string, { cache, onProgress, signal }: Search): Promise<string> {
  onProgress?.(announced, 0);
  const fresh = join(shelf(cache), `build-${process.pid}`);
  await mkdir(fresh, { recursive: true });
  try {
    const target = `github.com/temporalio/cli/cmd/temporal@${version}`;
    // -v names each package as it is compiled, which is the progress.
    const child = spawn('nice', [go, 'install', '-v', target], {
      // Debian's Go keeps to its own version by default.
      env: { GOTOOLCHAIN: 'auto', ...process.env, GOBIN: fresh, GOFLAGS: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
    });
    child.on('error', () => {});
    const complaint = follow(child, onProgress);
    if ((await ending(child)) !== 'exit code 0') {
      const last = complaint().findLast((line) => line.trim() !== '') ?? 'no reason given';
      throw new Trouble(`Go could not build the Temporal CLI (${last.trim()}): ${ways}`);
    }
    await rm(join(shelf(cache), version), { recursive: true, force: true });
    await rename(fresh, join(shelf(cache), version));
    return join(shelf(cache), version, 'temporal');
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Reports each compiled package; returns what else Go said, in lines. */
function follow(child: ChildProcess, onProgress: Search['onProgress']): () => readonly string[] {
  const said: string[] = [];
  let compiled = 0;
  let rest = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!/^[\w./~-]+$/.test(line)) said.push(line);
      else compiled += 1;
      const doing = line.startsWith('go: downloading') ? 'fetching modules' : `${compiled} of ${packages} packages`;
      onProgress?.(`${announced}: ${doing}`, Math.min(compiled / packages, 0.99));
    }
  });
  return () => said;
}
