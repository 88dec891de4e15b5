import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { awaitListeners } from '../../sim/vm/listeners.ts';
import type { RigNetwork } from '../../sim/vm/network.ts';
import { ended } from '../../sim/vm/process.ts';

export interface BootRequestSeen {
  readonly path: string;
  readonly mac: string;
  readonly platform?: string;
  readonly uuid?: string;
  readonly serial?: string;
  readonly time: number;
}

export interface ThrowawayBoot {
  /** Requests so far, oldest first. */
  readonly requests: readonly BootRequestSeen[];
  stop(): Promise<void>;
}

const port = 8080;

function dnsmasqArguments(network: RigNetwork, tftp: string): string[] {
  const script = `http://${network.gateway}:${port}/boot.ipxe?mac=\${net0/mac}&platform=\${platform}&uuid=\${uuid}&serial=\${serial}`;
  return [
    ...['-k', '-C', '/dev/null', '-p', '0', '--no-ping', '--bind-interfaces', `--interface=${network.bridge}`],
    // Without router advertisements iPXE waits 13 seconds for one.
    ...['--enable-ra', '--dhcp-range=fd77::,ra-only,64,1h', `--ra-param=${network.bridge},4`],
    ...['--dhcp-range=192.168.77.50,192.168.77.99,255.255.255.0,1h', `--dhcp-leasefile=${join(tftp, 'leases')}`],
    ...['--pid-file=', '--user=root', '--dhcp-userclass=set:ipxe,iPXE', '--dhcp-match=set:efi64,option:client-arch,7'],
    ...['--dhcp-boot=tag:efi64,tag:!ipxe,snponly.efi', `--dhcp-boot=tag:ipxe,${script}`],
    ...['--enable-tftp', `--tftp-root=${tftp}`, `--log-facility=${join(tftp, 'dnsmasq.log')}`],
  ];
}

/** dnsmasq and the boot server in the rig's namespace; ready when both listen. */
export async function startBoot(network: RigNetwork, folder: string): Promise<ThrowawayBoot> {
  const tftp = join(folder, 'tftp');
  await mkdir(tftp, { recursive: true });
  await copyFile('/usr/lib/ipxe/snponly.efi', join(tftp, 'snponly.efi'));
  const requests: BootRequestSeen[] = [];
  const server = fileURLToPath(new URL('./bootserver.ts', import.meta.url));
  const children = [
    start(network, [process.execPath, server, network.gateway, String(port)], (line) =>
      requests.push(JSON.parse(line)),
    ),
    start(network, ['dnsmasq', ...dnsmasqArguments(network, tftp)], () => {}),
  ];
  const wanted = [
    { protocol: 'udp', port: 67 },
    { protocol: 'tcp', port },
  ] as const;
  if (!(await awaitListeners(network, wanted, AbortSignal.timeout(60_000)))) throw new Error('nobody answers boot');
  const stop = async () => {
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(children.map((child) => ended(child, 10_000)));
  };
  return { requests, stop };
}

function start(network: RigNetwork, argv: readonly string[], line: (text: string) => void): ChildProcess {
  const [file = '', ...rest] = network.command(argv);
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout) createInterface(child.stdout).on('line', line);
  return child;
}
