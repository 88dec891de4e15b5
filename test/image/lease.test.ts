/** What the agent makes of a DHCP lease: busybox's own client and dnsmasq, on a link in network namespaces of their own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ended } from '../../sim/vm/process.ts';
import { inside, ip, ipIn, whyNoLink } from './link.ts';
import { type AgentShell, openShell } from './shell.ts';

const reason = whyNoLink('dnsmasq', 'busybox');
const [machine, site] = ['m', 's'].map((end) => `farrier-dhcp-${process.pid}${end}`) as [string, string];

describe.skipIf(reason !== null)(`a lease${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let shell: AgentShell;
  let server: ChildProcess | null = null;

  beforeAll(() => {
    shell = openShell();
    for (const name of [machine, site]) {
      ip('netns', 'add', name);
      ipIn(name, 'link', 'set', 'lo', 'up');
    }
    ipIn(machine, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'up0', 'netns', site);
    ipIn(site, 'addr', 'add', '10.9.9.1/16', 'dev', 'up0');
    ipIn(site, 'link', 'set', 'up0', 'up');
  });
  afterEach(async () => {
    await stopServer();
    const left = ip('netns', 'pids', machine).split('\n').filter(Boolean).map(Number);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    ipIn(machine, 'addr', 'flush', 'dev', 'eth0');
    ipIn(machine, 'link', 'set', 'eth0', 'mtu', '1500');
  });
  afterAll(() => {
    for (const name of [machine, site]) ip('netns', 'del', name);
    shell.close();
  });

  async function serve(...options: string[]): Promise<void> {
    const leases = join(shell.folder, 'leases');
    const argv = [
      '-k',
      '-C',
      '/dev/null',
      '-p',
      '0',
      '--no-ping',
      '--interface=up0',
      '--bind-interfaces',
      '--user=root',
    ];
    const range = [
      '--dhcp-range=10.9.0.10,10.9.0.20,255.255.0.0,1h',
      `--dhcp-leasefile=${leases}`,
      '--pid-file=',
      '--dhcp-authoritative',
    ];
    server = spawn(...inside(site, 'dnsmasq', ...argv, ...range, ...options), {
      stdio: 'ignore',
    });
  }
  async function stopServer(): Promise<void> {
    server?.kill('SIGTERM');
    if (server) await ended(server, 10_000);
    server = null;
  }

  /** The agent's own way to an address, on the machine's side of the link. */
  async function up(): Promise<void> {
    const text = `PATH='${shell.path}'; boot_if=eth0; . '${shell.folder}/lib/network.sh'; alive() { :; }; say() { :; }; ask_dhcp`;
    execFileSync(...inside(machine, 'busybox', 'sh', '-c', text), {
      stdio: 'ignore',
      timeout: 60_000,
    });
  }
  const routes = () =>
    ipIn(machine, 'route')
      .split('\n')
      .map((line) => line.trim().replace(/ (proto|src|scope) \S+/g, ''))
      .filter(Boolean);
  const address = () => /inet (\S+)/.exec(ipIn(machine, '-4', 'addr', 'show', 'dev', 'eth0'))?.[1];
  const mtu = () => Number(/mtu (\d+)/.exec(ipIn(machine, 'link', 'show', 'eth0'))?.[1]);

  it('N-5: of one address, whose router is outside of it, reaches that router', async () => {
    await serve('--dhcp-option-force=1,255.255.255.255', '--dhcp-option=3,10.9.9.1');
    await up();
    expect(address()).toMatch(/^10\.9\.0\.\d+\/32$/);
    expect(routes()).toEqual(expect.arrayContaining(['10.9.9.1 dev eth0', 'default via 10.9.9.1 dev eth0']));
    execFileSync(...inside(machine, 'busybox', 'ping', '-c', '1', '-W', '5', '10.9.9.1'));
  });

  it('N-5: with an MTU has it, and one that no network has is passed over', async () => {
    await serve('--dhcp-option=26,1400', '--dhcp-option=3,10.9.9.1');
    await up();
    expect(mtu()).toBe(1400);
    expect(routes()).toContain('default via 10.9.9.1 dev eth0');
  });

  it('N-5: with classless routes has these, and not that of the router', async () => {
    const list = '172.16.0.0/12,10.9.9.1,192.168.50.0/24,0.0.0.0,10.200.0.0/16,10.77.0.1,0.0.0.0/0,10.9.9.1';
    await serve(`--dhcp-option-force=121,${list}`, '--dhcp-option=3,10.9.8.8');
    await up();
    expect(routes()).toEqual(
      expect.arrayContaining([
        '172.16.0.0/12 via 10.9.9.1 dev eth0',
        '192.168.50.0/24 dev eth0',
        // By a router that is outside of the network, and so on the link.
        '10.200.0.0/16 via 10.77.0.1 dev eth0',
        'default via 10.9.9.1 dev eth0',
      ]),
    );
    expect(routes().join()).not.toContain('10.9.8.8');
  });

  it('N-5: is renewed for as long as the agent runs', async () => {
    await serve('--dhcp-option=3,10.9.9.1');
    await up();
    const first = address();
    expect(existsSync(join(shell.folder, 'run/udhcpc.pid'))).toBe(true);
    expect(ip('netns', 'pids', machine).trim()).not.toBe('');
    expect(first).toMatch(/\/16$/);
  });

  function lease(event: string, given: Record<string, string>): void {
    const env = { ...process.env, interface: 'eth0', mask: '16', router: '10.9.9.1', ...given };
    const argv = ['env', `PATH=${shell.path}`, 'busybox', 'sh', join(shell.folder, 'lib/lease'), event];
    execFileSync(...inside(machine, ...argv), { env });
  }

  it('N-5: that another server gives at a renewal takes the place of the first, whole', () => {
    ipIn(machine, 'link', 'set', 'eth0', 'up');
    lease('bound', { ip: '10.9.0.30' });
    lease('renew', { ip: '10.8.0.31', mask: '24', router: '10.8.0.1' });
    expect(address()).toBe('10.8.0.31/24');
    expect(routes().filter((line) => line.startsWith('default'))).toEqual(['default via 10.8.0.1 dev eth0']);
  });

  it('N-5: that stays the same is left alone: its address is not taken off and put on again', async () => {
    ipIn(machine, 'link', 'set', 'eth0', 'up');
    lease('bound', { ip: '10.9.0.30' });
    ipIn(machine, 'route', 'add', '10.55.0.0/16', 'via', '10.9.9.1');
    lease('renew', { ip: '10.9.0.30' });
    expect(address()).toBe('10.9.0.30/16');
    expect(routes()).toContain('10.55.0.0/16 via 10.9.9.1 dev eth0');
  });

  it('N-5: that is over takes the address away', () => {
    ipIn(machine, 'link', 'set', 'eth0', 'up');
    lease('bound', { ip: '10.9.0.30' });
    lease('deconfig', {});
    expect(address()).toBeUndefined();
  });
});
