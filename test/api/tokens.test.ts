import { eq } from 'drizzle-orm';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { audit, tokens } from '../../mdb/schema.ts';
import { everywhere, inPool, makeToken } from './accounts.ts';
import { servePeople } from './serving.ts';

let served: Awaited<ReturnType<typeof servePeople>>;
let admin: string;

beforeAll(async () => {
  served = await servePeople({ trustsLoopback: false });
  admin = await makeToken(served.base.mdb, 'admin', everywhere('admin'));
});
afterAll(() => served?.close());

async function ask(token: string | null, request: InjectOptions, from = '10.0.0.1') {
  const headers = { ...request.headers, ...(token !== null && { authorization: `Bearer ${token}` }) };
  const url = `/api/v1${request.url}`;
  const response = await served.app.inject({ ...request, url, headers, remoteAddress: from });
  return { status: response.statusCode, headers: response.headers, body: response.json() };
}
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const create = (by: string, name: string, more: object = {}) =>
  ask(by, {
    ...{ method: 'POST', url: '/tokens' },
    payload: { name, grants: [{ role: 'operator', pools: ['web'] }], expiresAt: inDays(30), ...more },
  });
const guess = () =>
  Promise.all(Array.from({ length: 100 }, (_, n) => ask(`farrier_${n}`, { url: '/machines' }, '10.0.0.9')));
const rowsOf = (action: string) => served.base.mdb.select().from(audit).where(eq(audit.action, action));

