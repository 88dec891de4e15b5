/** Signing in by a provider of accounts, and staying signed in for as long as it says so. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seal, unseal } from '../../api/signin/sealing.ts';
import { accountName, grantsOf, readClaim } from '../../domain/claims.ts';
import { audit, people, sessions } from '../../mdb/schema.ts';
import { idTokenSeconds, type OpenIdProvider, startOpenId, visitAs } from '../support/openid.ts';
import { everywhere, makeToken } from './accounts.ts';
import { servePeople } from './serving.ts';

let served: Awaited<ReturnType<typeof servePeople>>;
let provider: OpenIdProvider;
let admin: Record<string, string>;
const origin = 'http://localhost:80';
const page = { origin, 'sec-fetch-site': 'same-origin' };
const rules = [
  { claim: 'groups', value: 'hands', role: 'operator', pools: ['web'], teams: null },
  { claim: 'groups', value: 'chiefs', role: 'admin', pools: null, teams: null },
] as const;
let wanted: object;

beforeAll(async () => {
  provider = await startOpenId([
    {
      ...{ client_id: 'farrier', client_secret: 'a secret of the client', redirect_uris: ['http://localhost/signin'] },
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    },
  ]);
  served = await servePeople({ trustsLoopback: false });
  admin = { authorization: `Bearer ${await makeToken(served.base.mdb, 'admin', everywhere('admin'))}` };
  const secrets = join(dirname(served.options.images), 'secrets');
  await mkdir(secrets, { recursive: true });
  const secret = (name: string, token: string) =>
    writeFile(join(secrets, name), JSON.stringify({ origin: provider.issuer, token }));
  await Promise.all([secret('openid', 'a secret of the client'), secret('wrong', 'another')]);
  wanted = {
    ...{ name: 'Example', issuer: provider.issuer, clientId: 'farrier', secretRef: 'openid', reason: 'a test' },
    ...{ scopes: ['openid', 'profile', 'groups', 'offline_access'], rules },
  };
  expect(await set({})).toMatchObject({ status: 200 });
});
afterAll(async () => {
  await served?.close();
  await provider?.stop();
});
beforeEach(() => {
  provider.aheadSeconds = 0;
  provider.accounts.set('u-1', { preferred_username: 'Ann', groups: ['hands', 'others'] });
});

let address = 0;
async function ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, payload?: object, headers: object = page) {
  address += 1;
  const remoteAddress = `10.3.0.${address}`;
  const url = `/api/v1${path}`;
  const body = payload === undefined ? {} : { payload };
  const response = await served.app.inject({ ...{ method, url, remoteAddress, headers: { ...headers } }, ...body });
  const cookie = [response.headers['set-cookie'] ?? []].flat().at(-1)?.split(';')[0];
  return { status: response.statusCode, body: response.json(), cookie: cookie ?? '' };
}
const set = (more: object) => ask('PUT', '/provider', { ...wanted, ...more }, admin);
const session = (headers: object) => ask('GET', '/session', undefined, headers);

/** Goes to the provider and comes back; what the console's page then asks for. */
async function comeBack(login: string) {
  const started = await ask('POST', '/session/provider/start', {});
  expect(started).toMatchObject({ status: 200 });
  const { url, flow } = started.body;
  const back = new URL(await visitAs(login, url));
  expect(`${back.origin}${back.pathname}`).toBe(`${new URL(origin).origin}/signin`);
  const { code, state, iss } = Object.fromEntries(back.searchParams);
  return { code, state, iss, flow };
}
async function browse(login: string) {
  const answer = await ask('POST', '/session/provider', await comeBack(login));
  expect(answer.body.detail).toBeUndefined();
  return { ...page, cookie: answer.cookie };
}
/** As after five minutes, or after that and so long that nobody answered. */
const later = (silent = '0') =>
  served.base.mdb.update(sessions).set({
    checkedAt: sql`now() - interval '6 minutes'`,
    confirmedAt: sql`now() - ${silent}::interval`,
  });
const rowsOf = (action: string) =>
  served.base.mdb.select().from(audit).where(eq(audit.action, action)).orderBy(audit.id);

