import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { standardPace } from '../../domain/campaign/campaign.ts';
import { audit, campaigns, idempotencyKeys, orders, pools } from '../../mdb/schema.ts';
import { everywhere, makeToken } from './accounts.ts';
import { servePeople } from './serving.ts';

let served: Awaited<ReturnType<typeof servePeople>>;
const ask: Awaited<ReturnType<typeof servePeople>>['ask'] = (...of) => served.ask(...of);

const count = 25;
beforeAll(async () => {
  served = await servePeople();
  await served.base.mdb.execute(sql`
    insert into machines (id, site_id, mac, hostname, pool, rack_id, unit)
    select 'm-' || lpad(n::text, 12, '0'), 'home', lpad(to_hex(n + 1099511627776 * 2), 12, '0')::macaddr, 'host-' || n,
      case when n <= 10 then 'gpu' else 'general' end, null, null
    from generate_series(1, ${count}::integer) n`);
  // All within the same transaction, so that their times are the same.
  await served.base.mdb.execute(sql`
    insert into orders (id, machine_id, passage, requester, reason)
    select 'o-' || n, 'm-' || lpad(n::text, 12, '0'), 'drain', 'ann', 'r' from generate_series(1, ${count}::integer) n`);
});
afterAll(() => served?.close());

async function walk(list: string, query: string): Promise<{ ids: string[]; totals: Set<number> }> {
  const ids: string[] = [];
  const totals = new Set<number>();
  for (let after = ''; ; ) {
    const { status, body } = await ask('GET', `/${list}?limit=4&${query}${after}`);
    expect(status).toBe(200);
    ids.push(...body[list].map(({ id }: { id: string }) => id));
    totals.add(body.total);
    if (body.next === null) return { ids, totals };
    after = `&after=${body.next}`;
  }
}

