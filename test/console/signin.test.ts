/** Signing in at a console that trusts nobody. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPasswords } from '../../api/signin/passwords.ts';
import type { ClaimRule } from '../../domain/claims.ts';
import { isRefused } from '../../domain/refused.ts';
import { createPerson, setDisabled } from '../../mdb/people/persons.ts';
import { setProvider } from '../../mdb/people/providers.ts';
import { everywhere } from '../api/accounts.ts';
import { browserPath, launchBrowser, noBrowser, watchPage } from '../support/browser.ts';
import { startOpenId } from '../support/openid.ts';
import { type Served, serveConsoleApi, writeMachines } from './served.ts';

const admin = { class: 'user', name: 'test', person: 'test', grants: everywhere('admin') } as const;
const password = 'a password of many words';

describe.skipIf(browserPath === null)(`signing in${browserPath === null ? ` (${noBrowser})` : ''}`, () => {
  let served: Served;
  let browser: Browser;
  beforeAll(async () => {
    [served, browser] = await Promise.all([serveConsoleApi({ trustsLoopback: false }), launchBrowser()]);
    await writeMachines(served.mdb, 3);
    const passwordHash = await createPasswords().hash(password);
    for (const name of ['ann', 'ben', 'cas']) {
      const made = await createPerson(served.mdb, admin, {
        name,
        grants: everywhere('operator'),
        passwordHash,
        reason: null,
      });
      if (isRefused(made)) throw new Error(made.message);
    }
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  const fill = async (page: Awaited<ReturnType<typeof watchPage>>['page'], name: string, typed: string) => {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password', { exact: true }).fill(typed);
    await page.keyboard.press('Enter');
  };

  it('shows what was asked for once somebody is signed in, and nothing when they are signed out', async () => {
    const { page, complaints, foreign, axe, close } = await watchPage(browser, served.origin);
    await page.goto('/fleet?sort=-since');
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    expect(await axe()).toEqual([]);
    expect(await page.getByText('node-00001').count()).toBe(0);
    await fill(page, 'ann', 'not her password');
    await page.getByRole('alert').getByText('no account has this name and password').waitFor();
    await fill(page, 'ann', password);
    await page.getByRole('link', { name: 'node-00001' }).waitFor();
    expect(new URL(page.url()).search).toBe('?sort=-since');
    expect(await page.evaluate('document.cookie')).toBe('');
    await page.reload();
    await page.getByRole('link', { name: 'ann, operator' }).click();
    await page.getByText('Somebody else gave you this password').waitFor();
    expect(await axe()).toEqual([]);
    await page.getByRole('textbox', { name: 'Password', exact: true }).fill(password);
    await page.getByLabel(/^New password/).fill('one that nobody else has');
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('It is changed').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
    await close();
  });

  it('is done by a passkey that was added, and no more once it is forgotten', async () => {
    const { page, complaints, axe, close } = await watchPage(browser, served.origin.replace('127.0.0.1', 'localhost'));
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
        ...{ isUserVerified: true, automaticPresenceSimulation: true },
      },
    });
    await page.goto('/account');
    await fill(page, 'cas', password);
    await page.getByText('You have none.').waitFor();
    await page.getByLabel('What to call a new one').fill('my laptop');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('listitem').getByText('not used yet').waitFor();
    expect(await axe()).toEqual([]);
    const byPasskey = async () => {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    };
    await byPasskey();
    await page.getByRole('listitem').getByText('used 20').waitFor();
    const [credential] = (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
    expect(credential).toMatchObject({ isResidentCredential: true, rpId: 'localhost', signCount: 2 });
    await page.getByRole('button', { name: 'Forget it' }).click();
    await page.getByText('You have none.').waitFor();
    await byPasskey();
    await page.getByText('this passkey is none that is good here').waitFor();
    await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    expect(complaints).toEqual([]);
    await close();
  });

  it('is done by the provider of accounts, and shows what was asked for then', async () => {
    const provider = await startOpenId([
      {
        ...{ client_id: 'farrier', token_endpoint_auth_method: 'none', redirect_uris: [`${served.origin}/signin`] },
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ]);
    provider.accounts.set('u-1', { preferred_username: 'eve', groups: ['hands'] });
    const rules = [{ claim: 'groups', value: 'hands', ...everywhere('viewer')[0] }] as ClaimRule[];
    const scopes = ['openid', 'profile', 'groups', 'offline_access'];
    const at = { issuer: provider.issuer, clientId: 'farrier', secretRef: null, nameClaim: 'preferred_username' };
    await setProvider(served.mdb, admin, { name: 'Example', ...at, scopes, rules }, 'a test');
    const { page, complaints, close } = await watchPage(browser, served.origin);
    await page.goto('/fleet?sort=-since');
    await page.getByRole('button', { name: 'Sign in by Example' }).click();
    await page.getByPlaceholder('Enter any login').fill('u-1');
    await page.getByPlaceholder('and password').fill('any');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('link', { name: 'node-00001' }).waitFor();
    expect(page.url()).toBe(`${served.origin}/fleet?sort=-since`);
    await page.getByRole('link', { name: 'eve, viewer' }).click();
    await page.getByText('eve: viewer of the whole fleet').waitFor();
    expect(await page.getByText('Passkeys').count()).toBe(0);
    // Another's way back is nobody's here.
    await page.goto('/signin?code=of-another&state=theirs');
    await page.getByText('this page did not begin to sign in').waitFor();
    expect(page.url()).toBe(`${served.origin}/signin`);
    expect(complaints.filter((text) => !text.includes('googleapis'))).toEqual([]);
    await close();
    await provider.stop();
  });

  it('is asked for again when the account is disabled behind the page', async () => {
    const { page, close } = await watchPage(browser, served.origin);
    await page.goto('/inbox');
    await fill(page, 'ben', password);
    await page.getByText('Nothing waits for a person.').waitFor();
    await setDisabled(served.mdb, admin, 'ben', { disabled: true, reason: 'left' });
    await page.getByRole('link', { name: 'Fleet' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    expect(await page.getByText('node-00001').count()).toBe(0);
    await close();
  });
});
