import { describe, expect, test } from 'vitest';
import { effectObserved, type Observed } from '../../redfish/effect.ts';
import { RedfishError } from '../../redfish/errors.ts';
import { failureOf } from '../../redfish/messages.ts';
import { quirksOf } from '../../redfish/quirks.ts';
import { retryAfterOf, waitBefore } from '../../redfish/retries.ts';

describe('Retry-After (quirk 17)', () => {
  const now = Date.parse('Wed, 21 Oct 2015 07:28:00 GMT');
  test.each([
    ['30', 30_000],
    ['0', 0],
    ['Wed, 21 Oct 2015 07:29:00 GMT', 60_000],
    ['Wed, 21 Oct 2015 07:27:00 GMT', 0],
    ['soon', null],
    ['-5', null],
    ['1e9', null],
    [undefined, null],
  ])('%s', (header, expected) => expect(retryAfterOf(header, now)).toBe(expected));

  const busy = (retryAfterMs: number | null) => new RedfishError('busy', '', { retryAfterMs });
  test.each([
    ['is followed', 1, 5000, 0, 5000],
    ['is capped', 1, 86_400_000, 0, 30_000],
    ['is spread', 1, 8000, 0.5, 9000],
    ['absent, the wait grows', 2, null, 0, 2000],
    ['ends with the third attempt', 3, 1000, 0, null],
  ])('%s', (_, attempt, after, chance, expected) => {
    expect(waitBefore(attempt, busy(after), chance)).toBe(expected);
  });

  test('of what is final is nothing to wait for', () => {
    expect(waitBefore(1, new RedfishError('missing', '', { retryAfterMs: 1 }), 0)).toBeNull();
  });
});

describe('an error is classified by its message, then by its status', () => {
  const of = (status: number, MessageId?: string, MessageArgs: string[] = []) =>
    failureOf(
      {
        status,
        headers: {},
        body: MessageId ? { error: { '@Message.ExtendedInfo': [{ MessageId, MessageArgs }] } } : null,
      },
      'GET http://bmc/redfish/v1/',
    );

  test.each([
    [503, 'IDRAC.2.4.RAC0218', 'session-limit'],
    [503, 'Base.1.5.ServiceTemporarilyUnavailable', 'busy'],
    [400, 'IDRAC.2.8.SYS518', 'busy'],
    [400, 'iLO.2.25.UnableToModifyDuringSystemPOST', 'not-now'],
    [400, 'iLO.2.13.InvalidOperationForSystemState', 'not-now'],
    [400, 'Ami.1.0.OperationSupportedInFutureStateURI', 'elsewhere'],
    [403, 'Base.1.4.PasswordChangeRequired', 'password-change'],
    [403, 'Base.1.4.InsufficientPrivilege', 'forbidden'],
    [401, undefined, 'session-lost'],
    [403, undefined, 'forbidden'],
    [404, undefined, 'missing'],
    [405, undefined, 'unsupported'],
    [412, undefined, 'precondition'],
    [428, undefined, 'precondition'],
    [409, undefined, 'rejected'],
    [429, undefined, 'busy'],
    [502, undefined, 'busy'],
    [400, 'Vendor.9.Unheard', 'rejected'],
  ])('%i %s is %s', (status, id, kind) => expect(of(status, id).kind).toBe(kind));

  test('points at what the message names, and only below the Redfish root', () => {
    const id = 'Ami.1.0.OperationSupportedInFutureStateURI';
    expect(of(400, id, ['x', '/redfish/v1/Systems/Self/SD.']).pointer).toBe('/redfish/v1/Systems/Self/SD');
    expect(of(400, id, ['/etc/passwd']).pointer).toBeNull();
  });

  test.each([
    { error: null },
    { error: { '@Message.ExtendedInfo': 'x' } },
    { error: { '@Message.ExtendedInfo': [null, 7, []] } },
    { error: { code: 7, message: {} } },
  ])('and what is in no known form is told by its status: %j', (body) => {
    expect(failureOf({ status: 400, headers: {}, body }, 'GET x').message).toBe('GET x: status 400');
  });
});

describe('the quirks in force follow from the makers named', () => {
  test.each([
    [['Dell', 'Dell Inc.'], { write: 'differing', mode: 'send' }],
    [['HPE', 'HPE', 'Hpe'], { write: 'triple', mode: 'omit' }],
    [[null, 'Supermicro'], { write: 'triple', mode: 'send' }],
    [[null, null], { write: 'triple', mode: 'send' }],
    [['Sheppard'], { write: 'triple', mode: 'send' }],
  ])('%j', (makers, boot) => expect(quirksOf(makers).boot).toEqual(boot));
});

describe('an effect is seen', () => {
  const on: Observed = { power: 'On', lastReset: '2026-01-01T00:00:00Z', bootProgress: 'OSRunning' };
  test.each<[string, Observed, Observed, boolean]>([
    ['of a power edge', { ...on, power: 'Off' }, on, true],
    ['of a later reset', on, { ...on, lastReset: '2026-01-02T00:00:00Z' }, true],
    ['of an earlier reset time: clocks jump (quirk 35)', on, { ...on, lastReset: '1970-01-01T00:00:00Z' }, true],
    ['of a start that began anew', on, { ...on, bootProgress: 'MemoryInitializationStarted' }, true],
    ['not of a start that went on', { ...on, bootProgress: 'OSBootStarted' }, on, false],
    ['not of nothing (quirk 27)', on, on, false],
    ['not of a stage without a name', on, { ...on, bootProgress: 'OEM' }, false],
    ['not while it is off', on, { ...on, power: 'Off' }, false],
  ])('%s', (_, before, observed, seen) => expect(effectObserved({ ...before }, observed)).toBe(seen));
});
