/** Keycloak as the provider of accounts: what it does otherwise than the one of this process. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sessions } from '../../mdb/schema.ts';
import { findKeycloak, type Keycloak, startKeycloak } from '../support/keycloak.ts';
import { visitAs } from '../support/openid.ts';
import { everywhere, makeToken } from './accounts.ts';
import { servePeople } from './serving.ts';

const found = await findKeycloak();
const title = 'why' in found ? `Keycloak (skipped: ${found.why})` : 'Keycloak';
const page = { origin: 'http://localhost:80', 'sec-fetch-site': 'same-origin' };
const token = 'a secret of the client';

const person = (username: string) => ({
  ...{ username, enabled: true, email: `${username}@example.org`, emailVerified: true, firstName: 'A', lastName: 'B' },
  ...{ credentials: [{ type: 'password', value: 'any', temporary: false }], groups: ['/hands'] },
});
const realm = {
  ...{ realm: 'farrier', enabled: true, groups: [{ name: 'hands' }], users: ['ann', 'ben', 'eve'].map(person) },
  clients: [
    {
      ...{ clientId: 'farrier', enabled: true, publicClient: false, secret: token },
      ...{ redirectUris: ['http://localhost/signin'], standardFlowEnabled: true },
      attributes: { 'oauth2.device.authorization.grant.enabled': 'true', 'pkce.code.challenge.method': 'S256' },
      protocolMappers: [
        {
          ...{ name: 'groups', protocol: 'openid-connect', protocolMapper: 'oidc-group-membership-mapper' },
          config: { 'claim.name': 'groups', 'full.path': 'false', 'id.token.claim': 'true' },
        },
      ],
    },
  ],
};

describe.skipIf('why' in found)(title, () => {
  let served: Awaited<ReturnType<typeof servePeople>>;
  let keycloak: Keycloak;
  beforeAll(async () => {
    if ('why' in found) return;
    [served, keycloak] = await Promise.all([
      servePeople({ trustsLoopback: false }),
      startKeycloak(found.folder, realm),
    ]);
    const secrets = join(dirname(served.options.images), 'secrets');
    await mkdir(secrets, { recursive: true });
    await writeFile(join(secrets, 'keycloak'), JSON.stringify({ origin: keycloak.issuer, token }));
    const admin = await makeToken(served.base.mdb, 'admin', everywhere('admin'));
    const provider = {
      ...{ name: 'Keycloak', issuer: keycloak.issuer, clientId: 'farrier', secretRef: 'keycloak', reason: 'a test' },
      rules: [{ claim: 'groups', value: 'hands', role: 'operator' }],
    };
    expect(await ask('PUT', '/provider', provider, { authorization: `Bearer ${admin}` })).toMatchObject({
      status: 200,
    });
  });
  afterAll(async () => {
    await served?.close();
    await keycloak?.stop();
  });

  async function ask(method: 'GET' | 'POST' | 'PUT', path: string, payload?: object, headers: object = page) {
    const body = payload === undefined ? {} : { payload };
    const response = await served.app.inject({ method, url: `/api/v1${path}`, headers: { ...headers }, ...body });
    const cookie = [response.headers['set-cookie'] ?? []].flat().at(-1)?.split(';')[0];
    return { status: response.statusCode, body: response.json(), cookie: cookie ?? '' };
  }
  const session = (headers: object) => ask('GET', '/session', undefined, headers);
  const later = () => served.base.mdb.update(sessions).set({ checkedAt: sql`now() - interval '6 minutes'` });
  async function browse(login: string) {
    const { url, flow } = (await ask('POST', '/session/provider/start', {})).body;
    const back = new URL(await visitAs(login, url));
    const { code, state, iss } = Object.fromEntries(back.searchParams);
    const answer = await ask('POST', '/session/provider', { code, state, iss, flow });
    expect(answer.body.detail).toBeUndefined();
    return { ...page, cookie: answer.cookie };
  }
  async function idOf(username: string): Promise<string> {
    const [user] = (await keycloak.admin('GET', `/users?username=${username}&exact=true`)) as { id: string }[];
    return user?.id ?? '';
  }

  it('says who people are, without offline access, and again after five minutes', async () => {
    const headers = await browse('ann');
    expect((await session(headers)).body).toMatchObject({ name: 'ann', by: 'provider', role: 'operator' });
    await later();
    expect(await session(headers)).toMatchObject({ status: 200 });
    await later();
    expect(await session(headers)).toMatchObject({ status: 200 });
    await keycloak.admin('POST', `/users/${await idOf('ann')}/logout`);
    await later();
    expect(await session(headers)).toMatchObject({ status: 401 });
  });

  it('ends what somebody is signed in by when they lose their group, or are disabled', async () => {
    const [ben, eve] = [await browse('ben'), await browse('eve')];
    const [group] = (await keycloak.admin('GET', '/groups')) as { id: string }[];
    await keycloak.admin('DELETE', `/users/${await idOf('ben')}/groups/${group?.id}`);
    await keycloak.admin('PUT', `/users/${await idOf('eve')}`, { enabled: false });
    for (const headers of [ben, eve]) expect(await session(headers)).toMatchObject({ status: 200 });
    await later();
    for (const headers of [ben, eve]) expect(await session(headers)).toMatchObject({ status: 401 });
  });

  it('signs in a program by another device', async () => {
    const { body: started } = await ask('POST', '/session/device/start', {}, {});
    expect(started.detail).toBeUndefined();
    const begun = { deviceCode: started.deviceCode, verifier: started.verifier };
    const poll = () => ask('POST', '/session/device', begun, {});
    expect(await poll()).toMatchObject({ status: 202, body: { waiting: true } });
    await visitAs('ann', started.verificationUriComplete);
    // It says to slow down to who asks within its interval.
    await expect.poll(async () => (await poll()).status, { interval: started.intervalSeconds * 1000 }).toBe(201);
  });
});
