import { describe, expect, test } from 'vitest';
import { type PermitRequest, readSemaphoreId, semaphoreId } from '../../contract/semaphore.ts';
import type { OrderClass } from '../../domain/machine.ts';
import { inOrder, type Resource, resourcesFor } from '../../domain/permits/groups.ts';
import { pack, unpack } from '../../workflows/semaphore/carry.ts';
import { Semaphore } from '../../workflows/semaphore/core.ts';
import { readEviction, readReference, readRequest } from '../../workflows/semaphore/read.ts';
import { describeDetails, semaphoreStatus, waitsOn } from '../../workflows/semaphore/status.ts';
import { hour, ModelLedger } from './model.ts';

const start = Date.parse('2026-11-21T08:00:00Z');
const id = 'semaphore/reboot/rack=A12';

function ask(name: string, more: Partial<PermitRequest> = {}): PermitRequest {
  return { id: name, machineId: `m-${name}`, siteId: 'home', class: 'maintenance', workflowId: `w/${name}`, ...more };
}

/** A semaphore with its ledger, settled until nothing is left to write. */
function bench(capacity = 1) {
  const ledger = new ModelLedger();
  ledger.capacity = capacity;
  const semaphore = new Semaphore(id);
  const settle = (now = start) => {
    const granted: string[] = [];
    while (semaphore.dirty) {
      const batch = semaphore.ledgerBatch();
      for (const grant of semaphore.settle(batch, ledger.settle(batch), now)) granted.push(grant.id);
    }
    return granted;
  };
  return { ledger, semaphore, settle };
}

describe('the line', () => {
  test('is first come first served inside a class, and urgent classes stand in front', () => {
    const { semaphore, settle } = bench();
    semaphore.acquire(ask('holder'), start);
    settle();
    const classes: OrderClass[] = ['clean', 'maintenance', 'repair', 'emergency'];
    for (const [index, urgency] of classes.entries()) {
      semaphore.acquire(ask(`${urgency}-1`, { class: urgency }), start + index);
      semaphore.acquire(ask(`${urgency}-2`, { class: urgency }), start + index);
    }
    expect([...semaphore.line].map((one) => one.id)).toEqual(
      ['emergency', 'repair', 'maintenance', 'clean'].flatMap((urgency) => [`${urgency}-1`, `${urgency}-2`]),
    );
  });

  test('lets whoever waited long enough stand in front of a more urgent class', () => {
    const { semaphore } = bench();
    semaphore.acquire(ask('old', { class: 'clean' }), start);
    semaphore.acquire(ask('new', { class: 'emergency' }), start + 25 * hour);
    expect([...semaphore.line].map((one) => one.id)).toEqual(['old', 'new']);
  });

  test('is bounded, and says so', () => {
    const { semaphore, ledger, settle } = bench(0);
    ledger.bound = 2;
    semaphore.acquire(ask('a'), start);
    settle();
    semaphore.acquire(ask('b'), start);
    expect(semaphore.acquire(ask('c'), start)).toEqual({
      state: 'refused',
      reason: '2 requests wait already, and no more may',
    });
  });

  test('offers an emergency to the ledger behind any number of others that a gate holds', () => {
    const { semaphore } = bench();
    for (let each = 0; each < 200; each += 1) semaphore.acquire(ask(`old-${each}`), start - 20 * hour);
    semaphore.acquire(ask('fire', { class: 'emergency' }), start);
    expect(semaphore.ledgerBatch().candidates).toContain('fire');
  });
});

