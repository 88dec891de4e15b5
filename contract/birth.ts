/**
 * What the birth passage and its activities say to each other. Plain data: it is written into histories, so it
 * holds no secret and nothing that is large.
 */

import type { Milliseconds } from '../domain/duration.ts';
import type { BootState, ImageKind, OpState, Stage } from '../domain/machine.ts';
import type { OperatorQuestion } from '../domain/question.ts';
import type { Taken } from './past.ts';

export interface BeginResult extends Taken {
  /** Whether it has to be booted: it was never seen, or stands at the end of an earlier order. */
  readonly boot: boolean;
  /** Why a person has to say who it is before anything of it boots: it looks like another machine. */
  readonly newcomer?: string;
  /** It is in production, and nothing was done to it yet: it leaves by a permit, like for everything else. */
  readonly leaves?: true;
}

/** What a newcomer was said to be: a machine of its own, or the one that it looks like. */
export type NewcomerSettled = { readonly is: 'own' } | { readonly is: 'merged'; readonly into: string };

export interface Registered {
  readonly hostname: string;
  readonly address: string;
  readonly rack: string;
  readonly unit: number;
  readonly slot?: string;
  readonly pool: string;
  readonly sku: string | null;
  readonly controller: boolean;
}

export type RegisterResult = { readonly registered: Registered } | { readonly question: OperatorQuestion };

export interface ConfigureResult {
  /** `match`: nothing to do. `differ`: the attributes listed have to be set. `none`: no controller is known. */
  readonly state: 'match' | 'differ' | 'none';
  /** Names of BIOS attributes that differ from the profile. */
  readonly differing: readonly string[];
  /** The controller's own job that is to set them, which is not done yet; absent where there is none. */
  readonly job?: string;
}

export type ControllerResult = ConfigureResult | { readonly question: OperatorQuestion };

export interface ProfileStart {
  /** `run`: the agent burns in. `known`: this order already has a verdict. */
  readonly burnin: 'run' | 'known';
  /** Milliseconds that the burn-in may take before its fallback. */
  readonly limit: Milliseconds;
}

export interface ProfileResult {
  readonly verdict: 'pass' | 'fail' | 'below' | 'cut';
  readonly finding: string | null;
  readonly image: string;
  readonly imageKind: ImageKind;
}

export interface DeployResult {
  readonly hostname: string;
  readonly image: string;
  /** Milliseconds until the installed system has reported; null for the step's own limit. */
  readonly limit: Milliseconds | null;
  /** Whether a machine that stays silent may be restarted unasked. */
  readonly mayRestart: boolean;
}

export interface FinishResult {
  readonly stage: Stage;
  readonly opState: OpState;
  readonly bootState: BootState;
  /** Seconds from the order, which the first boot request gives, to in service. */
  readonly seconds: number;
}
