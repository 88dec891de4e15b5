/** The orders that wait at one machine: which goes next, and which has waited too long. Pure; times in milliseconds. */
import type { OrderMessage } from '../contract/machine.ts';
import { orderClasses } from '../domain/machine.ts';

export class OrderQueue {
  private readonly orders: OrderMessage[];
  /** Also of orders that have not come yet: messages arrive in no order. */
  private readonly paused: Set<string>;

  constructor(orders: readonly OrderMessage[] = [], paused: readonly string[] = []) {
    this.orders = [...orders];
    this.paused = new Set(paused);
  }

  get waiting(): readonly OrderMessage[] {
    return this.orders;
  }

  get pausedIds(): readonly string[] {
    return [...this.paused];
  }

  add(order: OrderMessage): void {
    this.orders.push(order);
  }

  /** Puts orders in that were there before those that came since. */
  restore(orders: readonly OrderMessage[]): void {
    this.orders.unshift(...orders);
  }

  has(id: string): boolean {
    return this.orders.some((order) => order.id === id);
  }

  pause(id: string, paused: boolean): void {
    if (paused) this.paused.add(id);
    else this.paused.delete(id);
  }

  /** Takes out the order that goes now: of those whose time has come the most urgent, and of these the oldest. */
  take(now: number): OrderMessage | null {
    const [best] = this.orders
      .filter((order) => this.mayGo(order) && startOf(order) <= now && endOf(order) > now)
      .sort((one, other) => rank(one) - rank(other));
    return best ? this.drop(best.id) : null;
  }

  drop(id: string): OrderMessage | null {
    const index = this.orders.findIndex((order) => order.id === id);
    this.paused.delete(id);
    return index < 0 ? null : (this.orders.splice(index, 1)[0] ?? null);
  }

  /** When the next order's time comes; null when none waits for a time. */
  nextStart(now: number): number | null {
    return earliest(this.orders.filter((order) => this.mayGo(order) && startOf(order) > now).map(startOf));
  }

  /** When the next order has waited too long; null when none has a limit. A paused one has its limit too. */
  nextEnd(): number | null {
    return earliest(this.orders.map(endOf).filter(Number.isFinite));
  }

  /** Takes out the orders that have waited too long. */
  expire(now: number): OrderMessage[] {
    const late = this.orders.filter((order) => endOf(order) <= now);
    for (const { id } of late) this.drop(id);
    return late;
  }

  private mayGo({ id }: OrderMessage): boolean {
    return !this.paused.has(id);
  }
}

function rank(order: OrderMessage): number {
  return orderClasses.indexOf(order.class ?? 'maintenance');
}

function startOf({ notBefore }: OrderMessage): number {
  return notBefore === undefined ? 0 : Date.parse(notBefore);
}

function endOf({ deadline }: OrderMessage): number {
  return deadline === undefined ? Number.POSITIVE_INFINITY : Date.parse(deadline);
}

function earliest(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.min(...times);
}
