import { randomBytes } from 'node:crypto';

interface Open {
  readonly id: string;
  readonly token: string;
  readonly username: string;
  lastUse: number;
}

/** Who is signed in at one controller. */
export class Sessions {
  readonly #seconds: number;
  #open: Open[] = [];

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  live(): readonly Open[] {
    const oldest = Date.now() - this.#seconds * 1000;
    this.#open = this.#open.filter(({ lastUse }) => lastUse >= oldest);
    return this.#open;
  }

  open(username: string): Open {
    const session = {
      id: randomBytes(8).toString('hex'),
      token: randomBytes(16).toString('hex'),
      username,
      lastUse: Date.now(),
    };
    this.#open.push(session);
    return session;
  }

  /** The session of a token, which is thereby used. */
  use(token: string): Open | undefined {
    const session = this.live().find((open) => open.token === token);
    if (session) session.lastUse = Date.now();
    return session;
  }

  close(id: string): boolean {
    const left = this.#open.filter((session) => session.id !== id);
    const closed = left.length < this.#open.length;
    this.#open = left;
    return closed;
  }

  closeOf(username: string): void {
    this.#open = this.#open.filter((session) => session.username !== username);
  }

  closeAll(): void {
    this.#open = [];
  }
}

/** Counts wrong passwords for each user, and keeps that one out for a while after too many (quirk 6). */
export class Guard {
  readonly #known = new Map<string, { failures: number; until: number }>();

  locked(username: string): boolean {
    return Date.now() < (this.#known.get(username)?.until ?? 0);
  }

  /** Whether this failure is the one that locks. */
  failed(
    username: string,
    lockout: { readonly threshold: number; readonly seconds: number } | null,
    speed: number,
  ): boolean {
    if (!lockout) return false;
    const failures = (this.#known.get(username)?.failures ?? 0) + 1;
    const locks = failures >= lockout.threshold;
    const until = locks ? Date.now() + (lockout.seconds * 1000) / speed : 0;
    this.#known.set(username, { failures: locks ? 0 : failures, until });
    return locks;
  }

  /** A right password, or somebody who ends the lock-out. */
  passed(username: string): void {
    this.#known.delete(username);
  }
}
