/** People with accounts, and their browsers' and programs' sign-ins. */
import { eq, sql } from 'drizzle-orm';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeCookie } from '../../api/signin/cookies.ts';
import { createPasswords } from '../../api/signin/passwords.ts';
import { doubtPassword } from '../../domain/passwords.ts';
import { audit, people, sessions } from '../../mdb/schema.ts';
import { everywhere, inPool, makeToken } from './accounts.ts';
import { servePeople } from './serving.ts';

let served: Awaited<ReturnType<typeof servePeople>>;
let admin: Record<string, string>;
const origin = 'http://localhost:80';
/** What a browser sends along with what a page of ours asks. */
const page = { origin, 'sec-fetch-site': 'same-origin' };

beforeAll(async () => {
  served = await servePeople({ trustsLoopback: false });
  admin = { authorization: `Bearer ${await makeToken(served.base.mdb, 'admin', everywhere('admin'))}` };
});
afterAll(() => served?.close());

let address = 0;
/** From an address of its own unless told: tries are counted by it. */
async function ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, more: InjectOptions = {}) {
  address += 1;
  const request = { method, url: `/api/v1${path}`, remoteAddress: `10.1.${address >> 8}.${address & 255}`, ...more };
  const response = await served.app.inject(request);
  const cookies = [response.headers['set-cookie'] ?? []].flat();
  return {
    status: response.statusCode,
    body: response.json(),
    cookies,
    text: response.body,
    headers: response.headers,
  };
}
const change = (method: 'POST' | 'PUT', path: string, payload: object, headers: Record<string, string> = admin) =>
  ask(method, path, { payload, headers });

const usual = 'words that nobody guesses';
/** A person with a password of the test's. */
async function add(name: string, grants: object[] = [{ role: 'operator' }]) {
  expect(await change('POST', '/people', { name, grants, password: usual })).toMatchObject({ status: 201 });
  return usual;
}
const signIn = (name: string, password: string, headers: object = page, more: object = {}) =>
  ask('POST', '/session', { payload: { name, password }, headers: { ...headers }, ...more });
/** Signed in by a page: the headers of what it asks then. */
async function browse(name: string, password: string) {
  const { status, cookies } = await signIn(name, password);
  expect(status).toBe(201);
  return { ...page, cookie: cookies.at(-1)?.split(';')[0] ?? '' };
}
const rowsOf = (action: string) =>
  served.base.mdb.select().from(audit).where(eq(audit.action, action)).orderBy(audit.id);

