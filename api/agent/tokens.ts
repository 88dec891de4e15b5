import { createHash, randomBytes } from 'node:crypto';

/** A new token: 32 random bytes, 43 characters. */
export function mintToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What the MDB keeps of a token. Looked up by index, so the comparison tells an attacker nothing about the token. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The token of an `authorization` header; null for anything that cannot be one of ours. */
export function readBearer(header: string | undefined): string | null {
  return /^Bearer ([A-Za-z0-9_-]{43})$/.exec(header ?? '')?.[1] ?? null;
}
