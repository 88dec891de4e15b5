import type { Command } from 'commander';
import type { Probe } from '../../redfish/probe.ts';
import type { Session } from '../../redfish/session.ts';
import type { SystemReading } from '../../redfish/system.ts';
import type { Screen } from '../context.ts';
import type { Hand, HandOptions } from './hand.ts';
import { showPin } from './show.ts';

/** The system behind a controller, found and asked. */
export interface SystemContext {
  readonly session: Session;
  readonly system: SystemReading;
  readonly probe: Probe;
}

/** Reads something of the system that is meant. */
export async function onSystem<T>(
  session: Session,
  { system }: HandOptions,
  read: (place: SystemContext) => Promise<T>,
): Promise<T> {
  const { openProbe } = await import('../../redfish/probe.ts');
  return read({ session, ...(await openProbe(session, { hostPath: system ?? null })) });
}

/** Reads and shows: nothing is written. */
export async function showSystem<T>(
  hand: Hand,
  command: Command,
  address: string,
  options: HandOptions,
  read: (place: SystemContext) => Promise<T>,
  show: (screen: Screen, value: T) => void,
): Promise<void> {
  const { screen } = hand.open();
  const { pin, value } = await hand.ask(command, address, options, (session) => onSystem(session, options, read));
  screen.answer({ pin, ...value }, () => {
    showPin(screen, pin, options.pin);
    show(screen, value);
  });
}
