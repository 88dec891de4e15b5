import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';

/**
 * The one timer of a passage, for all that it waits for. Most waits end long before their limit: the timer is left to
 * run then, and serves the next wait, which arms what is left of its time once it rings. Started and cancelled for each
 * wait, timers were a tenth of a birth's history, and a fifth of the promises that its workflow makes.
 */
export class Alarm {
  private scope: CancellationScope | null = null;
  private due = Number.POSITIVE_INFINITY;
  private rings = 0;

  /** Waits until the condition is met, at most so many milliseconds; says whether it was. */
  async until(met: () => boolean, milliseconds: number): Promise<boolean> {
    const end = Date.now() + Math.max(1, milliseconds);
    while (!met()) {
      if (Date.now() >= end) return false;
      this.arm(end);
      const { rings } = this;
      await condition(() => this.rings !== rings || met());
    }
    return true;
  }

  private arm(end: number): void {
    if (this.due <= end) return;
    this.scope?.cancel();
    const scope = new CancellationScope();
    this.scope = scope;
    this.due = end;
    scope
      .run(() => sleep(Math.max(1, end - Date.now())))
      .then(
        () => this.ring(scope),
        (error: unknown) => {
          if (!isCancellation(error)) throw error;
        },
      );
  }

  private ring(scope: CancellationScope): void {
    if (this.scope !== scope) return;
    this.scope = null;
    this.due = Number.POSITIVE_INFINITY;
    this.rings += 1;
  }
}
