import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  TerminatedFailure,
  upsertSearchAttributes,
  uuid4,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import { attributes } from '../contract/attributes.ts';
import {
  type MachineInput,
  type MachineStatus,
  type OrderMessage,
  type PassageInput,
  type PassageSummary,
  passageWorkflowId,
  queries,
  type Steering,
  signals,
  updates,
} from '../contract/machine.ts';
import { type EndInput, noOrder } from '../contract/passage.ts';
import { readBrainSlug } from '../domain/brainslug.ts';
import { readOrder, readSteering, shortened } from './messages.ts';
import { rootMessage } from './passage/failure.ts';
import { lookActivities } from './permitproxies.ts';
import { orderActivities, passageActivities } from './proxies.ts';
import { OrderQueue } from './queue.ts';

const keptIds = 500;
const keptNotes = 20;
/** Answers to nobody that are written down, in one run. */
const maxKept = 100;
// Below the server's 10,000 signals a run; history size itself is watched by the server's own suggestion.
const maxSignals = 8000;

/**
 * The whole life of one server. It takes orders one at a time, runs each as a passage, and keeps nothing that the
 * MDB does not know: its first run reads there what is under way, so that one that was lost is only started again
 * (docs/rehydrate.md). While nothing is ordered it has no timer and makes no event.
 */
export async function machine(input: MachineInput): Promise<void> {
  const entity = new MachineEntity(input);
  entity.open();
  if (input.carried === undefined) await entity.restore();
  for (;;) {
    const order = await entity.nextOrder();
    await entity.run(order);
    if (workflowInfo().continueAsNewSuggested || entity.taken > maxSignals) {
      await condition(() => entity.settled());
      await continueAsNew<typeof machine>(entity.carry());
    }
  }
}

/** What stood behind a workflow's failure, in a sentence. */
function causeOf(cause: Error): string {
  if (cause instanceof TerminatedFailure) return 'it was terminated';
  return cause instanceof ActivityFailure ? rootMessage(cause) : cause.message;
}

function whyNot(error: unknown): string {
  if (error instanceof ActivityFailure) return rootMessage(error);
  throw error;
}

type SteeringName = 'cancel' | 'pause' | 'resume' | 'takeover';

/** A message without content is about the whole machine, where there is something to say to it. */
function isForAll(name: SteeringName, message: unknown): boolean {
  return (name === 'pause' || name === 'resume') && isNothing(message);
}

const isNothing = (message: unknown) => message === undefined || message === null;

class MachineEntity {
  taken = 0;
  private readonly input: MachineInput;
  private readonly queue: OrderQueue;
  private readonly seen: string[];
  private readonly ignored: string[] = [];
  private paused: boolean;
  private kept = 0;
  private current: OrderMessage | null = null;
  /** Ran when the workflow of before was lost, and goes first. */
  private underWay: OrderMessage | null = null;
  /** Rises with whatever may let another order go first, so that a wait looks again. */
  private changes = 0;
  private ending = 0;
  private last: PassageSummary | null;
  private since = new Date().toISOString();

  constructor(input: MachineInput) {
    this.input = input;
    this.queue = new OrderQueue(input.carried?.waiting, input.carried?.pausedOrders);
    this.seen = [...(input.carried?.seen ?? [])];
    this.paused = input.carried?.paused ?? false;
    this.last = input.carried?.lastPassage ?? null;
  }

  open(): void {
    setHandler(defineSignal<[unknown]>(signals.order), (message) => void this.takeOrder(message));
    setHandler(defineUpdate<string, [unknown]>(updates.order), (message) => this.takeOrder(message), {
      validator: (message) => {
        const read = readOrder(message);
        if (typeof read === 'string') throw new Error(read);
      },
    });
    // People know the machine's id, not its passage's: what concerns the passage is passed on.
    for (const name of [signals.answer, signals.report]) {
      setHandler(defineSignal<[unknown]>(name), async (message) => {
        await this.passOn(name, message);
      });
    }
    for (const name of ['cancel', 'pause', 'resume', 'takeover'] as const) {
      setHandler(defineSignal<[unknown]>(signals[name]), async (message) => {
        await this.steer(name, message);
      });
      setHandler(defineUpdate<string, [unknown]>(updates[name]), (message) => this.steer(name, message), {
        validator: (message) => {
          const read = isForAll(name, message) ? null : readSteering(message);
          if (typeof read === 'string') throw new Error(read);
        },
      });
    }
    setHandler(defineSignal<[unknown]>(signals.brainslug), async (message) => {
      await this.takeBrainSlug(message);
    });
    setHandler(defineUpdate<string, [unknown]>(updates.brainslug), (message) => this.takeBrainSlug(message), {
      validator: (message) => {
        const read = readBrainSlug(message, Date.now());
        if (typeof read === 'string') throw new Error(read);
      },
    });
    setHandler(defineQuery<MachineStatus>(queries.status), () => this.status());
    this.keepDeadlines().catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  }

