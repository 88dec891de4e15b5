import { RedfishError } from '../errors.ts';
import type { ActContext } from './definition.ts';

/** Quirks 31 and 41: a change of power shortly after another, or a boot setting during POST, is refused for a while. */
const tries = 12;
const intervalMs = 5000;
/** Milliseconds in all: the limit of an activity leaves room for looking and for a second command. */
const maxMs = 75_000;

interface Rules {
  /** What else than the usual is a refusal of the moment, of those that certainly did nothing. */
  readonly also?: (error: RedfishError) => boolean;
  /** Whether there is nothing to ask for any more, because it is so already (quirk 29). */
  readonly so?: () => Promise<boolean>;
}

/**
 * Sends, and sends again only what the controller certainly refused, and only because of the moment: it said so, or
 * that it is busy and when it will not be. The bound is by tries and by time.
 */
export async function unlessNow<T>(
  { clock }: Pick<ActContext, 'clock'>,
  send: () => Promise<T>,
  { also = () => false, so = async () => false }: Rules = {},
): Promise<T> {
  let waited = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof RedfishError) || error.carriedOut !== 'no') throw error;
      const passing = error.kind === 'not-now' || error.kind === 'busy' || also(error);
      const wait = Math.max(intervalMs, error.retryAfterMs ?? 0);
      if (!passing || attempt >= tries || waited + wait > maxMs || (await so())) throw error;
      waited += wait;
      await clock.wait(wait);
    }
  }
}
