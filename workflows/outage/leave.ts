import type { PassageContext } from '../passage/context.ts';
import type { Effects } from '../passage/effects.ts';

const askAgain = 60_000;

/**
 * Takes the machine out of production as soon as its owners' capacity allows it: asked again each minute, for as long
 * as it takes. Ends with a cancel, while nothing has happened yet.
 */
export async function leaveService(
  context: PassageContext,
  effects: Effects,
  to: 'draining' | 'disabled',
): Promise<void> {
  for (;;) {
    const left = await effects.outage.leaveService({ to, dryRun: false });
    if (left.left) return;
    context.waitsOn('capacity', null, left.reason);
    await context.pause(askAgain);
  }
}
