/** Load on an HTTP server from one process: as fast as it answers, or at a steady rate. Times in milliseconds. */
import { setTimeout } from 'node:timers/promises';
import { Pool } from 'undici';

export interface Load {
  readonly times: readonly number[];
  /** Requests that got no 200 or too few bytes. */
  readonly errors: number;
  readonly seconds: number;
}

export interface Target {
  readonly origin: string;
  /** The n-th request's path. */
  readonly path: (n: number) => string;
  /** Bytes that an answer has at least. */
  readonly bytes: number;
}

/** Asks as often as it is answered, with `width` requests in flight. */
export async function flood(target: Target, width: number, seconds: number): Promise<Load> {
  const pool = new Pool(target.origin, { connections: width });
  const tally = { times: [] as number[], errors: 0 };
  const began = performance.now();
  let next = 0;
  const worker = async () => {
    while (performance.now() < began + seconds * 1000) await timed(pool, target, next++, performance.now(), tally);
  };
  await Promise.all(Array.from({ length: width }, worker));
  const took = (performance.now() - began) / 1000;
  await pool.close();
  return { ...tally, seconds: took };
}

/** Asks at a steady rate whether or not the answers keep up; a time counts from when its request was due. */
export async function steady(target: Target, rate: number, seconds: number): Promise<Load> {
  const pool = new Pool(target.origin, { connections: 64 });
  const tally = { times: [] as number[], errors: 0 };
  const began = performance.now();
  const running: Promise<void>[] = [];
  for (let n = 0; n < rate * seconds; n += 1) {
    const due = began + (n * 1000) / rate;
    const ahead = due - performance.now();
    if (ahead > 1) await setTimeout(ahead);
    running.push(timed(pool, target, n, Math.min(due, performance.now()), tally));
  }
  await Promise.all(running);
  await pool.close();
  return { ...tally, seconds: (performance.now() - began) / 1000 };
}

async function timed(pool: Pool, target: Target, n: number, since: number, tally: { times: number[]; errors: number }) {
  if (await answers(pool, target.path(n), target.bytes)) tally.times.push(performance.now() - since);
  else tally.errors += 1;
}

async function answers(pool: Pool, path: string, min: number): Promise<boolean> {
  try {
    const { statusCode, body } = await pool.request({ path, method: 'GET' });
    let bytes = 0;
    for await (const part of body) bytes += (part as Buffer).length;
    return statusCode === 200 && bytes >= min;
  } catch {
    return false;
  }
}

/** The time that a share of the requests stayed within, e.g. 0.99. */
export function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
