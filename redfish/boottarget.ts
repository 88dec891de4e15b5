/** What boards call the things to boot from: Redfish's names, and older ones, by their shape. Pure. */
import { strings } from './probe/action.ts';

export type BootTarget = 'network' | 'pxe' | 'http' | 'disk' | 'cd' | 'usb' | 'bios' | 'none';

/** Redfish's own name, best first, for controllers that list none. */
const standard: Readonly<Record<BootTarget, readonly string[]>> = {
  network: ['Pxe', 'UefiHttp'],
  pxe: ['Pxe'],
  http: ['UefiHttp'],
  disk: ['Hdd'],
  cd: ['Cd'],
  usb: ['Usb'],
  bios: ['BiosSetup'],
  none: ['None'],
};

/** Names without blanks, dashes and `Uefi` in front: `UefiUsbCd`, `CD/DVD`, `UsbKey`, `Hard-Disk`. */
const shapes: readonly [Exclude<BootTarget, 'network'>, RegExp][] = [
  ['http', /^(ipv[46])?http/],
  ['pxe', /^((ipv[46])?pxe|network|lan\d*$|nic)/],
  ['cd', /^(virtual|remote|v)?(usb)?(cd|dvd)/],
  ['usb', /^usb(?!.*(floppy|diskette))/],
  ['disk', /^(hdd|harddis[kc]|harddrive|ssd|nvme|disk(?!ette))/],
  ['bios', /^(bios)?setup$/],
  ['none', /^none$/],
];

/** What one of a controller's targets boots from; null for what none of ours means. */
export function meaningOf(name: string): Exclude<BootTarget, 'network'> | null {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return shapes.find(([, shape]) => shape.test(plain.replace(/^uefi/, '')))?.[0] ?? null;
}

/** Whether this target can be booted by UEFI only. */
export function needsUefi(name: string): boolean {
  return /^uefi/i.test(name) || meaningOf(name) === 'http';
}

/** The targets that any of these lists has, each once. */
export function listedTargets(...lists: readonly unknown[]): readonly string[] {
  return [...new Set(lists.flatMap(strings))];
}

/**
 * The controller's name for a target: Redfish's own before others, and of two that differ in the mode the one that the
 * machine boots by. Null where it lists none.
 */
export function chooseTarget(
  target: BootTarget,
  offered: readonly string[],
  firmware: 'bios' | 'uefi' | null | undefined,
): string | null {
  const fits = (name: string) => firmware !== 'bios' || !needsUefi(name);
  const own = standard[target].filter(fits);
  if (offered.length === 0) return own[0] ?? null;
  for (const kind of target === 'network' ? (['pxe', 'http'] as const) : [target]) {
    const named = offered.filter((name) => meaningOf(name) === kind && fits(name));
    const byMode = firmware === 'uefi' ? named.find((name) => /^uefi/i.test(name)) : undefined;
    const found = byMode ?? named.find((name) => own.includes(name)) ?? named[0];
    if (found !== undefined) return found;
  }
  return null;
}
