/** What keeps the birther answering when it is asked too much or the MDB is away. Pure but for the clock they take. */
import { MdbAway } from '../mdb/driver/session.ts';
import { troubleOf } from '../mdb/trouble.ts';

/** Lets so many events through a minute, the last sixty seconds counted. */
export interface MinuteGuard {
  admits(limit: number): boolean;
  take(): void;
}

export function createMinuteGuard(now: () => number): MinuteGuard {
  let taken: number[] = [];
  const recent = () => {
    const since = now() - 60_000;
    // Sorted by time, so all that is too old is at the front.
    const first = taken.findIndex((at) => at > since);
    taken = first < 0 ? [] : first === 0 ? taken : taken.slice(first);
    return taken.length;
  };
  return { admits: (limit) => recent() < limit, take: () => void taken.push(now()) };
}

export type Admission = 'yes' | 'slow' | 'no';

/**
 * A token bucket a source: `yes` while it keeps to `rate` a second (bursts of two seconds' worth), then `slow`, and
 * `no` beyond ten times the rate. Remembers at most `sources` of them, the oldest forgotten first.
 */
export function createSourceLimit(rate: number, now: () => number, sources = 10_000): (source: string) => Admission {
  const buckets = new Map<string, { level: number; at: number }>();
  return (source) => {
    const bucket = buckets.get(source) ?? { level: 0, at: now() };
    buckets.delete(source);
    bucket.level = Math.max(0, bucket.level - ((now() - bucket.at) / 1000) * rate) + 1;
    bucket.at = now();
    // The level is capped, so a source that floods is heard again two tenths of a second after it stops.
    const level = bucket.level;
    bucket.level = Math.min(level, rate * 2.2);
    buckets.set(source, bucket);
    if (buckets.size > sources) buckets.delete(buckets.keys().next().value ?? '');
    return level <= rate * 2 ? 'yes' : level <= rate * 2.2 ? 'slow' : 'no';
  };
}

export class Outage extends Error {
  override readonly name = 'Outage';
}

/** Lets `width` pieces of work run at once and the others wait their turn; throws Outage when `longest` wait already. */
export function createLane(width: number, max: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= width) {
      if (waiting.length >= max) throw new Outage('too much is asked of the MDB');
      // Whoever ends hands its place over, so the count stays.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

export interface Breaker {
  /** Runs the work, at most `limitMs` long; throws Outage when it fails, or at once while the MDB is known to be away. */
  run<T>(work: () => Promise<T>): Promise<T>;
  readonly open: boolean;
}

/** After a failure one request a second tries again; all others are answered at once as in an outage. */
export function createBreaker(
  limitMs: number,
  now: () => number,
  tell: (open: boolean, why: unknown) => void,
): Breaker {
  let retryAt = 0;
  let open = false;
  const set = (value: boolean, why: unknown) => {
    if (open !== value) tell(value, why);
    open = value;
  };
  return {
    get open() {
      return open;
    },
    async run(work) {
      if (open && now() < retryAt) throw new Outage('the MDB is away');
      retryAt = now() + 1000;
      try {
        const result = await withLimit(work(), limitMs);
        set(false, null);
        return result;
      } catch (error) {
        if (!isAway(error)) throw error;
        retryAt = now() + 1000;
        set(true, error);
        throw new Outage('the MDB does not answer', { cause: error });
      }
    },
  };
}

/** Its refusal of one statement says that it is there, and one machine's bad luck is not an outage; one that is slow is. */
function isAway(error: unknown): boolean {
  const trouble = troubleOf(error);
  return trouble === 'away' || trouble === 'late';
}

function withLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new MdbAway(`no answer within ${limitMs} ms`)), limitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
