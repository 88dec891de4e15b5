import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onCallAt, type Rotation, shiftAt } from '../../domain/oncall.ts';

const utc = (text: string) => new Date(`${text}Z`);
const weekly: Rotation = {
  people: ['ann', 'bob', 'cleo'],
  first: '2026-11-23',
  days: 7,
  handover: '09:00',
  zone: 'UTC',
};

describe('who is on call', () => {
  it.each([
    ['2026-11-23T08:59:59.999', 'cleo'],
    ['2026-11-23T09:00:00', 'ann'],
    ['2026-11-30T08:59:59.999', 'ann'],
    ['2026-11-30T09:00:00', 'bob'],
    ['2026-12-07T09:00:00', 'cleo'],
    ['2026-12-14T09:00:00', 'ann'],
    ['2026-01-05T09:00:00', 'cleo'],
  ])('at %s it is %s', (at, person) => expect(onCallAt(weekly, [], utc(at))).toBe(person));

  it('changes by the clock on the wall, also when that is put forward and back', () => {
    const paris = { ...weekly, days: 1, first: '2026-03-27', zone: 'Europe/Paris' };
    // Winter: 09:00 is 08:00 UTC. From 29 March on it is 07:00 UTC, until 25 October.
    expect(onCallAt(paris, [], utc('2026-03-28T07:59:59'))).toBe('ann');
    expect(onCallAt(paris, [], utc('2026-03-28T08:00:00'))).toBe('bob');
    expect(onCallAt(paris, [], utc('2026-03-29T06:59:59'))).toBe('bob');
    expect(onCallAt(paris, [], utc('2026-03-29T07:00:00'))).toBe('cleo');
    expect(shiftAt(paris, [], utc('2026-03-28T08:00:00')).until).toEqual(utc('2026-03-29T07:00:00'));
    expect(shiftAt(paris, [], utc('2026-10-24T08:00:00')).until).toEqual(utc('2026-10-25T08:00:00'));
  });

  it('is somebody else during a swap, from its beginning and no longer at its end', () => {
    const swap = { person: 'dan', from: utc('2026-11-24T09:00:00'), until: utc('2026-11-25T09:00:00') };
    const who = (at: string) => shiftAt(weekly, [swap], utc(at));
    expect(who('2026-11-24T08:59:59')).toEqual({ person: 'ann', until: swap.from, swapped: false });
    expect(who('2026-11-24T09:00:00')).toEqual({ person: 'dan', until: swap.until, swapped: true });
    expect(who('2026-11-25T09:00:00')).toEqual({ person: 'ann', until: utc('2026-11-30T09:00:00'), swapped: false });
  });

  it('hands over exactly at the moment that it names', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland');
    const times = fc.date({ min: utc('2020-01-01T00:00:00'), max: utc('2035-01-01T00:00:00'), noInvalidDate: true });
    fc.assert(
      fc.property(zones, times, fc.integer({ min: 1, max: 30 }), (zone, at, days) => {
        const rotation = { ...weekly, zone, days };
        const { person, until } = shiftAt(rotation, [], at);
        expect(until > at).toBe(true);
        expect(onCallAt(rotation, [], new Date(until.getTime() - 1))).toBe(person);
        expect(onCallAt(rotation, [], until)).not.toBe(person);
      }),
      { numRuns: 200 },
    );
  });
});