describe('lists', () => {
  it.each(['machines', 'orders'])('of %s come a page at a time, each once, with how many there are', async (list) => {
    const { ids, totals } = await walk(list, '');
    expect(new Set(ids).size).toBe(count);
    expect(ids).toHaveLength(count);
    expect([...totals]).toEqual([count]);
    const whole = await ask('GET', `/${list}?limit=1000`);
    expect(whole.body[list].map(({ id }: { id: string }) => id)).toEqual(ids);
  });

  it('of campaigns and the audit come so too', async () => {
    await served.base.mdb.execute(sql`
      insert into campaigns (id, selector, passage, request, reason, requester, pace, hash, halt_at, groups)
      select 'c-' || n, 'all', 'drain', '{}', 'r', 'ann', '{"windows": []}', 'x', 1, '[]' from generate_series(1, 9) n`);
    const found = await served.base.mdb.select({ pace: campaigns.pace }).from(campaigns);
    expect(found).toHaveLength(9);
    const pace = { ...standardPace, windows: [] };
    await served.base.mdb.update(campaigns).set({ pace });
    const { ids, totals } = await walk('campaigns', '');
    expect(new Set(ids).size).toBe(9);
    expect([...totals]).toEqual([9]);
    for (let at = 0; at < 9; at++) await ask('PUT', '/pools/cold', { soakMinutes: at, new: true, reason: 'r' });
    const rows: number[] = [];
    for (let after = ''; ; ) {
      const { body } = await ask('GET', `/audit?action=pool.*&limit=2${after}`);
      expect(body.total).toBe(9);
      rows.push(...body.entries.map(({ id }: { id: number }) => id));
      if (body.next === null) break;
      after = `&after=${body.next}`;
    }
    expect(rows).toHaveLength(9);
    expect(rows).toEqual([...rows].sort((a, b) => b - a));
    const { total } = (await ask('GET', '/audit?limit=1')).body;
    expect(await served.base.mdb.$count(audit)).toBe(total);
  });

  it('of one machine, of a campaign and of images go on too, and tell how many there are', async () => {
    const { mdb } = served.base;
    const of = 'm-000000000001';
    const five = sql`generate_series(1, 5) n`;
    await mdb.execute(sql`
      insert into controller_events (machine_id, key, message) select ${of}, 'k' || n, 'event ' || n from ${five}`);
    await mdb.execute(sql`
      insert into state_history (machine_id, guarded, "to", actor, at)
      select ${of}, 'stage', 'racked', 'actor ' || n, '2026-01-01T00:00:00Z' from ${five}`);
    await mdb.execute(sql`
      insert into drifts (machine_id, kind, name, want, have) select ${of}, 'bios', 'B' || n, 'x', 'y' from ${five}`);
    await mdb.execute(sql`
      insert into reconciles (id, site_id, began_at) select 'r-' || n, 'home', '2026-01-01T00:00:00Z' from ${five}`);
    await mdb.execute(sql`
      insert into images (id, kind, path, bytes, sha256, signature, layout)
      select 'i-' || n, 'compute', 'p' || n, 1, 's', 's', '{}' from ${five}`);
    await mdb.execute(sql`
      insert into campaigns (id, selector, passage, request, reason, requester, pace, halt_at, hash)
      values ('big', 'all', 'reboot', '{}', 'r', 'ann', ${JSON.stringify(standardPace)}::jsonb, 1, 'x')`);
    await mdb.execute(sql`
      insert into campaign_machines (campaign_id, machine_id, ordinal, batch, pool)
      select 'big', 'm-' || lpad(n::text, 12, '0'), n, 0, 'gpu' from ${five}`);
    for (const [path, list] of [
      [`machines/${of}/events`, 'events'],
      [`machines/${of}/timeline`, 'entries'],
      ['drift', 'drifts'],
      ['reconcile', 'rounds'],
      ['images', 'images'],
      ['campaigns/big', 'members'],
    ] as const) {
      const rows: unknown[] = [];
      let total = 0;
      for (let after = ''; ; ) {
        const { status, body } = await ask('GET', `/${path}?limit=2${after}`);
        expect(status, path).toBe(200);
        rows.push(...body[list]);
        total = body.total;
        if (body.next === null) break;
        after = `&after=${body.next}`;
      }
      expect(total, path).toBeGreaterThanOrEqual(5);
      expect(new Set(rows.map((row) => JSON.stringify(row))).size, path).toBe(total);
      expect(await ask('GET', `/${path}?after=x`), path).toMatchObject({ status: 400, body: { field: 'after' } });
    }
  });

  it('are narrowed by a selector', async () => {
    for (const list of ['machines', 'orders']) {
      const { ids, totals } = await walk(list, 'selector=pool%3Dgpu');
      expect(ids).toHaveLength(10);
      expect([...totals]).toEqual([10]);
    }
    for (const list of ['orders', 'steps', 'tickets', 'machines']) {
      expect(await ask('GET', `/${list}?selector=colour%3Dred`)).toMatchObject({
        status: 400,
        body: { field: 'selector' },
      });
      const injected = encodeURIComponent("pool='x' or 1=1; drop table machines");
      expect(await ask('GET', `/${list}?selector=${injected}`)).toMatchObject({ status: 400 });
    }
    expect((await ask('GET', '/steps?selector=pool%3Dgpu')).body).toMatchObject({ steps: [], total: 0, next: null });
    expect((await ask('GET', '/tickets?selector=pool%3Dgpu')).body).toMatchObject({ tickets: [], total: 0 });
  });

  it('tell only the fields that are asked', async () => {
    const { body } = await ask('GET', '/machines?fields=id,stage&limit=2');
    expect(body.machines).toEqual([
      { id: 'm-000000000001', stage: 'racked' },
      { id: 'm-000000000002', stage: 'racked' },
    ]);
    expect(body.total).toBe(count);
    for (const fields of ['id,colour', '__proto__', 'constructor', 'id;drop', ''])
      expect(await ask('GET', `/machines?fields=${fields}`)).toMatchObject({ status: 400, body: { field: 'fields' } });
  });

  it('take no cursor that they did not give', async () => {
    const { next } = (await ask('GET', '/machines?limit=1')).body;
    const [body = '', seal = ''] = next.split('.');
    const other = Buffer.from(JSON.stringify(['machines', 'm-zzz'])).toString('base64url');
    const forged = [
      `${other}.${seal}`,
      `${body}.${seal.slice(1)}`,
      body,
      'm-000000000001',
      '.',
      `${next}x`,
      'x'.repeat(400),
    ];
    for (const cursor of forged)
      expect(await ask('GET', `/machines?after=${encodeURIComponent(cursor)}`), cursor).toMatchObject({
        status: 400,
        body: { code: 'invalid', field: 'after' },
      });
    // That of another list is none of this one.
    expect(await ask('GET', `/orders?after=${next}`)).toMatchObject({ status: 400 });
  });

  it('take the cursor of another process of the API', async () => {
    const { next } = (await ask('GET', '/machines?limit=1')).body;
    const other = await createPeopleApi(served.options);
    const page = (await other.inject({ url: `/api/v1/machines?limit=1&after=${next}` })).json();
    expect(page.machines).toMatchObject([{ id: 'm-000000000002' }]);
    await other.close();
  });
});

