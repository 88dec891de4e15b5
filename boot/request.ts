import { cleanText, isSameSerial, isSameUuid, normaliseSerial, normaliseUuid } from '../domain/identity/identity.ts';
import { normaliseMac } from '../domain/machine.ts';

export type Platform = 'bios' | 'efi';
export type Architecture = 'x86_64' | 'arm64';

/** A boot request as the birther understands it; what cannot be read is null. */
export interface BootRequest {
  /** Normalised; null when it is not the MAC of a NIC. */
  readonly mac: string | null;
  readonly uuid: string | null;
  readonly serial: string | null;
  readonly vendor: string | null;
  readonly product: string | null;
  readonly platform: Platform | null;
  readonly arch: Architecture;
}

// Firmware on i386 hands over to the same 64-bit kernel: iPXE built for BIOS calls itself i386 everywhere.
// Maps, not objects: the words come from the network, and an object also knows `constructor`.
const architectures = new Map<string, Architecture>([
  ['arm64', 'arm64'],
  ['aarch64', 'arm64'],
]);
const platforms = new Map<string, Platform>([
  ['bios', 'bios'],
  ['pcbios', 'bios'],
  ['efi', 'efi'],
  ['uefi', 'efi'],
]);

/** Reads the query of `/boot.ipxe`. Junk identities (all-zero UUIDs, `To be filled by O.E.M.`) count as absent. */
export function readBootRequest(query: URLSearchParams): BootRequest {
  const fields = rejoin(query);
  const field = (name: string) => fields.get(name)?.slice(0, 256) ?? '';
  return {
    mac: normaliseMac(field('mac')),
    uuid: normaliseUuid(field('uuid')),
    serial: normaliseSerial(field('serial')),
    vendor: cleanText(field('vendor')),
    product: cleanText(field('product')),
    platform: platforms.get(field('platform').toLowerCase()) ?? null,
    arch: architectures.get(field('arch').toLowerCase()) ?? 'x86_64',
  };
}

/** What a boot script asks for (`boot/render.ts`), in its order. */
const fieldNames = new Set(['mac', 'uuid', 'serial', 'product', 'vendor', 'platform', 'arch', 'nic']);

/**
 * The values as firmware has them. iPXE's `:uristring` leaves `&` as it is, so what follows under a name that was not
 * asked for belongs to the value before. A byte above 0x7f it writes with its sign (`%FFFFFFFFFFFFC4`): a dash stands
 * for it, as the agent writes one for what is no UTF-8. The first value of a name counts.
 */
function rejoin(query: URLSearchParams): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let last: string | null = null;
  for (const [name, value] of query) {
    if (fieldNames.has(name)) {
      last = fields.has(name) ? null : name;
      if (last !== null) fields.set(name, value);
    } else if (last !== null) fields.set(last, `${fields.get(last)}&${name}${value === '' ? '' : `=${value}`}`);
  }
  return new Map(
    [...fields].map(([name, value]) => [name, value.replace(/\uFFFD(?:(?:FF){2,5}[89A-F][0-9A-F])?/g, '-')]),
  );
}

/** What the machine says it is against what the MDB recorded: the factor that differs, in words, or null. */
export function identityMismatch(
  request: Pick<BootRequest, 'uuid' | 'serial'>,
  recorded: { readonly systemUuid: string | null; readonly serial: string | null },
): string | null {
  const uuid = normaliseUuid(recorded.systemUuid);
  if (uuid && request.uuid && !isSameUuid(request.uuid, uuid)) {
    return `system UUID ${request.uuid} instead of ${uuid}`;
  }
  const serial = normaliseSerial(recorded.serial);
  if (serial && request.serial && !isSameSerial(request.serial, serial)) {
    return `serial number ${request.serial} instead of ${serial}`;
  }
  return null;
}

/** Whether it is another machine for certain: its UUID is another, and no serial number agrees. */
export function isAnother(
  request: Pick<BootRequest, 'uuid' | 'serial'>,
  recorded: { readonly systemUuid: string | null; readonly serial: string | null },
): boolean {
  const uuid = normaliseUuid(recorded.systemUuid);
  if (uuid === null || request.uuid === null || isSameUuid(request.uuid, uuid)) return false;
  const serial = normaliseSerial(recorded.serial);
  return serial === null || request.serial === null || !isSameSerial(request.serial, serial);
}
