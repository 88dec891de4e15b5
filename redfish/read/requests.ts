import type { Session } from '../session.ts';
import type { Json } from '../transport.ts';
import { pathKey } from './values.ts';

/** Quirk 4: controllers have few sessions and little memory; as many as a transport has connections. */
const atOnce = 2;

/** Asks for each path once, a few at a time, and counts. */
export class CachedRequests {
  readonly #session: Session;
  readonly #slots = createSlots(atOnce);
  readonly #held = new Map<string, Promise<Json>>();
  sent = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Takes a resource that was read already. */
  know(path: string, resource: Json): void {
    this.#held.set(pathKey(path), Promise.resolve(resource));
  }

  fetch(path: string): Promise<Json> {
    const key = pathKey(path);
    const held = this.#held.get(key);
    if (held) return held;
    const fresh = this.#slots(() => {
      this.sent += 1;
      return this.#session.get(path);
    });
    this.#held.set(key, fresh);
    return fresh;
  }
}

/** Runs work with at most so much of it at once, in the order it came. */
function createSlots(max: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = max;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
