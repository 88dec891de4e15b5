import { type BootTarget, meaningOf } from './boottarget.ts';
import { part } from './links.ts';
import { strings } from './probe/action.ts';
import type { BootOffer } from './probe.ts';
import { openReader } from './read/reader.ts';
import { readText } from './read/values.ts';
import type { Session } from './session.ts';
import type { Json } from './transport.ts';

/** An entry of the firmware's own order: `Boot0003`, and what it boots from. */
export interface BootOption {
  readonly reference: string;
  readonly kind: BootTarget | null;
}

const network = new Set<BootTarget | null>(['pxe', 'http']);

/**
 * What an option boots from: by its UEFI device path (UEFI 2.10, 10.3), by its alias, which is one of Redfish's targets,
 * and only then by a name that anybody may have written.
 */
export function optionOf(option: Json): BootOption {
  const reference = readText(option.BootOptionReference) ?? readText(option.Id) ?? '';
  const path = readText(option.UefiDevicePath) ?? '';
  const alias = meaningOf(readText(option.Alias) ?? '');
  const name = readText(option.DisplayName) ?? readText(option.Name) ?? '';
  return { reference, kind: kindByPath(path) ?? (alias === 'none' ? null : alias) ?? kindByName(name) };
}

/** The end of a path says more than its beginning: a network card may be on USB, and so may a disk. */
function kindByPath(path: string): BootTarget | null {
  if (/\bUri\(/i.test(path)) return 'http';
  if (/\b(IPv[46]|MAC)\(|^BBS\((Network|NIC|LAN|PXE)/i.test(path)) return 'pxe';
  if (/\bUsb(Class|Wwid)?\(|^BBS\(Usb/i.test(path)) return 'usb';
  if (/\bCDROM\(|^BBS\(CD/i.test(path)) return 'cd';
  const disk = /\b(HD|NVMe|Sata|Ata|Scsi|SasEx|Fibre|FibreEx|iSCSI|SD|eMMC|UFS|NVDIMM|RamDisk)\(|^BBS\((HD|Hard)/i;
  return disk.test(path) ? 'disk' : null;
}

function kindByName(name: string): BootTarget | null {
  if (/\bUefiHttp\b|\bHTTP/i.test(name)) return 'http';
  if (/\bPXE/i.test(name)) return 'pxe';
  if (/\bUSB/i.test(name)) return 'usb';
  if (/\bCD|\bDVD/i.test(name)) return 'cd';
  if (/\bHDD\b|\bNVMe\b|\bSSD\b|\bdisk\b|hard ?(dri|dis)/i.test(name)) return 'disk';
  return /\b(network|LAN|LOM|NIC)\b/i.test(name) ? 'pxe' : null;
}

/** The order with what is wanted in front, everything else as it was; null when nothing in it is that. */
export function reordered(
  order: readonly string[],
  options: readonly BootOption[],
  target: BootTarget,
): readonly string[] | null {
  const kinds = new Map(options.map(({ reference, kind }) => [reference, kind]));
  const wanted = (reference: string) => {
    // Some orders are of aliases, and not of options.
    const kind = kinds.has(reference) ? (kinds.get(reference) ?? null) : meaningOf(reference);
    return kind !== null && (target === 'network' ? network.has(kind) : kind === target);
  };
  const front = order.filter(wanted);
  return front.length === 0 ? null : [...front, ...order.filter((reference) => !wanted(reference))];
}

export interface OrderPlan {
  readonly path: string;
  readonly boot: { readonly BootOrder: readonly string[] };
  /** As it is now. */
  readonly was: readonly string[];
}

/**
 * Plans the firmware's own order, for controllers that override the boot once only (quirk 42), or not at all; null
 * without one. A pending order may be empty or in part beside the one in force: the fullest is what is put in order.
 */
export async function planOrder(
  session: Session,
  { optionsPath, orderPath }: BootOffer,
  target: BootTarget,
  systemPath: string,
): Promise<OrderPlan | null> {
  if (orderPath === null) return null;
  const places = [...new Set([orderPath, systemPath])];
  const orders = await Promise.all(places.map((path) => readBootOrder(session, path)));
  const was = orders.reduce((max, order) => (order.length > max.length ? order : max), [] as readonly string[]);
  const options = optionsPath === null ? [] : await (await openReader(session)).members({ '@odata.id': optionsPath });
  const next = reordered(was, options.map(optionOf), target);
  return next === null ? null : { path: orderPath, boot: { BootOrder: next }, was };
}

export async function readBootOrder(session: Session, path: string): Promise<readonly string[]> {
  const { BootOrder: order } = part(await session.get(path), 'Boot');
  // What is no text could not be sent back as it was.
  return strings(order);
}

export function sameOrder(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((entry, index) => entry === other[index]);
}
