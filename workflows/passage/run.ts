import { ActivityFailure, condition } from '@temporalio/workflow';
import type { Act, ActResult } from '../../contract/hardware.ts';
import type { Answer, PassageInput, PassageSummary, Report } from '../../contract/machine.ts';
import type { MachineState, PassageErrand, PersonsRuling, StepStart } from '../../contract/passage.ts';
import type { BegunPassage, Taken } from '../../contract/past.ts';
import type { ActKind, ActParameters } from '../../domain/acts.ts';
import type { Passage } from '../../domain/machine.ts';
import type { Held } from '../../domain/question.ts';
import type { PlanLine } from '../../domain/values.ts';
import { Desk } from '../desk.ts';
import { shortened } from '../messages.ts';
import { type PermitSubject, Permits } from '../permits.ts';
import { actingAt, passageActivities } from '../proxies.ts';
import { type Effects, type Looks, openEffects, openLooks } from './effects.ts';
import { rootMessage } from './failure.ts';
import { Gate } from './gate.ts';
import { again, type Ended, type Outcome } from './outcome.ts';
import { Recall } from './recall.ts';
import { Takeover } from './takeover.ts';

const day = 24 * 60 * 60_000;
/** Between two reminders of a question, in milliseconds. */
const reminder = day;
/** Answers that were not taken and are written down, in one passage. */
const mostKept = 100;

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

/** What came of an act; with its time where an earlier run had sent it (ISO 8601). */
export type Acted = ActResult & { readonly act?: Act; readonly sentAt?: string };

/** What a person answered, or where the wait led otherwise. */
export type Ruling = PersonsRuling | { readonly outcome: Outcome };

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Commands to the power supply, which a passage gives only so often. */
const powering: ReadonlySet<ActKind> = new Set([
  'power-on',
  'power-off',
  'power-cycle',
  'restart',
  'boot-network',
  'ac-cycle',
]);

/** One passage under way: what it knows, and the moves that several of its steps make. */
export class PassageRun<Step extends string = string> {
  readonly course: Course<Step>;
  readonly errand: Mutable<PassageErrand>;
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
  /** What this passage holds of its groups' semaphores; whoever runs a passage gives all back at its end. */
  readonly permits: Permits;
  private readonly holder: Mutable<PermitSubject>;
  /** A rehearsal reads for real and changes nothing: what it would do is written down instead. */
  dry = false;
  readonly plan: PlanLine[] = [];
  readonly takeover: Takeover;
  /** What an earlier run of it left, whose workflow was lost. */
  recall = new Recall([], undefined);
  readonly gate: Gate;
  /** What it may do to the world; each waits at the gate. */
  readonly effects: Effects;
  readonly looks: Looks;
  /** Whether the order was taken. */
  begun = false;
  /** Puts the machine back where it was; null while it is there, and once something was done to it. */
  undo: ((ended: Ended) => Promise<Outcome>) | null = null;
  /** Who ordered that it comes back, where that is what the order is about. */
  restorer: string | null = null;
  private serial = 0;
  private kept = 0;
  private keeping = 0;
  private acts = 0;
  private powers = 0;

  constructor(input: PassageInput, course: Course<Step>) {
    const { machineId, siteId, orderId } = input;
    this.course = course;
    this.errand = { machineId, siteId, orderId, passage: course.passage };
    this.desk = new Desk({ machineId, orderId, passage: course.passage });
    this.takeover = new Takeover(this.desk, this.errand);
    this.gate = new Gate(this.desk, this.takeover);
    this.effects = openEffects(siteId, this.gate);
    this.looks = openLooks(siteId);
    this.holder = { machineId, siteId, orderId, class: 'maintenance' };
    this.permits = new Permits(this.holder, this.gate);
  }

  /** Registers the handlers of messages; call it before the first await. */
  open(): void {
    this.desk.open();
    this.desk.onIgnored = (why, message) => this.keepIgnored(why, message);
    this.permits.open();
    this.takeover.open();
  }

  /** Takes the order; not live when it was ended before it began. */
  async begin(): Promise<BegunPassage> {
    const [first] = this.course.steps as readonly [Step];
    const begun = await this.effects.passage.beginPassage({ ...this.errand, next: this.start(first) });
    this.holder.class = begun.class;
    this.state = begun;
    this.begun = begun.live;
    await this.take(begun);
    return begun;
  }

  /** Takes over what it was told at its beginning, and where an earlier run was lost, what that left. */
  protected async take({ live, fence, controller, epoch, past }: Taken): Promise<void> {
    this.fence = fence;
    this.controller = controller;
    if (epoch !== undefined) this.errand.epoch = epoch;
    this.recall = new Recall(this.course.steps, past, this.errand.orderId);
    this.acts = this.recall.acted;
    this.serial = this.recall.asked;
    this.takeover.recall = this.recall;
    if (past) this.state = past.state;
    if (past) this.desk.recall(past, this.recall.isPast(this.course.steps[0] as Step));
    if (live) await this.permits.adopt(past?.permits ?? []);
  }

