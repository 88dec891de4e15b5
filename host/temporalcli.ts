import { type ChildProcess, spawn } from 'node:child_process';
import { access, constants, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ending, hasEnded, until } from './child.ts';
import { Trouble } from './trouble.ts';

export interface Search {
  /** See cacheFolder. */
  readonly cache: string;
  /** The PATH to look on. */
  readonly path: string;
  /** Hears what goes on while something is fetched or built; `share` (0 to 1) where it is known. */
  readonly onProgress?: (text: string, share?: number) => void;
}

const version = 'v1.5.1';
/** Packages that `go install` compiles: `go list -deps ./cmd/temporal | wc -l` in the module of that version. */
const packages = 1298;
/** A download that brings no byte for so long is given up. */
const stalledMs = 20_000;

const ways = [
  'set TEMPORAL_ADDRESS to a running Temporal server',
  'put the Temporal CLI (`temporal`) on the PATH',
  'install Go, with which Farrier builds the CLI itself',
].join('; or ');

/** Path of the Temporal CLI: on the PATH, in the cache, downloaded by the SDK, or built by Go. Throws Trouble. */
export async function findTemporalCli(search: Search): Promise<string> {
  const present = (await onPath('temporal', search.path)) ?? (await cached(search.cache));
  if (present) return present;
  return (await download(search)) ?? (await build(search)) ?? missing();
}

function missing(): never {
  throw new Trouble(`no Temporal server was found and none could be fetched: ${ways}`);
}

/** The first executable file of that name on a PATH; null when there is none. */
export async function onPath(name: string, path: string): Promise<string | null> {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    if (await isExecutable(join(folder, name))) return join(folder, name);
  }
  return null;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

const shelf = (cache: string) => join(cache, 'temporal-cli');

async function cached(cache: string): Promise<string | null> {
  const built = join(shelf(cache), version, 'temporal');
  return (await isExecutable(built)) ? built : downloaded(join(shelf(cache), 'download'));
}

async function downloaded(folder: string): Promise<string | null> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => !each.endsWith('.downloading'))) {
    if (await isExecutable(join(folder, name))) return join(folder, name);
  }
  return null;
}

async function download({ cache, onProgress }: Search): Promise<string | null> {
  onProgress?.('downloading the Temporal CLI');
  const fresh = join(shelf(cache), `download-${process.pid}`);
  await mkdir(fresh, { recursive: true });
  try {
    const program = fileURLToPath(new URL('./download.ts', import.meta.url));
    const child = spawn(process.execPath, [program, fresh], { stdio: 'ignore' });
    await watch(child, fresh, (bytes) =>
      onProgress?.(`downloading the Temporal CLI: ${Math.round(bytes / 2 ** 20)} MiB`),
    );
    if ((await ending(child)) !== 'exit code 0' || !(await downloaded(fresh))) return null;
    await rm(join(shelf(cache), 'download'), { recursive: true, force: true });
    await rename(fresh, join(shelf(cache), 'download'));
    return downloaded(join(shelf(cache), 'download'));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Ends the process when its folder has not grown for a while. */
async function watch(child: ChildProcess, folder: string, grown: (bytes: number) => void): Promise<void> {
  const gone = ending(child);
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
  await gone;
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

async function build({ cache, path, onProgress }: Search): Promise<string | null> {
  const go = await onPath('go', path);
  if (!go) return null;
  onProgress?.('building the Temporal CLI with Go (5 to 10 minutes, once)', 0);
  const fresh = join(shelf(cache), `build-${process.pid}`);
  await mkdir(fresh, { recursive: true });
  try {
    const target = `github.com/temporalio/cli/cmd/temporal@${version}`;
    // -v names each package as it is compiled, which is the progress.
    const child = spawn('nice', [go, 'install', '-v', target], {
      env: { ...process.env, GOBIN: fresh, GOFLAGS: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
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
      onProgress?.(`building the Temporal CLI with Go: ${doing}`, Math.min(compiled / packages, 0.99));
    }
  });
  return () => said;
}
