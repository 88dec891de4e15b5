import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export interface BasicCredentials {
  readonly username: string;
  readonly password: string;
}

export interface VmSession {
  readonly id: string;
  readonly token: string;
  readonly username: string;
  usedAt: number;
}

/** As many as a small BMC holds. */
const max = 8;
const idleMs = 1800_000;

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Logins of one BMC. */
export class VmSessions {
  readonly #credentials: BasicCredentials;
  readonly #open = new Map<string, VmSession>();
  #count = 0;

  constructor(credentials: BasicCredentials) {
    this.#credentials = credentials;
  }

  accepts(given: BasicCredentials): boolean {
    // Both are compared always, so that the time taken does not tell which was wrong.
    const name = same(given.username, this.#credentials.username);
    return same(given.password, this.#credentials.password) && name;
  }

  /** Null when no more sessions fit. */
  open(username: string): VmSession | null {
    this.#expire();
    if (this.#open.size >= max) return null;
    const session = { id: String(++this.#count), token: randomBytes(16).toString('hex'), username, usedAt: Date.now() };
    this.#open.set(session.id, session);
    return session;
  }

  /** The session that this token opened, if it still is; using it keeps it open. */
  byToken(token: string): VmSession | null {
    this.#expire();
    const session = [...this.#open.values()].find((candidate) => same(candidate.token, token)) ?? null;
    if (session !== null) session.usedAt = Date.now();
    return session;
  }

  byId(id: string): VmSession | null {
    this.#expire();
    return this.#open.get(id) ?? null;
  }

  ids(): string[] {
    this.#expire();
    return [...this.#open.keys()];
  }

  close(id: string): boolean {
    return this.#open.delete(id);
  }

  #expire(): void {
    const oldest = Date.now() - idleMs;
    for (const session of this.#open.values()) if (session.usedAt < oldest) this.#open.delete(session.id);
  }
}

/** User and password of a Basic authorization header; null for any other or a malformed one. */
export function basicCredentials(header: string | undefined): BasicCredentials | null {
  const encoded = header?.match(/^Basic ([A-Za-z0-9+/=]+)$/i)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
