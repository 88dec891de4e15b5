/**
 * The requester's side of the semaphores, for passages. One `Permits` a passage:
 *
 *     const permits = new Permits({ machineId, siteId, orderId, class });
 *     permits.open();                                  // before the first await
 *     …
 *     const taken = await permits.take(resourcesFor('reboot', { tag: 'rack', value: 'A12' }), {
 *       limit: 3_600_000,
 *       cancelled: () => desk.cancelled !== null,
 *       onQueued: (sentence) => desk.stand(step, stage, 'permit', limit, sentence),
 *     });
 *     if (taken.state !== 'granted') …                 // refused, late or cancelled: nothing is held
 *     run.fence = taken.fence;                         // acts carry it from here on
 *     …
 *     await permits.giveBack();                        // in a `finally`; gives everything back, also when cancelled
 */

import {
  CancellationScope,
  condition,
  defineSignal,
  setHandler,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import { attributes } from '../../contract/attributes.ts';
import type { PastPermit } from '../../contract/past.ts';
import {
  grantSignal,
  type PermitAnswer,
  type PermitGrant,
  type PermitRequest,
  readSemaphoreId,
  semaphoreId,
  semaphoreMessages,
} from '../../contract/semaphore.ts';
import type { Milliseconds } from '../../domain/duration.ts';
import type { OrderClass } from '../../domain/machine.ts';
import { inOrder, type Resource } from '../../domain/permits/groups.ts';
import { isObject, isText } from '../messages.ts';
import { permitActivities } from '../permitproxies.ts';

/** A semaphore that was lost with its queue is started again by the next request, which finds a request that it knows. */
const askAgain = 30 * 60_000;

export interface PermitSubject {
  readonly machineId: string;
  readonly siteId: string;
  readonly orderId: string;
  readonly class: OrderClass;
}

export interface TakeOptions {
  /** Milliseconds to wait for the whole set; null for ever. */
  readonly limit: Milliseconds | null;
  /** Whether the wait is to end because somebody cancelled. */
  readonly cancelled?: () => boolean;
  /** Told once for each permit that is not to be had at once: a sentence for people. */
  readonly onQueued?: (sentence: string) => void;
}

export type PermitOutcome =
  | { readonly state: 'granted'; readonly fence: number }
  | { readonly state: 'refused'; readonly reason: string }
  | { readonly state: 'late' | 'cancelled' };

/** What a request waits at before it goes out; while it holds, nothing is waited for either. */
export interface RequestGate {
  readonly holds: boolean;
  pass(): Promise<void>;
}

const noGate: RequestGate = { holds: false, pass: async () => {} };

/** Somebody holds the requester back. */
interface HeldBack {
  readonly state: 'held';
}

interface OwnRequest {
  readonly semaphore: string;
  readonly operation: string;
  readonly id: string;
}

export class Permits {
  /** The latest fence of this passage's permits; 0 before the first. */
  fence = 0;
  private readonly subject: PermitSubject;
  /** Everything asked for and not given back, oldest first. */
  private mine: OwnRequest[] = [];
  private readonly granted = new Map<string, number>();
  /** Requests of an earlier run of the passage, by semaphore. */
  private readonly earlier = new Map<string, string>();
  /** Grants that came before it was known what the earlier run had asked for; null afterwards. */
  private early: PermitGrant[] | null = [];

  private readonly gate: RequestGate;

  constructor(subject: PermitSubject, gate = noGate) {
    this.subject = subject;
    this.gate = gate;
  }

  /** Registers the handler of grants; call it before the first await. */
  open(): void {
    setHandler(defineSignal<[unknown]>(grantSignal), (message) => {
      const grant = readGrant(message);
      if (grant === null) return;
      if (this.early) this.early.push(grant);
      else this.hearGrant(grant);
    });
  }

  private hearGrant(grant: PermitGrant): void {
    if (this.mine.some(({ id }) => id === grant.id)) this.granted.set(grant.id, grant.fence);
    else if ([...this.earlier.values()].includes(grant.id)) this.fence = Math.max(this.fence, grant.fence);
    // Nobody wants it any more.
    else void this.release(grant);
  }

  /**
   * Takes over what an earlier run of the passage held and waited for; called once, by the first `take` at the latest.
   * What was held is held on, as far as its semaphore agrees; what was waited for keeps its place.
   */
  async adopt(permits: readonly PastPermit[]): Promise<void> {
    const early = this.early ?? [];
    this.early = null;
    for (const { id, semaphore } of permits) this.earlier.set(semaphore, id);
    for (const grant of early) this.hearGrant(grant);
    for (const { id, semaphore, granted } of permits) {
      const resource = readSemaphoreId(semaphore);
      if (!granted || resource === null) continue;
      const held = { semaphore, operation: resource.operation, id };
      this.mine.push(held);
      const answer = await this.ask(held, `${workflowInfo().runId}/again`);
      if (answer.state !== 'granted') {
        // It was taken away in between: whoever needs it asks anew.
        this.mine = this.mine.filter((one) => one !== held);
        if (answer.state === 'refused') this.earlier.delete(semaphore);
        continue;
      }
      this.earlier.delete(semaphore);
      this.granted.set(id, answer.fence);
      this.fence = Math.max(this.fence, answer.fence);
    }
  }

  /** Withdraws what an earlier run waited for and this one never came to want. */
  private async withdrawEarlier(): Promise<void> {
    const left = [...this.earlier].map(([semaphore, id]) => ({ semaphore, id }));
    this.earlier.clear();
    await Promise.all(left.map((held) => this.release(held)));
  }

  /** Ids of the permits that are held or waited for. */
  get held(): readonly string[] {
    return this.mine.map(({ id }) => id);
  }

  /**
   * Takes all of them, one after the other in the fixed order; what was taken of a set that fails is given back. Whoever is
   * held back at the gate leaves the line, so that others may go, and asks anew behind it.
   */
  async take(resources: readonly Resource[], options: TakeOptions): Promise<PermitOutcome> {
    if (this.early) await this.adopt([]);
    const until = options.limit === null ? null : Date.now() + options.limit;
    for (;;) {
      await this.gate.pass();
      const taken = await this.takeSet(resources, until, options);
      if (taken.state !== 'held') return taken;
    }
  }

  private async takeSet(resources: readonly Resource[], until: number | null, options: TakeOptions) {
    const before = new Set(this.held);
    let taken: PermitOutcome | HeldBack = { state: 'granted', fence: this.fence };
    try {
      for (const resource of inOrder(resources)) {
        taken = await this.takeOne(resource, until, options);
        if (taken.state !== 'granted') break;
      }
    } catch (error) {
      await this.returnAll(({ id }) => !before.has(id));
      throw error;
    }
    if (taken.state !== 'granted') await this.returnAll(({ id }) => !before.has(id));
    return taken;
  }

  /** Says that the passage makes progress; call it where a step ends. */
  async renew(): Promise<void> {
    for (const { semaphore, id } of this.mine)
      await permitActivities.sendToSemaphore({ semaphore, signal: semaphoreMessages.renew, body: { id } });
  }

  /** Gives back everything, or what was taken for one operation; may be repeated. */
  async returnPermit(operation?: string): Promise<void> {
    if (operation === undefined && this.earlier.size > 0) await this.withdrawEarlier();
    await this.returnAll((own) => operation === undefined || own.operation === operation);
  }

  private async takeOne(
    resource: Resource,
    until: number | null,
    options: TakeOptions,
  ): Promise<PermitOutcome | HeldBack> {
    const semaphore = semaphoreId(resource);
    const mine = this.mine.find((own) => own.semaphore === semaphore && this.granted.has(own.id));
    if (mine) return { state: 'granted', fence: this.fence };
    const earlier = this.earlier.get(semaphore);
    this.earlier.delete(semaphore);
    const held = { semaphore, operation: resource.operation, id: earlier ?? uuid4() };
    this.mine.push(held);
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.ask(held, earlier === undefined ? attempt : `${workflowInfo().runId}/${attempt}`);
      if (answer.state === 'refused' && earlier !== undefined) {
        // The earlier run's request has ended meanwhile.
        this.mine = this.mine.filter((one) => one !== held);
        return this.takeOne(resource, until, options);
      }
      if (answer.state === 'refused') return { state: 'refused', reason: `${held.semaphore}: ${answer.reason}` };
      if (answer.state === 'granted') this.granted.set(held.id, answer.fence);
      else if (attempt === 0) this.noteQueued(held, answer, options);
      const waited = await this.awaitGrant(held, until, options);
      if (waited !== 'again') return waited;
    }
  }

  private ask({ semaphore, id }: OwnRequest, attempt: number | string): Promise<PermitAnswer> {
    const { machineId, siteId, orderId, class: urgency } = this.subject;
    const { workflowId } = workflowInfo();
    const request: PermitRequest = { id, machineId, siteId, orderId, class: urgency, workflowId };
    return permitActivities.askPermit({ semaphore, request, attempt });
  }

  private async awaitGrant(
    { id }: OwnRequest,
    until: number | null,
    { cancelled }: TakeOptions,
  ): Promise<PermitOutcome | HeldBack | 'again'> {
    const left = until === null ? askAgain : Math.min(askAgain, until - Date.now());
    const ended = () => this.granted.has(id) || this.gate.holds || cancelled?.() === true;
    if (!ended() && left > 0) await condition(ended, left);
    const fence = this.granted.get(id);
    if (cancelled?.() === true) return { state: 'cancelled' };
    if (this.gate.holds) return { state: 'held' };
    if (fence === undefined) return until !== null && Date.now() >= until ? { state: 'late' } : 'again';
    // Each grant raises the machine's fence, so the latest is the highest.
    this.fence = Math.max(this.fence, fence);
    return { state: 'granted', fence: this.fence };
  }

  private noteQueued(
    { semaphore }: OwnRequest,
    answer: PermitAnswer & { state: 'queued' },
    { onQueued }: TakeOptions,
  ): void {
    upsertSearchAttributes([{ key: attributes.waitingOn, value: 'permit' }]);
    onQueued?.(`It waits for ${semaphore}, ${answer.position}. in line: ${answer.reason}`);
  }

  // Narrowest first, as it was taken widest first.
  private async returnAll(which: (own: OwnRequest) => boolean): Promise<void> {
    const given = this.mine.filter(which).reverse();
    this.mine = this.mine.filter((own) => !which(own));
    if (given.length === 0) return;
    for (const own of given) this.granted.delete(own.id);
    await CancellationScope.nonCancellable(() => Promise.all(given.map((own) => this.release(own))));
  }

  private release({ semaphore, id }: Pick<OwnRequest, 'semaphore' | 'id'>): Promise<void> {
    return CancellationScope.nonCancellable(() =>
      permitActivities.sendToSemaphore({ semaphore, signal: semaphoreMessages.release, body: { id } }),
    );
  }
}

function readGrant(message: unknown): PermitGrant | null {
  if (!isObject(message)) return null;
  const { id, semaphore, fence } = message;
  return isText(id) && isText(semaphore) && typeof fence === 'number' ? { id, semaphore, fence } : null;
}
