/** A real Slurm for a suite: own ports, sockets and keys, every program in the foreground, ended by process id. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import { nodeNames, slurmConf } from './config.ts';
import type { SlurmPlace } from './where.ts';

const execute = promisify(execFile);

export interface SlurmCluster {
  /** Of its slurmrestd. */
  readonly origin: string;
  /** slurm.conf, as the commands of its own version see it. */
  readonly conf: string;
  /** One of Slurm's commands as root; what it prints. */
  run(command: string, ...args: string[]): Promise<string>;
  /** A web token of that user, good for an hour. */
  token(user: string): Promise<string>;
  /** Submits a job that goes on until it is told to finish; its id. */
  submit(...options: string[]): Promise<string>;
  /** Lets a job come to its own end. */
  finish(job: string): Promise<void>;
  /** How many jobs' scripts began since the last `clear`: what is cancelled earlier may be cleaned up for minutes. */
  begun(): Promise<number>;
  /** Ends all jobs, and waits until none is shown and every node is in service. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Starts it and waits until all nodes are idle. */
export async function startCluster({ root, version }: SlurmPlace): Promise<SlurmCluster> {
  const inside = root !== '/';
  if (inside) await mkdir(join(root, 'tmp'), { recursive: true });
  const real = await mkdtemp(join(inside ? join(root, 'tmp') : tmpdir(), 'farrier-slurm-'));
  const folder = inside ? real.slice(root.length) : real;
  const [controller = 0, rest = 0, ...nodes] = await freePorts(2 + nodeNames.length);
  const conf = join(folder, 'slurm.conf');
  await writeFolder(real, slurmConf(folder, { controller, rest, nodes }));
  // The cgroups belong to whoever runs the tests. 22.05 has no such word, and needs none.
  if (!isOld(version)) await writeFile(join(real, 'cgroup.conf'), 'CgroupPlugin=disabled\n');
  const began: ChildProcess[] = [];
  const start = (host: string, ...command: string[]) => began.push(startProgram(root, host, conf, command));
  const run = async (command: string, ...args: string[]) => {
    const env = { PATH: process.env['PATH'], SLURM_CONF: conf };
    const { stdout } = await execute('chroot', [root, command, ...args], { env, timeout: 60_000 });
    return stdout;
  };
  const idle = async () => (await run('sinfo', '-h', '-N', '-o', '%T')) === 'idle\n'.repeat(nodeNames.length);
  const cluster: SlurmCluster = {
    origin: `http://127.0.0.1:${rest}`,
    conf,
    run,
    token: async (user) =>
      (await run('scontrol', 'token', 'lifespan=3600', `username=${user}`)).trim().replace('SLURM_JWT=', ''),
    async submit(...options) {
      const script = `touch ${folder}/begun/$SLURM_JOB_ID; until [ -e ${folder}/ended/$SLURM_JOB_ID ]; do sleep 0.2; done`;
      const said = await run('sbatch', '--parsable', '-o', '/dev/null', ...options, '--wrap', script);
      return said.trim();
    },
    finish: (job) => writeFile(join(real, 'ended', job), ''),
    begun: async () => (await readdir(join(real, 'begun'))).length,
    async clear() {
      await run('scancel', '--user=root');
      const out = (await run('sinfo', '-h', '-N', '-t', 'drain,down,fail,reboot', '-o', '%N'))
        .split('\n')
        .filter(Boolean);
      for (const node of new Set(out)) await run('scontrol', 'update', `nodename=${node}`, 'state=resume');
      await until(async () => (await run('squeue', '-h', '-a', '-t', 'PD,R,S,CG')) === '');
      await until(idle);
      for (const job of await readdir(join(real, 'begun'))) await rm(join(real, 'begun', job));
    },
    async close() {
      await run('scancel', '--user=root').catch(() => '');
      for (const child of began.toReversed()) await end(child);
      await rm(real, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  try {
    const munge = ['key-file', 'socket', 'seed-file', 'pid-file', 'log-file'];
    const files = ['munge.key', 'munge.sock', 'munge/seed', 'munge/pid', 'munge/log'];
    const paths = munge.map((option, at) => `--${option}=${join(folder, files[at] ?? '')}`);
    start('ctl', 'munged', '--foreground', '--force', ...paths);
    start('ctl', 'slurmctld', '-D', '-f', conf);
    for (const node of nodeNames) start(node, 'slurmd', '-D', '-N', node, '-f', conf);
    // Without accounting, any other that a slurmrestd would load ends it at once.
    const plugin = isOld(version) ? 'openapi/v0.0.38' : 'slurmctld';
    start('ctl', 'slurmrestd', '-a', 'rest_auth/jwt', '-s', plugin, `127.0.0.1:${rest}`);
    await until(idle);
    await until(() => fetch(cluster.origin).then(() => true));
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

function isOld(version: string): boolean {
  return Number.parseFloat(version) < 23;
}

/** Waits for what is so in a while; its errors are those of a server that is not up yet. */
async function until(so: () => Promise<boolean>): Promise<void> {
  const check = async () => {
    if (!(await so())) throw new Error('a cluster of Slurm does not come to rest');
  };
  await vi.waitFor(check, { timeout: 120_000, interval: 100 });
}

async function writeFolder(real: string, conf: string): Promise<void> {
  for (const folder of ['begun', 'ended', 'munge', 'state', ...nodeNames.map((node) => `spool.${node}`)]) {
    await mkdir(join(real, folder), { mode: 0o700 });
  }
  await writeFile(join(real, 'munge.key'), randomBytes(1024), { mode: 0o600 });
  await writeFile(join(real, 'jwt.key'), randomBytes(32), { mode: 0o600 });
  await writeFile(join(real, 'slurm.conf'), conf);
}

/**
 * In namespaces of its own: a host name, since a slurmd knows itself by it; processes, so that a job's end with it; and
 * mounts, for a /proc that fits and a folder that has none.
 */
function startProgram(root: string, host: string, conf: string, command: string[]): ChildProcess {
  const devices = root === '/' ? '' : 'mount --rbind /dev "$0/dev" && ';
  const script = `hostname "$1" && mount -t proc proc "$0/proc" && ${devices}shift && exec chroot "$0" "$@"`;
  const apart = ['unshare', '--uts', '--mount', '--pid', '--fork', '--kill-child'];
  // unshare takes no SIGTERM while it waits; by SIGKILL all that it began ends with it, also when the run is killed.
  const line = ['--pdeathsig', 'KILL', ...apart, 'sh', '-c', script, root, host, ...command];
  // slurmrestd takes a token of nobody's at its start, and those of its clients afterwards; the others would take to it.
  const rest = command[0] === 'slurmrestd' ? { SLURM_JWT: 'daemon', SLURMRESTD_SECURITY: 'disable_user_check' } : {};
  const env = { ...process.env, SLURM_CONF: conf, ...rest };
  return spawn('setpriv', line, { env, stdio: 'ignore' });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** Free when they were looked for; all are held until the last is found, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = servers.map(
    (server) =>
      new Promise<number>((resolve) => {
        server.listen(0, '127.0.0.1', () => {
          const at = server.address();
          resolve(typeof at === 'object' && at !== null ? at.port : 0);
        });
      }),
  );
  const found = await Promise.all(ports);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}
