/** Which Slurm can be run here: the system's own by its packages, and a newer one in a folder of the project's cache. */
import { execFile } from 'node:child_process';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../../host/cache.ts';

const run = promisify(execFile);

/** Where a Slurm's programs are: below `root`, which is `/` for the system's own. */
export interface SlurmPlace {
  readonly root: string;
  /** Like `22.05.8`. */
  readonly version: string;
}

export type SlurmFound = SlurmPlace | { readonly why: string };

const programs = ['munged', 'slurmctld', 'slurmd', 'slurmrestd'];

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function whyNever(): Promise<string | null> {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  // Refused in a container, and in a chroot whose / is no mount of its own.
  return run('unshare', ['--uts', '--mount', '--pid', '--fork', 'true']).then(
    () => null,
    (error: Error) => `needs namespaces, and ${error.message.trim().split('\n').at(-1)}`,
  );
}

/** The Slurm that the system's packages installed. */
export async function systemSlurm(): Promise<SlurmFound> {
  const never = await whyNever();
  if (never !== null) return { why: never };
  for (const program of programs) {
    if (!(await exists(`/usr/sbin/${program}`))) return { why: `needs ${program}; scripts/packages installs it` };
  }
  return { root: '/', version: await versionIn('/') };
}

/**
 * Slurm of Debian 13 (24.11), unpacked into the cache. It takes minutes to fetch, and minutes more for a job whose end it
 * is not told of: only `scripts/test --long` runs it.
 */
export async function newerSlurm(): Promise<SlurmFound> {
  const never = await whyNever();
  if (never !== null) return { why: never };
  if (process.env['FARRIER_LONG'] !== '1') return { why: 'it takes minutes, and runs with scripts/test --long only' };
  const root = join(cacheFolder(process.env), 'slurm', 'debian-13');
  if (!(await exists(join(root, 'usr/sbin/slurmrestd')))) {
    const failed = await unpack(root);
    if (failed !== null) return { why: failed };
  }
  return { root, version: await versionIn(root) };
}

async function unpack(root: string): Promise<string | null> {
  const beside = `${root}.${process.pid}`;
  await mkdir(join(root, '..'), { recursive: true });
  const wanted = 'slurmctld,slurmd,slurm-client,slurmrestd,slurm-wlm-jwt-plugin,munge';
  const unwanted = ['doc', 'man', 'locale'].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`);
  const how = [
    '--quiet',
    '--mode=root',
    '--variant=essential',
    '--format=directory',
    `--include=${wanted}`,
    ...unwanted,
  ];
  try {
    await run('mmdebstrap', [...how, 'trixie', beside], { maxBuffer: 64 * 1024 * 1024, timeout: 280_000 });
    await rename(beside, root);
    return null;
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    return `Debian 13 with Slurm could not be unpacked: ${String(error).split('\n')[0]}`;
  }
}

async function versionIn(root: string): Promise<string> {
  const { stdout } = await run('chroot', [root, '/usr/sbin/slurmctld', '-V']);
  return stdout.trim().replace(/^\D*/, '');
}