describe('an account', () => {
  it('is made with a password that is drawn, shown once and never kept', async () => {
    const made = await change('POST', '/people', { name: 'ann', grants: [{ role: 'viewer' }], reason: 'new here' });
    expect(made).toMatchObject({
      status: 201,
      body: { person: { name: 'ann', password: true, createdBy: 'token:admin' } },
    });
    const { password } = made.body;
    expect(password).toMatch(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
    const session = await ask('GET', '/session', { headers: await browse('ann', password) });
    expect(session.body).toMatchObject({ name: 'ann', by: 'password', role: 'viewer', passwordGiven: true });
    const kept = await served.base.mdb.select().from(people).where(eq(people.name, 'ann'));
    expect(kept[0]?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const told = [kept, await rowsOf('person.create'), (await ask('GET', '/people', { headers: admin })).body];
    expect(JSON.stringify(told)).not.toContain(password);
    expect(JSON.stringify(told[2])).not.toContain('argon2');
    expect(await change('POST', '/people', { name: 'ann', grants: [{ role: 'viewer' }] })).toMatchObject({
      ...{ status: 409, body: { field: 'name' } },
    });
  });

  it('has no name that is taken for another, and no password that is guessed', async () => {
    for (const name of ['Ann', 'local', 'token:ci', 'a b', '', '-x', 'ann\n', 'ａｎｎ', '__proto__'])
      expect(await change('POST', '/people', { name, grants: [{ role: 'viewer' }] }), name).toMatchObject({
        status: 400,
      });
    const weak = ['short', 'aaaaaaaaaaaaaaaa', 'abababababababab', 'robert-robert-1', 'x'.repeat(201)];
    for (const password of weak) expect(doubtPassword(password, 'robert'), password).not.toBeNull();
    expect(doubtPassword('correct horse battery', 'robert')).toBeNull();
    expect(
      await change('POST', '/people', { name: 'bo', grants: [{ role: 'viewer' }], password: 'short' }),
    ).toMatchObject({
      ...{ status: 400, body: { field: 'password' } },
    });
  });

  it('is changed by nobody who is not admin of all that it is', async () => {
    const some = { authorization: `Bearer ${await makeToken(served.base.mdb, 'web', inPool('admin', 'web'))}` };
    await add('chief', [{ role: 'admin' }]);
    await add('hand', [{ role: 'operator', pools: ['web'] }]);
    const grants = [{ role: 'viewer', pools: ['web'] }];
    expect(await change('POST', '/people', { name: 'x', grants: [{ role: 'viewer' }] }, some)).toMatchObject({
      status: 403,
    });
    for (const [method, path, payload] of [
      ['PUT', '/people/chief/password', {}],
      ['PUT', '/people/chief/grants', { grants }],
      ['POST', '/people/chief/disable', { reason: 'r' }],
    ] as const)
      expect(await change(method, path, payload, some), path).toMatchObject({ status: 404 });
    expect(await change('PUT', '/people/hand/grants', { grants: [{ role: 'admin' }] }, some)).toMatchObject({
      status: 403,
    });
    expect(await change('PUT', '/people/hand/grants', { grants }, some)).toMatchObject({ status: 200 });
    const names = (await ask('GET', '/people', { headers: some })).body.people.map(
      ({ name }: { name: string }) => name,
    );
    expect(names).toEqual(['hand']);
  });

  it('is as its grants say from the next request on', async () => {
    const password = await add('mover', [{ role: 'operator', pools: ['web'] }]);
    const headers = await browse('mover', password);
    expect(await ask('GET', '/policies', { headers })).toMatchObject({ status: 403 });
    await change('PUT', '/people/mover/grants', { grants: [{ role: 'viewer' }] });
    expect(await ask('GET', '/policies', { headers })).toMatchObject({ status: 200 });
    const detail = (await rowsOf('person.grant')).at(-1)?.detail;
    expect(detail).toMatchObject({ name: 'mover', before: [{ role: 'operator' }], grants: [{ role: 'viewer' }] });
  });
});

describe('signing in', () => {
  it('gives a page a cookie that no script reads, and nothing else to keep', async () => {
    const password = await add('ben');
    const { status, cookies, text, body, headers } = await signIn('ben', password);
    expect(status).toBe(201);
    expect(cookies).toHaveLength(1);
    const [pair = '', ...flags] = cookies[0]?.split('; ') ?? [];
    expect(flags).toEqual(['Max-Age=43200', 'Path=/', 'HttpOnly', 'SameSite=Strict']);
    expect(pair).toMatch(/^farrier-\d+=farrier_session_[\w-]{43}$/);
    const secret = pair.split('=')[1] ?? '';
    expect(body).toMatchObject({ name: 'ben', token: null });
    expect(text).not.toContain(secret);
    expect(headers['cache-control']).toBe('no-store');
    const kept = JSON.stringify([await served.base.mdb.select().from(sessions), await rowsOf('session.start')]);
    expect(kept).not.toContain(secret.slice('farrier_session_'.length));
    // Neither is good for what the other is.
    expect(await ask('GET', '/session', { headers: { authorization: `Bearer ${secret}` } })).toMatchObject({
      status: 401,
    });
    const program = (await signIn('ben', password, {})).body.token;
    expect(await ask('GET', '/session', { headers: { authorization: `Bearer ${program}` } })).toMatchObject({
      ...{ status: 200, body: { name: 'ben', by: 'password' } },
    });
    expect(await ask('GET', '/session', { headers: { cookie: pair.replace(secret, program) } })).toMatchObject({
      status: 401,
    });
  });

  it('names the cookie, over TLS, so that it comes from this host and over TLS alone', () => {
    const asking = { protocol: 'https', headers: {}, socket: { localPort: 8470 } } as never;
    expect(writeCookie(asking, 'x', 1000)).toBe(
      '__Host-farrier-8470=x; Max-Age=1; Path=/; HttpOnly; SameSite=Strict; Secure',
    );
  });

  it('is another session each time, and ends the one that the page had', async () => {
    const password = await add('eve');
    const first = await browse('eve', password);
    const { cookies } = await signIn('eve', password, first);
    const second = { ...page, cookie: cookies.at(-1)?.split(';')[0] ?? '' };
    expect(second.cookie).not.toBe(first.cookie);
    expect(await ask('GET', '/session', { headers: first })).toMatchObject({ status: 401 });
    expect(await ask('GET', '/session', { headers: second })).toMatchObject({ status: 200 });
    // One that somebody else chose is not taken over.
    const planted = { ...page, cookie: `farrier-0=farrier_session_${'x'.repeat(43)}` };
    const given = (await signIn('eve', password, planted)).cookies.at(-1) ?? '';
    expect(given).not.toContain('xxx');
    expect(given).toContain('Max-Age=43200');
  });

  it('is refused in the same words whatever is wrong', async () => {
    const password = await add('cas');
    await add('gone');
    await change('POST', '/people/gone/disable', { reason: 'left' });
    const before = (await rowsOf('request.refused')).length;
    const wrong = [
      ['cas', 'wrong password'],
      ['nobody-here', password],
      ['gone', usual],
      ['__proto__', 'x'],
    ];
    const answers = await Promise.all(wrong.map(([name = '', tried = '']) => signIn(name, tried)));
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 401, cookies: [] });
      expect(answer.body).toEqual(answers[0]?.body);
    }
    const rows = (await rowsOf('request.refused')).slice(before);
    expect(rows.map(({ actor }) => actor)).toEqual(wrong.map(() => 'nobody'));
    expect(JSON.stringify(rows)).not.toMatch(/wrong password|words that/);
    const passwords = createPasswords();
    expect(await passwords.isRight(null, 'nobody has this password')).toBe(false);
  });

  it('is not tried fast, and who tries keeps nobody else out', async () => {
    const password = await add('dan');
    const from = { remoteAddress: '10.2.0.1' };
    const tries = await Promise.all(Array.from({ length: 15 }, () => signIn('dan', 'wrong password', page, from)));
    const statuses = tries.map(({ status }) => status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(3);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(await signIn('dan', password, page, from)).toMatchObject({ status: 429 });
    expect(await signIn('dan', password)).toMatchObject({ status: 201 });
    const other = await Promise.all(Array.from({ length: 40 }, (_, n) => signIn(`guess-${n}`, 'x', page, from)));
    expect(other.map(({ status }) => status)).toContain(429);
  });

  it('is asked for by no page of another origin', async () => {
    const password = await add('fay');
    for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }])
      expect(await signIn('fay', password, headers)).toMatchObject({ status: 403, cookies: [] });
  });
});

