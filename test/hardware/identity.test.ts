import { describe, expect, test } from 'vitest';
import { type Factors, sameMachine } from '../../domain/identity/samemachine.ts';
import { ownPath } from '../../redfish/links.ts';
import { chooseReset } from '../../redfish/power.ts';

const known: Factors = {
  uuid: '4c4c4544-0042-3510-8052-b4c04f4d3333',
  serials: ['B5R3M33', 'CNFCP0012345'],
  macs: ['b0:26:28:11:22:33'],
};

describe('the machine behind a controller', () => {
  test.each<[string, Partial<Factors>, boolean | RegExp]>([
    ['all agree', {}, true],
    ['UUID and serial', { macs: [] }, true],
    ['UUID and MAC', { serials: [null] }, true],
    ['the board serial where DMI shows the chassis', { uuid: null, serials: ['CNFCP0012345'] }, true],
    ['another UUID', { uuid: '4c4c4544-0042-3510-8052-b4c04f4d4444' }, /its system UUID is/],
    ['another serial and nothing else', { uuid: null, serials: ['OTHER'] }, /its serial number is OTHER/],
    ['one factor only', { uuid: null, macs: [] }, /only serial .* two are needed/],
    ['nothing at all', { uuid: null, serials: [null], macs: [] }, /only nothing/],
    [
      'a zero UUID counts as none (quirk 62)',
      { uuid: '00000000-0000-0000-0000-000000000000', macs: [] },
      /two are needed/,
    ],
    [
      'a filler serial counts as none (quirk 62)',
      { uuid: null, serials: ['To Be Filled By O.E.M.'] },
      /two are needed/,
    ],
    ['case and blanks of a serial do not matter', { serials: [' b5r3m33 '], macs: [] }, true],
  ])('%s', (_, different, expected) => {
    const verdict = sameMachine(known, { ...known, ...different });
    if (expected === true) expect(verdict.same).toBe(true);
    else expect(verdict).toMatchObject({ same: false, reason: expect.stringMatching(expected as RegExp) });
  });

  test('a locally administered MAC that every machine of a kind has is no factor (quirk 61)', () => {
    const shared = { ...known, uuid: null, macs: ['0a:ca:fe:f0:0d:04'] };
    expect(sameMachine(shared, shared)).toMatchObject({ same: false, other: false });
    expect(sameMachine({ ...shared, bootMac: '0a:ca:fe:f0:0d:04' }, shared).same).toBe(true);
  });
});

describe('the reset type for a wish (quirk 26)', () => {
  test.each([
    ['on', ['On', 'ForceOff'], 'On'],
    ['on', ['ForceOff', 'PushPowerButton'], 'PushPowerButton'],
    ['on', ['ForceOff'], null],
    ['on', [], 'On'],
    ['restart', ['On', 'ForceOff', 'ForceRestart', 'PowerCycle'], 'ForceRestart'],
    ['restart', ['On', 'PowerCycle'], 'PowerCycle'],
    ['restart', ['On', 'ForceOff', 'Off'], null],
  ] as const)('%s of %j', (spec, allowed, expected) => {
    expect(chooseReset(spec, allowed)).toBe(expected);
  });
});

test.each(['http://evil/redfish/v1', '//evil/redfish/v1', '/redfish/../admin', '/admin', '\\redfish\\v1', ''])(
  'a link to %j is not followed (A21)',
  (path) => expect(() => ownPath(path)).toThrow(/not below/),
);
