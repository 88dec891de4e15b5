/** How many requests at once a site bears; pure. */

/** What a site showed since the last look. */
export interface LatencyWindow {
  /** Milliseconds from sending to answer, of all requests that were answered. */
  readonly times: readonly number[];
  /** Requests that broke off at controllers that had answered before. */
  readonly failures: number;
  /** Whether more wanted to be sent than were let. */
  readonly full: boolean;
  /** Whether more are running than the limit, since it was lowered. */
  readonly over: boolean;
}

export interface SiteLimit {
  /** Requests to the whole site at once. */
  readonly limit: number;
  /** The best median: what the site takes without a queue; null before the first window. */
  readonly best: number | null;
  /** The last median. */
  readonly last: number | null;
  /** Windows since the best was measured with fewer at once. */
  readonly windowsSinceBest: number;
  /** While that is being measured: the limit to come back to, and whether what was sent before is through. */
  readonly measuring: { readonly resume: number; readonly settled: boolean } | null;
  /** Set once the site was too slow for the first time: from then on it grows slowly. */
  readonly found: boolean;
}

export const firstSiteLimit: SiteLimit = {
  limit: 32,
  best: null,
  last: null,
  windowsSinceBest: 0,
  measuring: null,
  found: false,
};

/** Below this nothing is gained: each of them is another controller. */
const min = 4;
/** A median that has doubled is a queue somewhere: in this process, the network, or what the controllers share. */
const queued = 2;
/** Milliseconds of noise that are no queue. */
const noiseMs = 5;
/** A tenth of the controllers being dead is usual; a third of what worked breaking off is overload. */
const tooManyFailures = 0.3;
/**
 * After so many windows the best is measured anew, with a quarter as many at once: otherwise a lasting queue would
 * become the norm. A quarter, since with half of them a queue that has doubled could not be told from none.
 */
const oldest = 32;
const quarter = 0.25;

/**
 * Additive increase, multiplicative decrease: more at once as long as answers don't take longer for it, fewer as soon as
 * they do. The median, since dead and slow controllers must not slow down the others. `most` is the site's cap.
 */
export function adapt(siteLimit: SiteLimit, window: LatencyWindow, max: number): SiteLimit {
  const next = judge(siteLimit, window);
  return { ...next, limit: Math.max(Math.min(min, max), Math.min(next.limit, max)) };
}

function judge(siteLimit: SiteLimit, { times, failures, full, over }: LatencyWindow): SiteLimit {
  const last = middle(times) ?? siteLimit.last;
  const broken = failures / Math.max(1, times.length + failures) >= tooManyFailures;
  if (broken) return { ...siteLimit, limit: Math.floor(siteLimit.limit / 2), found: true, measuring: null };
  if (last === null) return siteLimit;
  if (siteLimit.measuring?.settled)
    return { ...siteLimit, last, best: last, windowsSinceBest: 0, limit: siteLimit.measuring.resume, measuring: null };
  if (siteLimit.measuring) return { ...siteLimit, last, measuring: { ...siteLimit.measuring, settled: !over } };
  const best = Math.min(siteLimit.best ?? last, last);
  const seen = { ...siteLimit, last, best, age: siteLimit.windowsSinceBest + 1 };
  if (seen.age >= oldest && siteLimit.found)
    return {
      ...seen,
      limit: Math.ceil(siteLimit.limit * quarter),
      measuring: { resume: siteLimit.limit, settled: false },
    };
  if (last > best * queued + noiseMs) return { ...seen, limit: Math.floor(siteLimit.limit * 0.8), found: true };
  if (!full) return seen;
  return {
    ...seen,
    limit: siteLimit.limit + (siteLimit.found ? Math.max(1, Math.ceil(siteLimit.limit / 16)) : siteLimit.limit),
  };
}

function middle(times: readonly number[]): number | null {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? null;
}
