import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OrderMessage } from '../../contract/machine.ts';
import { orderClasses } from '../../domain/machine.ts';
import { OrderQueue } from '../../workflows/queue.ts';

const at = (minutes: number) => new Date(minutes * 60_000).toISOString();
const order = (id: string, more: Partial<OrderMessage> = {}): OrderMessage => ({ id, passage: 'reboot', ...more });

describe("a machine's queue", () => {
  test('gives the most urgent first, and of these the oldest', () => {
    const queue = new OrderQueue([
      order('a'),
      order('b', { class: 'clean' }),
      order('c', { class: 'emergency' }),
      order('d'),
      order('e', { class: 'repair' }),
    ]);
    const taken = Array.from({ length: 6 }, () => queue.take(0)?.id);
    expect(taken).toEqual(['c', 'e', 'a', 'd', 'b', undefined]);
  });

  test('lets others go before one whose time has not come', () => {
    const queue = new OrderQueue([order('late', { class: 'emergency', notBefore: at(10) }), order('now')]);
    expect(queue.nextStart(0)).toBe(600_000);
    expect(queue.take(0)?.id).toBe('now');
    expect(queue.take(599_999)).toBeNull();
    expect(queue.take(600_000)?.id).toBe('late');
    expect(queue.nextStart(600_000)).toBeNull();
  });

  test('keeps what is paused, also what is paused before it comes', () => {
    const queue = new OrderQueue([order('a')], ['b']);
    queue.add(order('b', { notBefore: at(5) }));
    queue.pause('a', true);
    expect([queue.take(0), queue.nextStart(0)]).toEqual([null, null]);
    queue.pause('b', false);
    expect(queue.nextStart(0)).toBe(300_000);
    queue.pause('a', false);
    expect(queue.take(0)?.id).toBe('a');
    expect(queue.pausedIds).toEqual([]);
  });

  test('takes out what has waited too long, paused or not, and never begins it', () => {
    const queue = new OrderQueue([order('a', { deadline: at(1) }), order('b', { deadline: at(2) })]);
    queue.pause('b', true);
    expect(queue.nextEnd()).toBe(60_000);
    expect(queue.take(60_000)).toBeNull();
    expect(queue.expire(60_000).map(({ id }) => id)).toEqual(['a']);
    expect(queue.expire(120_000).map(({ id }) => id)).toEqual(['b']);
    expect(queue.nextEnd()).toBeNull();
  });

  test('loses and repeats nothing, whatever is asked of it', () => {
    const spec = fc.record({
      class: fc.constantFrom(...orderClasses),
      start: fc.nat(5),
      end: fc.option(fc.integer({ min: 1, max: 9 })),
      paused: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 20 }), (specs) => {
        const queue = new OrderQueue();
        for (const [index, { class: urgency, start, end, paused }] of specs.entries()) {
          queue.add(
            order(String(index), { class: urgency, notBefore: at(start), ...(end !== null && { deadline: at(end) }) }),
          );
          queue.pause(String(index), paused);
        }
        const out: string[] = [];
        for (let minute = 0; minute <= 10; minute += 1) {
          out.push(...queue.expire(minute * 60_000).map(({ id }) => id));
          for (let next = queue.take(minute * 60_000); next; next = queue.take(minute * 60_000)) out.push(next.id);
        }
        const kept = queue.waiting.map(({ id }) => id);
        expect([...out, ...kept].sort()).toEqual(specs.map((_, index) => String(index)).sort());
        // What stays is what is paused and has no limit.
        for (const id of kept) expect(specs[Number(id)]).toMatchObject({ paused: true, end: null });
      }),
    );
  });
});