  /** The rehearsal is over: what it asked of the controller was not asked. */
  wake(): void {
    this.dry = false;
    this.acts = 0;
    this.powers = 0;
  }

  /** In a rehearsal, writes down what would be done and says so; otherwise the caller does it. */
  plans(step: Step, does: string, command?: PlanLine['command']): boolean {
    if (this.dry) this.plan.push({ step, does, ...(command && { command }) });
    return this.dry;
  }

  /** The row of a step that begins, for the transaction that ends the one before. */
  start(step: Step): StepStart {
    const { steps, owners, limits } = this.course;
    return { step, ordinal: (steps.indexOf(step) + 1) * 10, owner: owners[step], limit: limits[step] };
  }

  /** Shows that the passage now waits on something. */
  stand(
    step: Step,
    waitingOn: string,
    limitMs: number | null = this.course.limits[step],
    why: string | null = null,
  ): void {
    this.desk.stand(step, this.state.stage, waitingOn, limitMs, why);
  }

  /** A machine that booted anew starts over from its inventory; the MDB counts the attempt. */
  async reboot(report: Report, step: Step): Promise<Outcome> {
    this.desk.take(report);
    await passageActivities.noteReboot({ ...this.errand, step });
    return again;
  }

  /** The operator by whose word the machine comes back before its time; null where it is nobody's. */
  get stopper(): string | null {
    const { cancelled } = this.desk;
    if (cancelled !== null && cancelled.class !== undefined) return null;
    const by = cancelled?.by ?? this.restorer;
    return by === this.errand.machineId ? null : by;
  }

  cancelled(): Ended {
    return this.gate.cancelled();
  }

  /**
   * Asks a person and waits, reminding once a day. `abandon` ends the passage; a machine that boots anew while it is
   * held answers the question by itself, since whoever mended it has power-cycled it.
   */
  async ask(step: Step, held: Held): Promise<Ruling> {
    // Who has taken the passage over has its one question open.
    await this.gate.pass();
    // Nobody is asked about what was called off.
    if (this.desk.cancelled !== null) return { outcome: this.cancelled() };
    const known = this.recall.takeQuestion(step, held);
    if (known?.ruling) return settled(known.ruling);
    await this.closeLeft();
    if (known === null) this.serial += 1;
    const id = known?.id ?? `${this.errand.orderId}:${step}:${this.serial}`;
    const owner = held.owner ?? this.course.owners[step];
    await this.effects.passage.openHumanStep({ ...this.errand, ...held, id, step, owner, remindAfter: reminder });
    const { reason: question, choices, schema } = held;
    this.desk.pose({ id, question, choices, owner, ...(schema && { schema }) });
    this.stand(step, 'person', null);
    const ruling = await this.awaitRuling(id, step, Math.min(held.deadline ?? reminder, reminder));
    this.desk.question = null;
    return ruling;
  }

  /** `patience` ends with the first reminder, which past the deadline goes to whoever is on call too. */
  private async awaitRuling(id: string, step: Step, patience: number): Promise<Ruling> {
    for (let wait = patience; ; wait = reminder) {
      const heard = await this.desk.awaitAnswer(wait);
      if (heard === 'late') {
        await passageActivities.remindHumanStep({ ...this.errand, id });
        continue;
      }
      const answer =
        heard === 'cancelled'
          ? { answer: 'cancelled', by: this.desk.cancelled?.by ?? 'nobody' }
          : 'rebooted' in heard
            ? { answer: 'rebooted', by: this.errand.machineId }
            : givenBy(heard.answer);
      await passageActivities.closeHumanStep({ ...this.errand, id, step, ...answer });
      if (heard === 'cancelled') return { outcome: this.cancelled() };
      if ('rebooted' in heard) return { outcome: await this.reboot(heard.rebooted, step) };
      return settled(answer);
    }
  }

  /** Closes the questions of an earlier run that this one was not led to again: nobody can answer them. */
  async closeLeft(): Promise<void> {
    if (!this.recall.hasLeft) return;
    for (const { id, step, held } of this.recall.takeLeft())
      if (held.fault !== 'takeover' || this.desk.takenOver === null)
        await passageActivities.closeHumanStep({ ...this.errand, id, step, answer: 'no longer asked', by: 'farrier' });
  }

