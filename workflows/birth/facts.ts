import type { Milliseconds } from '../../domain/duration.ts';
import type { PassageContext } from '../passage/context.ts';

/** What a passage knows that ends with a machine installed and in service. */
export interface InstallFacts {
  /** Milliseconds that the installed system has to report itself; null for the step's own limit. */
  readyLimit: Milliseconds | null;
  /** Whether its silence may be answered with a restart. */
  mayRestart: boolean;
}

export type InstallContext = PassageContext<unknown, InstallFacts>;

/** What a birth or rebirth knows besides. */
export interface BirthFacts extends InstallFacts {
  /** What it is called; null while nobody has told. */
  hostname: string | null;
  mustBoot: boolean;
  /** Why a person has to say who it is; undefined where it looks like nobody. */
  newcomer: string | undefined;
  biosWritten: boolean;
  passwordChanged: boolean;
}

export type BirthContext = PassageContext<unknown, BirthFacts>;

export const installFacts: InstallFacts = { readyLimit: null, mayRestart: true };

export function birthFacts(mustBoot: boolean, newcomer?: string): BirthFacts {
  return { ...installFacts, hostname: null, mustBoot, newcomer, biosWritten: false, passwordChanged: false };
}
