/**
 * The rig's own network: a namespace with a bridge as the switch and one tap a server. Whatever must talk to the
 * machines (dnsmasq, the birther, the agent API) is started inside it; nothing in it can reach the host's networks.
 */
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { identify, isAlive } from '../../host/identity.ts';
import { Trouble } from '../../host/trouble.ts';
import { endAll, runProcess } from './process.ts';
import { requireTools } from './tools.ts';

export interface NetworkOptions {
  /** Folder whose `network.json` records the namespace, so that a later run finds what a crash left. */
  readonly folder: string;
  /** Names of the taps, one a server, at most 15 characters each. */
  readonly taps: readonly string[];
  /** Namespaces are called `<prefix>-<hash of the folder>`; `farrier` by default. */
  readonly prefix?: string;
  /** The bridge's addresses with prefix length, the first one an IPv4 address; 192.168.77.1/24 by default. */
  readonly addresses?: readonly string[];
}

export interface RigNetwork {
  readonly name: string;
  /** The bridge, on which dnsmasq and the birther listen. */
  readonly bridge: string;
  /** The first address of the bridge, without the prefix length. */
  readonly gateway: string;
  /** Short folder for Unix sockets (their paths hold 107 characters at most); removed with the network. */
  readonly runtime: string;
  /** The same command line, run inside the namespace. */
  command(argv: readonly string[]): string[];
  /** Ends every process in the namespace and removes it. May be repeated. */
  remove(): Promise<void>;
}

const recordShape = z.object({ name: z.string().regex(/^[a-z0-9-]{1,64}$/), pid: z.number(), began: z.string() });
type Owner = z.infer<typeof recordShape>;

const standardAddresses: readonly string[] = ['192.168.77.1/24'];
// Without a router advertisement iPXE waits 13 seconds for one, so there is always a prefix to advertise.
const standardPrefix = 'fd77::1/64';

function addressesOf({ addresses = standardAddresses }: NetworkOptions): readonly string[] {
  return addresses.some((address) => address.includes(':')) ? addresses : [...addresses, standardPrefix];
}

const bridge = 'sw0';
const runtimeOf = (name: string) => `/run/${name}`;

/** Name of the namespace that belongs to a data folder. */
export function namespaceName(prefix: string, folder: string): string {
  return `${prefix}-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`;
}

async function exists(name: string): Promise<boolean> {
  return access(`/run/netns/${name}`).then(
    () => true,
    () => false,
  );
}

async function readOwner(file: string): Promise<Owner | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return recordShape.parse(JSON.parse(text));
  } catch {
    throw new Trouble(`${file} is not a record of a rig's network; look at it, and remove it if nothing needs it.`);
  }
}

async function removeNamespace(ip: string, name: string): Promise<void> {
  if (await exists(name)) {
    const inside = async () => {
      const { stdout } = await runProcess([ip, 'netns', 'pids', name]);
      return stdout.split('\n').filter(Boolean).map(Number);
    };
    await endAll(inside);
    await runProcess([ip, 'netns', 'del', name]);
  }
  await rm(runtimeOf(name), { recursive: true, force: true });
}

/** Removes what a crashed rig of this folder left; refuses while that rig lives. Never touches another folder's. */
export async function removeStaleNetwork(folder: string): Promise<string | null> {
  const file = join(folder, 'network.json');
  const owner = await readOwner(file);
  if (owner === null) return null;
  if (isAlive(owner)) {
    throw new Trouble(`Another rig (process ${owner.pid}) is using ${folder}: stop it first, or use another folder.`);
  }
  const { ip } = await requireTools(['ip']);
  await removeNamespace(ip, owner.name);
  await rm(file, { force: true });
  return owner.name;
}

/**
 * The command that runs another one inside a network namespace. By nsenter and not by `ip -n` or `ip netns exec`: these
 * remount `/` and `/sys` on the way, which the kernel refuses where `/` is no mount of its own, as in a plain chroot.
 */
export function inNamespace(name: string, argv: readonly string[]): string[] {
  return ['nsenter', `--net=/run/netns/${name}`, '--', ...argv];
}

async function checkRights(): Promise<void> {
  if (process.platform !== 'linux') throw new Trouble('Virtual machines run on Linux only; use simulated racks here.');
  if (process.getuid?.() !== 0) {
    throw new Trouble(
      'Virtual machines need root, for a network namespace of their own: run as root, or without --vm.',
    );
  }
  await access('/dev/net/tun').catch(() => {
    throw new Trouble(
      'Virtual machines need /dev/net/tun, which is missing: load the tun module, or run without --vm.',
    );
  });
}

async function build(ip: string, name: string, options: NetworkOptions): Promise<void> {
  const must = async (why: string, argv: string[]) => {
    const { code, stderr } = await runProcess(argv);
    if (code !== 0) throw new Trouble(`${why}: ${stderr.trim().split('\n').at(-1) ?? `ip ended with ${code}`}.`);
  };
  await must('The kernel refused a network namespace', [ip, 'netns', 'add', name]);
  const within = (why: string, ...argv: string[]) => must(why, inNamespace(name, [ip, ...argv]));
  await within('The loopback device would not come up', 'link', 'set', 'lo', 'up');
  // No forwarding delay: a server's first broadcast must not be lost while the port is learning.
  await within('The kernel refused a bridge', 'link', 'add', bridge, 'type', 'bridge', 'forward_delay', '0');
  for (const address of addressesOf(options)) {
    // IPv6 would first ask whether anybody else has it, and refuse to be used until then.
    const sure = address.includes(':') ? ['nodad'] : [];
    await within('The bridge refused its address', 'addr', 'add', address, 'dev', bridge, ...sure);
  }
  await within('The bridge would not come up', 'link', 'set', bridge, 'up');
  for (const tap of options.taps) {
    await within('The kernel refused a tap', 'tuntap', 'add', tap, 'mode', 'tap');
    await within('The bridge refused a tap', 'link', 'set', tap, 'master', bridge, 'up');
  }
}

/** Makes the network, after removing what a crash of the same folder left. Throws Trouble when it cannot. */
export async function createNetwork(options: NetworkOptions): Promise<RigNetwork> {
  await checkRights();
  const { ip } = await requireTools(['ip', 'nsenter']);
  await mkdir(options.folder, { recursive: true });
  const folder = await realpath(options.folder);
  await removeStaleNetwork(folder);
  const name = namespaceName(options.prefix ?? 'farrier', folder);
  if (await exists(name)) {
    throw new Trouble(
      `The network namespace ${name} exists, but not by this folder's record: \`ip netns del ${name}\`.`,
    );
  }
  const file = join(folder, 'network.json');
  // Recorded before it is made: a crash in between leaves a record without a namespace, never the reverse.
  const owner: Owner = { name, pid: process.pid, began: identify(process.pid)?.began ?? '' };
  await writeFile(file, JSON.stringify(owner));
  const remove = async () => {
    await removeNamespace(ip, name);
    await rm(file, { force: true });
  };
  try {
    await build(ip, name, options);
    await mkdir(runtimeOf(name), { recursive: true, mode: 0o700 });
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    name,
    bridge,
    gateway: addressesOf(options)[0]?.replace(/\/.*/, '') ?? '',
    runtime: runtimeOf(name),
    command: (argv) => inNamespace(name, argv),
    remove,
  };
}
