/**
 * Signatures on messages between Farrier and systems that have no scheme of their own. The header
 * `farrier-signature: t=<unix seconds>,v1=<hex>` holds HMAC-SHA256 over `<t>.<body>`, the body as the bytes sent.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const signatureHeader = 'farrier-signature';

/** Seconds by which the clocks of both sides may differ. */
const toleranceSeconds = 300;

export function sign(key: string, body: string, at: Date = new Date()): string {
  const seconds = Math.floor(at.getTime() / 1000);
  return `t=${seconds},v1=${digest(key, seconds, Buffer.from(body))}`;
}

function digest(key: string, seconds: number, body: Uint8Array): string {
  return createHmac('sha256', key).update(`${seconds}.`).update(body).digest('hex');
}

/** Why a message must not be believed; null when it may. Exactly one signature, in lower case, of now. */
export function checkSignature(header: unknown, key: string, body: Uint8Array, at: Date = new Date()): string | null {
  if (key === '') throw new Error('the key of a signature is empty');
  const match = typeof header === 'string' ? /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) : null;
  if (!match) return `the header ${signatureHeader} is missing or malformed`;
  const seconds = Number(match[1]);
  if (!equal(match[2] ?? '', digest(key, seconds, body))) return 'the signature does not match';
  // After the signature: whoever lacks the key learns nothing of our clock.
  return Math.abs(at.getTime() / 1000 - seconds) > toleranceSeconds
    ? 'the signature is too old or from the future'
    : null;
}

/** In a time that depends on nothing but the lengths. */
export function equal(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
