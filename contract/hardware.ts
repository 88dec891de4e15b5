/**
 * Acts on hardware: what passages ask of the hardware workers, and what they hear back. Plain data that is written into
 * histories: references only, no secret and nothing that is large.
 */
import type { Errand, Held } from './birth.ts';

type Nothing = Readonly<Record<never, never>>;

/** Kinds of act, and what each takes. What an act does is in here or in its intent, never in what may change meanwhile. */
export interface ActParameters {
  readonly 'power-on': Nothing;
  /** `graceful` falls back to `forced` once the system has had `patience` milliseconds to shut down; 120,000 if absent. */
  readonly 'power-off': { readonly how?: 'graceful' | 'forced' | 'graceful-only'; readonly patience?: number };
  readonly 'power-cycle': Nothing;
  /** Powers on what is off. */
  readonly restart: Nothing;
  /** A boot from the network, once, by a restart. */
  readonly 'boot-network': Nothing;
  /** Attributes to make pending; those of the machine's profile if absent. */
  readonly 'set-bios': { readonly attributes?: Readonly<Record<string, string | number | boolean>> };
  /** A new password for the account that Farrier signs in with; the old one stays until the new one was seen to work. */
  readonly 'rotate-password': Nothing;
}

export type ActKind = keyof ActParameters;

/** An act on hardware. The id is minted by the workflow, so that a repeated activity finds the first one's row. */
export interface Act<K extends ActKind = ActKind> extends Errand {
  readonly intentId: string;
  readonly fence: number;
  readonly kind: K;
  /** Absent for kinds that need none. */
  readonly parameters?: ActParameters[K];
  /** Reads for real, and writes nothing: neither to the controller nor as an intent. */
  readonly dryRun?: boolean;
}

export interface ActResult {
  /** `planned` is the result of a dry run. */
  readonly state: 'done' | 'not_done' | 'unknown' | 'planned';
  /** One sentence: what was observed, or why nothing was sent. */
  readonly observed: string;
  /** Set when the effect only comes about with the next start of the machine. */
  readonly waitsFor?: 'restart';
  /** What was or would be sent, as the intent keeps it. */
  readonly command?: Readonly<Record<string, unknown>>;
  /** Set when nothing was sent because the device is not the one meant, or may not be talked to. */
  readonly refused?: Held;
}
