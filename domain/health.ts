/** Whether a machine is up and well. */

export interface Health {
  /** Whether it runs its system: seen to be told to boot its own disk since, or shown by its controller. */
  readonly up: boolean;
  /** Whether nothing that can be read says that it is sick. Never true of one that is not up. */
  readonly healthy: boolean;
  /** One sentence: what was seen. */
  readonly seen: string;
  /** When it last started, by its controller's own clock; absent where that does not tell. */
  readonly reset?: string;
  /** Its controller is shut out, because another machine or another certificate showed there. */
  readonly shutOut?: 'identity' | 'certificate';
}

/** What can be known of a machine without asking its system: by its controller, and by what the birther answered it. */
export interface Signs {
  /** `PowerState`, `BootProgress.LastState` and `Status.HealthRollup` or `Health`; all null without a controller. */
  readonly power: string | null;
  readonly bootProgress: string | null;
  readonly health: string | null;
  /** A state of its own that POST has, and whether a start is under way in it; absent where there is none. */
  readonly post?: { readonly state: string; readonly starting: boolean };
  /** Whether the birther told it to boot its own disk since the moment in question; null where nothing is in question. */
  readonly bootedLocally: boolean | null;
  readonly controller: boolean;
}

/**
 * Whether it is up, and not known to be sick. A controller that tells how far the start came is believed over the
 * birther, which only knows how it began; one that does not tell leaves the birther's word. Where POST has a state of its
 * own, the progress beside it says OSRunning whatever happens (quirk 70).
 */
export function judgeHealth(signs: Signs): Health {
  const { power, bootProgress, health, bootedLocally, controller, post } = signs;
  if (controller && power !== 'On') return { up: false, healthy: false, seen: `its power is ${power ?? 'not told'}` };
  if (post?.starting) return { up: false, healthy: false, seen: `its POST is at ${post.state}` };
  const tells = post === undefined && bootProgress !== null && bootProgress !== 'None' && bootProgress !== 'OEM';
  const up = tells ? bootProgress === 'OSRunning' || bootProgress === 'OSBootStarted' : bootedLocally !== false;
  if (!up) {
    const seen = tells ? `its start is at ${bootProgress}` : 'it has not asked to boot its own disk since';
    return { up, healthy: false, seen };
  }
  const running = tells ? `its start is at ${bootProgress}` : bootedLocally ? 'it boots its own disk' : 'it has power';
  if (health === 'Critical') return { up, healthy: false, seen: `${running}, and its controller says Critical` };
  return { up, healthy: true, seen: health === null ? running : `${running}, health ${health}` };
}
