import {
  allHandlersFinished,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import { attributes } from '../contract/attributes.ts';
import {
  type MachineInput,
  type OrderMessage,
  type PassageSummary,
  passageWorkflowId,
  queries,
  type Standing,
  signals,
  updates,
} from '../contract/machine.ts';
import { readOrder } from './messages.ts';
import { passageWorkflows } from './passages.ts';
import { passageActivities } from './proxies.ts';

const keptIds = 500;
const keptNotes = 20;
// Below the server's 10,000 signals a run; history size itself is watched by the server's own suggestion.
const mostSignals = 8000;

/**
 * The whole life of one server. It takes orders one at a time, runs each as a passage, and keeps nothing that the
 * MDB does not know: when the namespace is lost, `farrier rehydrate` starts it again. While nothing is ordered it
 * has no timer and makes no event.
 */
export async function machine(input: MachineInput): Promise<void> {
  const life = new Life(input);
  life.open();
  for (;;) {
    life.show();
    const order = await life.nextOrder();
    await life.run(order);
    if (workflowInfo().continueAsNewSuggested || life.taken > mostSignals) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof machine>(life.carry());
    }
  }
}

class Life {
  taken = 0;
  private readonly input: MachineInput;
  private readonly waiting: OrderMessage[];
  private readonly seen: string[];
  private readonly ignored: string[] = [];
  private paused: boolean;
  private current: OrderMessage | null = null;
  private last: PassageSummary | null;
  private since = new Date().toISOString();

  constructor(input: MachineInput) {
    this.input = input;
    this.waiting = [...(input.carried?.waiting ?? [])];
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
    for (const name of [signals.answer, signals.cancel, signals.report]) {
      setHandler(defineSignal<[unknown]>(name), (message) => this.passOn(name, message));
    }
    setHandler(defineSignal(signals.pause), () => this.pause(true));
    setHandler(defineSignal(signals.resume), () => this.pause(false));
    setHandler(defineQuery<Standing>(queries.standing), () => this.standing());
  }

  async nextOrder(): Promise<OrderMessage> {
    await condition(() => !this.paused && this.waiting.length > 0);
    return this.waiting.shift() as OrderMessage;
  }

  async run(order: OrderMessage): Promise<void> {
    this.current = order;
    this.since = new Date().toISOString();
    this.show();
    this.last = await this.passage(order);
    this.current = null;
    this.since = new Date().toISOString();
  }

  private async passage(order: OrderMessage): Promise<PassageSummary> {
    const { machineId, siteId } = this.input;
    const workflowId = passageWorkflowId(machineId, order.passage, order.id);
    const start = passageWorkflows[order.passage];
    if (start === null) return this.refuse(order, `This version of Farrier has no ${order.passage} passage yet.`);
    try {
      return await executeChild<typeof start>(start, {
        workflowId,
        args: [{ machineId, siteId, orderId: order.id }],
        // An order id is used once: a second passage for it would be a second birth.
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
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
      const cause = error instanceof ChildWorkflowFailure ? (error.cause?.message ?? error.message) : error.message;
      return this.refuse(order, `The ${order.passage} passage broke off: ${cause}`);
    }
  }

  /** A passage that could not run or broke: its order ends, and a ticket tells a person why. */
  private async refuse(order: OrderMessage, note: string): Promise<PassageSummary> {
    const { machineId, siteId } = this.input;
    const state = await passageActivities.breakOff({
      machineId,
      siteId,
      orderId: order.id,
      passage: order.passage,
      note,
    });
    const { stage, opState, bootState } = state;
    return { orderId: order.id, passage: order.passage, outcome: 'failed', note, stage, opState, bootState };
  }

  private takeOrder(message: unknown): string {
    this.taken += 1;
    const order = readOrder(message);
    if (typeof order === 'string') {
      this.note(`order: ${order}`);
      return `ignored: ${order}`;
    }
    if (this.seen.includes(order.id)) return `taken before: ${order.id}`;
    this.seen.push(order.id);
    if (this.seen.length > keptIds) this.seen.shift();
    this.waiting.push(order);
    return `taken: ${order.id}`;
  }

  private async passOn(name: string, message: unknown): Promise<void> {
    this.taken += 1;
    if (this.current === null) {
      this.note(`${name}: no passage is under way`);
      return;
    }
    const { id, passage } = this.current;
    try {
      await getExternalWorkflowHandle(passageWorkflowId(this.input.machineId, passage, id)).signal(name, message);
    } catch (error) {
      // The passage ended in between; the message is late, and late messages are noted and ignored.
      this.note(`${name}: the passage ${id} has ended`);
      log.info('a message came too late for its passage', { name, error: String(error) });
    }
  }

  private async pause(paused: boolean): Promise<void> {
    this.paused = paused;
    if (this.current) await this.passOn(paused ? signals.pause : signals.resume, null);
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
        waiting: this.waiting,
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
    return [where, past].filter((line) => line !== '').join('\n\n');
  }

  private standing(): Standing {
    return {
      machineId: this.input.machineId,
      passage: this.current?.passage ?? null,
      orderId: this.current?.id ?? null,
      step: null,
      since: this.since,
      waitingOn: this.current ? 'passage' : 'order',
      limit: null,
      humanStep: null,
      waitingOrders: this.waiting.map((order) => order.id),
      paused: this.paused,
      last: this.last,
      ignored: this.ignored,
    };
  }
}
