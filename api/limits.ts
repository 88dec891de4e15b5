/** A bucket of requests a key: `burst` at once, `perSecond` refilled. */
export interface RateLimit {
  readonly burst: number;
  readonly perSecond: number;
}

export interface RateLimiter {
  /** Takes one from the key's bucket; false when it is empty. */
  take(key: string): boolean;
  /** True while the bucket holds something; takes nothing. */
  allows(key: string): boolean;
  /** Whole seconds until an empty bucket holds something again. */
  waitSeconds(key: string): number;
}

// The oldest buckets are forgotten first: a flood of made-up keys must not fill the memory.
const maxKeys = 50_000;

/** `clock` gives milliseconds. */
export function limitRate(limit: RateLimit, clock: () => number = () => Date.now()): RateLimiter {
  const buckets = new Map<string, { left: number; at: number }>();

  const level = (key: string): number => {
    const bucket = buckets.get(key);
    if (!bucket) return limit.burst;
    return Math.min(limit.burst, bucket.left + ((clock() - bucket.at) / 1000) * limit.perSecond);
  };

  return {
    allows: (key) => level(key) >= 1,
    waitSeconds: (key) => Math.max(1, Math.ceil((1 - level(key)) / limit.perSecond)),
    take: (key) => {
      const left = level(key);
      buckets.delete(key);
      buckets.set(key, { left: left >= 1 ? left - 1 : left, at: clock() });
      if (buckets.size > maxKeys) buckets.delete(buckets.keys().next().value as string);
      return left >= 1;
    },
  };
}
