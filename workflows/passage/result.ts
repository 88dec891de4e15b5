import { ApplicationFailure } from '@temporalio/workflow';
import type { Report } from '../../contract/machine.ts';

/** Where a step leads: to the next one, to another one by its name, past all of them, or out of the passage. */
export type StepResult =
  | { readonly to: 'next' }
  | { readonly to: 'step'; readonly step: string }
  | { readonly to: 'finish' }
  | Ended;

/** How a passage ends, with a note for people. */
export interface Ended {
  readonly to: 'end';
  readonly state: 'done' | 'failed' | 'cancelled';
  readonly note: string;
  /** The machine was left as it was, for a reason that is no fault of its own: nobody has to look at it. */
  readonly skipped?: true;
  /** The transaction that finished the work has ended the order with it. */
  readonly recorded?: true;
}

export const next: StepResult = { to: 'next' };
/** Nothing is left but what the passage does at its end. */
export const finished: StepResult = { to: 'finish' };

export function goTo(step: string): StepResult {
  return { to: 'step', step };
}

export function done(note: string): Ended {
  return { to: 'end', state: 'done', note };
}

export function failed(note: string): Ended {
  return { to: 'end', state: 'failed', note };
}

/** Ends before anything was done to the machine. */
export function refuse(why: string): Ended {
  return { to: 'end', state: 'failed', skipped: true, note: `nothing was done: ${why}` };
}

/** What its pool says of a machine whose drain was not done in time: it stays in production. */
export const skipped: Ended = {
  to: 'end',
  state: 'failed',
  skipped: true,
  note: 'left in production: its drain was not done in time',
};

/**
 * Thrown when the passage has to end, through however many calls; caught by the engine alone. One that got past it would
 * end the passage, and never wedge it.
 */
export class Leave extends ApplicationFailure {
  readonly ended: Ended;

  constructor(ended: Ended) {
    super(ended.note, 'Leave', true);
    this.ended = ended;
  }
}

/** Thrown when the machine booted anew in the middle of a step; caught by the engine alone. */
export class BootedAnew extends ApplicationFailure {
  readonly report: Report;

  constructor(report: Report) {
    super('the machine booted anew', 'BootedAnew', true);
    this.report = report;
  }
}
