import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Mdb, MdbConnection } from '../mdb/connect.ts';
import { type DueMessage, leaseDue, markDelivered, markDropped, postpone } from '../mdb/outbox.ts';
import { heartbeatMs, keepAlive } from '../mdb/processes.ts';
import { type Delivery, deliver } from './deliver.ts';

export interface DispatcherOptions {
  readonly client: Client;
  readonly connection: MdbConnection;
  readonly log: { warn(detail: object, message: string): void };
  /** Messages in flight at once. */
  readonly batch?: number;
}

export interface Dispatcher {
  stop(): Promise<void>;
}

/** Seconds for which a leased message is nobody else's; longer than a signal takes in the worst case. */
const leaseSeconds = 60;
/** Without a notification (a lost connection), the outbox is looked at this often, in milliseconds. */
const idleMs = 1000;

/** Delivers the outbox until stopped: woken by PostgreSQL, in batches, several dispatchers side by side. */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const abort = new AbortController();
  const bell = new Bell();
  // The idle look bridges the time without a connection.
  const ring = () => bell.ring();
  const listening = options.connection.listen(
    'farrier_outbox',
    { notified: ring, connected: ring, lost: () => {} },
    abort.signal,
  );
  const running = loop(options, bell, abort.signal);
  return {
    async stop() {
      abort.abort();
      bell.ring();
      await Promise.all([running, listening]);
    },
  };
}

async function loop(options: DispatcherOptions, bell: Bell, signal: AbortSignal): Promise<void> {
  const { mdb } = options.connection;
  const batch = options.batch ?? 100;
  let troubled = 0;
  let lastBeatAt = 0;
  while (!signal.aborted) {
    try {
      const due = await leaseDue(mdb, batch, leaseSeconds);
      await dispatch(options, due);
      lastBeatAt = await beat(mdb, lastBeatAt);
      troubled = 0;
      if (due.length < batch) await bell.wait(idleMs, signal);
    } catch (error) {
      troubled += 1;
      options.log.warn({ error: String(error) }, 'the MDB does not answer; the outbox waits');
      await sleep(Math.min(200 * 2 ** troubled, 5000), undefined, { signal }).catch(() => {});
    }
  }
}

/** Says that the outbox is looked at, from the loop that looks: one that hangs says nothing. Gives when it was said last. */
async function beat(mdb: Mdb, lastBeatAt: number): Promise<number> {
  if (Date.now() - lastBeatAt < heartbeatMs) return lastBeatAt;
  await keepAlive(mdb, { name: 'dispatch', siteId: '' });
  return Date.now();
}

async function dispatch(options: DispatcherOptions, due: readonly DueMessage[]): Promise<void> {
  const { mdb } = options.connection;
  const outcomes = await Promise.all(
    due.map(async (message) => ({ message, delivery: await deliver(options.client, message) })),
  );
  await markDelivered(
    mdb,
    outcomes.flatMap(({ message, delivery }) => (delivery.to === 'delivered' ? message.id : [])),
  );
  for (const { message, delivery } of outcomes) await setAside(options, message, delivery);
}

async function setAside(options: DispatcherOptions, message: DueMessage, delivery: Delivery): Promise<void> {
  const { mdb } = options.connection;
  if (delivery.to === 'dropped') {
    options.log.warn({ key: message.key, why: delivery.why }, 'a message is dropped');
    await markDropped(mdb, message, delivery.why);
  }
  if (delivery.to === 'later') await postpone(mdb, message.id, backOff(message.attempts), delivery.error);
}

/** Seconds until the next try: 0.2, 0.4 … at most 30. */
function backOff(attempts: number): number {
  return Math.min(0.1 * 2 ** Math.min(attempts, 10), 30);
}

/** Lets a loop sleep until somebody rings or a time is up. */
class Bell {
  private wake: (() => void) | null = null;
  private rang = false;

  ring(): void {
    this.rang = true;
    this.wake?.();
  }

  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.rang && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.rang = false;
    this.wake = null;
  }
}
