/**
 * What a semaphore knows and decides. Pure: time comes in, messages come in, and what is to be written comes out. It
 * grants nothing by itself: the ledger does, in batches, because a permit counts once its fence is in the MDB.
 */

import type {
  Eviction,
  LedgerBatch,
  LedgerRest,
  LedgerResult,
  PermitAnswer,
  PermitClosing,
  PermitGrant,
  PermitHolder,
  PermitRequest,
  PermitWaiting,
} from '../../contract/semaphore.ts';
import type { PermitGate, PermitTerms } from '../../domain/permits/terms.ts';
import { EndedRequests } from './ended.ts';
import { Line } from './line.ts';

/** Candidates offered at once; what one transaction of the ledger grants at most. */
const batch = 50;
/** A closed gate that gives no time is looked at this often. */
const recheck = 120_000;
/** The image system's request lapses an hour after it was last made (the Dominator's contract). */
const lapseMs = 3_600_000;
/** A holder whose workflow could not be described is tried again after this. */
const soon = 300_000;

/** What was found out about a holder whose lease has run out. */
export type HolderFinding =
  | { readonly holder: 'running' }
  | { readonly holder: 'unknown'; readonly why: string }
  | { readonly holder: 'closed'; readonly up: boolean; readonly why: string };

/** Until the first batch has read the policy. */
export const firstTerms: PermitTerms = { capacity: 0, bound: 5000, lease: lapseMs, limit: 24 * lapseMs };

export class Semaphore {
  readonly id: string;
  readonly line = new Line();
  readonly holders = new Map<string, PermitHolder>();
  readonly ended: EndedRequests;
  terms: PermitTerms = firstTerms;
  gate: PermitGate | null = null;
  granted = 0;
  /** Why candidates were passed over at the last batch, by id. */
  readonly passedOver = new Map<string, string>();
  fresh = new Map<string, PermitWaiting>();
  closing: PermitClosing[] = [];
  private readonly overdue = new Map<string, string | null>();
  private readonly watched = new Set<string>();
  private looked = 0;
  /** Something has changed that a batch has to write or may grant. */
  dirty = false;

  constructor(id: string, ended: readonly string[] = []) {
    this.id = id;
    this.ended = new EndedRequests(ended);
  }

  /** Takes a request, or finds it again. The answer of a new one is provisional until its batch is over. */
  acquire(request: PermitRequest, now: number): PermitAnswer {
    const known = this.holders.get(request.id) ?? this.line.get(request.id);
    if (known) {
      if (!request.workflowId) this.renew(known.id, now);
      // Asked again after long, it is looked at again: the group, and with it the capacity, may have grown.
      this.dirty = true;
      return this.answer(request.id);
    }
    if (this.ended.has(request.id)) return { state: 'refused', reason: 'this request has ended already' };
    if (this.line.size >= this.terms.bound)
      return { state: 'refused', reason: `${this.line.size} requests wait already, and no more may` };
    const waiting = { ...request, at: now, until: request.workflowId ? 0 : now + lapseMs };
    this.line.add(waiting);
    this.fresh.set(waiting.id, waiting);
    this.hurry(request.machineId, now);
    this.dirty = true;
    return this.answer(request.id);
  }

  /** How a request stands. */
  answer(id: string): PermitAnswer {
    const holder = this.holders.get(id);
    if (holder) return { state: 'granted', fence: holder.fence };
    if (this.line.get(id)) return { state: 'queued', position: this.line.position(id), reason: this.reasonOf(id) };
    return { state: 'refused', reason: this.ended.why(id) ?? 'this request has ended already' };
  }

  reasonOf(id: string): string {
    return this.passedOver.get(id) ?? this.gate?.reason ?? 'it is not its turn yet';
  }

  /** Ends a request, waiting or granted. Repeated, or for one that never came, it is remembered and does no harm. */
  end(closing: PermitClosing): boolean {
    const known = this.line.remove(closing.id) ?? this.holders.get(closing.id);
    this.holders.delete(closing.id);
    this.overdue.delete(closing.id);
    this.passedOver.delete(closing.id);
    if (this.ended.has(closing.id)) return false;
    this.ended.add(closing.id, closing.why);
    // One that is not known may stand in the ledger: granted by a batch whose outcome was lost.
    this.closing.push(closing);
    this.dirty = true;
    return known !== undefined;
  }

