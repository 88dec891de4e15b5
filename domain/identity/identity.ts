/**
 * Serial numbers, UUIDs and MACs as identity factors: one form each, one comparison each, for whoever reads them: a
 * boot request, an agent's inventory, a controller, the MDB. What firmware prints where a value should be is null. Pure.
 */
import { isFiller, isFillerUuid, swapBytes } from './filler.ts';

/** Text from firmware without control characters and outer blanks, at most 128 characters; null when nothing is left. */
export function cleanText(text: string | null | undefined): string | null {
  const clean = (text ?? '').replace(/\p{C}/gu, '').trim().slice(0, 128);
  return clean === '' ? null : clean;
}

/** A serial number in one form, or null for a filler (`domain/identity/filler.ts`) and for what no comparison could tell apart. */
export function normaliseSerial(text: string | null | undefined): string | null {
  const clean = cleanText(text);
  return clean === null || serialKey(clean).length < 2 || isFiller(clean) ? null : clean;
}

/** Any UUID in lower case with dashes; null for what is not 128 bits. */
export function readUuid(text: string | null | undefined): string | null {
  const hex = (text ?? '').trim().toLowerCase().replace(/[{}-]/g, '');
  return /^[0-9a-f]{32}$/.test(hex) ? dashed(hex) : null;
}

/** A system UUID in lower case with dashes; null where it is none or says nothing (`domain/identity/filler.ts`). */
export function normaliseUuid(text: string | null | undefined): string | null {
  const uuid = readUuid(text);
  return uuid === null || isFillerUuid(uuid.replaceAll('-', '')) ? null : uuid;
}

function dashed(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A UUID in both orders of its bytes: whoever looks one up asks for either. */
export function uuidForms(uuid: string): readonly [string, string] {
  return [uuid, dashed(swapBytes(uuid.replaceAll('-', '')))];
}

export function isSameUuid(one: string, other: string): boolean {
  return uuidForms(one.toLowerCase()).includes(other.toLowerCase());
}

/**
 * What of a serial number survives every way that it comes: letters and digits of ASCII, in lower case. A query turns
 * a plus into a blank, loaders cut or escape other signs, and bytes above 0x7f are read differently by each.
 */
export function serialKey(serial: string): string {
  return serial.toLowerCase().replace(/[^a-z0-9]/g, '');
}

export function isSameSerial(one: string, other: string): boolean {
  return serialKey(one) === serialKey(other);
}
