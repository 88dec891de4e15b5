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

/** Counts wrong passwords, and keeps everybody out for a while after too many (quirk 6). */
export class Guard {
  #failures = 0;
  #until = 0;

  get locked(): boolean {
    return Date.now() < this.#until;
  }

  /** Whether this failure is the one that locks. */
  failed(lockout: { readonly threshold: number; readonly seconds: number } | null, speed: number): boolean {
    this.#failures += 1;
    if (!lockout || this.#failures < lockout.threshold) return false;
    this.#failures = 0;
    this.#until = Date.now() + (lockout.seconds * 1000) / speed;
    return true;
  }

  passed(): void {
    this.#failures = 0;
  }
}
