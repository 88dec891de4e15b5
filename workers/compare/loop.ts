import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Seconds } from '../../domain/duration.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { type Compared, endComparison, ownRound, takeAsked, takeOwnRound } from '../../mdb/orders/comparisons.ts';
import { compare } from './index.ts';

export interface ComparerOptions {
  readonly client: Client;
  readonly mdb: Mdb;
  readonly log: { info(detail: object, message: string): void; warn(detail: object, message: string): void };
  /** Seconds between two rounds that go by themselves. */
  readonly every: Seconds;
}

export interface Comparer {
  stop(): Promise<void>;
}

/** Milliseconds between two looks for what was asked. */
const idleMs = 1000;

/** Compares by itself, and when somebody asks, until stopped. Several of these share the work by leases. */
export function startComparer(options: ComparerOptions): Comparer {
  const abort = new AbortController();
  const sentAt = new Map<string, number>();
  const running = loop(options, sentAt, abort.signal);
  return {
    async stop() {
      abort.abort();
      await running;
    },
  };
}

async function loop(options: ComparerOptions, sentAt: Map<string, number>, signal: AbortSignal): Promise<void> {
  const { client, mdb, log, every } = options;
  while (!signal.aborted) {
    try {
      const requested = await takeAsked(mdb);
      // Who asks now wants to see it done now.
      if (requested)
        await finish(
          options,
          requested.id,
          await compare({ client, mdb, ...requested, sentAt: new Map(), signal }),
          signal,
        );
      else if (await takeOwnRound(mdb, every)) {
        const own = { id: ownRound, selector: null, dryRun: false };
        await finish(options, ownRound, await compare({ client, mdb, ...own, sentAt: sentAt, signal }), signal);
      }
    } catch (error) {
      log.warn({ error: String(error) }, 'the MDB does not answer; the comparison waits');
    }
    await sleep(idleMs, undefined, { signal }).catch(() => {});
  }
}

async function finish(
  { mdb, log }: ComparerOptions,
  id: string,
  compared: Compared,
  signal: AbortSignal,
): Promise<void> {
  // Whoever takes over begins it anew: nothing is done twice by that.
  if (signal.aborted) return;
  const { counts, found, error } = compared;
  if (error !== null) log.warn({ comparison: id, error }, 'the MDB and the workflows could not be compared to the end');
  if (Object.keys(counts).length > 0)
    log.warn({ comparison: id, counts, first: found.slice(0, 5) }, 'workflows were missing, or were there for nothing');
  await endComparison(mdb, id, compared);
}
