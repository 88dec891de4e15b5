import { setTimeout as delay } from 'node:timers/promises';
import type { Hardware } from './hardware.ts';
import type { Journal, SimEffect } from './journal.ts';
import type { Phase, SimState } from './state.ts';
import type { FleetWire } from './wire.ts';

/** What all machines of a fleet share. */
export interface World {
  readonly seed: number;
  /** How many times faster than life everything is that takes a machine time. */
  readonly speed: number;
  /** Seconds of its life that a burn-in takes a machine at most; what is beyond is reported and not waited for. */
  readonly maxBurninSeconds: number;
  readonly wire: FleetWire;
  readonly journal: Journal;
  /** Marks a rack's states as changed. */
  touch(rackId: string): void;
  /** A machine's place, by id of the simulator or of the MDB. */
  placeOf(machine: string): Hardware | undefined;
  /** Address of a machine's controller; null when it has none of its own. */
  bmcAddressOf(hardware: Hardware): string | null;
}

/** One machine, as firmware and what runs on it see it. */
export interface Body {
  readonly hardware: Hardware;
  readonly state: SimState;
  readonly world: World;
  /** Kernel boot id of this boot. */
  readonly bootId: string;
  enter(phase: Phase): void;
  /** Writes to its console. */
  print(...lines: readonly string[]): void;
  note(effect: SimEffect, detail?: Readonly<Record<string, unknown>>): void;
  /** Says that `state` has changed. */
  changed(): void;
}

/** Lets seconds of the machine's life pass; rejects when its power goes. */
export async function pass(world: Pick<World, 'speed'>, seconds: number, signal: AbortSignal): Promise<void> {
  await delay((seconds * 1000) / world.speed, undefined, { signal });
}

/** Does nothing until the power goes, and then rejects. */
export function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