describe('a provider', () => {
  it('says who people are, and its claims what they may', async () => {
    const headers = await browse('u-1');
    expect((await session(headers)).body).toMatchObject({
      ...{ name: 'ann', by: 'provider', role: 'operator' },
      grants: [{ role: 'operator', pools: ['web'], teams: null }],
    });
    expect((await served.base.mdb.select().from(people)).filter(({ name }) => name === 'ann')).toMatchObject([
      { issuer: provider.issuer, subject: 'u-1', passwordHash: null, createdBy: 'provider' },
    ]);
    const grants = [{ role: 'admin' }];
    expect(await ask('PUT', '/people/ann/grants', { grants }, admin)).toMatchObject({ status: 409 });
    expect(await ask('PUT', '/people/ann/password', {}, admin)).toMatchObject({ status: 409 });
    expect(await ask('GET', '/passkeys', undefined, headers)).toMatchObject({ status: 409 });
    expect(await ask('GET', '/session/choices', undefined, {})).toMatchObject({ body: { provider: 'Example' } });
  });

  it('signs in nobody who has no role by a rule, no name, or the name of another', async () => {
    provider.accounts.set('u-2', { preferred_username: 'bob', groups: ['others'] });
    expect(await ask('POST', '/session/provider', await comeBack('u-2'))).toMatchObject({
      ...{ status: 403, body: { detail: expect.stringContaining('no rule gives them a role') } },
    });
    provider.accounts.set('u-3', { preferred_username: 'token:ci', groups: ['hands'] });
    expect(await ask('POST', '/session/provider', await comeBack('u-3'))).toMatchObject({ status: 409 });
    await ask('POST', '/people', { name: 'chief', grants: [{ role: 'admin' }] }, admin);
    provider.accounts.set('u-4', { preferred_username: 'Chief', groups: ['hands'] });
    expect(await ask('POST', '/session/provider', await comeBack('u-4'))).toMatchObject({
      ...{ status: 409, body: { detail: expect.stringContaining('another account with the name chief') }, cookie: '' },
    });
  });

  it('is believed once, for the page that began', async () => {
    const [mine, others] = [await comeBack('u-1'), await comeBack('u-1')];
    const mixed = { ...mine, flow: others.flow };
    expect(await ask('POST', '/session/provider', mixed)).toMatchObject({ status: 401, cookie: '' });
    const verifier = { ...mine, flow: { ...mine.flow, verifier: others.flow.verifier } };
    expect(await ask('POST', '/session/provider', verifier)).toMatchObject({ status: 401 });
    const nonce = { ...others, flow: { ...others.flow, nonce: mine.flow.nonce } };
    expect(await ask('POST', '/session/provider', nonce)).toMatchObject({ status: 401 });
    const good = await comeBack('u-1');
    expect(await ask('POST', '/session/provider', { ...good, iss: 'http://evil.example' })).toMatchObject({
      status: 401,
    });
    expect(await ask('POST', '/session/provider', good, { origin: 'http://evil.example' })).toMatchObject({
      status: 403,
    });
    expect(await ask('POST', '/session/provider', good)).toMatchObject({ status: 201 });
    expect(await ask('POST', '/session/provider', good)).toMatchObject({ status: 401 });
  });

  it('is told of in words for who can do something when it is down, late, or does not know us', async () => {
    provider.aheadSeconds = -idTokenSeconds - 15;
    expect(await ask('POST', '/session/provider', await comeBack('u-1'))).toMatchObject({ status: 201 });
    provider.aheadSeconds = -idTokenSeconds - 60;
    expect(await ask('POST', '/session/provider', await comeBack('u-1'))).toMatchObject({
      ...{ status: 401, body: { detail: expect.stringContaining('clock') } },
    });
    provider.aheadSeconds = 0;
    const back = await comeBack('u-1');
    await set({ secretRef: 'wrong' });
    expect(await ask('POST', '/session/provider', back)).toMatchObject({
      ...{ status: 409, body: { detail: expect.stringContaining('invalid_client') } },
    });
    await provider.stop();
    await set({});
    const down = await ask('POST', '/session/provider/start', {});
    expect(down).toMatchObject({ status: 503, body: { detail: expect.stringContaining('does not answer') } });
    expect(JSON.stringify(down.body)).not.toMatch(/ECONN|127\.0\.0\.1/);
    await provider.start();
    expect(await ask('POST', '/session/provider', await comeBack('u-1'))).toMatchObject({ status: 201 });
  });

  it('is set by who is admin of the whole fleet, in versions, and only where it can be asked safely', async () => {
    for (const more of [
      { issuer: 'http://id.example' },
      { issuer: 'ftp://id.example' },
      { secretRef: 'absent' },
      { rules: [{ claim: 'groups', value: 'x', role: 'king' }] },
      { scopes: ['profile'] },
      { name: 'a\nb' },
    ])
      expect((await set(more)).status, JSON.stringify(more)).toBeGreaterThanOrEqual(400);
    await set({ name: 'Other' });
    const { versions } = (await ask('GET', '/policies/provider/main', undefined, admin)).body;
    expect(versions[0]).toMatchObject({ by: 'token:admin', reason: 'a test', value: { name: 'Other' } });
    const restore = { version: versions[1].version, reason: 'it was right' };
    expect(await ask('POST', '/policies/provider/main/restore', restore, admin)).toMatchObject({ status: 200 });
    expect((await ask('GET', '/provider', undefined, admin)).body).toMatchObject({ name: 'Example', rules });
  });
});

