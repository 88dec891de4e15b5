import type { BootTarget } from './boot.ts';
import type { BootOffer } from './probe.ts';
import { openReader } from './read/reader.ts';
import { text } from './read/values.ts';
import type { Session } from './session.ts';
import type { Json } from './transport.ts';

/** An entry of the firmware's own order: `Boot0003`, and what it boots from. */
export interface BootOption {
  readonly reference: string;
  readonly kind: BootTarget | null;
}

const network = new Set<BootTarget | null>(['pxe', 'http']);

/**
 * What an option boots from: by its alias, the end of its UEFI device path (UEFI 2.10, 10.3), or its name where
 * firmware gives no path.
 */
export function optionOf(option: Json): BootOption {
  const reference = text(option.BootOptionReference) ?? '';
  const path = text(option.UefiDevicePath) ?? '';
  const name = `${text(option.Alias) ?? ''} ${text(option.DisplayName) ?? ''}`;
  return { reference, kind: kindByPath(path) ?? kindByName(name) };
}

function kindByPath(path: string): BootTarget | null {
  if (/\bUri\(/i.test(path)) return 'http';
  if (/\bIPv[46]\(/i.test(path)) return 'pxe';
  if (/\bUsb(Class|Wwid)?\(/i.test(path)) return 'usb';
  if (/\bCDROM\(/i.test(path)) return 'cd';
  return /\b(HD|NVMe|Sata|Scsi|SasEx)\(/i.test(path) ? 'disk' : null;
}

function kindByName(name: string): BootTarget | null {
  if (/\bUefiHttp\b|\bHTTP/i.test(name)) return 'http';
  if (/\bPXE/i.test(name)) return 'pxe';
  if (/\bUSB/i.test(name)) return 'usb';
  if (/\bCD|\bDVD/i.test(name)) return 'cd';
  return /\bHDD\b|\bNVMe\b|\bSSD\b|\bdisk\b|hard dri/i.test(name) ? 'disk' : null;
}

/** The order with what is wanted in front, everything else as it was; null when nothing in it is that. */
export function reordered(
  order: readonly string[],
  options: readonly BootOption[],
  target: BootTarget,
): readonly string[] | null {
  const kinds = new Map(options.map(({ reference, kind }) => [reference, kind]));
  const wanted = (reference: string) => {
    const kind = kinds.get(reference) ?? null;
    return kind !== null && (target === 'network' ? network.has(kind) : kind === target);
  };
  const front = order.filter(wanted);
  return front.length === 0 ? null : [...front, ...order.filter((reference) => !wanted(reference))];
}

/** Plans the firmware's own order, for controllers that override the boot once only (quirk 42); null without one. */
export async function planOrder(
  session: Session,
  { optionsPath, orderPath }: BootOffer,
  target: BootTarget,
): Promise<{ path: string; boot: { BootOrder: readonly string[] } } | null> {
  if (orderPath === null || optionsPath === null) return null;
  const { Boot: boot } = (await session.get(orderPath)) as { Boot?: { BootOrder?: unknown } };
  const order = Array.isArray(boot?.BootOrder) ? boot.BootOrder.map(String) : [];
  const options = await (await openReader(session)).members({ '@odata.id': optionsPath });
  const next = reordered(order, options.map(optionOf), target);
  if (next === null) return null;
  return { path: orderPath, boot: { BootOrder: next } };
}
