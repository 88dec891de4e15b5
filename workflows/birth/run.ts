import type { BirthStep } from '../../contract/birth.ts';
import type { PassageInput } from '../../contract/machine.ts';
import type { Stage } from '../../mdb/machine.ts';
import { type Course, PassageRun } from '../passage/run.ts';
import { birthActivities } from '../proxies.ts';
import { limits } from './limits.ts';

/** One birth under way: what it knows besides what every passage knows. */
export class BirthRun extends PassageRun<BirthStep> {
  hostname = '';
  mustBoot = false;
  biosWritten = false;
  /** Milliseconds that the installed system has, and whether its silence may be answered with a restart. */
  readyLimit: number = limits.ready;
  mayRestart = true;

  constructor(input: PassageInput, course: Course<BirthStep>) {
    super(input, course);
  }

  async beginBirth(): Promise<boolean> {
    const begun = await birthActivities.beginBirth({ ...this.errand, next: this.start('rack') });
    this.fence = begun.fence;
    this.controller = begun.controller;
    this.mustBoot = begun.boot;
    return begun.live;
  }

  reached(stage: Stage): void {
    this.state = { ...this.state, stage };
  }
}
