import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readOwnAccount, withOwnSession, writePassword } from '../../redfish/accounts.ts';
import { makePassword, passwordLength } from '../../redfish/password.ts';
import { type Hostile, openHostile, password } from './hostile.ts';

describe('the length of a new password (quirk 67)', () => {
  test.each([
    ['Dell', 0, 40, 20],
    ['iLO, which names no longest', 8, null, 20],
    ['Lenovo', 10, 32, 20],
    ['Supermicro X10', 8, 19, 19],
    ['DGX', 13, 20, 20],
    ['Gigabyte', 8, 25, 20],
    ['Cray', 8, 12, 12],
    ['Intel', 1, 20, 20],
    ['one that wants longer ones', 24, 64, 24],
    ['one that tells nothing', null, null, 16],
    ['one that allows none that is fit', 1, 6, null],
    ['one that contradicts itself', 20, 10, null],
  ])('%s', (_, shortest, max, expected) => {
    expect(passwordLength({ shortest, max })).toBe(expected);
  });
});

test.each([8, 12, 20])(
  'a password of %i has all kinds of characters, none twice in a row, nothing of the user',
  (length) => {
    for (let n = 0; n < 300; n += 1) {
      const made = makePassword(length, 'ab');
      expect(made).toHaveLength(length);
      expect(made).toMatch(/^[A-Za-z].*[A-Za-z]$/);
      for (const kind of [/[A-Z]/, /[a-z]/, /[2-9]/, /[-_.+]/]) expect(made).toMatch(kind);
      expect(made).not.toMatch(/(.)\1/i);
      expect(made.toLowerCase()).not.toContain('ab');
    }
  },
);

describe('an account', () => {
  let bmc: Hostile;
  const accounts = '/redfish/v1/AccountService/Accounts';
  const own = `${accounts}/3`;
  beforeEach(async () => {
    bmc = await openHostile();
    bmc.resources.set('/redfish/v1/', {
      ...(bmc.resources.get('/redfish/v1/') as object),
      AccountService: { '@odata.id': '/redfish/v1/AccountService' },
    });
    bmc.resources.set('/redfish/v1/AccountService', { MinPasswordLength: 8, Accounts: { '@odata.id': accounts } });
    const users = ['', 'Admin', 'admin'].map((UserName, index) => ({
      '@odata.id': `${accounts}/${index + 1}`,
      UserName,
    }));
    bmc.resources.set(accounts, { Members: users.map((user) => ({ '@odata.id': user['@odata.id'] })) });
    for (const user of users) bmc.resources.set(user['@odata.id'], user);
  });
  afterEach(() => bmc.close());

  const door = () => ({ origin: bmc.origin, pin: null });
  const credentials = { username: 'admin', password };

  test('is found by its name, among slots that nobody has and names that are nearly the same', async () => {
    expect(await withOwnSession(door(), credentials, (session) => readOwnAccount(session, 'admin'))).toEqual({
      path: own,
      limits: { shortest: 8, max: null },
      limited: false,
    });
    await expect(
      withOwnSession(door(), credentials, (session) => readOwnAccount(session, 'other')),
    ).rejects.toMatchObject({
      kind: 'unsupported',
      carriedOut: 'no',
    });
    expect(bmc.sessions.size).toBe(0);
  });

  test('that is refused its new password with that password in the answer, keeps it out of the error', async () => {
    bmc.always(`PATCH ${own}`, {
      status: 400,
      body: { error: { message: `The value 'Very-Secret.1x' is too easy.` } },
    });
    const writing = withOwnSession(door(), credentials, (session) => writePassword(session, own, 'Very-Secret.1x'));
    const error = await writing.catch((one: Error) => one);
    expect(error).toMatchObject({ kind: 'rejected', carriedOut: 'no' });
    expect(String(error)).toContain("The value '******' is too easy.");
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('Very-Secret');
  });
});
