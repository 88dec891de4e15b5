import { setTimeout as sleep } from 'node:timers/promises';
import type { Mirroring } from '../activities/tickets/index.ts';

export interface MirrorLoopOptions {
  readonly mirroring: Mirroring;
  readonly log: { warn(detail: object, message: string): void };
  /** Milliseconds between two looks for work; 2,000 by default. */
  readonly idleMs?: number;
}

export interface MirrorLoop {
  stop(): Promise<void>;
}

/**
 * Keeps the mirrors of tickets up to date. Each ticket system is a lane of its own: one that hangs holds up nothing but
 * its own tickets. Several of these processes share the work by leases.
 */
export function startMirrorLoop({ mirroring, log, idleMs = 2000 }: MirrorLoopOptions): MirrorLoop {
  const abort = new AbortController();
  const busy = new Map<string, Promise<void>>();
  const drive = async (lane: string): Promise<void> => {
    try {
      for (let more = true; more && !abort.signal.aborted; ) {
        const { looked, trouble } = await mirroring.run(lane);
        if (trouble !== null) log.warn({ system: lane, trouble }, 'a ticket system is in trouble; its tickets wait');
        more = looked > 0 && trouble === null;
      }
    } catch (error) {
      log.warn({ system: lane, error: String(error) }, 'mirroring was cut off; its tickets wait');
    } finally {
      busy.delete(lane);
    }
  };
  const loop = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      try {
        for (const lane of await mirroring.lanes()) if (!busy.has(lane)) busy.set(lane, drive(lane));
      } catch (error) {
        log.warn({ error: String(error) }, 'the MDB does not answer; mirrors wait');
      }
      await sleep(idleMs, undefined, { signal: abort.signal }).catch(() => {});
    }
  };
  const running = loop();
  return {
    async stop() {
      abort.abort();
      await running;
      await Promise.all(busy.values());
    },
  };
}
