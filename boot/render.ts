/**
 * iPXE scripts, rendered from values that are checked one by one: an iPXE script is a program, and a line break, a
 * quote or `${` in a value would be more of it. Pure.
 */
import type { Architecture, Platform } from './request.ts';

/** A value that would not stay a value in a script; the message names the value, never its content. */
export class RenderError extends Error {
  override readonly name = 'RenderError';
}

/** Where machines find the birther and the agent API, and what the kernel is told about the console. */
export interface Surroundings {
  /** Origin of the birther as machines see it, e.g. `http://192.168.77.1:8080`. */
  readonly bootUrl: string;
  /** Origin of the agent API as machines see it. */
  readonly agentUrl: string;
  /** Kernel consoles, the last one is the agent's: e.g. `['tty0', 'ttyS0,115200']`. */
  readonly consoles: readonly string[];
}

export interface Bootstrap {
  readonly mac: string;
  readonly token: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly fast: boolean;
  readonly address: string | null;
  readonly arch: Architecture;
}

const shapes = {
  origin: /^https?:\/\/[a-z0-9][a-z0-9.-]{0,252}(:\d{1,5})?$/,
  mac: /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/,
  token: /^[A-Za-z0-9_-]{43}$/,
  time: /^\d{1,12}$/,
  address: /^\d{1,3}(\.\d{1,3}){3}$/,
  console: /^[a-z]{3,8}\d{0,2}(,\d{1,7}[a-z]?\d?)?$/i,
  seconds: /^\d{1,4}$/,
  // What a person reads on the console: no character that iPXE gives a meaning, and no line break of any kind.
  message: /^[A-Za-z0-9 .,:;()/_-]{1,200}$/,
} as const;

/** The value, when it has the shape; throws RenderError otherwise. The shapes hold neither `$`, quotes nor controls. */
function checked(shape: keyof typeof shapes, value: string | number): string {
  const text = String(value);
  if (!shapes[shape].test(text)) throw new RenderError(`a boot script cannot hold this as its ${shape}`);
  return text;
}

/** What iPXE fills in for itself; the only expansions in any script. */
const expand = (setting: string) => ['$', `{${setting}}`].join('');
const machineQuery = Object.entries({
  mac: 'netX/mac',
  uuid: 'uuid',
  serial: 'serial:uristring',
  product: 'product:uristring',
  vendor: 'manufacturer:uristring',
  platform: 'platform',
  arch: 'buildarch',
  nic: 'netX/chip:uristring',
})
  .map(([name, setting]) => `${name}=${expand(setting)}`)
  .join('&');

function script(...lines: readonly string[]): string {
  return ['#!ipxe', ...lines, ''].join('\n');
}

/** Asks again for ever, five seconds after a failure: a machine must outlive a birther that is being restarted. */
function askAgain(surroundings: Surroundings): string[] {
  const origin = checked('origin', surroundings.bootUrl);
  return [':ask', `chain --replace ${origin}/boot.ipxe?${machineQuery} ||`, 'sleep 5', 'goto ask'];
}

/** For a request without a MAC: the address that any DHCP server can hand out, without variables in it. */
export function renderDiscover(surroundings: Surroundings): string {
  return script(...askAgain(surroundings));
}

export function renderWait(surroundings: Surroundings, seconds: number, message: string): string {
  const line = `echo Farrier: ${plainMessage(message)}. Asking again in ${checked('seconds', seconds)} s.`;
  return script(line, `sleep ${checked('seconds', seconds)}`, ...askAgain(surroundings));
}

/**
 * Boots the local disk by a small loader that finds the one that Farrier installed for this machine (docs/boot.md), the
 * same for all machines. Where a BIOS machine's is not there, its first disk is booted.
 */
export function renderLocal(surroundings: Surroundings, platform: Platform | null, arch: Architecture): string {
  const loader = arch === 'arm64' ? 'local-arm64.efi' : 'local.efi';
  const efi = `chain --autofree ${checked('origin', surroundings.bootUrl)}/files/boot/${loader} || exit 1`;
  const find = `chain --autofree ${checked('origin', surroundings.bootUrl)}/files/boot/local.pxe ||`;
  const bios = [find, 'sanboot --no-describe --drive 0x80 || exit 1'];
  if (platform === 'bios') return script(...bios);
  if (platform === 'efi') return script(efi);
  return script(`iseq ${expand('platform')} efi && goto efi ||`, ...bios, ':efi', efi);
}

// An emulated processor on a busy host fails the kernel's check of its timer and then hangs; boards that need the check
// are older than anything that this image drives.
const steady = 'quiet panic=10 no_timer_check';

/** Boots the bootstrap image; kernel arguments as in docs/agent.md. */
export function renderBootstrap(surroundings: Surroundings, bootstrap: Bootstrap): string {
  const suffix = bootstrap.arch === 'arm64' ? '-arm64' : '';
  const files = checked('origin', surroundings.bootUrl);
  const kernel = [
    `kernel --name vmlinuz ${files}/files/boot/vmlinuz${suffix} initrd=initrd ${steady}`,
    ...surroundings.consoles.map((console) => `console=${checked('console', console)}`),
    `farrier.url=${checked('origin', surroundings.agentUrl)}`,
    `farrier.files=${files}`,
    `farrier.mac=${checked('mac', bootstrap.mac)}`,
    `farrier.token=${checked('token', bootstrap.token)}`,
    `farrier.time=${checked('time', bootstrap.time)}`,
    ...(bootstrap.address ? [`farrier.address=${checked('address', bootstrap.address)}`] : []),
    ...(bootstrap.fast ? ['farrier.fast=1'] : []),
  ].join(' ');
  const load = [`${kernel} || goto later`, `initrd --name initrd ${files}/files/boot/initrd${suffix} || goto later`];
  // The token in this script stays good when a download fails, but a fresh script is as cheap and cannot be stale.
  return script(...load, 'boot ||', ':later', 'imgfree', 'sleep 5', ...askAgain(surroundings));
}

/** Reasons come from our own sentences and from firmware; what does not fit is left out rather than refused. */
function plainMessage(message: string): string {
  const plain = message.replace(/[^A-Za-z0-9 .,:;()/_-]/g, '').slice(0, 200);
  return checked('message', plain || 'please wait');
}
