import type { Effects } from '../passage/effects.ts';
import type { CleanContext } from './facts.ts';

/** How its power was left, in words; null where nothing can switch it. */
export async function switchOff(context: CleanContext, effects: Effects): Promise<string | null> {
  if (!context.mayPower) return null;
  // The agent has nothing to save, and listens to no button.
  const off = await effects.act('power-off', { how: 'forced' }, 'switch it off');
  return off.state === 'done' ? 'switched off' : `not seen to be off (${off.observed})`;
}
