import { ActivityFailure, ApplicationFailure, condition } from '@temporalio/workflow';
import type { Act, ActResult, BirthStep, Errand, Held, StepStart } from '../../contract/birth.ts';
import type { BirthInput, PassageSummary, Report } from '../../contract/machine.ts';
import type { Stage } from '../../mdb/machine.ts';
import { Desk } from '../desk.ts';
import { acting, birthActivities, observing } from '../proxies.ts';
import { limits, owners } from './limits.ts';

/** Where a step leads: on, back to the register step because the machine booted anew, or out of the passage. */
export type Outcome =
  | { readonly to: 'next' }
  | { readonly to: 'again' }
  | { readonly to: 'end'; readonly state: 'failed' | 'cancelled'; readonly note: string };

export const next: Outcome = { to: 'next' };
export const again: Outcome = { to: 'again' };

/** What a person answered, or where the wait led otherwise. */
export type Ruling = { readonly answer: string; readonly by: string } | { readonly outcome: Outcome };

/** One birth under way: what it knows, and the moves that several of its steps make. */
export class BirthRun {
  readonly errand: Errand;
  readonly desk: Desk;
  hostname = '';
  rack = '';
  pool = '';
  sku = '';
  controller = false;
  mustBoot = false;
  biosWritten = false;
  /** Milliseconds that the installed system has, and whether its silence may be answered with a restart. */
  readyLimit: number = limits.ready;
  mayRestart = true;
  private fence = 0;
  private stage: Stage = 'racked';
  private serial = 0;
  private powerTries = 0;

  constructor(input: BirthInput) {
    this.errand = { machineId: input.machineId, siteId: input.siteId, orderId: input.orderId };
    this.desk = new Desk({ machineId: input.machineId, orderId: input.orderId, passage: 'birth' });
  }

  async begin(): Promise<boolean> {
    const begun = await birthActivities.beginBirth({ ...this.errand, next: this.start('rack') });
    this.fence = begun.fence;
    this.controller = begun.controller;
    this.mustBoot = begun.boot;
    return begun.live;
  }

  unpaused(): Promise<void> {
    return condition(() => !this.desk.paused || this.desk.cancelled !== null);
  }

  /** The row of a step that begins, for the transaction that ends the one before. */
  start(step: BirthStep): StepStart {
    return { step, owner: owners[step], limit: limits[step] };
  }

  reached(stage: Stage): void {
    this.stage = stage;
  }

  /** Shows that the passage now waits on something. */
  stand(step: BirthStep, waitingOn: string, limitMs: number | null = limits[step]): void {
    this.desk.stand(step, this.stage, waitingOn, limitMs);
  }

  /** A machine that booted anew starts over from its inventory; the MDB counts the attempt. */
  async reboot(report: Report, step: BirthStep): Promise<Outcome> {
    this.desk.take(report);
    await birthActivities.noteReboot({ ...this.errand, step });
    return again;
  }

  cancelled(): Outcome {
    const cancel = this.desk.cancelled;
    return { to: 'end', state: 'cancelled', note: `cancelled by ${cancel?.by ?? 'nobody'}: ${cancel?.reason ?? ''}` };
  }

  /**
   * Asks a person and waits, reminding once a day. `abandon` ends the passage; a machine that boots anew while it is
   * held answers the question by itself, since whoever mended it has power-cycled it.
   */
  async ask(step: BirthStep, held: Held): Promise<Ruling> {
    this.serial += 1;
    const id = `${this.errand.orderId}:${step}:${this.serial}`;
    const owner = owners[step];
    await birthActivities.openHumanStep({ ...this.errand, ...held, id, step, owner, remindAfter: limits.reminder });
    this.desk.question = { id, question: held.reason, choices: held.choices, owner };
    this.stand(step, 'person', null);
    const ruling = await this.awaitRuling(id, step);
    this.desk.question = null;
    return ruling;
  }

  private async awaitRuling(id: string, step: BirthStep): Promise<Ruling> {
    for (;;) {
      const heard = await this.desk.awaitAnswer(limits.reminder);
      if (heard === 'late') {
        await birthActivities.remindHumanStep({ ...this.errand, id });
        continue;
      }
      const answer =
        heard === 'cancelled'
          ? { answer: 'cancelled', by: this.desk.cancelled?.by ?? 'nobody' }
          : 'rebooted' in heard
            ? { answer: 'rebooted', by: this.errand.machineId }
            : { answer: heard.answer.answer, by: heard.answer.by };
      await birthActivities.closeHumanStep({ ...this.errand, id, step, ...answer });
      if (heard === 'cancelled') return { outcome: this.cancelled() };
      if ('rebooted' in heard) return { outcome: await this.reboot(heard.rebooted, step) };
      if (answer.answer !== 'abandon') return answer;
      return { outcome: { to: 'end', state: 'failed', note: `abandoned by ${answer.by}` } };
    }
  }

  /** Asks where the only answers are to try the step again or to give up. */
  async askRetry(step: BirthStep, fault: string, reason: string): Promise<Outcome | 'retry'> {
    const ruling = await this.ask(step, { fault, reason, choices: ['retry', 'abandon'] });
    return 'outcome' in ruling ? ruling.outcome : 'retry';
  }

  /**
   * Acts on hardware once. A lost answer is never sent again: the effect is looked for, and what stays unknown is
   * told as such.
   */
  async act(kind: Act['kind']): Promise<ActResult> {
    this.powerTries += 1;
    const act: Act = {
      ...this.errand,
      kind,
      fence: this.fence,
      intentId: `${this.errand.orderId}:${kind}:${this.powerTries}`,
    };
    try {
      const result = await acting(this.errand.siteId).act(act);
      if (result.state !== 'unknown') return result;
    } catch (error) {
      // The worker died or its time was up: whether the command was sent is for the observation to say.
      if (!(error instanceof ActivityFailure)) throw error;
    }
    return this.settle(act);
  }

  private async settle(act: Act): Promise<ActResult> {
    try {
      return await observing(this.errand.siteId).settle(act);
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      return { state: 'unknown', observed: `no reading of the controller in time: ${rootMessage(error)}` };
    }
  }

  /** Power tries of this birth are bounded: past the budget, a person decides. */
  get mayPower(): boolean {
    return this.controller && this.powerTries < limits.powerTries;
  }

  summary(outcome: PassageSummary['outcome'], note?: string): PassageSummary {
    return {
      orderId: this.errand.orderId,
      passage: 'birth',
      outcome,
      stage: this.stage,
      opState: outcome === 'done' && this.stage === 'in_service' ? 'production' : 'disabled',
      bootState: this.stage === 'deployed' || this.stage === 'in_service' ? 'healthy' : 'birth',
      ...(this.rack && { rack: this.rack }),
      ...(this.pool && { pool: this.pool }),
      ...(this.sku && { sku: this.sku }),
      ...(note && { note }),
    };
  }
}

/** The sentence at the bottom of a failure's causes. */
export function rootMessage(error: ActivityFailure): string {
  let cause: Error | undefined = error;
  while (cause?.cause instanceof Error) cause = cause.cause;
  return cause instanceof ApplicationFailure ? (cause.message ?? 'failed') : String(cause?.message ?? 'failed');
}
