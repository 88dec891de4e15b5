/** Configuration of `dnsmasq` as DHCP, proxy-DHCP and TFTP server, from what the MDB says. Pure. */
import { parseCidr } from '../domain/address.ts';
import type { Lease, LeaseNetwork } from '../mdb/places/leases.ts';
import { RenderError } from './render.ts';

export interface DhcpSetting {
  /** `serve` leases addresses; `proxy` leaves them to another server and only says where to boot from. */
  readonly mode: 'serve' | 'proxy';
  readonly interfaces: readonly string[];
  /** Origin of the birther as machines see it. */
  readonly bootUrl: string;
  /** Below it lie `undionly.kpxe`, `snponly.efi`, `snponly-arm64.efi`; the birther serves the same at `/files/tftp/`. */
  readonly tftpRoot: string;
  readonly hostsFile: string;
  readonly leaseFile: string;
  readonly pidFile: string;
  /** The user that dnsmasq becomes; it must be able to read the files above. */
  readonly user: string;
  readonly networks: readonly LeaseNetwork[];
}

/** Boot loaders by client architecture (DHCP option 93; RFC 4578 and the IANA registry of processor types). */
const architectures = [
  { tag: 'bios', number: 0, file: 'undionly.kpxe', service: 'x86PC', http: false },
  { tag: 'efi64', number: 7, file: 'snponly.efi', service: 'X86-64_EFI', http: false },
  // Some firmware says 9 (EBC, read as x86-64 by everybody) for the same thing.
  { tag: 'efi64', number: 9, file: 'snponly.efi', service: 'BC_EFI', http: false },
  { tag: 'arm64', number: 11, file: 'snponly-arm64.efi', service: 'ARM64_EFI', http: false },
  { tag: 'http64', number: 16, file: 'snponly.efi', service: null, http: true },
  { tag: 'httparm64', number: 19, file: 'snponly-arm64.efi', service: null, http: true },
] as const;

// Short, so that an address lent before its machine was known is soon where the MDB says.
const birthLease = '10m';
const mainLease = '1h';
// dnsmasq's own limit is 1,000 leases, fewer than a hall of machines.
const leaseLimit = 100_000;

/** Renders the configuration file. Throws RenderError for a value that would not stay one value. */
export function renderDhcp(setting: DhcpSetting): string {
  const lines = [...renderProcess(setting), ...renderClients()];
  lines.push(...(setting.mode === 'serve' ? renderServe(setting) : renderProxy(setting)));
  return `${lines.join('\n')}\n`;
}

/** Renders the hosts file: one address a MAC, read again by SIGHUP. */
export function renderHosts(leases: readonly Lease[]): string {
  return leases.map(({ mac, address }) => `${checked('mac', mac)},${checked('address', address)}\n`).join('');
}

