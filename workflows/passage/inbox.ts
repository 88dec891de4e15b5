/**
 * What every passage has in front of it: the reports and answers that arrive, the step it stands at, and the ways
 * to wait for the one or the other. Handlers are registered when the inbox is opened, before anything is awaited.
 */
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import {
  defineQuery,
  defineSignal,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { attributes } from '../../contract/attributes.ts';
import {
  type Answer,
  type Cancel,
  type HumanQuestion,
  type MachineStatus,
  queries,
  type Report,
  type ReportKind,
  type Steering,
  signals,
  updates,
} from '../../contract/machine.ts';
import type { Past } from '../../contract/past.ts';
import type { Passage, Stage } from '../../domain/machine.ts';
import { isObject, readAnswer, readCancel, readReport, readSteering } from '../messages.ts';
import { Alarm } from './alarm.ts';

export interface InboxSubject {
  readonly machineId: string;
  readonly orderId: string;
  readonly passage: Passage;
}

export type Awaited =
  | { readonly report: Report }
  | { readonly rebooted: Report }
  | { readonly failed: Report }
  | 'late'
  | 'cancelled';

interface Waiting {
  readonly waitingOn: string;
  readonly why: string | null;
}

const keptNotes = 20;
const keptIds = 200;

export class Inbox {
  readonly subject: InboxSubject;
  readonly alarm = new Alarm();
  step = 'start';
  stage: Stage = 'racked';
  since: string = new Date().toISOString();
  limit: string | null = null;
  question: HumanQuestion | null = null;
  cancelled: Cancel | null = null;
  paused = false;
  /** A person does the rest by hand; nothing is begun until they say so. */
  takenOver: Steering | null = null;
  /** Boot nonce of the agent's boot that the passage works with. */
  nonce = '';
  private readonly reports: Report[] = [];
  private readonly seen: string[] = [];
  private readonly ignored: string[] = [];
  private answer: Answer | null = null;
  /** Answers to questions of an earlier run, kept until it is asked again; by question. */
  private readonly early = new Map<string, unknown>();
  private readonly expected = new Set<string>();
  /** What the search attributes say. */
  private shown: { step?: string; stage?: Stage; waitingOn?: string } = {};
  private uncovered: Waiting = { waitingOn: 'nothing', why: null };
  private covered: Waiting | null = null;
  /** Told of every answer that is not taken, and why. */
  onIgnored: ((why: string, message: unknown) => void) | null = null;

  constructor(subject: InboxSubject) {
    this.subject = subject;
  }

  /** Registers the handlers; call it before the first await. */
  open(): void {
    setHandler(defineSignal<[unknown]>(signals.report), (message) => {
      this.takeReport(message);
    });
    setHandler(defineSignal<[unknown]>(signals.answer), (message) => {
      this.takeAnswer(message);
    });
    setHandler(defineSignal<[unknown]>(signals.cancel), (message) => {
      const read = readCancel(message, this.subject.orderId);
      if (typeof read === 'string') this.note(`cancel: ${read}`);
      else this.cancelled ??= read;
    });
    setHandler(defineSignal(signals.pause), () => {
      this.paused = true;
    });
    setHandler(defineSignal(signals.resume), () => {
      this.paused = false;
      this.takenOver = null;
    });
    setHandler(defineSignal<[unknown]>(signals.takeover), (message) => {
      const read = readSteering(message);
      if (typeof read === 'string') this.note(`takeover: ${read}`);
      else this.takenOver ??= read;
    });
    setHandler(defineUpdate<string, [unknown]>(updates.answer), (message) => this.takeAnswer(message), {
      validator: (message) => {
        const read = this.expected.has(stepOf(message) ?? '') ? null : this.read(message);
        if (typeof read === 'string') throw new Error(read);
      },
    });
    setHandler(defineQuery<MachineStatus>(queries.status), () => this.status());
  }

  /** Takes up what an earlier run had heard; `on`: its machine has reported its inventory already. */
  recall({ reports, nonce, cancel, paused, takenOver, answers, questions }: Past, on: boolean): void {
    this.cancelled ??= cancel;
    this.paused ||= paused;
    this.takenOver ??= takenOver;
    if (on && nonce !== null) this.nonce = nonce;
    for (const report of reports) if (!on || report.kind !== 'inventory') this.takeReport(report);
    for (const { id, answer } of questions) if (answer === null) this.expected.add(id);
    for (const answer of answers) this.early.set(answer.step, answer);
  }

  /** Shows a question to people; one that was answered before it is asked again has its answer. */
  pose(question: HumanQuestion): void {
    this.question = question;
    this.expected.delete(question.id);
    const early = this.early.get(question.id);
    if (early === undefined) return;
    this.early.delete(question.id);
    this.takeAnswer(early);
  }

  /** Notes where the passage stands, for people who look: search attributes, and the details of the Web UI. */
  setStatus(step: string, stage: Stage, waitingOn: string, limitMs: number | null, why: string | null = null): void {
    if (this.step !== step) this.since = new Date().toISOString();
    this.step = step;
    this.stage = stage;
    this.uncovered = { waitingOn, why };
    this.limit = limitMs === null ? null : new Date(Date.now() + limitMs).toISOString();
    this.show();
  }

  private show(): void {
    const { step, stage, waitingOn, shown } = this;
    const changed: SearchAttributeUpdatePair[] = [];
    if (shown.step !== step) changed.push({ key: attributes.step, value: step });
    if (shown.stage !== stage) changed.push({ key: attributes.stage, value: stage });
    if (shown.waitingOn !== waitingOn) changed.push({ key: attributes.waitingOn, value: waitingOn });
    this.shown = { step, stage, waitingOn };
    if (changed.length > 0) upsertSearchAttributes(changed);
    setCurrentDetails(this.details());
  }

  /** The passage is over: it waits on nothing any more, whatever it stood at. */
  close(note: string | null): void {
    this.covered = null;
    this.uncovered = { waitingOn: 'nothing', why: note };
    this.limit = null;
    this.question = null;
    upsertSearchAttributes([{ key: attributes.waitingOn, value: 'nothing' }]);
  }

  get waitingOn(): string {
    return (this.covered ?? this.uncovered).waitingOn;
  }

  /** Why it waits, in a sentence, where there is more to say than on what. */
  get why(): string | null {
    return (this.covered ?? this.uncovered).why;
  }

  /** Shows that it is held back, on whatever it waits besides; null when it is not any more. */
  cover(waitingOn: 'person' | 'resume' | null, why: string | null = null): void {
    this.covered = waitingOn === null ? null : { waitingOn, why };
    this.show();
  }

  /**
   * Waits for a report of this kind from the boot the passage works with. A new boot's inventory, a failure that the
   * agent tells, the limit and a cancel end the wait too.
   */
  async await(kind: ReportKind, limitMs: number): Promise<Awaited> {
    let found: Exclude<Awaited, 'late' | 'cancelled'> | undefined;
    const inTime = await this.alarm.until(() => {
      found ??= this.pick(kind);
      return found !== undefined || this.cancelled !== null || this.early.size > 0;
    }, limitMs);
    if (found !== undefined) return found;
    // A person has answered what was asked before the workflow was lost: it is asked again, and has its answer.
    return inTime && this.cancelled !== null ? 'cancelled' : 'late';
  }

  /** Waits for a person; a new boot, where that matters, or a cancel ends the wait too, a reminder interval returns `late`. */
  async awaitAnswer(
    remindMs: number,
    mayBoot: boolean,
  ): Promise<{ answer: Answer } | { rebooted: Report } | 'late' | 'cancelled'> {
    let booted: Report | undefined;
    const inTime = await this.alarm.until(() => {
      if (mayBoot) booted ??= this.takeWhere((report) => report.kind === 'inventory' && report.nonce !== this.nonce);
      return this.answer !== null || booted !== undefined || this.cancelled !== null;
    }, remindMs);
    if (this.answer !== null) {
      const answer = this.answer;
      this.answer = null;
      return { answer };
    }
    if (booted !== undefined) return { rebooted: booted };
    return inTime ? 'cancelled' : 'late';
  }

  /** A report that was waited for and is for the next step to take. */
  putBack(report: Report): void {
    this.reports.unshift(report);
  }

  /** Waits until who took the passage over has an answer, hands it back, or it is cancelled. */
  async awaitHandBack(remindMs: number): Promise<{ answer: Answer } | 'back' | 'late' | 'cancelled'> {
    const inTime = await this.alarm.until(
      () => this.answer !== null || this.takenOver === null || this.cancelled !== null,
      remindMs,
    );
    const { answer } = this;
    this.answer = null;
    if (answer !== null) return { answer };
    if (this.cancelled !== null) return 'cancelled';
    return inTime ? 'back' : 'late';
  }

  /** Forgets reports of earlier boots, when a new boot's inventory is taken as the one to work with. */
  take(report: Report): void {
    this.nonce = report.nonce;
    for (let index = this.reports.length - 1; index >= 0; index -= 1) {
      if (this.reports[index]?.nonce !== report.nonce) this.reports.splice(index, 1);
    }
  }

  note(text: string): void {
    this.ignored.push(text);
    if (this.ignored.length > keptNotes) this.ignored.shift();
  }

  status(): MachineStatus {
    return {
      machineId: this.subject.machineId,
      passage: this.subject.passage,
      orderId: this.subject.orderId,
      step: this.step,
      since: this.since,
      waitingOn: this.waitingOn,
      limit: this.limit,
      why: this.why,
      humanStep: this.question,
      waitingOrders: [],
      paused: this.paused,
      takenOver: this.takenOver?.by ?? null,
      last: null,
      ignored: this.ignored,
    };
  }

  private details(): string {
    const lines = [
      `**${this.subject.passage}** of \`${this.subject.machineId}\`: step **${this.step}**, waits on **${this.waitingOn}** since ${this.since}`,
    ];
    if (this.why) lines.push(this.why);
    if (this.limit) lines.push(`Fallback at ${this.limit}`);
    if (this.question) {
      const { id, question, choices, schema } = this.question;
      const data = schema && { data: schema.properties };
      const answer = JSON.stringify({ step: id, answer: choices[0], by: 'YOUR NAME', ...data });
      lines.push(
        '',
        `> ${question}`,
        '',
        `Answer with one of: ${choices.map((choice) => `\`${choice}\``).join(', ')}`,
        '```sh',
        `temporal workflow signal --workflow-id '${workflowInfo().workflowId}' --name answer --input '${answer}'`,
        '```',
      );
    }
    return lines.join('\n');
  }

  private pick(kind: ReportKind): Exclude<Awaited, 'late' | 'cancelled'> | undefined {
    if (kind !== 'inventory' || this.nonce !== '') {
      const rebooted = this.takeWhere((report) => report.kind === 'inventory' && report.nonce !== this.nonce);
      if (rebooted) return { rebooted };
    }
    const failed = this.takeWhere((report) => report.kind === 'failed');
    if (failed) return { failed };
    // The installed system reports `ready` with a nonce of its own; everything else belongs to the agent's boot.
    const report = this.takeWhere(
      (one) => one.kind === kind && (kind === 'ready' || kind === 'inventory' || one.nonce === this.nonce),
    );
    return report && { report };
  }

  private takeWhere(wanted: (report: Report) => boolean): Report | undefined {
    const index = this.reports.findIndex(wanted);
    return index < 0 ? undefined : this.reports.splice(index, 1)[0];
  }

  private takeReport(message: unknown): void {
    const report = readReport(message);
    if (typeof report === 'string') {
      this.note(`report: ${report}`);
      return;
    }
    if (this.seen.includes(report.id)) return;
    this.seen.push(report.id);
    if (this.seen.length > keptIds) this.seen.shift();
    this.reports.push(report);
  }

  /** A question is for people: what is an operator's to say, a machine can't say of itself. */
  private read(message: unknown): Answer | string {
    const read = readAnswer(message, this.question);
    if (typeof read === 'string' || read.by !== this.subject.machineId) return read;
    return `${read.by} can't answer for itself`;
  }

  private takeAnswer(message: unknown): string {
    const meant = stepOf(message);
    if (meant !== null && this.expected.has(meant)) {
      if (!this.early.has(meant)) this.early.set(meant, message);
      return `kept: ${meant} is about to be asked again`;
    }
    const read = this.read(message);
    if (typeof read === 'string') return this.ignore(read, message);
    if (this.answer !== null) return this.ignore(`${read.step} was answered already, by ${this.answer.by}`, message);
    this.answer = read;
    return `taken: ${read.answer}`;
  }

  private ignore(why: string, message: unknown): string {
    this.note(`answer: ${why}`);
    this.onIgnored?.(why, message);
    return `ignored: ${why}`;
  }
}

function stepOf(message: unknown): string | null {
  const step = isObject(message) ? message['step'] : null;
  return typeof step === 'string' ? step : null;
}
