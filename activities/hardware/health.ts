import type { Health } from '../../contract/outage.ts';

/** What can be told of a machine without asking its system: by its controller, and by what the birther answered it. */
export interface Signs {
  /** `PowerState`, `BootProgress.LastState` and `Status.HealthRollup` or `Health`; all null without a controller. */
  readonly power: string | null;
  readonly bootProgress: string | null;
  readonly health: string | null;
  /** Whether the birther told it to boot its own disk since the moment in question; null where nothing is in question. */
  readonly bootedLocally: boolean | null;
  readonly controller: boolean;
}

/**
 * Whether it is up, and not known to be sick. A controller that tells how far the start came is believed over the
 * birther, which only knows how it began; one that does not tell leaves the birther's word.
 */
export function judgeHealth(signs: Signs): Health {
  const { power, bootProgress, health, bootedLocally, controller } = signs;
  if (controller && power !== 'On') return { up: false, healthy: false, seen: `its power is ${power ?? 'not told'}` };
  const tells = bootProgress !== null && bootProgress !== 'None' && bootProgress !== 'OEM';
  const up = tells ? bootProgress === 'OSRunning' || bootProgress === 'OSBootStarted' : bootedLocally !== false;
  if (!up) {
    const seen = tells ? `its start is at ${bootProgress}` : 'it has not asked to boot its own disk since';
    return { up, healthy: false, seen };
  }
  const running = tells ? `its start is at ${bootProgress}` : bootedLocally ? 'it boots its own disk' : 'it has power';
  if (health === 'Critical') return { up, healthy: false, seen: `${running}, and its controller says Critical` };
  return { up, healthy: true, seen: health === null ? running : `${running}, health ${health}` };
}
