import {
  ActivityFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { attributes } from '../contract/attributes.ts';
import {
  grantSignal,
  type LedgerRest,
  type PermitAnswer,
  type PermitClosing,
  type PermitGrant,
  type PermitHolder,
  readSemaphoreId,
  type SemaphoreInput,
  type SemaphoreStatus,
  semaphoreMessages,
  semaphoreQueries,
} from '../contract/semaphore.ts';
import { ledgerActivities, lookActivities } from './permitproxies.ts';
import { observing } from './proxies.ts';
import { pack, unpack } from './semaphore/carry.ts';
import type { HolderFinding, Semaphore } from './semaphore/core.ts';
import { readEviction, readReference, readRequest } from './semaphore/read.ts';
import { describeDetails, semaphoreStatus, waitsOn } from './semaphore/status.ts';

// Below the server's 2,000 updates and 10,000 signals a run; history size itself is watched by its own suggestion.
const maxUpdates = 1500;
const maxSignals = 8000;
const keptNotes = 20;
const maxListed = 100;
/** Between two tries of a batch that the ledger did not take, in milliseconds. */
const pauseAfterTroubleMs = 5000;

/**
 * Permits for one group of machines (docs/semaphores.md). Handlers only write down what they are told; one loop takes
 * it to the ledger in batches, tells the requesters, and looks after leases. What it knows the ledger knows too, so a
 * semaphore that was terminated is started again by the next request.
 */
export async function semaphore(input: SemaphoreInput): Promise<void> {
  const inbox = new SemaphoreInbox(input);
  inbox.open();
  await inbox.restore();
  for (;;) {
    await inbox.wait();
    await inbox.writeBatch();
    inbox.lookAfter();
    inbox.show();
    if (inbox.full) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof semaphore>(inbox.carry());
    }
  }
}

class SemaphoreInbox {
  private readonly core: Semaphore;
  private readonly max: number | undefined;
  private readonly ignored: string[] = [];
  private begun = 0;
  private settled = 0;
  private updates = 0;
  private signals = 0;
  private telling = 0;
  /** The ledger does not answer: requests are told that they wait instead of waiting for it. */
  private troubled = false;
  /** Requests whose update is about to be answered: they need no signal besides. */
  private readonly answering = new Set<string>();
  private observed = '';
  /** When the earliest timer rings, in milliseconds since 1970. */
  private armed = Number.POSITIVE_INFINITY;
  private attempt = false;

  constructor({ carried, max }: SemaphoreInput) {
    this.core = unpack(workflowInfo().workflowId, carried);
    this.max = max;
  }

  /** Registers the handlers; call it before the first await. */
  open(): void {
    const { acquire, release, cancel, renew, evict, look, wake } = semaphoreMessages;
    this.onUpdate(acquire, readRequest, (message) => this.acquire(message));
    this.onSignal(acquire, readRequest, (message) => {
      const { id } = message;
      const answer = this.core.acquire(message, Date.now());
      // Nobody hears an answer: the ledger has to tell.
      if (answer.state === 'refused') this.core.end({ id, how: 'refused', why: answer.reason });
    });
    this.onBoth(release, readReference, ({ id }) => this.end({ id, how: 'released', why: 'given back' }));
    this.onBoth(cancel, readReference, ({ id }) => this.end({ id, how: 'cancelled', why: 'withdrawn' }));
    this.onBoth(renew, readReference, ({ id }) => {
      this.core.renew(id, Date.now());
      return this.core.answer(id).state;
    });
    this.onBoth(evict, readEviction, (message) => (this.core.evict(message) ? 'taken away' : 'not held'));
    this.onSignal(look, readReference, ({ id }) => this.core.lookAt(id, Date.now()));
    setHandler(defineSignal(wake), () => this.core.wake());
    setHandler(defineQuery<SemaphoreStatus, [number?]>(semaphoreQueries.status), (max = maxListed) =>
      semaphoreStatus(this.core, max, this.ignored),
    );
  }

  private onSignal<T>(name: string, read: (message: unknown) => T | string, take: (message: T) => void): void {
    setHandler(defineSignal<[unknown]>(name), (message) => {
      this.signals += 1;
      const known = read(message);
      if (typeof known === 'string') this.note(`${name}: ${known}`);
      else take(known);
    });
  }

  private onUpdate<T, R>(
    name: string,
    read: (message: unknown) => T | string,
    take: (message: T) => R | Promise<R>,
  ): void {
    setHandler(
      defineUpdate<R, [unknown]>(name),
      (message) => {
        this.updates += 1;
        return take(read(message) as T);
      },
      {
        validator: (message) => {
          const known = read(message);
          if (typeof known === 'string') throw new Error(known);
        },
      },
    );
  }

  private onBoth<T>(name: string, read: (message: unknown) => T | string, take: (message: T) => string): void {
    this.onSignal(name, read, take);
    this.onUpdate(name, read, take);
  }

  /** What the MDB holds of this semaphore, for a first run, and for requests whose answer was lost with a worker. */
  async restore(): Promise<void> {
    const rest = await this.readLedger();
    // The run before may have ended between the ledger and the signal: who received it receives it twice.
    for (const grant of this.core.restore(rest, Date.now())) void this.tell(grant);
  }

  /** Until the ledger answers: those who ask meanwhile hear that they wait. */
  private async readLedger(): Promise<LedgerRest> {
    for (;;) {
      try {
        return await ledgerActivities.restorePermits({ semaphore: this.core.id });
      } catch (error) {
        if (!(error instanceof ActivityFailure)) throw error;
        // An id that is none never becomes one.
        if (readSemaphoreId(this.core.id) === null) throw error;
        this.troubled = true;
        log.warn('the ledger of permits does not answer', { error: String(error.cause) });
        await sleep(pauseAfterTroubleMs);
      }
    }
  }

