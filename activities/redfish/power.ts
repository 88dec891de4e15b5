import type { Session } from './session.ts';
import type { SystemReading } from './system.ts';

/** What is wanted of the power, and the reset types that bring it about, best first (quirk 26). */
const resetChains = {
  on: ['On', 'ForceOn', 'PushPowerButton'],
  restart: ['ForceRestart', 'PowerCycle', 'GracefulRestart'],
  // A button that is pushed powers on what has gone off meanwhile: it is no way to power off.
  shutdown: ['GracefulShutdown'],
  off: ['ForceOff', 'Off'],
  cycle: ['PowerCycle'],
} as const;

export type PowerWish = keyof typeof resetChains;

/** The reset type to send for this wish on this controller; null when it offers none. */
export function chooseReset(wish: PowerWish, allowed: readonly string[]): string | null {
  const chain: readonly string[] = resetChains[wish];
  return chain.find((type) => allowed.includes(type)) ?? (allowed.length === 0 ? (chain[0] ?? null) : null);
}

/** Sends one reset. */
export async function sendReset(session: Session, system: SystemReading, type: string): Promise<void> {
  await session.write('POST', system.resetPath, { ResetType: type });
}