  /** Takes up what the MDB has under way; what was told meanwhile is in there too. */
  async restore(): Promise<void> {
    const { machineId } = this.input;
    const backlog = await orderActivities.readBacklog({ machineId }).catch((error: unknown) => {
      // Orders that it is told of are taken all the same; what it was not told of, the dispatcher tells it again.
      this.note(`what is under way could not be read: ${whyNot(error)}`);
      return null;
    });
    if (backlog === null) return;
    const { underWay, waiting, pausedOrders, paused, lastPassage } = backlog;
    this.queue.restore(waiting.filter(({ id }) => !this.seen.includes(id)));
    for (const { id } of waiting) if (!this.seen.includes(id)) this.remember(id);
    for (const id of pausedOrders) this.queue.pause(id, true);
    if (underWay) {
      this.queue.drop(underWay.id);
      this.remember(underWay.id);
    }
    this.underWay = underWay;
    this.paused ||= paused;
    this.last ??= lastPassage;
    this.changes += 1;
  }

  /** Until an order may go. A timer runs only while one waits for its time. */
  async nextOrder(): Promise<OrderMessage> {
    const { underWay } = this;
    this.underWay = null;
    if (underWay) return underWay;
    for (let shown = false; ; shown = true) {
      const now = Date.now();
      const order = this.paused ? null : this.queue.take(now);
      if (order) return order;
      const { changes } = this;
      const start = this.paused ? null : this.queue.nextStart(now);
      if (shown) setCurrentDetails(this.details());
      else this.show();
      await (start === null
        ? condition(() => this.changes !== changes)
        : condition(() => this.changes !== changes, Math.max(1, start - now)));
    }
  }

  /** Ends the orders that have waited too long, also while a passage runs. */
  private async keepDeadlines(): Promise<void> {
    for (;;) {
      await condition(() => this.queue.nextEnd() !== null);
      const end = this.queue.nextEnd() as number;
      if (await condition(() => this.queue.nextEnd() !== end, Math.max(1, end - Date.now()))) continue;
      for (const order of this.queue.expire(Date.now()))
        await this.end(order, {
          state: 'failed',
          outcome: `refused: it had not begun by its deadline, ${order.deadline}`,
          skipped: true,
        });
    }
  }

  /** Ends an order that never began. */
  private async end(order: OrderMessage, how: Pick<EndInput, 'state' | 'outcome' | 'skipped'>): Promise<void> {
    const { machineId, siteId } = this.input;
    const { id: orderId, passage } = order;
    this.ending += 1;
    try {
      await passageActivities.endOrder({ machineId, siteId, orderId, passage, ...how, hold: false });
    } catch (error) {
      this.note(`${orderId}: its end could not be written down: ${String(error)}`);
    } finally {
      this.ending -= 1;
    }
  }

  /** Whether nothing would be lost by going on in a new run. */
  settled(): boolean {
    return allHandlersFinished() && this.ending === 0;
  }

  async run(order: OrderMessage): Promise<void> {
    this.current = order;
    this.since = new Date().toISOString();
    this.show();
    this.last = (await this.passage(order)) ?? this.last;
    if (this.last?.unbegun && this.last.orderId === order.id) this.note(`order: ${this.last.unbegun}`);
    this.current = null;
    this.since = new Date().toISOString();
  }

