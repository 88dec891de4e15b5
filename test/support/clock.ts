import { vi } from 'vitest';

/** Runs work while no time passes by the clock: what is let through a minute does not hang on how fast it is asked. */
export async function withClockStopped<T>(work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
  }
}