  /** The grant has reached its requester, or may have. */
  markNotified(id: string): void {
    const holder = this.holders.get(id);
    if (holder && !holder.notified) this.holders.set(id, { ...holder, notified: true });
  }

  /** The requester is gone. Had it never heard of the grant, nobody wants it; otherwise its machine is looked at. */
  undelivered(id: string, now: number): void {
    const holder = this.holders.get(id);
    if (!holder) return;
    if (holder.notified) this.holders.set(id, { ...holder, until: Math.min(holder.until, now) });
    else this.end({ id, how: 'released', why: 'its requester was gone when it was granted' });
  }

  evict({ id, by, reason }: Eviction): boolean {
    return this.end({ id, how: 'evicted', why: reason, by });
  }

  renew(id: string, now: number): void {
    const holder = this.holders.get(id);
    if (!holder) {
      if (this.line.get(id)?.until) this.line.extend(id, now + lapseMs);
      return;
    }
    if (holder.overdue !== null) this.note(id, null);
    this.holders.set(id, { ...holder, renewed: now, until: now + this.leaseOf(holder), overdue: null });
  }

  wake(): void {
    this.dirty = true;
  }

  /** Its holder is looked at now, and not at the end of its lease. */
  lookAt(id: string, now: number): void {
    const holder = this.holders.get(id);
    if (holder && holder.until > now) this.holders.set(id, { ...holder, until: now });
    this.dirty = true;
  }

  /** The next batch for the ledger. */
  ledgerBatch(): LedgerBatch {
    this.dirty = false;
    return {
      semaphore: this.id,
      queued: [...this.fresh.values()].slice(0, 10 * batch),
      closed: this.closing.slice(0, 10 * batch),
      overdue: [...this.overdue].map(([id, why]) => ({ id, why })),
      candidates: this.line.front(batch, this.passedOver).map(({ id }) => id),
      holders: [...this.holders.keys()],
    };
  }

  /** Takes what the ledger said; gives the grants that are to be sent. What changed meanwhile waits for the next batch. */
  settle(ledgerBatch: LedgerBatch, result: LedgerResult, now: number): PermitGrant[] {
    this.terms = result.terms;
    this.gate = result.gate;
    this.looked = now;
    for (const { id } of ledgerBatch.queued) this.fresh.delete(id);
    const written = new Set(ledgerBatch.closed);
    this.closing = this.closing.filter((closing) => !written.has(closing));
    for (const { id, why } of ledgerBatch.overdue) if (this.overdue.get(id) === why) this.overdue.delete(id);
    this.passedOver.clear();
    for (const { id, why } of result.held) if (this.line.get(id)) this.passedOver.set(id, why);
    for (const { id, why } of result.gone) this.forget(id, why);
    const grants = [...result.granted, ...result.found].flatMap((one) => this.grant(one, now));
    for (const holder of result.found) this.adopt(holder, now);
    const more = this.fresh.size > 0 || this.closing.length > 0;
    if (more || (grants.length > 0 && this.line.size > 0 && result.gate === null)) this.dirty = true;
    return grants;
  }

  /** Takes over what the ledger holds, when the workflow that knew it is gone. */
  restore(rest: LedgerRest, now: number): PermitGrant[] {
    const adopted = rest.holders.filter(({ id }) => !this.ended.has(id) && !this.holders.has(id));
    for (const holder of adopted) {
      this.line.remove(holder.id);
      this.fresh.delete(holder.id);
      this.adopt(holder, now);
    }
    for (const waiting of rest.waiting)
      if (!this.ended.has(waiting.id) && !this.holders.has(waiting.id) && !this.line.get(waiting.id))
        this.line.add(waiting);
    this.dirty = true;
    return adopted.map(({ id, fence }) => ({ id, semaphore: this.id, fence }));
  }

  /** Holders whose lease has run out and that nobody looks at yet; marks them as being looked at. */
  due(now: number): PermitHolder[] {
    const due = [...this.holders.values()].filter(({ id, until }) => until <= now && !this.watched.has(id));
    for (const { id } of due) this.watched.add(id);
    return due;
  }

