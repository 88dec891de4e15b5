/** Waiting by asking again and again, for what no event tells of. */
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 500;

/** Reads until it is over or the time (`until`, milliseconds since 1970) is past, and gives what was read last. */
export async function readUntil<T>(read: () => Promise<T>, isOver: (found: T) => boolean, until: number): Promise<T> {
  for (;;) {
    const found = await read();
    if (isOver(found) || Date.now() > until) return found;
    await sleep(pollMs);
  }
}