  /**
   * Takes the request at once; the answer waits for the ledger's next batch, which is milliseconds away, and never for
   * a permit. While the ledger does not answer, it does not wait for that either.
   */
  private async acquire(message: Parameters<Semaphore['acquire']>[0]): Promise<PermitAnswer> {
    const first = this.core.acquire(message, Date.now());
    if (first.state === 'refused') return first;
    const wanted = this.begun + 1;
    if (first.state === 'queued' && this.core.fresh.has(message.id)) {
      this.answering.add(message.id);
      await condition(() => this.settled >= wanted || this.troubled);
      this.answering.delete(message.id);
    }
    this.core.markNotified(message.id);
    return this.core.answer(message.id);
  }

  private end(closing: PermitClosing): string {
    return this.core.end(closing) ? closing.why : 'neither held nor waited for';
  }

  async wait(): Promise<void> {
    this.arm();
    await condition(() => this.core.dirty || this.attempt || this.full);
    this.attempt = false;
    this.core.tick(Date.now());
  }

  /** Timers are started and never cancelled: most are a lease away, and one that has become idle costs a look. */
  private arm(): void {
    const wake = this.core.nextWake();
    if (wake === null || wake >= this.armed) return;
    this.armed = wake;
    void sleep(Math.max(1, wake - Date.now())).then(() => {
      if (this.armed === wake) this.armed = Number.POSITIVE_INFINITY;
      this.attempt = true;
    });
  }

  /** One batch: written, fenced and granted in one transaction, then sent. */
  async writeBatch(): Promise<void> {
    if (!this.core.dirty) return;
    this.begun += 1;
    const ledgerBatch = this.core.ledgerBatch();
    try {
      const result = await ledgerActivities.settlePermits(ledgerBatch);
      this.troubled = false;
      this.settled = this.begun;
      for (const grant of this.core.settle(ledgerBatch, result, Date.now())) void this.tell(grant);
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      // Nothing is lost: the same batch goes out again. Those who ask meanwhile hear that they are queued.
      this.troubled = true;
      this.core.wake();
      // One that fails at once would else be tried without a pause, and fill this history.
      await sleep(pauseAfterTroubleMs);
      log.warn('the ledger of permits does not answer', { error: String(error.cause) });
    }
  }

  private async tell(grant: PermitGrant): Promise<void> {
    const workflowId = this.core.holders.get(grant.id)?.workflowId;
    if (workflowId === undefined || this.answering.has(grant.id)) return;
    this.telling += 1;
    try {
      await getExternalWorkflowHandle(workflowId).signal(grantSignal, grant);
      this.core.markNotified(grant.id);
    } catch (error) {
      log.info('a requester is gone', { workflowId, error: String(error) });
      this.core.undelivered(grant.id, Date.now());
    } finally {
      this.telling -= 1;
    }
  }

  /** Looks at holders whose lease has run out, side by side with everything else. */
  lookAfter(): void {
    for (const holder of this.core.due(Date.now())) void this.look(holder);
  }

  private async look(holder: PermitHolder): Promise<void> {
    const finding = await this.find(holder).catch((error: unknown): HolderFinding => {
      if (!(error instanceof ActivityFailure)) throw error;
      return { holder: 'unknown', why: `it could not be looked at: ${error.cause?.message ?? error.message}` };
    });
    const again = this.core.found(holder.id, finding, Date.now());
    if (again) await this.tell(again);
  }

  /** A dead workflow does not mean that its machine is up: only a look at the machine does. */
  private async find({ id, machineId, siteId, workflowId, orderId = '' }: PermitHolder): Promise<HolderFinding> {
    if (workflowId !== undefined && (await lookActivities.describeHolder({ workflowId })) === 'running')
      return { holder: 'running' };
    const { acted, left } = await lookActivities.readTraces({ permitId: id });
    if (left !== null) return { holder: 'closed', up: false, why: left };
    const subject = { machineId, siteId, orderId, passage: 'reboot', since: acted } as const;
    const { up, seen } = await observing(siteId).checkHealth(subject);
    // Its workflow may have been started again since, and then it holds on.
    const back = workflowId !== undefined && up && (await lookActivities.describeHolder({ workflowId })) === 'running';
    return back ? { holder: 'running' } : { holder: 'closed', up, why: seen };
  }

  private note(text: string): void {
    this.ignored.push(text);
    if (this.ignored.length > keptNotes) this.ignored.shift();
  }

  /** The details cost nothing; a search attribute is an event, so it is only written when it changes. */
  show(): void {
    setCurrentDetails(describeDetails(this.core));
    const waitingOn = waitsOn(this.core);
    if (waitingOn === this.observed) return;
    this.observed = waitingOn;
    const { tag = '', value = '' } = readSemaphoreId(this.core.id) ?? {};
    const own = { rack: attributes.rack, pool: attributes.pool, sku: attributes.sku, machine: attributes.machine };
    const key = own[tag as keyof typeof own];
    upsertSearchAttributes([{ key: attributes.waitingOn, value: waitingOn }, ...(key ? [{ key, value }] : [])]);
  }

  /** This run has lasted long enough, and nothing of it is under way. */
  get full(): boolean {
    const { updates, signals, max = maxSignals } = this;
    const long = workflowInfo().continueAsNewSuggested || updates >= maxUpdates || updates + signals >= max;
    return long && this.telling === 0 && this.core.looking === 0;
  }

  carry(): SemaphoreInput {
    return { carried: pack(this.core), ...(this.max && { max: this.max }) };
  }
}