const shapes = {
  interface: /^[A-Za-z0-9._-]{1,15}$/,
  origin: /^https?:\/\/[a-z0-9][a-z0-9.-]{0,252}(:\d{1,5})?$/,
  path: /^\/[^\s,"'#\\\p{C}]{1,400}$/u,
  user: /^[a-z_][a-z0-9_-]{0,31}$/,
  mac: /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/,
  address: /^\d{1,3}(\.\d{1,3}){3}$/,
  tag: /^[A-Za-z0-9_-]{1,40}$/,
} as const;

function checked(shape: keyof typeof shapes, value: string): string {
  if (!shapes[shape].test(value)) {
    throw new RenderError(`${JSON.stringify(value)} cannot be written into dnsmasq's configuration as ${shape}`);
  }
  return value;
}

function renderProcess(setting: DhcpSetting): string[] {
  const interfaces = setting.interfaces.map((name) => checked('interface', name));
  return [
    '# Written by Farrier from its MDB; changes here are lost.',
    'port=0',
    'no-resolv',
    'no-hosts',
    'log-facility=-',
    'log-dhcp',
    `user=${checked('user', setting.user)}`,
    `pid-file=${checked('path', setting.pidFile)}`,
    'bind-interfaces',
    ...interfaces.map((name) => `interface=${name}`),
    'enable-tftp',
    `tftp-root=${checked('path', setting.tftpRoot)}`,
    'tftp-max=500',
    ...renderRouterAdvertisements(interfaces),
  ];
}

/**
 * iPXE asks for an IPv6 router between lease and script and waits 13 seconds for nobody. The answer names us as no
 * router (lifetime 0) and hands out no addresses.
 */
function renderRouterAdvertisements(interfaces: readonly string[]): string[] {
  return [
    'enable-ra',
    ...interfaces.flatMap((name) => [`dhcp-range=::,constructor:${name},ra-only,64,1h`, `ra-param=${name},4,0`]),
  ];
}

function renderClients(): string[] {
  return [
    ...architectures.map(({ tag, number }) => `dhcp-match=set:${tag},option:client-arch,${number}`),
    'dhcp-vendorclass=set:httpclient,HTTPClient',
    'dhcp-userclass=set:ipxe,iPXE',
  ];
}

function scriptUrl(setting: DhcpSetting): string {
  return `${checked('origin', setting.bootUrl)}/boot.ipxe`;
}

function renderServe(setting: DhcpSetting): string[] {
  const files = `${checked('origin', setting.bootUrl)}/files/tftp`;
  const distinct = architectures.filter(({ tag }, at) => architectures.findIndex((one) => one.tag === tag) === at);
  return [
    'no-ping',
    'dhcp-authoritative',
    `dhcp-lease-max=${leaseLimit}`,
    `dhcp-leasefile=${checked('path', setting.leaseFile)}`,
    `dhcp-hostsfile=${checked('path', setting.hostsFile)}`,
    ...setting.networks.flatMap(renderNetwork),
    `dhcp-boot=tag:ipxe,${scriptUrl(setting)}`,
    ...distinct.map(({ tag, file, http }) => `dhcp-boot=tag:!ipxe,tag:${tag},${http ? `${files}/${file}` : file}`),
    // UEFI takes an HTTP boot offer only from a server that names itself as one.
    'dhcp-option-force=tag:!ipxe,tag:httpclient,60,HTTPClient',
  ];
}

function renderNetwork(network: LeaseNetwork): string[] {
  const cidr = parseCidr(network.cidr);
  if (typeof cidr === 'string') throw new RenderError(`network ${network.id}: ${cidr}`);
  const tag = checked('tag', network.id);
  const [base = ''] = network.cidr.split('/');
  const mask = maskOf(cidr.prefix);
  const range =
    network.kind === 'birth' && network.first && network.last
      ? `${checked('address', network.first)},${checked('address', network.last)},${mask},${birthLease}`
      : `${checked('address', base)},static,${mask},${mainLease}`;
  const dns = network.dns.map((server) => checked('address', server));
  return [
    `dhcp-range=set:${tag},${range}`,
    // Without a value dnsmasq leaves the option out, instead of naming itself.
    `dhcp-option=tag:${tag},option:router${network.gateway ? `,${checked('address', network.gateway)}` : ''}`,
    `dhcp-option=tag:${tag},option:dns-server${dns.map((server) => `,${server}`).join('')}`,
  ];
}

function renderProxy(setting: DhcpSetting): string[] {
  const script = scriptUrl(setting);
  const services = architectures.flatMap(({ service, file }) => (service ? [{ service, file }] : []));
  return [
    ...setting.networks.map(({ cidr }) => `dhcp-range=${checked('address', cidr.split('/')[0] ?? '')},proxy`),
    ...services.map(({ service, file }) => `pxe-service=tag:!ipxe,${service},iPXE,${file}`),
    'pxe-prompt=tag:!ipxe,Farrier,0',
    ...services.map(({ service }) => `pxe-service=tag:ipxe,${service},Farrier,${script}`),
    // iPXE itself: `dhcp-boot` alone hung on BIOS, the services alone are not read by iPXE on UEFI.
    `dhcp-boot=tag:ipxe,${script}`,
  ];
}

function maskOf(prefix: number): string {
  const bits = (0xffffffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}
