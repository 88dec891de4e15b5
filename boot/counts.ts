import type { Logger } from 'pino';
import type { BootCount } from '../mdb/boot/counts.ts';

export interface BootCounts {
  request(mac: string, state: string, answer: string): CountKey;
  /** The answer to that request has left. */
  answered(key: CountKey): void;
  /** Writes what is counted; what cannot be written is kept for the next time. */
  flush(): Promise<void>;
  /** Stops the timer and writes the rest, trying again for at most `ms`. */
  close(ms: number): Promise<void>;
}

export interface CountKey {
  readonly mac: string;
  readonly minute: number;
  readonly state: string;
  readonly answer: string;
}

interface Tally {
  key: CountKey;
  requests: number;
  answers: number;
  lastAt: number;
}

const flushMs = 1000;
const flushAt = 500;
// An outage of hours at full load must not take the memory; beyond it, counts of new rows are lost and said to be.
const keepAtMost = 100_000;

/** Counts boot requests and answers in memory and writes them each second, or as soon as 500 rows have come together. */
export function createBootCounts(write: (counts: BootCount[]) => Promise<void>, log: Logger): BootCounts {
  let tallies = new Map<string, Tally>();
  let lost = 0;
  let flushing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => void flush().catch(() => {}), flushMs);
  timer.unref();

  function tally(key: CountKey): Tally | null {
    const name = `${key.mac}|${key.minute}|${key.state}|${key.answer}`;
    const found = tallies.get(name);
    if (found) return found;
    if (tallies.size >= keepAtMost) {
      lost += 1;
      return null;
    }
    const created: Tally = { key, requests: 0, answers: 0, lastAt: 0 };
    tallies.set(name, created);
    if (tallies.size === flushAt) void flush().catch(() => {});
    return created;
  }

  function add(key: CountKey, requests: number, answers: number, at: number): void {
    const found = tally(key);
    if (!found) return;
    found.requests += requests;
    found.answers += answers;
    found.lastAt = Math.max(found.lastAt, at);
  }

  async function writeTaken(): Promise<void> {
    if (tallies.size === 0) return;
    const taken = tallies;
    tallies = new Map();
    try {
      const rows = [...taken.values()].map(toCount);
      for (let from = 0; from < rows.length; from += flushAt) {
        const part = rows.slice(from, from + flushAt);
        await write(part);
        for (const { mac, minute, state, answer } of part)
          taken.delete(`${mac}|${minute.getTime()}|${state}|${answer}`);
      }
      if (lost > 0) log.warn({ lost }, 'boot counts were lost while the MDB was away');
      lost = 0;
    } catch (error) {
      for (const { key, requests, answers, lastAt } of taken.values()) add(key, requests, answers, lastAt);
      throw error;
    }
  }

  function flush(): Promise<void> {
    flushing = flushing.catch(() => {}).then(writeTaken);
    return flushing;
  }

  return {
    request(mac, state, answer) {
      const now = Date.now();
      const key = { mac, minute: now - (now % 60_000), state, answer };
      add(key, 1, 0, now);
      return key;
    },
    answered: (key) => add(key, 0, 1, Date.now()),
    flush,
    async close(ms) {
      clearInterval(timer);
      const until = Date.now() + ms;
      for (;;) {
        const failed = await flush().then(
          () => false,
          () => true,
        );
        if (!failed) return;
        if (Date.now() > until) {
          log.error({ rows: tallies.size }, 'boot counts could not be written before the end');
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    },
  };
}

function toCount({ key, requests, answers, lastAt }: Tally): BootCount {
  return { ...key, minute: new Date(key.minute), requests, answers, lastAt: new Date(lastAt) };
}