describe('a token', () => {
  it('is shown once, and only its hash is kept', async () => {
    const made = await create(admin, 'ci', { reason: 'deploys' });
    expect(made.status).toBe(201);
    const { token, view } = made.body;
    expect(token).toMatch(/^farrier_[A-Za-z0-9_-]{43}$/);
    expect(view).toMatchObject({
      ...{ name: 'ci', createdBy: 'token:admin', lastUsedAt: null, revokedAt: null },
      grants: [{ role: 'operator', pools: ['web'], teams: null }],
    });
    const session = await ask(token, { url: '/session' });
    expect(session.body).toEqual({
      ...{ name: 'token:ci', by: 'token', role: 'operator', temporal: null, passwordGiven: false },
      ...{ grants: view.grants, expiresAt: view.expiresAt },
    });
    const listed = await ask(admin, { url: '/tokens' });
    expect(listed.body.tokens.find(({ name }: { name: string }) => name === 'ci').lastUsedAt).not.toBeNull();
    const everything = JSON.stringify([
      listed.body,
      await served.base.mdb.select().from(tokens),
      await rowsOf('token.create'),
    ]);
    expect(everything).not.toContain(token);
    expect(everything).not.toContain(token.slice('farrier_'.length));
    expect((await rowsOf('token.create')).at(-1)).toMatchObject({
      ...{ actor: 'token:admin', detail: { token: view.id, name: 'ci', reason: 'deploys' } },
    });
  });

  it('is good until it is revoked, and its name is free then', async () => {
    const { token } = (await create(admin, 'short')).body;
    expect((await create(admin, 'short')).body).toMatchObject({ status: 409, field: 'name' });
    expect(await ask(token, { url: '/machines' })).toMatchObject({ status: 200 });
    const revoke = { method: 'DELETE', url: '/tokens/short?reason=lost' } as const;
    expect(await ask(admin, revoke)).toMatchObject({ status: 200 });
    expect(await ask(token, { url: '/machines' })).toMatchObject({ status: 401 });
    expect(await ask(admin, revoke)).toMatchObject({ status: 404 });
    expect(await create(admin, 'short')).toMatchObject({ status: 201 });
    expect((await rowsOf('token.revoke')).at(-1)).toMatchObject({ actor: 'token:admin', detail: { reason: 'lost' } });
  });

  it('is refused in the same words whatever is wrong with it', async () => {
    const [expired, revoked] = [(await create(admin, 'old')).body, (await create(admin, 'gone')).body];
    await served.base.mdb
      .update(tokens)
      .set({ expiresAt: new Date(0) })
      .where(eq(tokens.id, expired.view.id));
    await ask(admin, { method: 'DELETE', url: '/tokens/gone?reason=r' });
    const cut = admin.slice(0, -1);
    const wrong = [expired.token, revoked.token, `farrier_${'x'.repeat(43)}`, cut, 'x', `${admin}x`, 'x'.repeat(5000)];
    const answers = await Promise.all(wrong.map((token) => ask(token, { url: '/machines' })));
    for (const { status, headers, body } of answers) {
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe('Bearer realm="farrier"');
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(body).toEqual(answers[0]?.body);
    }
    const basic = { url: '/machines', headers: { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` } };
    expect((await ask(null, basic)).body).toEqual(answers[0]?.body);
    expect(await ask(null, { url: '/machines' })).toMatchObject({ status: 401 });
    // What expired keeps its name from nobody.
    expect(await create(admin, 'old')).toMatchObject({ status: 201 });
  });

  it('leaves one row of the audit where a write is refused, without a word of it', async () => {
    const { token } = (await create(admin, 'weak', { grants: [{ role: 'viewer' }] })).body;
    const before = (await rowsOf('request.refused')).length;
    const order = { method: 'POST', url: '/orders', payload: { machine: 'm', passage: 'clean', reason: 'r' } } as const;
    expect(await ask(token, order)).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('operator') },
    });
    expect(await ask(`${token}x`, order)).toMatchObject({ status: 401 });
    const rows = (await rowsOf('request.refused')).slice(before);
    expect(rows.map(({ actor, detail }) => [actor, (detail as { status: number }).status])).toEqual([
      ['token:weak', 403],
      ['nobody', 401],
    ]);
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  it('is not made for more than its maker is admin of, nor for longer than a year', async () => {
    const some = await makeToken(served.base.mdb, 'web-admin', inPool('admin', 'web'));
    const grants = (given: object) => ({ grants: [given] });
    expect(await create(some, 'w1', grants({ role: 'admin', pools: ['web'], teams: ['dc'] }))).toMatchObject({
      status: 201,
    });
    for (const more of [{ role: 'viewer' }, { role: 'viewer', pools: ['web', 'db'] }, { role: 'admin', pools: ['db'] }])
      expect(await create(some, 'w2', grants(more))).toMatchObject({ status: 403 });
    expect(await ask(some, { method: 'DELETE', url: '/tokens/admin?reason=r' })).toMatchObject({ status: 404 });
    const names = (await ask(some, { url: '/tokens' })).body.tokens.map(({ name }: { name: string }) => name);
    expect(names).toContain('w1');
    expect(names).not.toContain('admin');
    expect(await create(admin, 'long', { expiresAt: inDays(367) })).toMatchObject({
      status: 400,
      body: { field: 'expiresAt' },
    });
    expect(await create(admin, 'past', { expiresAt: inDays(-1) })).toMatchObject({ status: 400 });
    expect(await create(admin, 'none', { grants: [] })).toMatchObject({ status: 400 });
    expect(await create(admin, 'odd', grants({ role: 'agent' }))).toMatchObject({ status: 400 });
  });

  it('is not guessed fast, and who has a good one is not made to wait for who guesses', async () => {
    expect(await ask(admin, { url: '/session' }, '10.0.0.9')).toMatchObject({ status: 200 });
    const statuses = (await guess()).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(10);
    expect(await ask('farrier_1', { url: '/machines' }, '10.0.0.9')).toMatchObject({ status: 429 });
    expect(await ask(admin, { url: '/session' }, '10.0.0.9')).toMatchObject({ status: 200 });
    expect(await ask('farrier_1', { url: '/machines' }, '10.0.0.8')).toMatchObject({ status: 401 });
  });

  it('is good in its header alone, and answers tell no page of another origin that it may read them', async () => {
    for (const name of ['token', 'access_token', 'authorization'])
      expect((await ask(null, { url: `/session?${name}=${admin}` })).status).toBe(401);
    const preflight = { 'access-control-request-method': 'POST', origin: 'http://evil.example' };
    const asked = await served.app.inject({ method: 'OPTIONS', url: '/api/v1/orders', headers: preflight });
    expect(asked.statusCode).toBeGreaterThanOrEqual(400);
    const own = { origin: 'http://127.0.0.1:80', host: '127.0.0.1:80' };
    for (const { headers } of [asked, await ask(admin, { url: '/session', headers: own })])
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('is sent by no page of another origin', async () => {
    const headers = { origin: 'http://evil.example', host: '127.0.0.1:80' };
    expect(await ask(admin, { url: '/machines', headers })).toMatchObject({ status: 403 });
    const own = { origin: 'http://127.0.0.1:80', host: '127.0.0.1:80' };
    expect(await ask(admin, { url: '/machines', headers: own })).toMatchObject({ status: 200 });
  });

  // Last: what is counted by the minute does not expect that the clock goes back.
  it('that was good is not made to wait later either, however long the guessing goes on', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.now() + 600_000 });
    try {
      await guess();
      expect(await ask(admin, { url: '/session' }, '10.0.0.9')).toMatchObject({ status: 200 });
    } finally {
      vi.useRealTimers();
    }
  });
});
