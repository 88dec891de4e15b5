import { normaliseSerial, normaliseUuid } from '../../domain/identity/identity.ts';
import { normaliseMac } from '../../domain/machine.ts';
import type { Json } from '../transport.ts';
import { readText, valueAt } from './values.ts';

/** What tells one machine from all others. Fillers and blanks are null (quirk 62). */
export interface Identity {
  readonly vendor: string | null;
  readonly product: string | null;
  /** The one on the machine's label: Dell's service tag, elsewhere the system's or its case's serial number. */
  readonly serial: string | null;
  readonly boardSerial: string | null;
  readonly chassisSerial: string | null;
  readonly sku: string | null;
  readonly uuid: string | null;
  readonly assetTag: string | null;
}

/** Identity of a host in its case; pure. */
export function identityOf(host: Json, box: Json | null): Identity {
  const serial = known(host.SerialNumber);
  const sku = known(host.SKU);
  const vendor = readText(host.Manufacturer) ?? readText(box?.Manufacturer);
  const chassisSerial = known(box?.SerialNumber);
  // Dell shows the board's serial number as the system's, and the service tag as its SKU.
  const dell = /^dell\b/i.test(vendor ?? '') && sku !== null;
  return {
    vendor,
    product: readText(host.Model) ?? readText(box?.Model),
    serial: dell ? sku : (serial ?? chassisSerial),
    boardSerial: dell ? serial : known(valueAt(box, 'Oem', 'Supermicro', 'BoardSerialNumber')),
    chassisSerial: dell ? null : chassisSerial,
    sku: sku ?? known(box?.SKU),
    uuid: normaliseUuid(readText(host.UUID)),
    assetTag: known(host.AssetTag) ?? known(box?.AssetTag),
  };
}

/** Text that tells one thing from another; null for what firmware prints instead. */
export function known(value: unknown): string | null {
  return normaliseSerial(readText(value));
}

/** A MAC in Farrier's notation; null for GUIDs, blanks and multicast addresses. */
export function macOfText(value: unknown): string | null {
  return normaliseMac(readText(value) ?? '');
}
