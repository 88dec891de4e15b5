import { RedfishError } from '../errors.ts';
import type { Scene } from './kind.ts';

/** Quirks 31 and 41: a change of power shortly after another, or a boot setting during POST, is refused for a while. */
const tries = 12;
const every = 5000;

/** Sends, and sends again only what the controller certainly refused, and only because of the moment. */
export async function unlessNow<T>({ pace }: Pick<Scene, 'pace'>, send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const refused = error instanceof RedfishError && error.kind === 'not-now' && error.carriedOut === 'no';
      if (!refused || attempt >= tries) throw error;
      await pace.wait(every);
    }
  }
}
