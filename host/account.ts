import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { tether } from './tether.ts';
import { Trouble } from './trouble.ts';

const run = promisify(execFile);

/** How to start a program that refuses to run as root, and that should not outlive Farrier. */
export interface Launch {
  /** Owner of the files that the program works on; null when it runs as the current user. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  /** The command line for a program and its arguments. */
  command(program: string, args: readonly string[]): readonly [string, ...string[]];
}

let found: Promise<Launch> | undefined;

/** Found once a process; throws Trouble when this is root and there is no account to step down to. */
export function findLaunch(): Promise<Launch> {
  found ??= makeLaunch();
  return found;
}

async function makeLaunch(): Promise<Launch> {
  const owner = process.getuid?.() === 0 ? await serviceAccount() : null;
  if (!owner) {
    const prefix = await tether('INT');
    return { owner, command: (program, args) => concat(prefix, program, args) };
  }
  const works = (flags: readonly string[]) =>
    run('setpriv', [...flags, 'true']).then(
      () => true,
      () => false,
    );
  const dies = ['--pdeathsig', 'INT'];
  const identity = [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'];
  // A checkout or data folder below /root is closed to the service account; this one capability lets it through
  // the folders above without opening them to anybody else. Without the securebit the kernel forgets it in access(2),
  // by which PostgreSQL's programs look for each other.
  const capabilities = ['dac_read_search', 'dac_override'].map((name) => [
    '--securebits=+no_setuid_fixup',
    `--inh-caps=-all,+${name}`,
    `--ambient-caps=-all,+${name}`,
    `--bounding-set=-all,+${name}`,
  ]);
  for (const flags of [...capabilities.map((some) => [...identity, ...some, ...dies]), [...identity, ...dies]]) {
    if (await works(flags)) return { owner, command: (program, args) => concat(['setpriv', ...flags], program, args) };
  }
  throw new Trouble(
    'PostgreSQL does not run as root and setpriv (package util-linux) is missing; install it or run as a user',
  );
}

function concat(prefix: readonly string[], program: string, args: readonly string[]): readonly [string, ...string[]] {
  const [first = program, ...rest] = [...prefix, program, ...args];
  return [first, ...rest];
}

async function serviceAccount(): Promise<{ uid: number; gid: number }> {
  const existing = await lookUp('postgres');
  if (existing) return existing;
  await run('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    'postgres',
  ]).catch(() => {});
  const made = await lookUp('postgres');
  if (made) return made;
  throw new Trouble(
    'PostgreSQL does not run as root and the account "postgres" could not be created; create it or run as a user',
  );
}

async function lookUp(name: string): Promise<{ uid: number; gid: number } | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return null;
  }
}