  /** How it ended; null where there was nothing to begin. */
  private async passage(order: OrderMessage): Promise<PassageSummary | null> {
    const { machineId, siteId } = this.input;
    const workflowId = passageWorkflowId(machineId, order.passage, order.id);
    try {
      return await executeChild<(input: PassageInput) => Promise<PassageSummary>>(order.passage, {
        workflowId,
        args: [{ machineId, siteId, orderId: order.id }],
        // An order id is used once: a second passage for it would be a second birth. One that found no order of this id
        // has failed, and the order may come yet; one that broke has ended its order.
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        // The passage may be between a command and its observation; it ends by itself.
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `${order.passage} of ${machineId}`,
        typedSearchAttributes: [
          { key: attributes.machine, value: machineId },
          { key: attributes.passage, value: order.passage },
        ],
      });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error instanceof WorkflowExecutionAlreadyStartedError) return this.awaitPassage(order, workflowId);
      const stale = staleOf(error);
      if (stale !== null) return this.leave(order, stale);
      const cause = error instanceof ChildWorkflowFailure ? (error.cause ?? error) : error;
      if (cause instanceof ApplicationFailure && cause.type === noOrder) return this.forget(order, cause.message);
      return this.refuse(order, `The ${order.passage} passage broke off: ${causeOf(cause)}`);
    }
  }

  /** There is no such order, or not yet: told again, it is looked for again. */
  private forget({ id }: OrderMessage, why: string): null {
    this.note(`order: ${why}`);
    this.seen.splice(this.seen.indexOf(id), 1);
    return null;
  }

  /** The passage outlived the workflow that had begun it: nothing tells of its end, so it is asked, ever more rarely. */
  private async awaitPassage(order: OrderMessage, workflowId: string): Promise<PassageSummary | null> {
    for (let pauseMs = 5000; ; pauseMs = Math.min(2 * pauseMs, 5 * 60_000)) {
      const state = await lookActivities.describeHolder({ workflowId }).catch(() => 'running');
      if (state === 'closed') return this.refuse(order, `The ${order.passage} passage has ended without its order`);
      await condition(() => false, pauseMs);
    }
  }

  /** Another run has the order: it is neither this one's to end, nor anybody's trouble. */
  private leave({ id: orderId, passage }: OrderMessage, note: string): PassageSummary {
    this.note(`${orderId}: ${note}`);
    const { stage = 'racked', opState = 'disabled', bootState = 'birth' } = this.last ?? {};
    return { orderId, passage, outcome: 'failed', note, stage, opState, bootState };
  }

  /** A passage that broke: its order ends, and a ticket tells a person why. */
  private async refuse(order: OrderMessage, note: string): Promise<PassageSummary | null> {
    const { machineId, siteId } = this.input;
    const { id: orderId, passage } = order;
    try {
      const state = await passageActivities.breakOff({ machineId, siteId, orderId, passage, note });
      const { stage, opState, bootState } = state;
      return { orderId, passage, outcome: 'failed', note, stage, opState, bootState };
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      // The next order is taken all the same; this one stays open in the MDB, where `farrier doctor` finds it.
      this.note(`${orderId}: ${note}; that could not be written down: ${rootMessage(error)}`);
      return null;
    }
  }

  private takeOrder(message: unknown): string {
    this.taken += 1;
    const order = readOrder(message);
    if (typeof order === 'string') {
      this.note(`order: ${order}`);
      return `ignored: ${order}`;
    }
    const has = [this.current?.id, this.underWay?.id].includes(order.id) || this.queue.has(order.id);
    if (has || (this.seen.includes(order.id) && !order.again)) return `taken before: ${order.id}`;
    this.remember(order.id);
    this.queue.add(order);
    this.changes += 1;
    return `taken: ${order.id}`;
  }

  private async passOn(name: string, message: unknown): Promise<string> {
    this.taken += 1;
    if (this.current === null) return this.ignore(name, 'no passage is under way', message);
    const { id, passage } = this.current;
    try {
      await getExternalWorkflowHandle(passageWorkflowId(this.input.machineId, passage, id)).signal(name, message);
      return `passed on: ${name} of ${id}, which runs`;
    } catch (error) {
      // The passage ended in between; the message is late, and late messages are noted and ignored.
      log.info('a message came too late for its passage', { name, error: String(error) });
      return this.ignore(name, `the passage ${id} has ended`, message);
    }
  }

  /** A message that came to nobody is noted, and an answer is kept for those who ask where it went. */
  private async ignore(name: string, why: string, message: unknown): Promise<string> {
    this.note(`${name}: ${why}`);
    if (name === signals.answer && this.kept < maxKept) await this.keepIgnored(why, message);
    return `ignored: ${why}`;
  }

  private async keepIgnored(why: string, message: unknown): Promise<void> {
    this.kept += 1;
    const { machineId, siteId } = this.input;
    try {
      await passageActivities.keepIgnored({ machineId, siteId, orderId: '', why, answer: shortened(message) });
    } catch (error) {
      this.note(`an ignored answer was not written down: ${String(error)}`);
    }
  }

  /** An order that waits is dropped and ended; one that runs is asked to stop. */
  private async cancel({ orderId, by, reason }: Steering): Promise<string> {
    const order = this.queue.drop(orderId);
    this.changes += 1;
    if (order) {
      await this.end(order, { state: 'cancelled', outcome: `cancelled by ${by}: ${reason}` });
      return `cancelled: ${orderId}, which waited`;
    }
    // It may come after its cancel; it is then none to take.
    this.remember(orderId);
    return `noted: ${orderId} neither waits nor runs here`;
  }

  /** Cancels, pauses, resumes or takes over one order; `pause` and `resume` without one are about the whole machine. */
  private async steer(name: SteeringName, message: unknown): Promise<string> {
    if (isForAll(name, message)) return this.pause(name === 'pause');
    const read = readSteering(message);
    if (typeof read !== 'string' && this.current?.id === read.orderId) return this.passOn(name, message);
    this.taken += 1;
    if (typeof read === 'string') return this.ignore(name, isNothing(message) ? 'it names no order' : read, message);
    if (name === 'cancel') return this.cancel(read);
    if (name === 'takeover') return this.ignore(name, `${read.orderId} is not under way`, message);
    this.queue.pause(read.orderId, name === 'pause');
    this.changes += 1;
    return `${name}d: ${read.orderId}, if it waits here`;
  }

  private async pause(paused: boolean): Promise<string> {
    this.paused = paused;
    this.changes += 1;
    await this.keepPause(paused);
    if (this.current) await this.passOn(paused ? signals.pause : signals.resume, null);
    return `${paused ? 'paused' : 'resumed'}: the machine`;
  }

  private async keepPause(paused: boolean): Promise<void> {
    const { machineId } = this.input;
    try {
      await orderActivities.keepPause({ machineId, paused });
    } catch (error) {
      this.note(`that the machine is ${paused ? 'paused' : 'resumed'} was not written down: ${String(error)}`);
    }
  }

  /** Orders what BrainSlug's payload asks for; what the payload lacks is refused, and nothing happens. */
  private async takeBrainSlug(message: unknown): Promise<string> {
    this.taken += 1;
    const { machineId, siteId } = this.input;
    const read = readBrainSlug(message, Date.now());
    const id = `brainslug-${machineId.replace(/^m-/, '')}-${uuid4().slice(0, 8)}`;
    const refusal =
      typeof read === 'string'
        ? read
        : await orderActivities.orderByPayload({ machineId, siteId, id, order: read }).catch(whyNot);
    if (refusal === null) return `ordered: ${id}`;
    this.note(`brainslug: ${refusal}`);
    return `refused: ${refusal}`;
  }

  private remember(orderId: string): void {
    this.seen.push(orderId);
    if (this.seen.length > keptIds) this.seen.shift();
  }

  private note(text: string): void {
    this.ignored.push(text);
    if (this.ignored.length > keptNotes) this.ignored.shift();
  }

  carry(): MachineInput {
    const { machineId, siteId } = this.input;
    return {
      machineId,
      siteId,
      carried: {
        waiting: this.queue.waiting,
        ...(this.queue.pausedIds.length > 0 && { pausedOrders: this.queue.pausedIds }),
        seen: this.seen,
        paused: this.paused,
        ...(this.last && { lastPassage: this.last }),
      },
    };
  }

  show(): void {
    const { current, last } = this;
    upsertSearchAttributes([
      { key: attributes.machine, value: this.input.machineId },
      { key: attributes.passage, value: current?.passage ?? 'none' },
      { key: attributes.waitingOn, value: current ? 'passage' : 'order' },
      { key: attributes.stage, value: last?.stage ?? 'racked' },
      { key: attributes.opState, value: last?.opState ?? 'disabled' },
      { key: attributes.bootState, value: last?.bootState ?? 'birth' },
      ...(last?.rack ? [{ key: attributes.rack, value: last.rack }] : []),
      ...(last?.pool ? [{ key: attributes.pool, value: last.pool }] : []),
      ...(last?.sku ? [{ key: attributes.sku, value: last.sku }] : []),
    ]);
    setCurrentDetails(this.details());
  }

  private details(): string {
    const { current, last } = this;
    const where = current
      ? `Passage **${current.passage}** (order \`${current.id}\`) since ${this.since}`
      : `Waits for an order since ${this.since}`;
    const past = last
      ? `Last: ${last.passage} ${last.outcome}, stage **${last.stage}**${last.note ? ` — ${last.note}` : ''}`
      : '';
    const waiting = this.queue.waiting.map(({ id, passage, class: urgency, notBefore }) => {
      const start = notBefore === undefined ? '' : `, not before ${notBefore}`;
      return `- \`${id}\`: ${passage}${urgency === undefined ? '' : `, ${urgency}`}${start}`;
    });
    const queue = waiting.length === 0 ? '' : ['Waiting:', ...waiting].join('\n');
    return [where, queue, past].filter((line) => line !== '').join('\n\n');
  }

  private status(): MachineStatus {
    return {
      machineId: this.input.machineId,
      passage: this.current?.passage ?? null,
      orderId: this.current?.id ?? null,
      step: null,
      since: this.since,
      waitingOn: this.current ? 'passage' : 'order',
      limit: null,
      why: null,
      humanStep: null,
      waitingOrders: this.queue.waiting.map((order) => order.id),
      paused: this.paused,
      takenOver: null,
      last: this.last,
      ignored: this.ignored,
    };
  }
}

/** Why a passage broke off that another run of its order has overtaken; null for every other reason. */
function staleOf(error: Error): string | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof ApplicationFailure && cause.type === 'StaleRun') return cause.message;
  return null;
}
