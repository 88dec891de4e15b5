import { condition } from '@temporalio/workflow';
import type { Inbox } from './inbox.ts';
import { type Ended, Leave } from './result.ts';
import type { Takeover } from './takeover.ts';

/**
 * What every step and every effect of a passage waits at before it begins. While the passage is paused or taken over
 * nothing passes; once it is cancelled, only the way back does.
 */
export class Gate {
  private readonly inbox: Inbox;
  private readonly takeover: Takeover;
  private accepted = false;
  private back = false;

  constructor(inbox: Inbox, takeover: Takeover) {
    this.inbox = inbox;
    this.takeover = takeover;
  }

  /** Whether somebody holds the passage back. */
  get holds(): boolean {
    return this.inbox.cancelled === null && (this.inbox.paused || this.inbox.takenOver !== null);
  }

  /** Whether there is nothing to wait for at it. Ask first where it matters: a promise costs more than the answer. */
  get isClear(): boolean {
    return this.open && this.mayGoOn;
  }

  /** Until it may begin; throws `Leave` when it may not any more. */
  async pass(): Promise<void> {
    if (!this.open) await this.wait();
    if (!this.mayGoOn) throw new Leave(this.cancelled());
  }

  private get mayGoOn(): boolean {
    return this.inbox.cancelled === null || this.accepted || (this.back && this.takeover.ended === null);
  }

  private get open(): boolean {
    return !this.holds && this.inbox.takenOver === null;
  }

  private async wait(): Promise<void> {
    const paused = this.holds && this.inbox.takenOver === null;
    if (paused) this.inbox.cover('resume', 'It is paused: nothing is begun until it is resumed.');
    // A person's takeover sets its end and the cancel together, and tells of both before it is over.
    await condition(() => this.open);
    if (paused) this.inbox.cover(null);
  }

  /** From here on the machine is brought back: a cancel ends nothing of that, it would only leave it halfway. */
  turnBack(): void {
    this.back = true;
  }

  /** How a passage ends that was cancelled. Whatever is done from here on puts back, and is not held up. */
  cancelled(): Ended {
    this.accepted = true;
    const { cancelled } = this.inbox;
    const byHand = this.takeover.ended;
    if (byHand !== null) {
      const note = `taken over, and ${byHand}: ${cancelled?.reason ?? ''}`;
      return { to: 'end', state: byHand === 'done' ? 'done' : 'failed', note };
    }
    const note = `cancelled by ${cancelled?.by ?? 'nobody'}: ${cancelled?.reason ?? ''}`;
    return { to: 'end', state: 'cancelled', note };
  }
}
