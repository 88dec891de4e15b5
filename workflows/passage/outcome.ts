/** Where a step leads: on, back to an earlier step because the machine booted anew, or out of the passage. */
export type Outcome = { readonly to: 'next' } | { readonly to: 'again' } | Ended;

/** How a passage ends, with a note for people. */
export interface Ended {
  readonly to: 'end';
  readonly state: 'done' | 'failed' | 'cancelled';
  readonly note: string;
  /** The machine was left as it was, for a reason that is no fault of its own: nobody has to look at it. */
  readonly skipped?: true;
}

export const next: Outcome = { to: 'next' };
export const again: Outcome = { to: 'again' };

/** Ends before anything was done to the machine. */
export function refuse(why: string): Ended {
  return { to: 'end', state: 'failed', skipped: true, note: `nothing was done: ${why}` };
}

/** What its pool says of a machine whose drain was not done in time: it stays in production. */
export const spared: Ended = {
  to: 'end',
  state: 'failed',
  skipped: true,
  note: 'left in production: its drain was not done in time',
};