describe('permits', () => {
  test('are granted up to the capacity, and given on in the line', () => {
    const { semaphore, settle } = bench(2);
    for (const name of ['a', 'b', 'c', 'd']) semaphore.acquire(ask(name), start);
    expect(settle()).toEqual(['a', 'b']);
    expect(semaphore.answer('c')).toMatchObject({ state: 'queued', position: 1, reason: 'all permits are held' });
    semaphore.end({ id: 'a', how: 'released', why: 'given back' });
    expect(settle()).toEqual(['c']);
  });

  test('are asked for, renewed, given back and withdrawn as often as anybody likes', () => {
    const { semaphore, ledger, settle } = bench();
    for (let times = 0; times < 3; times += 1) semaphore.acquire(ask('a'), start);
    settle();
    expect(ledger.grants).toHaveLength(1);
    expect(semaphore.acquire(ask('a'), start)).toEqual({ state: 'granted', fence: 1 });
    semaphore.end({ id: 'a', how: 'released', why: 'given back' });
    settle();
    expect(semaphore.end({ id: 'a', how: 'released', why: 'given back' })).toBe(false);
    expect(semaphore.acquire(ask('a'), start)).toMatchObject({ state: 'refused' });
    settle();
    expect(ledger.held).toEqual([]);
  });

  test('that were withdrawn before they were asked for are not granted', () => {
    const { semaphore, ledger, settle } = bench();
    semaphore.end({ id: 'late', how: 'cancelled', why: 'withdrawn' });
    expect(semaphore.acquire(ask('late'), start)).toMatchObject({ state: 'refused' });
    settle();
    expect(ledger.grants).toEqual([]);
  });

  test('are kept by their holders when the capacity shrinks', () => {
    const { semaphore, ledger, settle } = bench(3);
    for (const name of ['a', 'b', 'c', 'd']) semaphore.acquire(ask(name), start);
    settle();
    ledger.capacity = 1;
    semaphore.wake();
    expect(settle()).toEqual([]);
    expect(semaphore.holders.size).toBe(3);
    for (const name of ['a', 'b']) semaphore.end({ id: name, how: 'released', why: 'given back' });
    expect(settle()).toEqual([]);
    semaphore.end({ id: 'c', how: 'released', why: 'given back' });
    expect(settle()).toEqual(['d']);
  });

  test('wait behind a gate without losing their place, and go on when it opens', () => {
    const { semaphore, ledger, settle } = bench(5);
    ledger.gate = { kind: 'window', reason: 'its window opens at 22:00', until: start + hour };
    semaphore.acquire(ask('a'), start);
    settle();
    expect(waitsOn(semaphore)).toBe('window');
    expect(semaphore.reasonOf('a')).toBe('its window opens at 22:00');
    expect(semaphore.nextWake()).toBeLessThanOrEqual(start + hour);
    ledger.gate = null;
    semaphore.tick(start + hour);
    expect(settle(start + hour)).toEqual(['a']);
  });
});

describe('leases', () => {
  const granted = () => {
    const all = bench();
    all.semaphore.acquire(ask('a'), start);
    all.semaphore.acquire(ask('b'), start);
    all.settle();
    return all;
  };

  test('of a holder that runs are extended, and past their limit it is overdue and keeps its permit', () => {
    const { semaphore, settle } = granted();
    expect(semaphore.due(start)).toEqual([]);
    for (let hours = 1; hours <= 25; hours += 1) {
      const now = start + hours * hour;
      expect(semaphore.due(now).map((holder) => holder.id)).toEqual(['a']);
      semaphore.found('a', { holder: 'running' }, now);
      expect(semaphore.holders.get('a')?.overdue === null).toBe(hours < 24);
    }
    expect(semaphore.ledgerBatch().overdue).toEqual([
      { id: 'a', why: 'its holder runs on without a sign of progress' },
    ]);
    settle();
    expect(semaphore.holders.has('a')).toBe(true);
    expect(describeDetails(semaphore)).toContain('Overdue: `m-a`');
    semaphore.renew('a', start + 26 * hour);
    expect(semaphore.holders.get('a')?.overdue).toBeNull();
    expect(semaphore.ledgerBatch().overdue).toEqual([{ id: 'a', why: null }]);
  });

  test('of a holder that ended go on only when its machine is up', () => {
    const { semaphore, settle } = granted();
    const now = start + hour;
    semaphore.due(now);
    semaphore.found('a', { holder: 'closed', up: false, why: 'its power is Off' }, now);
    expect(settle(now)).toEqual([]);
    expect(semaphore.holders.get('a')?.overdue).toBe('its holder has ended, but its power is Off');
    semaphore.due(now + hour);
    semaphore.found('a', { holder: 'closed', up: true, why: 'its start is at OSRunning' }, now + hour);
    expect(settle(now + hour)).toEqual(['b']);
  });

  test('are left alone when the look came to nothing, or came too late', () => {
    const { semaphore } = granted();
    const now = start + hour;
    semaphore.due(now);
    semaphore.found('a', { holder: 'unknown', why: 'no answer' }, now);
    expect(semaphore.holders.get('a')).toMatchObject({ overdue: null, until: now + 300_000 });
    semaphore.due(now + hour);
    semaphore.renew('a', now + hour);
    semaphore.found('a', { holder: 'closed', up: true, why: 'it is up' }, now + hour);
    expect(semaphore.holders.has('a')).toBe(true);
  });

  test('are looked at now when the same machine asks again', () => {
    const { semaphore } = granted();
    semaphore.acquire(ask('again', { machineId: 'm-a' }), start + 1);
    expect(semaphore.due(start + 1).map((holder) => holder.id)).toEqual(['a']);
  });

  test('of the image system last an hour from its latest request, waiting or granted', () => {
    const { semaphore, settle } = bench();
    const { workflowId: _, ...subd } = ask('subd');
    semaphore.acquire(ask('holder'), start);
    settle();
    semaphore.acquire(subd, start);
    semaphore.acquire(subd, start + hour / 2);
    semaphore.tick(start + hour);
    expect(semaphore.answer('subd')).toMatchObject({ state: 'queued' });
    semaphore.tick(start + 1.5 * hour);
    expect(semaphore.answer('subd')).toMatchObject({ state: 'refused' });
  });
});

