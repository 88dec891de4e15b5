import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { draw } from '../chance.ts';
import { findFault } from '../faults.ts';
import type { Entry } from '../journal.ts';
import type { Subscription } from '../state.ts';
import type { Controller } from './controller.ts';
import { type EventRules, eventRulesOf } from './eventrules.ts';
import { type Document, linkTo } from './links.ts';
import { renamed } from './paths.ts';
import { giveUp, isEventful, subscriptionsOf } from './subscriptions.ts';

/** Controllers verify no certificate unless they are told whose. One agent carries those of a whole fleet. */
const wire = new Agent({ connect: { rejectUnauthorized: false }, connections: 2, keepAliveTimeout: 1000 });
const timeoutMs = 10_000;

/** Sends a controller's events to those who asked for them, each in its turn. */
export class EventSender {
  readonly #controller: Controller;
  readonly #stop = new AbortController();
  #count = 0;
  #line: Promise<void> = Promise.resolve();

  constructor(controller: Controller) {
    this.#controller = controller;
  }

  /** Tells all subscribers of something that happened to the machine. */
  tell({ time, effect, detail, seq }: Pick<Entry, 'time' | 'effect' | 'detail' | 'seq'>): void {
    const rules = eventRulesOf(this.#controller.personality);
    if (rules === null || !isEventful(this.#controller, rules)) return;
    const by = typeof detail?.by === 'string' ? ` by ${detail.by}` : '';
    const words = {
      MessageId: typeof detail?.messageId === 'string' ? detail.messageId : 'ResourceEvent.1.3.0.ResourceChanged',
      Message: typeof detail?.message === 'string' ? detail.message : `${effect}${by}`,
    };
    const severity = effect === 'locked-out' ? 'Critical' : 'OK';
    const event = {
      MemberId: '0',
      EventId: String(seq),
      EventTimestamp: time,
      ...words,
      ...(rules.old ? { EventType: 'Alert', Severity: severity } : { MessageSeverity: severity }),
      OriginOfCondition: linkTo('/Systems/1'),
    };
    this.#count += 1;
    const payload = { '@odata.type': '#Event.v1_9_0.Event', Id: String(this.#count), Name: 'Event Array' };
    for (const [id, subscription] of Object.entries(subscriptionsOf(this.#controller))) {
      if (subscription.suspended) continue;
      const context = subscription.context === null ? {} : { Context: subscription.context };
      const whole = renamed({ ...payload, ...context, Events: [event] }, this.#controller.personality) as Document;
      this.#line = this.#line.then(() => this.#deliver(id, subscription, whole, rules));
    }
  }

  close(): void {
    this.#stop.abort();
  }

  async #deliver(id: string, subscription: Subscription, payload: Document, rules: EventRules): Promise<void> {
    const { machine } = this.#controller;
    const { faults } = machine.state;
    const lost = findFault(faults, 'events-lost');
    if (lost && draw(machine.world.seed, 'event', machine.id, String(payload.Id)) < lost.share) return;
    const garbage = findFault(faults, 'events-garbage');
    const body = garbage ? garbageOf(garbage.how) : JSON.stringify(payload);
    const times = 1 + (findFault(faults, 'events-repeated')?.times ?? 0);
    for (let time = 0; time < times; time += 1)
      if (!(await this.#insist(subscription.destination, body, rules))) giveUp(this.#controller, id, rules);
  }

  /** Whether anybody took it, after as many tries as this controller makes. */
  async #insist(destination: string, body: string, { retries }: EventRules): Promise<boolean> {
    const { signal } = this.#stop;
    const { machine } = this.#controller;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      if (await this.#send(destination, body)) {
        machine.note('event-told');
        return true;
      }
      if (attempt > retries.attempts) break;
      await delay((retries.seconds * 1000) / machine.world.speed, undefined, { signal, ref: false }).catch(() => {});
    }
    // What the simulator's own end cut off is nobody's failure.
    if (signal.aborted) return true;
    machine.note('event-untold');
    return false;
  }

  async #send(destination: string, body: string): Promise<boolean> {
    try {
      const answer = await request(destination, {
        dispatcher: wire,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeoutMs)]),
      });
      await answer.body.dump();
      return answer.statusCode < 300;
    } catch {
      return false;
    }
  }
}

function garbageOf(how: 'text' | 'deep' | 'large' | 'shapeless'): string {
  if (how === 'text') return '<html>not an event</html>';
  if (how === 'deep') return '['.repeat(100_000);
  if (how === 'large') return JSON.stringify({ Events: 'x'.repeat(4 * 1024 * 1024) });
  return JSON.stringify({ Events: [{ EventId: { no: 'text' } }, null, 7] });
}
