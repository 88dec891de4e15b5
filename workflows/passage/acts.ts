import { ActivityFailure } from '@temporalio/workflow';
import type { Act, ActResult } from '../../contract/hardware.ts';
import type { ActKind, ActParameters } from '../../domain/acts.ts';
import { actingAt, settling } from '../proxies.ts';
import type { Acted } from './effects.ts';
import { rootMessage } from './failure.ts';
import type { Run } from './run.ts';

/** Commands to the power supply, which a passage gives only so often. */
const powering: ReadonlySet<ActKind> = new Set([
  'power-on',
  'power-off',
  'power-cycle',
  'restart',
  'boot-network',
  'ac-cycle',
]);

/** The passage's acts on hardware: each is given once, and what became of it is looked for. */
export class Acts {
  private readonly run: Run;
  /** How many were given; each has a number of its own. */
  count = 0;

  constructor(run: Run) {
    this.run = run;
  }

  /**
   * Acts on hardware once. A lost answer is never sent again: the effect is looked for, and what stays unknown is
   * told as such.
   */
  async act<K extends ActKind>(kind: K, parameters?: ActParameters[K]): Promise<Acted> {
    const { run } = this;
    // What was sent is seen through, whoever holds the passage back meanwhile.
    const before = run.rehearsing ? null : await this.takeUp(kind, parameters);
    if (before) return before;
    // Before it is counted: what is not sent was none.
    await run.gate.pass();
    this.count += 1;
    if (powering.has(kind)) run.powers += 1;
    const act = this.actOf(kind, parameters, `${run.order.orderId}:${kind}:${this.count}`);
    try {
      const result = await actingAt(run.order.siteId, kind).act(act);
      if (result.state !== 'not_done' && result.state !== 'planned') run.undo = null;
      // What waits for a restart is settled after it.
      if (result.state !== 'unknown' || result.waitsFor) return { ...(await this.pay(act, result)), act };
    } catch (error) {
      // The worker died or its time was up: whether the command was sent is for the observation to say.
      if (!(error instanceof ActivityFailure)) throw error;
      run.undo = null;
    }
    return { ...(await this.pay(act, await this.settle(act))), act };
  }

  /** What became of an act, by looking; never sends anything. */
  async settle(act: Act): Promise<ActResult> {
    try {
      return await settling(this.run.order.siteId, act.kind).settle(act);
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      return { state: 'unknown', observed: `no reading of the controller in time: ${rootMessage(error)}` };
    }
  }

  /** Puts back what an act changed for a while, whatever else became of it; told where that does not succeed. */
  private async pay(act: Act, result: ActResult): Promise<ActResult> {
    const { owes } = result;
    if (owes === undefined) return result;
    const { kind, parameters, intentId } = owes;
    const due = { ...act, kind, parameters, intentId } as Act;
    let paid: ActResult;
    try {
      // Part of what was begun, and so seen through: neither a pause nor a cancel leaves the machine changed.
      paid = await actingAt(this.run.order.siteId, kind).act(due);
      if (paid.state === 'unknown') paid = await this.settle(due);
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      paid = await this.settle(due);
    }
    if (paid.state !== 'done') this.run.note(`${act.kind} left something to be put back (${kind}): ${paid.observed}`);
    return result;
  }

  private actOf<K extends ActKind>(kind: K, parameters: ActParameters[K] | undefined, intentId: string): Act<K> {
    const { run } = this;
    return {
      ...run.order,
      kind,
      fence: Math.max(run.fence, run.permits.fence),
      intentId,
      step: run.step.name,
      ...(parameters && { parameters }),
      ...(run.rehearsing && { dryRun: true }),
    };
  }

  /**
   * What an earlier run sent is looked for, and never sent again; null where it sent nothing, or what it meant to send was
   * certainly not done.
   */
  private async takeUp<K extends ActKind>(kind: K, parameters: ActParameters[K] | undefined): Promise<Acted | null> {
    const { run } = this;
    for (;;) {
      const known = run.recall.takeAct(kind, parameters);
      if (known === null) return null;
      if (powering.has(kind)) run.powers += 1;
      const act = this.actOf(kind, parameters, known.id);
      const result = await this.settle(act);
      // What it left otherwise than it found it is for the caller to mend.
      if (result.state !== 'not_done' || result.left) {
        run.undo = null;
        return { ...result, act, ...(known.sentAt !== null && { sentAt: known.sentAt }) };
      }
    }
  }
}
