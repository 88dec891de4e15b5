import { describe, expect, it } from 'vitest';
import { actsThatWait, refuseSecond, type Someone } from '../../domain/approvals.ts';

const ann = { name: 'ann', person: 'ann', maker: null };
const someone = (own: Partial<Someone>): Someone => ({
  ...{ name: 'bob', person: 'bob', maker: null, signedIn: true },
  ...own,
});

describe('the second person', () => {
  it('is another one who has signed in', () => {
    expect(refuseSecond(ann, someone({}))).toBeNull();
    expect(refuseSecond(ann, someone({ signedIn: false }))).toContain('signs in');
  });

  it.each([
    ['who asked', someone(ann)],
    ['a token of who asked', someone({ name: 'token:ann-ci', person: 'ann' })],
    ['a token that who asked has made for another', someone({ name: 'token:zed', person: 'zed', maker: 'ann' })],
  ])('is not %s', (_who, second) => {
    expect(refuseSecond(ann, second)).toMatch(/^ann asked for it/);
  });

  it('is not who made the token by which it was asked', () => {
    expect(refuseSecond({ name: 'token:ci', person: 'ci', maker: 'bob' }, someone({}))).toContain('bob made the token');
  });
});

it('is needed for what the policy names, and for the policy as soon as it names something', () => {
  expect(actsThatWait({ acts: [], hours: 1 }, ['wipe', 'policy'])).toEqual([]);
  expect(actsThatWait({ acts: ['all'], hours: 1 }, ['wipe', 'all', 'policy'])).toEqual(['all', 'policy']);
});
