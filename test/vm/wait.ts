import { setTimeout as delay } from 'node:timers/promises';

/** Asks until there is an answer; throws with what was waited for. Emulated machines are slow: limits are generous. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  limitMs = 180_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    await delay(200);
  }
  throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`);
}
