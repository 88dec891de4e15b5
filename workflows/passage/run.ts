import { ActivityFailure, ApplicationFailure, condition } from '@temporalio/workflow';
import type { Act, ActResult } from '../../contract/hardware.ts';
import type { PassageInput, PassageSummary, Report } from '../../contract/machine.ts';
import type { BegunPassage, Held, MachineState, PassageErrand, StepStart } from '../../contract/passage.ts';
import type { Passage } from '../../mdb/machine.ts';
import { Desk } from '../desk.ts';
import { acting, observing, passageActivities } from '../proxies.ts';

const day = 24 * 60 * 60_000;
/** Between two reminders of a question, in milliseconds. */
const reminder = day;

/** What is fixed about a passage: its steps in order, whose they are, how long each may take, how often it powers. */
export interface Course<Step extends string = string> {
  readonly passage: Passage;
  readonly steps: readonly Step[];
  readonly owners: Readonly<Record<Step, string>>;
  /** Milliseconds until the fallback of each step. */
  readonly limits: Readonly<Record<Step, number>>;
  /** Commands to the power supply in one passage; past that, a person. */
  readonly powerTries: number;
}

/** Where a step leads: on, back to an earlier step because the machine booted anew, or out of the passage. */
export type Outcome =
  | { readonly to: 'next' }
  | { readonly to: 'again' }
  | { readonly to: 'end'; readonly state: 'done' | 'failed' | 'cancelled'; readonly note: string };

export const next: Outcome = { to: 'next' };
export const again: Outcome = { to: 'again' };

/** What a person answered, or where the wait led otherwise. */
export type Ruling = { readonly answer: string; readonly by: string } | { readonly outcome: Outcome };

/** One passage under way: what it knows, and the moves that several of its steps make. */
export class PassageRun<Step extends string = string> {
  readonly course: Course<Step>;
  readonly errand: PassageErrand;
  readonly desk: Desk;
  controller = false;
  /** Number that acts on hardware carry; a permit's grant raises it. */
  fence = 0;
  /** Where the machine stands, as last told by the MDB. */
  state: MachineState = {
    stage: 'racked',
    opState: 'disabled',
    bootState: 'birth',
    rack: null,
    pool: 'general',
    sku: null,
  };
  private serial = 0;
  private acts = 0;

  constructor(input: PassageInput, course: Course<Step>) {
    const { machineId, siteId, orderId } = input;
    this.course = course;
    this.errand = { machineId, siteId, orderId, passage: course.passage };
    this.desk = new Desk({ machineId, orderId, passage: course.passage });
  }

  /** Takes the order; not live when it was ended before it began. */
  async begin(): Promise<BegunPassage> {
    const [first] = this.course.steps as readonly [Step];
    const begun = await passageActivities.beginPassage({ ...this.errand, next: this.start(first) });
    this.fence = begun.fence;
    this.controller = begun.controller;
    this.state = begun;
    return begun;
  }

  unpaused(): Promise<void> {
    return condition(() => !this.desk.paused || this.desk.cancelled !== null);
  }

  /** The row of a step that begins, for the transaction that ends the one before. */
  start(step: Step): StepStart {
    const { steps, owners, limits } = this.course;
    return { step, ordinal: (steps.indexOf(step) + 1) * 10, owner: owners[step], limit: limits[step] };
  }

  /** Shows that the passage now waits on something. */
  stand(step: Step, waitingOn: string, limitMs: number | null = this.course.limits[step]): void {
    this.desk.stand(step, this.state.stage, waitingOn, limitMs);
  }

  /** A machine that booted anew starts over from its inventory; the MDB counts the attempt. */
  async reboot(report: Report, step: Step): Promise<Outcome> {
    this.desk.take(report);
    await passageActivities.noteReboot({ ...this.errand, step });
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
  async ask(step: Step, held: Held): Promise<Ruling> {
    this.serial += 1;
    const id = `${this.errand.orderId}:${step}:${this.serial}`;
    const owner = this.course.owners[step];
    await passageActivities.openHumanStep({ ...this.errand, ...held, id, step, owner, remindAfter: reminder });
    this.desk.question = { id, question: held.reason, choices: held.choices, owner };
    this.stand(step, 'person', null);
    const ruling = await this.awaitRuling(id, step);
    this.desk.question = null;
    return ruling;
  }

  private async awaitRuling(id: string, step: Step): Promise<Ruling> {
    for (;;) {
      const heard = await this.desk.awaitAnswer(reminder);
      if (heard === 'late') {
        await passageActivities.remindHumanStep({ ...this.errand, id });
        continue;
      }
      const answer =
        heard === 'cancelled'
          ? { answer: 'cancelled', by: this.desk.cancelled?.by ?? 'nobody' }
          : 'rebooted' in heard
            ? { answer: 'rebooted', by: this.errand.machineId }
            : { answer: heard.answer.answer, by: heard.answer.by };
      await passageActivities.closeHumanStep({ ...this.errand, id, step, ...answer });
      if (heard === 'cancelled') return { outcome: this.cancelled() };
      if ('rebooted' in heard) return { outcome: await this.reboot(heard.rebooted, step) };
      if (answer.answer !== 'abandon') return answer;
      return { outcome: { to: 'end', state: 'failed', note: `abandoned by ${answer.by}` } };
    }
  }

  /** Asks where the only answers are to try the step again or to give up. */
  async askRetry(step: Step, fault: string, reason: string): Promise<Outcome | 'retry'> {
    const ruling = await this.ask(step, { fault, reason, choices: ['retry', 'abandon'] });
    return 'outcome' in ruling ? ruling.outcome : 'retry';
  }

  /**
   * Acts on hardware once. A lost answer is never sent again: the effect is looked for, and what stays unknown is
   * told as such.
   */
  async act(kind: Act['kind']): Promise<ActResult> {
    this.acts += 1;
    const act: Act = {
      ...this.errand,
      kind,
      fence: this.fence,
      intentId: `${this.errand.orderId}:${kind}:${this.acts}`,
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

  /** Power tries of a passage are bounded: past the budget, a person decides. */
  get mayPower(): boolean {
    return this.controller && this.acts < this.course.powerTries;
  }

  /** Ends the order, and says how it ended and where the machine stands. */
  async end(outcome: PassageSummary['outcome'], note: string, hold: boolean): Promise<PassageSummary> {
    this.state = await passageActivities.endOrder({ ...this.errand, state: outcome, outcome: note, hold });
    return this.summary(outcome, note);
  }

  summary(outcome: PassageSummary['outcome'], note?: string): PassageSummary {
    const { stage, opState, bootState, rack, pool, sku } = this.state;
    return {
      orderId: this.errand.orderId,
      passage: this.errand.passage,
      outcome,
      stage,
      opState,
      bootState,
      ...(rack && { rack }),
      ...(pool && { pool }),
      ...(sku && { sku }),
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
