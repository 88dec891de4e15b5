import { effectOf } from '../passage/effects.ts';
import { look } from './power.ts';

const minute = 60_000;

/** Whether the machine stays healthy for that long; looked at ten times on the way, at least a minute apart. */
export const soak = effectOf(
  (_context, during: number) => ({
    does: `watch it stay healthy for ${Math.round(during / minute)} minutes`,
    leads: true as boolean,
  }),
  async (context, effects, during: number) => {
    const until = Date.now() + during;
    while (Date.now() < until) {
      context.waitsOn('time', until - Date.now(), 'It has to stay healthy until then.');
      // Cancelled, it is looked at now and watched no longer.
      const next = Math.min(until - Date.now(), Math.max(minute, during / 10));
      const cancelled = await context.pauseUnlessCancelled(next);
      const health = await look(effects, null);
      if (health.healthy && cancelled) return true;
      if (health.healthy) continue;
      context.note(`while it had to stay healthy: ${health.seen}`);
      return false;
    }
    return true;
  },
);