describe('a program', () => {
  it('is signed in by what its person says on another device', async () => {
    const { body: started } = await ask('POST', '/session/device/start', {}, {});
    const begun = { deviceCode: started.deviceCode, verifier: started.verifier };
    const poll = () => ask('POST', '/session/device', begun, {});
    expect(await poll()).toMatchObject({ status: 202, body: { waiting: true } });
    await visitAs('u-1', started.verificationUriComplete);
    const { status, body } = await poll();
    expect({ status, body }).toMatchObject({ status: 201, body: { name: 'ann', token: expect.any(String) } });
    const headers = { authorization: `Bearer ${body.token}` };
    expect(await session(headers)).toMatchObject({ status: 200, body: { name: 'ann', by: 'provider' } });
    await later();
    expect(await session(headers)).toMatchObject({ status: 200 });
    // What was used once is taken for stolen, and the provider takes back all that came of it.
    expect(await poll()).toMatchObject({ status: 401 });
    await later();
    expect(await session(headers)).toMatchObject({ status: 401 });
  });
});

describe('a session of who comes from a provider', () => {
  it('is what the provider and the rules say now, and ends when they say no', async () => {
    const [headers, other] = [await browse('u-1'), await browse('u-1')];
    provider.accounts.set('u-1', { preferred_username: 'Ann', groups: ['chiefs'] });
    expect((await session(headers)).body).toMatchObject({ role: 'operator' });
    await later();
    // Many ask at once, and one of them the provider: what it is asked by is good once.
    const asked = await Promise.all(Array.from({ length: 8 }, () => session(headers)));
    expect(new Set(asked.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await session(headers)).body).toMatchObject({ role: 'admin' });
    expect((await rowsOf('person.grant')).at(-1)).toMatchObject({ actor: 'provider', detail: { name: 'ann' } });
    await later();
    expect(await session(headers)).toMatchObject({ status: 200 });
    provider.accounts.delete('u-1');
    await later();
    expect(await session(headers)).toMatchObject({ status: 401 });
    expect(await session(other)).toMatchObject({ status: 401 });
    expect((await rowsOf('session.end')).at(-1)).toMatchObject({
      actor: 'provider',
      detail: { why: expect.any(String) },
    });
  });

  it('goes on while the provider is down, for an hour', async () => {
    const headers = await browse('u-1');
    await provider.stop();
    await later();
    expect(await session(headers)).toMatchObject({ status: 200 });
    await later('61 minutes');
    expect(await session(headers)).toMatchObject({ status: 401 });
    await provider.start();
    await later('61 minutes');
    expect(await session(headers)).toMatchObject({ status: 200 });
  });

  it('ends when the account is disabled here, which nobody signs in to again', async () => {
    const headers = await browse('u-1');
    await ask('POST', '/people/ann/disable', { reason: 'left' }, admin);
    expect(await session(headers)).toMatchObject({ status: 401 });
    expect(await ask('POST', '/session/provider', await comeBack('u-1'))).toMatchObject({ status: 401 });
    await ask('POST', '/people/ann/enable', { reason: 'back' }, admin);
  });

  it('keeps nothing in the MDB by which somebody else could ask the provider', async () => {
    await browse('u-1');
    const kept = await served.base.mdb.select({ refresh: sessions.refresh }).from(sessions);
    expect(kept.some(({ refresh }) => refresh !== null)).toBe(true);
    for (const { refresh } of kept.filter(({ refresh }) => refresh !== null))
      expect(() => unseal(refresh ?? '', 'another')).toThrow();
    expect(unseal(seal('a token', 'mine'), 'mine')).toBe('a token');
  });

  it('ends when there is no provider any more', async () => {
    const headers = await browse('u-1');
    expect(await ask('DELETE', '/provider?reason=r', undefined, admin)).toMatchObject({ status: 200 });
    await later();
    expect(await session(headers)).toMatchObject({ status: 401 });
    expect(await ask('POST', '/session/provider/start', {})).toMatchObject({ status: 404 });
  });
});

describe('claims', () => {
  const rule = { ...rules[0], claim: 'realm_access.roles' };
  it('are read by their name, also within others, and nothing else is', () => {
    const claims = JSON.parse(
      '{"realm_access":{"roles":["hands"]},"https://x.example/y":"z","__proto__":{"admin":"yes"}}',
    );
    expect(grantsOf([rule], claims)).toEqual([{ role: 'operator', pools: ['web'], teams: null }]);
    expect(readClaim(claims, 'https://x.example/y')).toBe('z');
    for (const name of ['constructor.name', 'toString', 'realm_access.roles.length', 'a.b', 'realm_access.__proto__.x'])
      expect(grantsOf([{ ...rule, claim: name, value: 'Object' }], claims), name).toEqual([]);
    expect(grantsOf([{ ...rule, value: 'hand' }], claims)).toEqual([]);
    expect(grantsOf([rule], { realm_access: 'hands' })).toEqual([]);
  });

  it('name accounts, but none that could be taken for another', () => {
    expect(accountName('Ann.B@Example.org')).toBe('ann.b@example.org');
    for (const name of ['', 'local', 'NOBODY', 'token:ci', 'a b', 'ａｎｎ', null, 7, ['ann'], 'x'.repeat(64), 'ann\n'])
      expect(accountName(name), String(name)).toBeNull();
  });
});
