/** Follows a channel of PostgreSQL's notifications, over lost connections. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MdbSession } from './session.ts';

export interface ChannelListener {
  notified(payload: string): void;
  /** It listens now, or again: whatever was notified before has been missed. */
  connected(): void;
  /** Nothing is heard any more, or not yet. */
  lost(why: unknown): void;
}

/** A connection on which nothing comes may be a dead one: so often, in milliseconds, it is asked something. */
const pollMs = 15_000;
const [shortest, longest] = [200, 5000];

/** Listens until it is stopped; never throws. `open` makes a session that hands on what it is notified of. */
export async function listen(
  open: (notified: (payload: string) => void) => Promise<MdbSession>,
  channel: string,
  listener: ChannelListener,
  stop: AbortSignal,
): Promise<void> {
  for (let wait = shortest; !stop.aborted; wait = Math.min(longest, wait * 2)) {
    try {
      const session = await open(listener.notified);
      try {
        await session.query(`listen ${channel}`);
        wait = shortest / 2;
        listener.connected();
        await lossOf(session, stop);
      } finally {
        await session.end();
      }
    } catch (error) {
      if (!stop.aborted) listener.lost(error);
    }
    await sleep(wait, undefined, { signal: stop }).catch(() => {});
  }
}

/** Waits until the session is lost, which it throws, or until nobody listens any more. */
async function lossOf(session: MdbSession, stop: AbortSignal): Promise<void> {
  // What is not answered in time loses the session.
  const asking = setInterval(() => void session.query('select 1').catch(() => {}), pollMs);
  try {
    await new Promise<void>((resolve, reject) => {
      session.onLost(reject);
      stop.addEventListener('abort', () => resolve(), { once: true });
      if (stop.aborted) resolve();
    });
  } finally {
    clearInterval(asking);
  }
}
