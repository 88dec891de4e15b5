import { describe, expect, test } from 'vitest';
import { type Decision, decide, type Knowledge } from '../../boot/decide.ts';
import { identityMismatch, readBootRequest } from '../../boot/request.ts';
import type { BootFacts } from '../../mdb/boot/boot.ts';
import { sitePolicy as policy } from '../support/site.ts';

const uuid = '4c4c4544-0032-3510-8034-b7c04f564231';
const request = readBootRequest(
  new URLSearchParams({ mac: '52-54-00-00-00-01', uuid, serial: 'S1', platform: 'pcbios', arch: 'i386' }),
);
const facts: BootFacts = {
  id: 'm-525400000001',
  matchedBy: 'mac',
  bootState: 'birth',
  held: null,
  bootstraps: 0,
  temporaryAddress: '10.77.1.0',
  address: '10.1.0.65',
  systemUuid: uuid,
  serial: 'S1',
  orderId: 'birth-525400000001-1',
};
const machine = (change: Partial<BootFacts> = {}): Knowledge => ({
  known: 'machine',
  policy,
  machine: { ...facts, ...change },
});
const summary = (decision: Decision) =>
  decision.do === 'bootstrap' ? `${decision.answer} at ${decision.address}` : decision.do;

describe('the five states', () => {
  test.each<[string, Knowledge, string]>([
    ['unknown', { known: 'nothing', policy, admitted: true }, 'register'],
    ['birth', machine(), 'bootstrap at 10.77.1.0'],
    ['birth again', machine({ bootstraps: 4 }), 'bootstrap at 10.77.1.0'],
    ['birth of a held machine', machine({ held: 'unknown port' }), 'bootstrap at 10.77.1.0'],
    ['healthy', machine({ bootState: 'healthy' }), 'local'],
    ['healthy after many images', machine({ bootState: 'healthy', bootstraps: 99 }), 'local'],
    ['rebirth', machine({ bootState: 'rebirth' }), 'bootstrap at 10.1.0.65'],
    ['clean', machine({ bootState: 'clean' }), 'fast at 10.1.0.65'],
  ])('%s', (_, knowledge, expected) => {
    const { decision, trouble } = decide(request, knowledge, 0);
    expect(summary(decision)).toBe(expected);
    expect(trouble).toBeNull();
  });
});

describe('what is not answered with an image', () => {
  test.each<[string, Knowledge, string]>([
    [
      'an unknown machine where none are taken',
      { known: 'nothing', policy: { ...policy, autoBirth: false }, admitted: true },
      'wait',
    ],
    ['one unknown machine too many', { known: 'nothing', policy, admitted: false }, 'wait'],
    ['an outage', { known: 'outage', healthy: false }, 'wait'],
    ['an outage of a healthy machine', { known: 'outage', healthy: true }, 'local'],
  ])('%s', (_, knowledge, expected) => {
    expect(summary(decide(request, knowledge, 0.5).decision)).toBe(expected);
  });

  test.each(['', 'zz', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '52:54:00:00:00', 'ä'])(
    'the malformed MAC %j waits whatever is known',
    (mac) => {
      const odd = readBootRequest(new URLSearchParams({ mac }));
      expect(odd.mac).toBeNull();
      expect(decide(odd, machine(), 0).decision).toMatchObject({ do: 'wait', answer: 'wait' });
    },
  );

  test('a machine that is told to wait asks again after a time that differs from its neighbour', () => {
    const seconds = [0, 0.5, 1].map((jitter) => decide(request, { known: 'outage', healthy: false }, jitter).decision);
    expect(seconds).toMatchObject([{ seconds: 10 }, { seconds: 13 }, { seconds: 15 }]);
  });

  test('the limit of images an intent ends in quarantine, with the number in the reason', () => {
    for (const bootState of ['birth', 'rebirth', 'clean'] as const) {
      const { decision, trouble } = decide(request, machine({ bootState, bootstraps: 5 }), 0);
      expect(decision).toMatchObject({ do: 'wait', answer: 'wait' });
      expect(trouble).toMatchObject({ kind: 'loop', reason: expect.stringContaining('booted 5 bootstrap images') });
    }
  });
});

describe('identity (attack A2, faults 34 and 35)', () => {
  const other = { ...request, serial: 'S2' };

  test('another serial number gets no image in any state, and the healthy machine keeps its disk', () => {
    const decisions = (['birth', 'rebirth', 'clean', 'healthy'] as const).map((bootState) =>
      decide(other, machine({ bootState }), 0),
    );
    expect(decisions.map(({ decision }) => decision.do)).toEqual(['wait', 'wait', 'wait', 'local']);
    for (const { decision, trouble } of decisions) {
      expect(decision).toMatchObject({ answer: 'refuse' });
      expect(trouble).toMatchObject({ kind: 'mismatch', reason: expect.stringContaining('serial number S2') });
    }
  });

  test('a MAC that is no NIC of the machine whose UUID and serial it shows is refused', () => {
    const { decision, trouble } = decide(request, machine({ matchedBy: 'identity', bootState: 'healthy' }), 0);
    expect(decision).toMatchObject({ do: 'wait', answer: 'refuse' });
    expect(trouble?.kind).toBe('mismatch');
  });

  test.each([
    ['00000000-0000-0000-0000-000000000000', 'S1'],
    ['03000200-0400-0500-0006-000700080009', '01234567890123456789AB'],
    ['', 'To be filled by O.E.M.'],
    ['not a uuid', 'Default string'],
    ['44454C4C-3200-1035-8034-B7C04F564231', 's1'],
  ])('junk and other spellings are no mismatch: %j %j', (uuidText, serial) => {
    const read = readBootRequest(new URLSearchParams({ mac: '52:54:00:00:00:01', uuid: uuidText, serial }));
    expect(identityMismatch(read, facts)).toBeNull();
  });

  test('a serial number with a plus in it is the same when it comes as a blank', () => {
    const read = readBootRequest(new URLSearchParams('mac=52:54:00:00:00:01&serial=A+1'));
    expect(identityMismatch(read, { systemUuid: null, serial: 'A+1' })).toBeNull();
  });

  test('junk recorded earlier compares with nothing', () => {
    const recorded = { systemUuid: '00000000-0000-0000-0000-000000000000', serial: 'Not Specified' };
    expect(identityMismatch(request, recorded)).toBeNull();
  });
});

test('what iPXE says of itself is understood, and nothing else', () => {
  const read = (query: Record<string, string>) => readBootRequest(new URLSearchParams(query));
  expect(read({ platform: 'pcbios', arch: 'i386' })).toMatchObject({ platform: 'bios', arch: 'x86_64' });
  expect(read({ platform: 'efi', arch: 'arm64' })).toMatchObject({ platform: 'efi', arch: 'arm64' });
  expect(read({ platform: '__proto__', arch: 'constructor' })).toMatchObject({ platform: null, arch: 'x86_64' });
  expect(read({ vendor: 'a\u2028b\n', product: 'x'.repeat(1000) }).product).toHaveLength(128);
});