describe('intent', () => {
  const change = { soakMinutes: 7, reason: 'shorter' };

  it.each([
    ['/capacity', '/capacity', { scope: 'fleet', min: 1, unit: 'count', reason: 'r' }],
    ['/oncall', '/oncall/dc', { people: ['ann'], first: '2026-01-01' }],
    ['/approval-policy', '/approval-policy', { acts: [], hours: 12, reason: 'r' }],
  ])('of %s is changed only as it was read', async (read, changed, body) => {
    const etag = String((await ask('GET', read)).headers['etag']);
    expect(await ask('PUT', changed, body, { 'if-match': '"another"' })).toMatchObject({ status: 412 });
    expect(await ask('PUT', changed, body, { 'if-match': etag })).toMatchObject({ status: 200 });
    expect(await ask('PUT', changed, body, { 'if-match': etag })).toMatchObject({ status: 412 });
  });

  it('is read with an ETag, and not again where the caller has it', async () => {
    const { headers } = await ask('GET', '/pools/gpu');
    const again = await ask('GET', '/pools/gpu', undefined, { 'if-none-match': String(headers['etag']) });
    expect(again).toMatchObject({ status: 304, body: null });
  });

  it('is changed only as it was read', async () => {
    const before = String((await ask('GET', '/pools/gpu')).headers['etag']);
    const changed = await ask('PUT', '/pools/gpu', change, { 'if-match': before });
    expect(changed).toMatchObject({ status: 200, body: { soakMinutes: 7 } });
    const after = String(changed.headers['etag']);
    expect(after).not.toBe(before);
    expect((await ask('GET', '/pools/gpu')).headers['etag']).toBe(after);
    const late = await ask('PUT', '/pools/gpu', { soakMinutes: 9, reason: 'late' }, { 'if-match': before });
    expect(late).toMatchObject({ status: 412, body: { code: 'changed' } });
    const [gpu] = await served.base.mdb.select().from(pools).where(eq(pools.id, 'gpu'));
    expect(gpu).toMatchObject({ soakMinutes: 7 });
    expect(await ask('PUT', '/pools/gpu', { soakMinutes: 8, reason: 'no matter' })).toMatchObject({ status: 200 });
  });

  it('goes to one of many who change it at once', async () => {
    const etag = String((await ask('GET', '/pools/gpu')).headers['etag']);
    const statuses = await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        ask('PUT', '/pools/gpu', { soakMinutes: 20 + at, reason: 'race' }, { 'if-match': etag }),
      ),
    );
    expect(statuses.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(statuses.filter(({ status }) => status === 412)).toHaveLength(11);
  });

  it('is made only where there is none', async () => {
    const none = { 'if-none-match': '*' };
    const body = { match: {}, priority: 1, reason: 'new' };
    expect(await ask('PUT', '/profiles/big', body, none)).toMatchObject({ status: 200 });
    expect(await ask('PUT', '/profiles/big', body, none)).toMatchObject({ status: 412 });
    expect(await ask('PUT', '/profiles/none', body, { 'if-match': '*' })).toMatchObject({ status: 412 });
  });

  it.each([
    ['/brake', { perMinute: 9, reason: 'r' }],
    ['/image-system', { system: 'dominator', reason: 'r' }],
    [`/semaphores/${encodeURIComponent('reboot/pool=gpu')}`, { capacity: 2, reason: 'r' }],
    ['/permit-groups/reboot', { tags: ['pool'], reason: 'r' }],
  ])('of %s is guarded the same way', async (path, body) => {
    const etag = String((await ask('GET', path)).headers['etag']);
    expect(await ask('PUT', path, body, { 'if-match': etag })).toMatchObject({ status: 200 });
    expect(await ask('PUT', path, body, { 'if-match': etag })).toMatchObject({ status: 412 });
  });
});

