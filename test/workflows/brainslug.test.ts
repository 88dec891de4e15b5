import { describe, expect, test } from 'vitest';
import { type BrainSlugOrder, readBrainSlug } from '../../domain/brainslug.ts';

const now = Date.parse('2026-11-21T09:00:00Z');
const week = 7 * 24 * 3600;
const seconds = now / 1000;

const order = (message: unknown): BrainSlugOrder => {
  const read = readBrainSlug(message, now);
  if (typeof read === 'string') throw new Error(read);
  return read;
};

/** As in CERN's talk: drain now, power in a week or as soon as it is drained, one of a rack at a time. */
const talk = {
  state: 'draining',
  payload: {
    drain: { targetdate: seconds },
    power: {
      targetDate: seconds + week,
      policy: 'asap',
      concurrency: { strategy: 'groupsemaphore', options: 'tag:rack' },
    },
  },
};
const inAWeek = '2026-11-28T09:00:00.000Z';

describe('a payload', () => {
  test('of the talk drains now and reboots when drained, one of the rack at a time', () => {
    const request = {
      flow: 'orchestrated',
      drain: true,
      powerBy: inAWeek,
      policy: 'asap',
      postRebootState: 'production',
      semaphores: { reboot: 'rack' },
    };
    expect(order(talk)).toEqual({ passageRequest: { passage: 'reboot', request }, notBefore: null, by: null });
    expect(order({ ...talk, payload: JSON.stringify(talk.payload) }).passageRequest.request).toEqual(request);
  });

  test.each([
    ['seconds', seconds + week],
    ['milliseconds', (seconds + week) * 1000],
    ['seconds with a fraction', seconds + week + 0.0001],
    ['digits', String(seconds + week)],
    ['ISO 8601', '2026-11-28T09:00:00Z'],
    ['ISO 8601 with an offset', '2026-11-28T10:00:00+01:00'],
  ])('has its date in %s, in both spellings', (_, date) => {
    for (const key of ['targetdate', 'targetDate']) {
      const { passageRequest } = order({ state: 'draining', payload: { power: { [key]: date } } });
      expect(passageRequest).toMatchObject({ passage: 'reboot', request: { powerBy: inAWeek, policy: 'date' } });
    }
  });

  test.each([
    ['production', {}, { passage: 'undrain', request: { to: 'production' } }],
    ['disabled', undefined, { passage: 'undrain', request: { to: 'disabled' } }],
    ['draining', {}, { passage: 'drain', request: { afterDrain: 'draining', drainBy: null } }],
    ['draining', { power: { policy: 'asap' } }, { passage: 'reboot', request: { drain: true, powerBy: null } }],
    ['hard_reboot', {}, { passage: 'reboot', request: { drain: false, policy: 'asap' } }],
    ['intervention', {}, { passage: 'drain', request: { afterDrain: 'intervention' } }],
    [
      'draining',
      { power: { policy: 'asap', postRebootState: 'intervention' } },
      { passage: 'reboot', request: { postRebootState: 'intervention' } },
    ],
    [
      'draining',
      { drain: { concurrency: { strategy: 'groupsemaphore', options: 'tag:az' } } },
      { passage: 'drain', request: { semaphores: { drain: 'az' } } },
    ],
  ])('in state %s with %j is an order', (state, payload, request) => {
    expect(order({ state, payload }).passageRequest).toMatchObject(request);
  });

  test('may begin later, say who asks, and follow the basic flow', () => {
    const read = order({
      state: 'draining',
      flow: 'basic',
      by: 'ann',
      payload: { drain: { targetdate: seconds + 60 } },
    });
    expect(read).toMatchObject({
      notBefore: '2026-11-21T09:01:00.000Z',
      by: 'ann',
      passageRequest: { request: { flow: 'basic' } },
    });
    // Clocks differ: what is seconds ago still means now.
    expect(order({ state: 'draining', payload: { drain: { targetdate: seconds - 60 } } }).notBefore).toBeNull();
  });

  const power = (more: object) => ({ state: 'draining', payload: { power: { policy: 'asap', ...more } } });
  test.each([
    ['the message is not an object', 'draining'],
    ['the message is not an object', null],
    ['state is nothing, and not one of production, draining, hard_reboot, disabled, intervention', {}],
    ['state is "drain", and not one of production, draining, hard_reboot, disabled, intervention', { state: 'drain' }],
    ['the message has "states", which is none of state, payload, flow, by, id', { state: 'draining', states: 1 }],
    ['flow is "fast", and not one of basic, orchestrated', { state: 'draining', flow: 'fast' }],
    ['payload is text that is not JSON', { state: 'draining', payload: '{' }],
    ['payload is not an object', { state: 'draining', payload: [] }],
    ['payload is not an object', { state: 'draining', payload: '"x"' }],
    ['payload has "pwoer", which is none of drain, power', { state: 'draining', payload: { pwoer: {} } }],
    ['power has neither a target date nor the policy "asap"', { state: 'draining', payload: { power: {} } }],
    ['power.policy is "soon", and not one of asap', power({ policy: 'soon' })],
    ['power.targetDate is in the past: 2026-11-20T09:00:00.000Z', power({ targetDate: seconds - 24 * 3600 })],
    ['power.targetdate is in the past: 1970-01-01T00:00:05.000Z', power({ targetdate: 5 })],
    [
      'power.targetDate is more than a year away: "2100-01-01T00:00:00Z"',
      power({ targetDate: '2100-01-01T00:00:00Z' }),
    ],
    ['power.targetDate is "tomorrow", and not a date', power({ targetDate: 'tomorrow' })],
    ['power.targetDate is "2026-11-28T09:00:00", and not a date', power({ targetDate: '2026-11-28T09:00:00' })],
    ['power.targetDate is null, and not a date', power({ targetDate: null })],
    ['power.targetDate is -5, and not a date', power({ targetDate: -5 })],
    ['power.targetDate is {}, and not a date', power({ targetDate: {} })],
    ['power has both targetdate and targetDate', power({ targetDate: seconds + 5, targetdate: seconds + 5 })],
    ['power.concurrency is not an object', power({ concurrency: 'groupsemaphore' })],
    [
      'power.concurrency.strategy is "mutex", and not one of groupsemaphore',
      power({ concurrency: { strategy: 'mutex' } }),
    ],
    [
      'power.concurrency.options is "rack", and not a tag like "tag:rack"',
      power({ concurrency: { strategy: 'groupsemaphore', options: 'rack' } }),
    ],
    [
      'power.concurrency.options is "tag:a b", and not a tag like "tag:rack"',
      power({ concurrency: { strategy: 'groupsemaphore', options: 'tag:a b' } }),
    ],
    [
      'power.postRebootState is "hard_reboot", and not one of production, draining, disabled, intervention',
      power({ postRebootState: 'hard_reboot' }),
    ],
    ['state production stops a drain and takes no payload', { ...talk, state: 'production' }],
    ['state intervention drains for a person, and power is theirs', { ...talk, state: 'intervention' }],
    [
      'power.targetDate is before drain.targetdate',
      { state: 'draining', payload: { drain: { targetdate: seconds + 100 }, power: { targetDate: seconds + 50 } } },
    ],
    ['the basic flow has no edge to intervention', { state: 'intervention', flow: 'basic' }],
    ['by is not a name', { state: 'draining', by: 7 }],
  ])('is refused: %s', (sentence, message) => expect(readBrainSlug(message, now)).toBe(sentence));
});