  /** Writes down an answer that was not taken. Anybody with the stock CLI may send one, so their number is bounded. */
  private keepIgnored(why: string, message: unknown): void {
    if (this.kept === mostKept) return;
    this.kept += 1;
    this.keeping += 1;
    passageActivities
      .keepIgnored({ ...this.errand, why, answer: shortened(message) })
      .catch((error: unknown) => this.desk.note(`an ignored answer was not written down: ${String(error)}`))
      .finally(() => {
        this.keeping -= 1;
      });
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
  async act<K extends ActKind>(kind: K, parameters?: ActParameters[K]): Promise<Acted> {
    // What was sent is seen through, whoever holds the passage back meanwhile.
    const before = this.dry ? null : await this.takeUp(kind, parameters);
    if (before) return before;
    // Before it is counted: what is not sent was none.
    await this.gate.pass();
    this.acts += 1;
    if (powering.has(kind)) this.powers += 1;
    const act = this.actOf(kind, parameters, `${this.errand.orderId}:${kind}:${this.acts}`);
    try {
      const result = await this.effects.act(kind).act(act);
      if (result.state !== 'not_done' && result.state !== 'planned') this.undo = null;
      // What waits for a restart is settled after it.
      if (result.state !== 'unknown' || result.waitsFor) return { ...(await this.pay(act, result)), act };
    } catch (error) {
      // The worker died or its time was up: whether the command was sent is for the observation to say.
      if (!(error instanceof ActivityFailure)) throw error;
      this.undo = null;
    }
    return { ...(await this.pay(act, await this.settle(act))), act };
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
      paid = await actingAt(this.errand.siteId, kind).act(due);
      if (paid.state === 'unknown') paid = await this.settle(due);
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      paid = await this.settle(due);
    }
    if (paid.state !== 'done') this.desk.note(`${act.kind} left something to be put back (${kind}): ${paid.observed}`);
    return result;
  }

  private actOf<K extends ActKind>(kind: K, parameters: ActParameters[K] | undefined, intentId: string): Act<K> {
    return {
      ...this.errand,
      kind,
      fence: Math.max(this.fence, this.permits.fence),
      intentId,
      ...(this.desk.step !== 'start' && { step: this.desk.step }),
      ...(parameters && { parameters }),
      ...(this.dry && { dryRun: true }),
    };
  }

  /**
   * What an earlier run sent is looked for, and never sent again; null where it sent nothing, or what it meant to send was
   * certainly not done.
   */
  private async takeUp<K extends ActKind>(kind: K, parameters: ActParameters[K] | undefined): Promise<Acted | null> {
    for (;;) {
      const known = this.recall.takeAct(kind, parameters);
      if (known === null) return null;
      if (powering.has(kind)) this.powers += 1;
      const act = this.actOf(kind, parameters, known.id);
      const result = await this.settle(act);
      // What it left otherwise than it found it is for the caller to mend.
      if (result.state !== 'not_done' || result.left) {
        this.undo = null;
        return { ...result, act, ...(known.sentAt !== null && { sentAt: known.sentAt }) };
      }
    }
  }

  /** What became of an act, by looking; never sends anything. */
  async settle(act: Act): Promise<ActResult> {
    try {
      return await this.looks.settle(act.kind).settle(act);
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      return { state: 'unknown', observed: `no reading of the controller in time: ${rootMessage(error)}` };
    }
  }

  /** The next step begins: its row is written in the transaction that ends the one before. */
  async turnTo(ended: Step, step: Step, limit: number | null = null): Promise<void> {
    if (this.dry) return;
    if (this.recall.isPast(ended)) return this.recall.reach(step);
    await this.closeLeft();
    this.recall.reach(step);
    const start = this.start(step);
    await this.effects.passage.turnTo({ ...this.errand, ended, next: { ...start, limit: limit ?? start.limit } });
  }

  /** Power tries of a passage are bounded: past the budget, a person decides. */
  get mayPower(): boolean {
    return this.controller && this.powers < this.course.powerTries;
  }

  /** Ends the order, and says how it ended and where the machine stands. */
  async end({ state, note, skipped }: Ended, hold: boolean): Promise<PassageSummary> {
    await condition(() => this.keeping === 0);
    await this.closeLeft();
    const end = { state, outcome: note, hold, ...(skipped && { skipped }) };
    this.state = await passageActivities.endOrder({ ...this.errand, ...end });
    return { ...this.summary(state, note), ...(skipped && { skipped }) };
  }

  /** It had ended before it began. */
  unbegun(why: string | undefined): PassageSummary {
    return { ...this.summary('cancelled', why), ...(why && { unbegun: why }) };
  }

  /** How it ended; from then on it waits on nothing. */
  summary(outcome: PassageSummary['outcome'], note?: string): PassageSummary {
    this.desk.close(note ?? null);
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

function settled(ruling: PersonsRuling): Ruling {
  if (ruling.answer !== 'abandon') return ruling;
  return { outcome: { to: 'end', state: 'failed', note: `abandoned by ${ruling.by}` } };
}

function givenBy({ answer, by, note, data }: Answer): PersonsRuling {
  return { answer, by, ...(note !== undefined && { note }), ...(data && { data }) };
}