describe('a session', () => {
  it('does nothing that a page of this origin does not ask for', async () => {
    const { cookie } = await browse('hal', await add('hal', [{ role: 'operator' }]));
    const post = (headers: object) => ask('POST', '/reconcile', { payload: {}, headers: { cookie, ...headers } });
    for (const headers of [
      {},
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'null' },
    ])
      expect(await post(headers), JSON.stringify(headers)).toMatchObject({ status: 403 });
    expect(await post({ origin })).not.toMatchObject({ status: 403 });
    expect(await post({ 'sec-fetch-site': 'same-origin' })).not.toMatchObject({ status: 403 });
    for (const site of ['cross-site', 'same-site'])
      expect(await ask('GET', '/session', { headers: { cookie, 'sec-fetch-site': site } })).toMatchObject({
        status: 403,
      });
    expect(await ask('GET', '/session', { headers: { cookie, 'sec-fetch-site': 'none' } })).toMatchObject({
      status: 200,
    });
  });

  it('ends when one signs out, and its cookie is taken away', async () => {
    const headers = await browse('ida', await add('ida'));
    expect(await ask('DELETE', '/session', { headers })).toMatchObject({
      ...{ status: 200, cookies: [expect.stringContaining('Max-Age=0')] },
    });
    const after = await ask('GET', '/session', { headers });
    expect(after).toMatchObject({ status: 401, cookies: [expect.stringContaining('Max-Age=0')] });
    expect((await rowsOf('session.end')).at(-1)).toMatchObject({ actor: 'ida' });
    expect(await ask('DELETE', '/session', { headers: admin })).toMatchObject({ status: 409 });
  });

  it('ends when the person does, and lasts no longer than it is used', async () => {
    const password = await add('jon');
    const [first, program] = [await browse('jon', password), (await signIn('jon', password, {})).body.token];
    const bearer = { authorization: `Bearer ${program}` };
    expect(await ask('GET', '/session', { headers: bearer })).toMatchObject({ status: 200 });
    expect(await change('POST', '/people/jon/disable', { reason: 'left' })).toMatchObject({ status: 200 });
    for (const headers of [first, bearer])
      expect(await ask('GET', '/session', { headers })).toMatchObject({ status: 401 });
    expect(await signIn('jon', password)).toMatchObject({ status: 401 });
    expect(await change('POST', '/people/jon/enable', { reason: 'back' })).toMatchObject({ status: 200 });
    expect(await ask('GET', '/session', { headers: first })).toMatchObject({ status: 401 });
    for (const over of [{ idleAt: sql`now()` }, { expiresAt: sql`now()` }]) {
      const headers = await browse('jon', password);
      expect(await ask('GET', '/session', { headers })).toMatchObject({ status: 200 });
      await served.base.mdb.update(sessions).set(over);
      expect(await ask('GET', '/session', { headers })).toMatchObject({ status: 401 });
    }
  });

  it('lasts on while it is used, and not beyond its limit', async () => {
    const headers = await browse('kim', await add('kim'));
    const old = { usedAt: sql`now() - interval '50 minutes'`, idleAt: sql`now() + interval '10 minutes'` };
    await served.base.mdb.update(sessions).set({ ...old, expiresAt: sql`now() + interval '30 minutes'` });
    expect(await ask('GET', '/session', { headers })).toMatchObject({ status: 200 });
    const [{ ahead } = { ahead: 0 }] = await served.base.mdb
      .select({ ahead: sql<number>`extract(epoch from ${sessions.idleAt} - now())::int` })
      .from(sessions)
      .orderBy(sql`created_at desc`)
      .limit(1);
    expect(ahead).toBeGreaterThan(1700);
    expect(ahead).toBeLessThanOrEqual(1800);
  });

  it('takes another password of its person, which ends their other ones', async () => {
    const password = await add('leo');
    const [mine, other] = [await browse('leo', password), await browse('leo', password)];
    const next = 'another one entirely';
    expect(await change('PUT', '/session/password', { old: 'not it at all', password: next }, mine)).toMatchObject({
      ...{ status: 403, body: { field: 'old' } },
    });
    expect(await change('PUT', '/session/password', { old: password, password: 'short' }, mine)).toMatchObject({
      status: 400,
    });
    expect(await change('PUT', '/session/password', { old: password, password: next }, mine)).toMatchObject({
      status: 200,
    });
    expect((await ask('GET', '/session', { headers: mine })).body).toMatchObject({ name: 'leo', passwordGiven: false });
    expect(await ask('GET', '/session', { headers: other })).toMatchObject({ status: 401 });
    expect(await signIn('leo', password)).toMatchObject({ status: 401 });
    expect(await signIn('leo', next)).toMatchObject({ status: 201 });
    expect(await change('PUT', '/people/leo/password', {})).toMatchObject({ status: 200 });
    expect(await ask('GET', '/session', { headers: mine })).toMatchObject({ status: 401 });
  });
});