describe('requests that may be repeated', () => {
  const machine = (n: number) => `m-${String(n).padStart(12, '0')}`;
  const free = async () => {
    await served.base.mdb.update(orders).set({ state: 'done' });
  };
  const key = (text: string) => ({ 'idempotency-key': text });

  it('have the same answer, and make one order', async () => {
    await free();
    const body = { machine: machine(1), passage: 'birth', reason: 'r' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('POST', '/orders', body, key('k1'))));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(new Set(answers.map(({ status }) => status)).size).toBe(1);
    await free();
    const late = await ask('POST', '/orders', body, key('k1'));
    expect(late.body).toEqual(answers[0]?.body);
    const made = await served.base.mdb.execute(sql`select id from orders where passage = 'birth'`);
    expect(made).toHaveLength(1);
  });

  it('are refused with another body', async () => {
    const body = { machine: machine(2), passage: 'birth', reason: 'r' };
    expect((await ask('POST', '/orders', body, key('k2'))).status).toBe(201);
    expect(await ask('POST', '/orders', { ...body, reason: 'another' }, key('k2'))).toMatchObject({
      status: 422,
      body: { code: 'key-reused' },
    });
    // Another person's key is another key.
    const bob = { ...key('k2'), 'x-farrier-operator': 'bob' };
    expect((await ask('POST', '/orders', { ...body, machine: machine(3) }, bob)).status).toBe(201);
  });

  it('give their key back where they are refused', async () => {
    const body = { machine: 'absent', passage: 'birth', reason: 'r' };
    expect((await ask('POST', '/orders', body, key('k3'))).status).toBe(404);
    expect((await ask('POST', '/orders', { ...body, machine: machine(4) }, key('k3'))).status).toBe(201);
    for (const bad of ['', ' ', 'a b', 'x'.repeat(256), 'é'])
      expect((await ask('POST', '/orders', body, key(bad))).status, bad).toBe(400);
  });

  it('may be about many machines', async () => {
    await free();
    const body = { selector: 'pool=gpu', passage: 'birth', reason: 'r' };
    const first = await ask('POST', '/orders/many', body, key('k4'));
    expect(first.body.outcomes).toHaveLength(10);
    await free();
    expect((await ask('POST', '/orders/many', body, key('k4'))).body).toEqual(first.body);
  });

  it('are the same orders where the first was never answered', async () => {
    await free();
    const body = { machine: machine(6), passage: 'birth', reason: 'r' };
    const first = await ask('POST', '/orders', body, key('k5'));
    await served.base.mdb.update(idempotencyKeys).set({ status: null, answer: null });
    const again = await ask('POST', '/orders', body, key('k5'));
    expect(again).toMatchObject({ status: 200, body: { created: false, order: { id: first.body.order.id } } });
  });

  it('are forgotten after a day', async () => {
    await served.base.mdb.execute(sql`update idempotency_keys set created_at = now() - interval '25 hours'`);
    await ask('POST', '/orders', { machine: machine(7), passage: 'birth', reason: 'r' }, key('k6'));
    expect(await served.base.mdb.select().from(idempotencyKeys)).toMatchObject([{ key: 'k6' }]);
  });
});

describe('callers', () => {
  it('are told to come later when they ask too often, and whoever watches is not', async () => {
    const few = await createPeopleApi({ ...served.options, requestsPerMinute: 5 });
    const statuses: number[] = [];
    for (let at = 0; at < 7; at++) statuses.push((await few.inject({ url: '/api/v1/racks' })).statusCode);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    const { headers, ...refused } = await few.inject({ url: '/api/v1/nothing' });
    expect(refused.json()).toMatchObject({ code: 'too-many', status: 429 });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect((await few.inject({ url: '/healthz' })).statusCode).toBe(200);
    await few.close();
  });

  it('are told when to come again, by account from wherever they ask', async () => {
    const few = await createPeopleApi({ ...served.options, requestsPerMinute: 6, trustsLoopback: false });
    const authorization = `Bearer ${await makeToken(served.base.mdb, 'often', everywhere('viewer'))}`;
    const from = (at: number) =>
      few.inject({ url: '/api/v1/racks', headers: { authorization }, remoteAddress: `10.0.0.${at}` });
    const answers = [];
    for (let at = 1; at <= 7; at++) answers.push(await from(at));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200, 200, 429]);
    // Six a minute are one each ten seconds.
    const wait = Number(answers.at(-1)?.headers['retry-after']);
    expect(wait).toBeGreaterThan(5);
    expect(wait).toBeLessThan(11);
    await few.close();
  });

  it('learn whether the API is ready', async () => {
    expect((await served.app.inject({ url: '/readyz' })).json()).toEqual({ ok: true, waitsFor: [] });
    const execute = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
    const away = await createPeopleApi({ ...served.options, mdb: { execute } as never });
    const answer = await away.inject({ url: '/readyz' });
    expect(answer).toMatchObject({ statusCode: 503 });
    expect(answer.json()).toEqual({ ok: false, waitsFor: ['the MDB does not answer'] });
    await away.close();
  });

  it('leave one row of the audit where what they wanted had changed', async () => {
    const rows = await served.base.mdb.select().from(audit);
    const refused = rows.filter(({ action }) => action === 'request.refused');
    expect(refused.find(({ detail }) => (detail as { status: number }).status === 412)).toMatchObject({
      actor: 'local',
    });
  });
});