  get looking(): number {
    return this.watched.size;
  }

  /**
   * What became of a holder: never given on blindly. One that runs gets its grant again: if it has given it back
   * and that was lost, it says so once more.
   */
  found(id: string, finding: HolderFinding, now: number): PermitGrant | null {
    this.watched.delete(id);
    const holder = this.holders.get(id);
    // It renewed or ended while it was looked at.
    if (!holder || holder.until > now) return null;
    if (finding.holder === 'closed' && finding.up) {
      this.end({ id, how: 'expired', why: `its holder has ended, and the machine is up: ${finding.why}` });
      return null;
    }
    this.holders.set(id, { ...holder, until: now + (finding.holder === 'unknown' ? soon : this.leaseOf(holder)) });
    if (finding.holder === 'closed') this.mark(id, `its holder has ended, but ${finding.why}`);
    else if (now - holder.renewed >= this.terms.limit)
      this.mark(id, finding.holder === 'running' ? 'its holder runs on without a sign of progress' : finding.why);
    return finding.holder === 'running' ? { id, semaphore: this.id, fence: holder.fence } : null;
  }

  /** Drops what lapses, and asks for a batch where a gate may have opened. */
  tick(now: number): void {
    for (const { id, until } of [...this.line])
      if (until > 0 && until <= now)
        this.end({ id, how: 'cancelled', why: 'it was not asked for again within an hour' });
    const opens = this.opens();
    if (opens !== null && opens <= now) this.dirty = true;
  }

  /** When something is to be looked at although no message comes; null for never. */
  nextWake(): number | null {
    const times = [...this.holders.values()].filter(({ id }) => !this.watched.has(id)).map(({ until }) => until);
    for (const { until } of this.line) if (until > 0) times.push(until);
    const opens = this.opens();
    if (opens !== null) times.push(opens);
    return times.length === 0 ? null : times.reduce((min, time) => Math.min(min, time));
  }

  private opens(): number | null {
    if (this.line.size === 0) return null;
    const gated = this.gate !== null && this.gate.kind !== 'capacity';
    if (!gated && this.passedOver.size === 0) return null;
    return Math.min(this.gate?.until ?? Number.POSITIVE_INFINITY, this.looked + recheck);
  }

  private grant({ id, fence }: LedgerResult['granted'][number], now: number): PermitGrant[] {
    const waiting = this.line.remove(id);
    // Ended in between: its closing is in the next batch.
    if (waiting === undefined) return [];
    this.fresh.delete(id);
    const until = now + this.leaseOf(waiting);
    this.holders.set(id, { ...waiting, fence, since: now, renewed: now, until, overdue: null, notified: false });
    this.granted += 1;
    return [{ id, semaphore: this.id, fence }];
  }

  private adopt(holder: PermitHolder, now: number): void {
    if (this.holders.has(holder.id)) return;
    if (!this.ended.has(holder.id))
      return void this.holders.set(holder.id, { ...holder, notified: true, until: now + this.leaseOf(holder) });
    if (this.closing.some(({ id }) => id === holder.id)) return;
    this.closing.push({ id: holder.id, how: 'released', why: this.ended.why(holder.id) ?? 'it has ended' });
    this.dirty = true;
  }

  private forget(id: string, why: string): void {
    const known = this.line.remove(id) ?? this.holders.get(id);
    this.holders.delete(id);
    if (known === undefined) return;
    this.fresh.delete(id);
    this.ended.add(id, why);
  }

  // The machine asks again while an earlier holder of its own has not given back: that one is looked at now.
  private hurry(machineId: string, now: number): void {
    for (const [id, holder] of this.holders)
      if (holder.machineId === machineId && holder.until > now && !this.watched.has(id))
        this.holders.set(id, { ...holder, until: now });
  }

  private leaseOf({ workflowId }: PermitWaiting): number {
    return workflowId ? this.terms.lease : lapseMs;
  }

  private mark(id: string, why: string): void {
    const holder = this.holders.get(id);
    if (!holder || holder.overdue === why) return;
    this.holders.set(id, { ...holder, overdue: why });
    this.note(id, why);
  }

  private note(id: string, why: string | null): void {
    this.overdue.set(id, why);
    this.dirty = true;
  }
}