describe('a run', () => {
  test('hands everything to the next, as plain JSON', () => {
    const { semaphore, settle } = bench();
    for (const name of ['a', 'b', 'c']) semaphore.acquire(ask(name, { orderId: `o-${name}` }), start);
    settle();
    semaphore.acquire(ask('fresh'), start);
    semaphore.end({ id: 'b', how: 'cancelled', why: 'withdrawn' });
    const next = unpack(id, JSON.parse(JSON.stringify(pack(semaphore))));
    expect(semaphoreStatus(next, 9, []).holders).toEqual(semaphoreStatus(semaphore, 9, []).holders);
    expect([...next.line]).toEqual([...semaphore.line]);
    expect(next.ledgerBatch()).toEqual(semaphore.ledgerBatch());
    expect(next.acquire(ask('b'), start)).toMatchObject({ state: 'refused' });
  });

  test('of a semaphore with 7,000 waiting fits into a payload', () => {
    const { semaphore, ledger } = bench();
    ledger.bound = 7000;
    for (let each = 0; each < 5000; each += 1) {
      const order = `maintenance-525400aa${String(each).padStart(4, '0')}-1a2b3c4d`;
      const machineId = `m-525400aa${String(each).padStart(4, '0')}`;
      const workflowId = `machine/${machineId}/maintenance/${order}`;
      semaphore.acquire(ask(crypto.randomUUID(), { machineId, workflowId, orderId: order }), start + each);
    }
    const bytes = JSON.stringify({ carried: pack(semaphore) }).length;
    expect((bytes / 5000) * 7000).toBeLessThan(2 * 1024 * 1024);
  });

  test('takes over what the ledger holds', () => {
    const { semaphore, ledger, settle } = bench();
    semaphore.acquire(ask('a'), start);
    semaphore.acquire(ask('b'), start);
    settle();
    const next = new Semaphore(id);
    next.acquire(ask('a'), start);
    next.restore(ledger.rest(), start);
    expect(next.answer('a')).toEqual({ state: 'granted', fence: 1 });
    expect(next.answer('b')).toMatchObject({ state: 'queued', position: 1 });
  });
});

describe('messages', () => {
  test('are read, or refused with a sentence', () => {
    const good = { id: 'r-1', machineId: 'm-1', siteId: 'home', class: 'repair', workflowId: 'machine/m-1/reboot/o-1' };
    expect(readRequest(good)).toEqual(good);
    for (const wrong of [
      null,
      'x',
      [],
      {},
      { ...good, class: 'soon' },
      { ...good, id: 'a b' },
      { ...good, siteId: '' },
    ])
      expect(readRequest(wrong)).toEqual(expect.any(String));
    expect(readReference({ id: 'r-1', more: true })).toEqual({ id: 'r-1' });
    expect(readReference({ id: 7 })).toEqual(expect.any(String));
    expect(readEviction({ id: 'r-1', by: 'ann' })).toContain('why');
    expect(readEviction({ id: 'r-1', by: 'ann', reason: 'it is up, I saw it' })).toMatchObject({ by: 'ann' });
  });
});

describe('resources', () => {
  test('are taken widest first, each once', () => {
    const of = (tag: string, value: string): Resource => ({ operation: 'reboot', tag, value });
    const some = [
      of('machine', 'm-1'),
      of('rack', 'A12'),
      of('team', 'x'),
      of('feed', 'b'),
      of('fleet', 'all'),
      of('rack', 'A12'),
    ];
    expect(inOrder(some).map(({ tag }) => tag)).toEqual(['fleet', 'feed', 'team', 'rack', 'machine']);
  });

  test('always have the whole fleet among them', () => {
    expect(resourcesFor('reboot').map(semaphoreId)).toEqual(['semaphore/reboot/fleet=all']);
    const rack = resourcesFor('reboot', { tag: 'rack', value: 'A12' }).map(semaphoreId);
    expect(rack).toEqual(['semaphore/reboot/fleet=all', 'semaphore/reboot/rack=A12']);
    expect(rack.map(readSemaphoreId)).toEqual([
      { operation: 'reboot', tag: 'fleet', value: 'all' },
      { operation: 'reboot', tag: 'rack', value: 'A12' },
    ]);
    expect(readSemaphoreId('semaphore/reboot/rack=A1/../x')).toBeNull();
  });
});
