import { describe, expect, test } from 'vitest';
import { type CapacityRule, findShortage, minimum, ruleFor } from '../../domain/capacity.ts';
import { type BreakerLimits, breakerGateOf, findStorm, isEngaged } from '../../domain/circuitbreaker.ts';

describe('a minimum', () => {
  test('of a share is rounded up, so that it is never less than was asked', () => {
    expect([minimum(90, 'percent', 10), minimum(90, 'percent', 4), minimum(50, 'percent', 3)]).toEqual([9, 4, 2]);
    expect([minimum(3, 'count', 2), minimum(0, 'percent', 9)]).toEqual([3, 0]);
  });

  const rule = (name: string, min: number): CapacityRule => ({ scope: 'rack', name, min, unit: 'count' });

  test("of a group's own stands before that of all groups of its kind", () => {
    const rules = [rule('*', 2), rule('A01', 3)];
    expect(ruleFor(rules, 'rack', 'A01')).toEqual(rule('A01', 3));
    expect(ruleFor(rules, 'rack', 'A02')).toEqual(rule('*', 2));
    expect(ruleFor(rules, 'feed', 'a')).toBeNull();
  });

  test('holds the machine that would be one too few, and not the one before', () => {
    const counted = (healthy: number) => [{ total: 4, healthy }];
    expect(findShortage({ rack: 'A01' }, [rule('A01', 3)], counted(4))).toBeNull();
    expect(findShortage({ rack: 'A01' }, [rule('A01', 3)], counted(3))).toEqual({
      scope: 'rack',
      name: 'A01',
      have: 3,
      need: 3,
    });
  });
});

describe('the storm brake', () => {
  const limits: BreakerLimits = { perMinute: 30, share: 50, shareFloor: 2, windowMinutes: 10, coolMinutes: 30 };
  const calm = { minute: 0, feed: { left: 0, total: 8 }, rack: { left: 0, total: 8 }, pool: { left: 0, total: 8 } };
  const groups = { feed: 'a', rack: 'A01', pool: 'batch' };
  const free = { engagedAt: null, coolUntil: null, reason: null, engagedBy: null, overrideUntil: null };

  test('takes the machine that is one too many within a minute for a storm', () => {
    expect(findStorm(limits, { ...calm, minute: 29 }, groups)).toBeNull();
    expect(findStorm(limits, { ...calm, minute: 30 }, groups)).toBe('30 machines left production within a minute');
  });

  test('takes more than its share of a rack for one, and half of a small rack for none', () => {
    expect(findStorm(limits, { ...calm, rack: { left: 3, total: 8 } }, groups)).toBeNull();
    expect(findStorm(limits, { ...calm, rack: { left: 4, total: 8 } }, groups)).toContain(
      '4 of 8 machines of rack A01',
    );
    expect(findStorm(limits, { ...calm, rack: { left: 1, total: 2 } }, groups)).toBeNull();
  });

  test('is engaged until it has cooled, or a person has switched it off for a while', () => {
    const engaged = { ...free, engagedAt: new Date(0), coolUntil: new Date(1000), reason: 'a storm' };
    expect([isEngaged(free, 0), isEngaged(engaged, 999), isEngaged(engaged, 1000)]).toEqual([false, true, false]);
    expect(isEngaged({ ...engaged, coolUntil: null }, 1e12)).toBe(true);
    expect(isEngaged({ ...engaged, overrideUntil: new Date(500) }, 499)).toBe(false);
    expect(breakerGateOf(engaged, 999)).toEqual({
      kind: 'brake',
      reason: 'the storm brake is engaged: a storm',
      until: 1000,
    });
    expect(breakerGateOf(free, 0)).toBeNull();
  });
});
