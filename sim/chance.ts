import { createHash } from 'node:crypto';

function digest(parts: readonly (string | number)[]): Buffer {
  return createHash('sha256').update(parts.join('\0')).digest();
}

/** A number from 0 to 1, the same for the same parts whatever else has been drawn: a seed replays a whole fleet. */
export function draw(...parts: (string | number)[]): number {
  return digest(parts).readUInt32BE(0) / 2 ** 32;
}

/** A number between `low` and `high`, drawn like `draw`. */
export function drawBetween(low: number, high: number, ...parts: (string | number)[]): number {
  return low + (high - low) * draw(...parts);
}

/** A UUID (version 8, one's own making) that follows from the parts. */
export function drawUuid(...parts: (string | number)[]): string {
  const bytes = digest(parts).subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
