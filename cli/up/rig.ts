import { z } from 'zod';
import { installPackages } from '../../host/packages.ts';
import { onPath } from '../../host/path.ts';
import { type Program, programService } from '../../host/program.ts';
import type { Supervisor } from '../../host/supervise.ts';
import { Trouble } from '../../host/trouble.ts';
import type { FirmwareChoice, Ports } from './options.ts';
import { apiOf, originsOf, ownProgram, type Setting } from './programs.ts';
import { homeGateways } from './site.ts';
import type { StepProgress } from './steps.ts';

/** What each way to serve machines that really boot runs on; what their images are built with is told by the build. */
const needed = { '--vm': ['qemu-system-x86_64', 'qemu-img', 'ip', 'dnsmasq'], '--interface': ['dnsmasq'] };

/**
 * Throws Trouble, a sentence, when machines that really boot cannot be served here; told before anything is started. On
 * Debian and Ubuntu what they and their images need is installed first, once.
 */
export async function checkReal(option: '--vm' | '--interface', path: string, progress: StepProgress): Promise<void> {
  if (process.platform !== 'linux') throw new Trouble(`${option} needs Linux; simulated racks (--sim) run anywhere`);
  if (process.getuid?.() !== 0)
    throw new Trouble(`${option} needs root, for its network; run it with sudo, or use simulated racks (--sim)`);
  const why = await installPackages('vm', (text) => progress.note(text));
  progress.note('');
  const wide = `${path}:/usr/local/sbin:/usr/sbin:/sbin`;
  const found = await Promise.all(needed[option].map((program) => onPath(program, wide)));
  const missing = needed[option].filter((_, i) => found[i] === null);
  if (missing.length === 0) return;
  throw new Trouble(`${option} needs ${missing.join(', ')}, which is not installed${why ? `: ${why}` : ''}`);
}

/** What the rig's process says of itself when it is ready. */
const rigShape = z.object({
  /** Begins a command line that is to run in the machines' network. */
  command: z.array(z.string()).min(1),
  bridge: z.string().min(1),
  accelerator: z.enum(['kvm', 'tcg']),
});

export interface RigSpec {
  readonly setting: Setting;
  readonly supervisor: Supervisor;
  readonly count: number;
  readonly firmware: FirmwareChoice;
  /** The MDB by its Unix socket: the only way to it from inside the machines' network. */
  readonly socketUrl: string;
}

// The network is the machines' own, so nothing else can have taken these.
const ports = { boot: 8080, agent: 8443 };

/**
 * Starts virtual machines in a network of their own, and there a birther, an agent API and DHCP for them.
 * The machines are powered on once those answer. Returns sentences about what is unusual.
 */
export async function startRig(spec: RigSpec): Promise<string[]> {
  const { setting, supervisor } = spec;
  const rig = ownProgram(setting, 'vm', 'sim/vm/main.ts', {
    FARRIER_API: apiOf(setting.ports),
    FARRIER_VM_COUNT: String(spec.count),
    FARRIER_VM_FIRMWARE: spec.firmware,
    // The rig's bridge is the router of both of the site's networks.
    FARRIER_VM_ADDRESSES: homeGateways.join(','),
    FARRIER_VM_AWAIT: `udp:67,tcp:${ports.boot},tcp:${ports.agent}`,
  });
  // It takes the power from its machines first.
  const { addresses } = await supervisor.start(programService({ ...rig, stopSeconds: 30 }));
  const { command, bridge, accelerator } = rigShape.parse(addresses);
  const host = homeGateways[0].split('/')[0] ?? '';
  const shared = { setting, mdbUrl: spec.socketUrl };
  await startServing(
    supervisor,
    servingPrograms({ ...shared, prefix: 'vm', host, ports, on: bridge, within: command }),
  );
  return accelerator === 'kvm'
    ? []
    : ['KVM does not work here, so the virtual machines are emulated: a birth takes minutes'];
}

/** Starts what answers machines at one network: birther, agent API and DHCP. */
export async function startServing(supervisor: Supervisor, programs: readonly Program[]): Promise<void> {
  await Promise.all(programs.map((program) => supervisor.start(programService(program))));
}

interface Serving {
  readonly setting: Setting;
  /** In front of the programs' names. */
  readonly prefix: string;
  readonly mdbUrl: string;
  /** Address that machines reach them at. */
  readonly host: string;
  readonly ports: Pick<Ports, 'boot' | 'agent'>;
  /** Network interface of that address. */
  readonly on: string;
  /** Begins a command line that is to run in another network. */
  readonly within?: readonly string[];
}

export function servingPrograms({ setting, prefix, mdbUrl, host, ports: own, on, within = [] }: Serving): Program[] {
  const origins = originsOf(host, own);
  const shared = { FARRIER_MDB_URL: mdbUrl, FARRIER_BOOT_URL: origins.boot, FARRIER_AGENT_URL: origins.agent };
  const serving = (name: string, main: string, env: Readonly<Record<string, string>>) =>
    ownProgram(setting, `${prefix}-${name}`, main, { ...shared, ...env }, within);
  return [
    serving('birther', 'boot/main.ts', { FARRIER_BOOT_LISTEN: `${host}:${own.boot}` }),
    serving('api', 'api/main.ts', { FARRIER_API_LISTEN: '', FARRIER_AGENT_LISTEN: `${host}:${own.agent}` }),
    serving('dhcp', 'boot/dhcp-main.ts', { FARRIER_DHCP_INTERFACES: on }),
  ];
}
