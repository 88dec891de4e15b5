import type { PassageInput } from '../../contract/machine.ts';
import type { Treatment } from '../../contract/outage.ts';
import type { OwnRung } from '../../contract/repair.ts';
import { PassageRun } from '../passage/run.ts';
import { type RepairStep, repairCourse } from './limits.ts';

const minute = 60_000;

/** One repair under way: what it knows besides what every passage knows. */
export class RepairRun extends PassageRun<RepairStep> {
  /** Whether the machine was taken out of production for it. */
  away = false;
  /** The step that it stands at. */
  at: RepairStep = 'diagnose';
  /** What was seen last, for whoever is asked next. */
  seen = '';
  /** Whether the last look showed it sick: only then a look tells that it is well again. */
  sick = false;
  /** The rung of the last act on the machine; null while nothing was done to it. */
  acted: OwnRung | null = null;
  /** A person's word leads to the next rung. */
  byHand = false;
  /** Its controller is shut out for showing another machine: until that is settled, nothing can be asked of it. */
  shutOut = false;
  /** What a person has to know first. */
  doubt = '';
  /** Another board was accepted, and the keys of its disks went with the old one. */
  keysLost = false;
  treatment: Treatment = {
    drains: false,
    drainLimit: 0,
    onDrainTimeout: 'ask',
    soak: 10 * minute,
    healthRetries: 0,
    rebootLimit: 30 * minute,
  };

  constructor(input: PassageInput) {
    super(input, repairCourse);
  }
}
