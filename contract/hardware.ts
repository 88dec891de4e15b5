/**
 * Acts on hardware: what passages ask of the hardware workers, and what they hear back. Plain data that is written into
 * histories: references only, no secret and nothing that is large.
 */

import type { ActKind, ActParameters } from '../domain/acts.ts';
import type { OperatorQuestion } from '../domain/question.ts';
import type { OrderReference } from './passage.ts';

/** An act on hardware. The id is minted by the workflow, so that a repeated activity finds the first one's row. */
export interface Act<K extends ActKind = ActKind> extends OrderReference {
  readonly intentId: string;
  readonly fence: number;
  readonly kind: K;
  /** Run of the order's passage: an earlier run's act is refused. */
  readonly epoch?: number | undefined;
  /** Step of the passage at which it is. */
  readonly step?: string;
  /** Absent for acts that need none. */
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
  /** `off`: it was powered off by this act, and is not seen to be on again. */
  readonly left?: 'off';
  /** What was changed for a while and is not put back yet: an act that may be given at any time, under the intent named. */
  readonly owes?: {
    readonly kind: ActKind;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly intentId: string;
  };
  /** What was or would be sent, as the intent keeps it. */
  readonly command?: Readonly<Record<string, unknown>>;
  /** Set when nothing was sent because the device is not the one meant, or may not be talked to. */
  readonly refused?: OperatorQuestion;
}
