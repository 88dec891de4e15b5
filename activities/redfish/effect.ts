import type { Session } from './session.ts';
import type { SystemReading } from './system.ts';
import type { Json } from './transport.ts';

/** What a controller shows of its machine's power, to compare with itself only (quirk 35). */
export interface Shown {
  readonly power: string | null;
  readonly lastReset: string | null;
  readonly bootProgress: string | null;
}

export type Before = Readonly<Record<string, unknown>> & Partial<Shown>;

export function shownBy({ power, lastReset, bootProgress }: SystemReading): Shown {
  return { power, lastReset, bootProgress };
}

/** The same, as it is now. */
export async function readShown(session: Session, { path }: SystemReading): Promise<Shown> {
  const system = await session.get(path);
  return {
    power: asText(system.PowerState),
    lastReset: asText(system.LastResetTime),
    bootProgress: asText((system.BootProgress as Json | undefined)?.LastState),
  };
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Redfish's `BootProgress.LastState`, in the order in which a start passes them. */
const stages = [
  'PrimaryProcessorInitializationStarted',
  'BusInitializationStarted',
  'MemoryInitializationStarted',
  'SecondaryProcessorInitializationStarted',
  'PCIResourceConfigStarted',
  'SystemHardwareInitializationComplete',
  'SetupEntered',
  'OSBootStarted',
  'OSRunning',
];

/**
 * Whether the machine was powered on, or restarted: a power edge, another reset time, or a start that is at an earlier
 * stage than before. A controller's word that it did so is no sign of it (quirks 27 and 28).
 */
export function effectShown(before: Before, shown: Shown): boolean {
  if (before.power === 'Off') return shown.power === 'On' || shown.power === 'PoweringOn';
  if (shown.power !== 'On') return false;
  const reset = shown.lastReset !== null && before.lastReset !== undefined && shown.lastReset !== before.lastReset;
  const [was, is] = [stages.indexOf(before.bootProgress ?? ''), stages.indexOf(shown.bootProgress ?? '')];
  return reset || (is >= 0 && is < was);
}
