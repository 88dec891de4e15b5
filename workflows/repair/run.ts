import type { PassageInput } from '../../contract/machine.ts';
import type { Treatment } from '../../contract/outage.ts';
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
