import { describe, expect, test } from 'vitest';
import { refuseAnswer } from '../../domain/answering.ts';
import { type LiveOrder, type OrderSpec, refuseOrder, usualClass } from '../../domain/orders.ts';
import { standardRequests } from '../../domain/requests.ts';

const now = Date.parse('2026-11-30T12:00:00Z');
const machine = { id: 'm-1', stage: 'in_service' } as const;
const drain: OrderSpec = {
  machineId: 'm-1',
  passageRequest: { passage: 'drain', request: standardRequests.drain },
  reason: 'fan',
  class: null,
  dryRun: false,
  reviewed: null,
  notBefore: null,
  deadline: null,
};
const birth: OrderSpec = { ...drain, passageRequest: { passage: 'birth', request: { wipe: false } } };
const waiting = (passage: LiveOrder['passage'], id = 'o-1'): LiveOrder => ({
  id,
  passage,
  state: 'waiting',
  notBefore: null,
});
const said = (spec: OrderSpec, live: readonly LiveOrder[] = []) =>
  refuseOrder(spec, machine, live, now)?.message ?? null;

describe('an order', () => {
  test('is taken where nothing speaks against it', () => expect(said(drain, [waiting('reboot')])).toBeNull());

  test.each<[string, OrderSpec, readonly LiveOrder[], string]>([
    ['the same is asked for already', drain, [waiting('drain')], 'm-1 has order o-1 already, which is waiting'],
    ['its deadline is past', { ...drain, deadline: new Date(now) }, [], 'the deadline is in the past'],
    [
      'its deadline comes before it may begin',
      { ...drain, notBefore: new Date(now + 2), deadline: new Date(now + 1) },
      [],
      'the deadline is before the time at which it may begin',
    ],
    ['a birth would be rehearsed', { ...birth, dryRun: true }, [], 'a birth has no dry run'],
    ['a birth would wipe what is in service', birth, [], 'm-1 is in service and a birth wipes it'],
    [
      'too many are not over',
      drain,
      Array.from({ length: 20 }, (_, index) => waiting('reboot', `o-${index}`)),
      'm-1 has 20 orders that are not over',
    ],
  ])('is refused where %s', (_, spec, live, why) => expect(said(spec, live)).toContain(why));

  test('has the class of its passage where nobody says one', () => {
    expect([usualClass('repair'), usualClass('retire'), usualClass('reboot')]).toEqual([
      'repair',
      'clean',
      'maintenance',
    ]);
  });
});

describe('an answer', () => {
  const requests = {
    ...{ id: 's-1', answeredAt: null, answer: null, answeredBy: null, schema: null },
    ...{ roles: ['operator', 'admin'], choices: ['retry', 'place:RACK/UNIT'] },
  };
  const code = (change: object, role: string, answer: string) =>
    refuseAnswer({ ...requests, ...change }, { role }, { step: 's-1', answer })?.code ?? null;

  test('is taken once, from those whom the question is for, where it is one of its choices', () => {
    expect(code({}, 'operator', 'retry')).toBeNull();
    expect(code({}, 'viewer', 'retry')).toBe('forbidden');
    expect(code({}, 'operator', 'go away')).toBe('invalid');
    expect(code({ answeredAt: new Date(now), answer: 'retry', answeredBy: 'anna' }, 'admin', 'retry')).toBe('conflict');
  });
});
