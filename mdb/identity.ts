/**
 * Serial numbers and UUIDs as identity factors: one form each, and null for what firmware prints where a value
 * should be. A factor that many machines share identifies none of them. Pure; imports nothing.
 */

/** Seen in DMI tables and Redfish trees instead of a value (quirk 62: Supermicro, Dell, HPE, OpenBMC, AMI). */
const fillers = new Set([
  'to be filled by o.e.m.',
  'to be filled by oem',
  'default string',
  'system serial number',
  'chassis serial number',
  'base board serial number',
  'system product name',
  'system manufacturer',
  'free form asset tag',
  'asset tag',
  'not specified',
  'not settable',
  'not available',
  'not applicable',
  'not provided',
  'no dimm',
  'none',
  'null',
  'n/a',
  'na',
  'unknown',
  'undefined',
  'empty',
  'invalid',
  'oem',
  'o.e.m.',
  'sernum',
  'serial',
]);

const fillerUuids = new Set([
  '03000200-0400-0500-0006-000700080009',
  '00020003-0004-0005-0006-000700080009',
  '12345678-1234-5678-90ab-cddeefaabbcc',
]);

/** Text from firmware without control characters and outer blanks, at most 128 characters; null when nothing is left. */
export function cleanText(text: string | null | undefined): string | null {
  const clean = (text ?? '').replace(/\p{C}/gu, '').trim().slice(0, 128);
  return clean === '' ? null : clean;
}

/** A serial number in one form, or null for a filler: blanks, one character repeated, `0123456789…`, a known phrase. */
export function normaliseSerial(text: string | null | undefined): string | null {
  const clean = cleanText(text);
  if (clean === null || fillers.has(clean.toLowerCase())) return null;
  if (/^(.)\1*$/.test(clean.replace(/[\s.-]/g, '') || 'x')) return null;
  if (/^0?123456789/.test(clean)) return null;
  return clean;
}

/**
 * A system UUID in lower case with dashes, or null: not 128 bits, all zeros or ones, a known filler, or zeros with a
 * MAC behind (Supermicro), which says nothing that the MAC has not said.
 */
export function normaliseUuid(text: string | null | undefined): string | null {
  const hex = (text ?? '').trim().toLowerCase().replace(/[{}-]/g, '');
  if (!/^[0-9a-f]{32}$/.test(hex) || /^(.)\1*$/.test(hex) || /^0{20}/.test(hex)) return null;
  const dashed = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return fillerUuids.has(dashed) ? null : dashed;
}
