/** Go, with which the Temporal CLI is built where it can't be downloaded. */
import { execFile } from 'node:child_process';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Progress } from './fetch.ts';
import { installPackages } from './packages.ts';
import { isExecutable, onPath } from './path.ts';

const run = promisify(execFile);

// Where Go's own archive and Debian's packages put it; the PATH that sudo gives often lacks both.
const folders = '/usr/local/go/bin:/usr/lib/go/bin:/usr/bin';
/** Go before 1.21 does not fetch the version that a module asks for; this one builds the CLI. */
const toolchain = 'v0.0.1-go1.25.4';

/**
 * The program `go`, of a version that builds today's modules; null when there is none. As root on Debian or Ubuntu it is
 * installed. One that is too old to change its own version fetches a newer one as Go does, checked by Go's checksum
 * database.
 */
export async function findGo(path: string, onProgress?: Progress): Promise<string | null> {
  const go = (await onPath('go', `${path}:${folders}`)) ?? (await installGo(onProgress));
  if (go === null || (await minorOf(go)) >= 21) return go;
  onProgress?.('fetching a newer Go (70 MiB, once)');
  return newer(go);
}

async function installGo(onProgress?: Progress): Promise<string | null> {
  return (await installPackages('go', onProgress)) === null ? onPath('go', folders) : null;
}

/** 25 for go1.25.4; 0 where it says something else. */
async function minorOf(go: string): Promise<number> {
  const { stdout } = await run(go, ['env', 'GOVERSION']).catch(() => ({ stdout: '' }));
  return Number(/^go1\.(\d+)/.exec(stdout)?.[1] ?? 0);
}

async function newer(go: string): Promise<string | null> {
  const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  const wanted = `golang.org/toolchain@${toolchain}.${process.platform}-${architecture}`;
  // Outside any module: an old Go would else read the one of the current folder.
  const options = { cwd: '/', env: { ...process.env, GO111MODULE: 'on' } };
  const download = await run(go, ['mod', 'download', '-json', wanted], options).catch(() => null);
  const folder = download && (JSON.parse(download.stdout) as { Dir?: string }).Dir;
  if (!folder) return null;
  // A module's archive keeps no modes, and its folder is read-only.
  const tools = join(folder, 'pkg', 'tool');
  const within = (await readdir(tools).catch(() => [])).map((name) => join(tools, name));
  for (const each of [join(folder, 'bin'), ...within]) await makeExecutable(each);
  const found = join(folder, 'bin', 'go');
  return (await isExecutable(found)) ? found : null;
}

async function makeExecutable(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile()) await chmod(join(folder, entry.name), 0o755);
  }
}
