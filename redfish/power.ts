import type { RedfishError } from './errors.ts';
import type { Session } from './session.ts';
import type { SystemReading } from './system.ts';

/** What is wanted of the power, and the reset types that bring it about, best first (quirk 26). */
const resetChains = {
  on: ['On', 'ForceOn', 'PushPowerButton'],
  restart: ['ForceRestart', 'PowerCycle', 'GracefulRestart'],
  // A button that is pushed powers on what has gone off meanwhile: it is no way to power off. `Off` is Cray's.
  shutdown: ['GracefulShutdown', 'Off'],
  off: ['ForceOff', 'Off'],
  cycle: ['PowerCycle'],
} as const;

export type PowerSpec = keyof typeof resetChains;

/** Takes the mains away, standby power included (Redfish 2024.4): an AC cycle, and no change of the host's power. */
export const fullCycle = 'FullPowerCycle';

/** The reset type to send for this wish on this controller; null when it offers none that keeps the mains. */
export function chooseReset(spec: PowerSpec, allowed: readonly string[]): string | null {
  const chain: readonly string[] = resetChains[spec];
  return chain.find((type) => keepsMains(type, allowed) && allowed.includes(type)) ?? unlisted(chain, allowed);
}

function unlisted(chain: readonly string[], allowed: readonly string[]): string | null {
  return allowed.length === 0 ? (chain[0] ?? null) : null;
}

/** Where a service offers a full cycle, `PowerCycle` may be but another name of it. */
function keepsMains(type: string, allowed: readonly string[]): boolean {
  return type !== 'PowerCycle' || !allowed.includes(fullCycle);
}

/** Words of vendors for a moment at which a change of power is refused, by their shape (quirks 29 and 31). */
const momentary =
  /ValueConflict|Standby|NotReady|InProgress|InUse|Transition|(System|Power)State|Unavailable|TryAgain|Retry|DuringSystemPOST/i;

/**
 * Whether a reset that the controller certainly refused was refused for the state that the machine is in: `On` right
 * after `Off` is 409 on some.
 */
export function conflictsWithState({ key, status }: RedfishError): boolean {
  return status === 409 || momentary.test(key ?? '');
}

/** Sends one reset. */
export async function sendReset(session: Session, system: SystemReading, type: string): Promise<void> {
  await session.write('POST', system.resetPath, { ResetType: type });
}
