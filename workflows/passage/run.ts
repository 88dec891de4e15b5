import { ApplicationFailure } from '@temporalio/workflow';
import type { Report, ReportKind } from '../../contract/machine.ts';
import type { DisruptionPolicy } from '../../contract/outage.ts';
import type { MachineState, PassageReference } from '../../contract/passage.ts';
import type { PlanLine } from '../../domain/steps.ts';
import type { PassageContext, Received, Undo } from './context.ts';
import type { Definition, Step } from './definition.ts';
import { Gate } from './gate.ts';
import { Inbox } from './inbox.ts';
import { type PermitSubject, Permits } from './permits.ts';
import { Recall } from './recall.ts';
import { BootedAnew, Leave } from './result.ts';
import { Takeover } from './takeover.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** One passage under way: all that the engine knows of it. Steps see it as their context. */
export class Run implements PassageContext {
  readonly definition: Definition;
  readonly order: Mutable<PassageReference>;
  readonly inbox: Inbox;
  readonly gate: Gate;
  readonly takeover: Takeover;
  /** What this passage holds of its groups' semaphores; the engine gives all back at its end. */
  readonly permits: Permits;
  readonly holder: Mutable<PermitSubject>;
  request: unknown = {};
  facts: unknown = {};
  controller = false;
  /** Number that acts on hardware carry; a permit's grant raises it. */
  fence = 0;
  state: MachineState = {
    stage: 'racked',
    opState: 'disabled',
    bootState: 'birth',
    rack: null,
    pool: 'general',
    sku: null,
  };
  recall = new Recall([], undefined);
  /** The step that runs. */
  step: Step<unknown, unknown>;
  /** Name of the step whose row is open. */
  row: string;
  resuming = false;
  rehearsing = false;
  plan: PlanLine[] = [];
  undo: Undo | null = null;
  /** Commands to the power supply so far. */
  powers = 0;
  /** Who ordered that it comes back, where that is what the order is about. */
  restorer: string | null = null;
  operator: string | null = null;
  /** Set while a boot of the machine may lead to another step. */
  mayBoot = false;
  private pool: DisruptionPolicy | null = null;

  constructor(definition: Definition, order: { machineId: string; siteId: string; orderId: string }) {
    const { machineId, siteId, orderId } = order;
    const { passage, steps } = definition;
    this.definition = definition;
    this.order = { machineId, siteId, orderId, passage };
    this.step = steps[0] as Step<unknown, unknown>;
    this.row = this.step.name;
    this.inbox = new Inbox({ machineId, orderId, passage });
    this.takeover = new Takeover(this.inbox, this.order);
    this.gate = new Gate(this.inbox, this.takeover);
    this.holder = { machineId, siteId, orderId, class: 'maintenance' };
    this.permits = new Permits(this.holder, this.gate);
  }

  get policy(): DisruptionPolicy {
    if (this.pool === null) throw ApplicationFailure.nonRetryable('how its pool wants it treated was not looked up');
    return this.pool;
  }

  set policy(pool: DisruptionPolicy) {
    this.pool = pool;
  }

  get limit(): number {
    return this.limitOf(this.step);
  }

  limitOf({ limit }: Step<unknown, unknown>): number {
    return typeof limit === 'number' ? limit : limit(this);
  }

  get cancelled(): boolean {
    return this.inbox.cancelled !== null;
  }

  get at(): string {
    return this.step.name;
  }

  get mayUndo(): boolean {
    return this.undo !== null;
  }

  get endedByHand(): boolean {
    return this.takeover.ended !== null;
  }

  get mayPower(): boolean {
    return this.controller && this.powers < this.definition.powerTries;
  }

  get stopper(): string | null {
    const { cancelled } = this.inbox;
    if (cancelled !== null && cancelled.class !== undefined) return null;
    const by = cancelled?.by ?? this.restorer;
    return by === this.order.machineId ? null : by;
  }

  waitsOn(what: string, limitMs: number | null = this.limit, why: string | null = null): void {
    if (!this.rehearsing) this.inbox.setStatus(this.step.name, this.state.stage, what, limitMs, why);
  }

  note(text: string): void {
    this.inbox.note(text);
  }

  async awaitReport(kind: ReportKind, limitMs = this.limit): Promise<Received> {
    const received = await this.inbox.await(kind, limitMs);
    if (received === 'cancelled') throw this.leaving();
    if (received === 'late' || 'failed' in received || 'report' in received) return received;
    // A boot that is waited for is no surprise.
    if (kind === 'inventory') return { report: received.rebooted };
    throw new BootedAnew(received.rebooted);
  }

  take(report: Report): void {
    this.inbox.take(report);
  }

  putBack(report: Report): void {
    this.inbox.putBack(report);
  }

  async pause(milliseconds: number): Promise<void> {
    if (await this.pauseUnlessCancelled(milliseconds)) throw this.leaving();
  }

  pauseUnlessCancelled(milliseconds: number): Promise<boolean> {
    return this.inbox.alarm.until(() => this.cancelled, milliseconds);
  }

  async letPass(milliseconds: number): Promise<void> {
    await this.inbox.alarm.until(() => false, milliseconds);
  }

  /** For who has seen the cancel itself. */
  leaving(): Leave {
    return new Leave(this.gate.cancelled());
  }
}
