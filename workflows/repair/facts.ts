import { type OwnAttempt, ownAttempts } from '../../contract/repair.ts';
import type { Milliseconds } from '../../domain/duration.ts';
import type { RepairRequest } from '../../domain/requests.ts';
import type { PassageContext } from '../passage/context.ts';
import type { Begun } from '../passage/definition.ts';
import type { Recall } from '../passage/recall.ts';

/** What a repair knows besides what every passage knows. */
export interface RepairFacts {
  /** Whether the machine was taken out of production for it. */
  away: boolean;
  /** What was seen last, for whoever is asked next. */
  seen: string;
  /** Whether the last look showed it sick: only then a look tells that it is well again. */
  sick: boolean;
  /** The attempt of the last act on the machine; null while nothing was done to it. */
  acted: OwnAttempt | null;
  /** A person's word leads to the next attempt. */
  byHand: boolean;
  /** Its controller is shut out for showing another machine: until that is settled, nothing can be asked of it. */
  shutOut: boolean;
  /** What a person has to know first. */
  doubt: string;
  /** Another board was accepted, and the keys of its disks went with the old one. */
  keysLost: boolean;
  /** What was gathered about the fault, for a person, in a few lines. */
  bundle: string;
  /** Milliseconds that the next attempt gives the last act to show what it did. */
  wait: Milliseconds;
}

export type RepairContext = PassageContext<RepairRequest, RepairFacts>;

export function repairFacts({ opState, stage }: Begun, recall: Recall): RepairFacts {
  return {
    away: (opState !== 'production' && opState !== 'draining') || (recall.again && stage === 'repair'),
    acted: ownAttempts.findLast((attempt) => attempt !== 'observe' && recall.hasAct(attempt)) ?? null,
    seen: '',
    sick: false,
    byHand: false,
    shutOut: false,
    doubt: '',
    keysLost: false,
    bundle: '',
    wait: 0,
  };
}
