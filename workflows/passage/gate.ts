import { ApplicationFailure, condition } from '@temporalio/workflow';
import type { Desk } from '../desk.ts';
import type { Ended } from './outcome.ts';
import type { Takeover } from './takeover.ts';

/**
 * Thrown at the gate when the passage has to end, through however many calls; caught by who has something to put back,
 * and at last by the frame of every passage. One that got past it would end the passage, and never wedge it.
 */
export class Left extends ApplicationFailure {
  readonly ended: Ended;

  constructor(ended: Ended) {
    super(ended.note, 'Left', true);
    this.ended = ended;
  }
}

/**
 * What every step and every effect of a passage waits at before it begins. While the passage is paused or taken over
 * nothing passes; once it is cancelled, only the way back does.
 */
export class Gate {
  private readonly desk: Desk;
  private readonly takeover: Takeover;
  private accepted = false;
  private back = false;

  constructor(desk: Desk, takeover: Takeover) {
    this.desk = desk;
    this.takeover = takeover;
  }

  /** Whether somebody holds the passage back. */
  get holds(): boolean {
    return this.desk.cancelled === null && (this.desk.paused || this.desk.takenOver !== null);
  }

  /** Until it may begin; throws when it may not any more. */
  async pass(): Promise<void> {
    const paused = this.holds && this.desk.takenOver === null;
    if (paused) this.desk.cover('resume', 'It is paused: nothing is begun until it is resumed.');
    // A person's takeover sets its end and the cancel together, and tells of both before it is over.
    await condition(() => !this.holds && this.desk.takenOver === null);
    if (paused) this.desk.cover(null);
    if (this.desk.cancelled === null || this.accepted) return;
    if (this.back && this.takeover.ended === null) return;
    throw new Left(this.cancelled());
  }

  /** From here on the machine is brought back: a cancel ends nothing of that, it would only leave it halfway. */
  turnBack(): void {
    this.back = true;
  }

  /** How a passage ends that was cancelled. Whatever is done from here on puts back, and is not held up. */
  cancelled(): Ended {
    this.accepted = true;
    const { cancelled } = this.desk;
    const byHand = this.takeover.ended;
    if (byHand !== null) {
      const note = `taken over, and ${byHand}: ${cancelled?.reason ?? ''}`;
      return { to: 'end', state: byHand === 'done' ? 'done' : 'failed', note };
    }
    const note = `cancelled by ${cancelled?.by ?? 'nobody'}: ${cancelled?.reason ?? ''}`;
    return { to: 'end', state: 'cancelled', note };
  }
}