describe('four eyes', () => {
  it('tell people apart by their accounts, and from who gave them their password', async () => {
    const first = await browse('first', await add('first', [{ role: 'admin' }]));
    await change('POST', '/people', { name: 'second', grants: [{ role: 'admin' }], password: usual }, first);
    const second = await browse('second', usual);
    const policy = { acts: ['all'], hours: 24, reason: 'there are two of us' };
    expect(await change('PUT', '/approval-policy', policy, first)).toMatchObject({ status: 200 });
    const asked = await change('PUT', '/approval-policy', { ...policy, acts: [], reason: 'in the way' }, first);
    expect(asked.status).toBe(202);
    const [waiting] = (await ask('GET', '/approvals?state=waiting', { headers: second })).body.approvals;
    const approve = async (headers: Record<string, string>) => {
      const { plan } = (await ask('GET', `/approvals/${waiting.id}`, { headers })).body;
      return change('POST', `/approvals/${waiting.id}/approve`, { plan: plan.hash }, headers);
    };
    expect(await approve(first)).toMatchObject({ status: 403 });
    const given = await approve(second);
    expect(given).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('who else has it is not known') },
    });
    const own = { old: usual, password: 'one that is theirs alone' };
    expect(await change('PUT', '/session/password', own, second)).toMatchObject({ status: 200 });
    expect(await approve(second)).toMatchObject({ status: 200 });
    expect((await ask('GET', '/approval-policy', { headers: first })).body.acts).toEqual([]);
  });
});
