/**
 * The line in front of a semaphore. Pure. Who stands where follows from two facts that never change, so that nobody is
 * overtaken for ever: when it was asked for, and the head start of its class.
 */
import type { PermitWaiting } from '../../contract/semaphore.ts';
import { type OrderClass, orderClasses } from '../../domain/machine.ts';

const hour = 3_600_000;
/** How much earlier another class must have come to stand in front: what waits this much longer has aged past it. */
const headStart: Record<OrderClass, number> = {
  emergency: 0,
  repair: 4 * hour,
  maintenance: 12 * hour,
  clean: 24 * hour,
};

function place({ class: urgency, at }: PermitWaiting): number {
  return at + headStart[urgency];
}

function compare(left: PermitWaiting, right: PermitWaiting): number {
  return (
    place(left) - place(right) ||
    orderClasses.indexOf(left.class) - orderClasses.indexOf(right.class) ||
    left.at - right.at
  );
}

/** Waiting requests, first in line first; equal ones in the order in which they came. */
export class Line {
  private readonly order: PermitWaiting[] = [];
  private readonly byId = new Map<string, PermitWaiting>();

  get size(): number {
    return this.order.length;
  }

  get(id: string): PermitWaiting | undefined {
    return this.byId.get(id);
  }

  [Symbol.iterator](): Iterator<PermitWaiting> {
    return this.order[Symbol.iterator]();
  }

  add(waiting: PermitWaiting): void {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.order[middle] as PermitWaiting, waiting) <= 0) low = middle + 1;
      else high = middle;
    }
    this.order.splice(low, 0, waiting);
    this.byId.set(waiting.id, waiting);
  }

  remove(id: string): PermitWaiting | undefined {
    const waiting = this.byId.get(id);
    if (waiting === undefined) return undefined;
    this.byId.delete(id);
    this.order.splice(this.order.indexOf(waiting), 1);
    return waiting;
  }

  /** A later end for a request that lapses; its place stays. */
  extend(id: string, until: number): void {
    const waiting = this.byId.get(id);
    if (waiting === undefined) return;
    const extended = { ...waiting, until };
    this.order[this.order.indexOf(waiting)] = extended;
    this.byId.set(id, extended);
  }

  /** Counted from one; zero for a request that isn't there. */
  position(id: string): number {
    const waiting = this.byId.get(id);
    return waiting === undefined ? 0 : this.order.indexOf(waiting) + 1;
  }

  /**
   * Whom to offer to the ledger next, in order: the first in line, but an emergency always, and those that were passed
   * over a moment ago only behind the others.
   */
  front(max: number, passedOver: ReadonlyMap<string, string>): PermitWaiting[] {
    const emergencies = this.order.filter((one) => one.class === 'emergency').slice(0, max);
    const free = this.order.filter((one) => !passedOver.has(one.id));
    const held = this.order.filter((one) => passedOver.has(one.id));
    const chosen = new Set([...emergencies, ...free.slice(0, max), ...held.slice(0, max)].slice(0, max));
    return [...chosen].sort((left, right) => this.order.indexOf(left) - this.order.indexOf(right));
  }
}
