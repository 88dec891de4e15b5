import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq, inArray, sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { audit, brakes, machines, orders, outbox, permits, plans, pools, tags } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let base: ThrowawayMdb;
let app: Awaited<ReturnType<typeof createPeopleApi>>;
let folder: string;
const ids = ['m-01', 'm-02', 'm-03', 'm-04'];

beforeAll(async () => {
  base = await throwawayMdb();
  folder = await mkdtemp(join(tmpdir(), 'farrier-orders-'));
  const authority = await openAuthority(join(folder, 'authority'));
  const log = pino({ level: 'silent' });
  app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log });
  await writeSite(base.mdb);
  await base.mdb.insert(machines).values(
    ids.map((id, index) => ({
      id,
      siteId: 'home',
      mac: `52:54:00:00:03:0${index + 1}`,
      rackId: index < 2 ? 'A01' : 'A02',
      unit: index + 1,
      stage: 'in_service' as const,
      opState: 'production' as const,
      inServiceAt: new Date(),
    })),
  );
  await base.mdb.insert(tags).values({ machineId: 'm-04', key: 'legacy', value: 'yes' });
});
afterAll(async () => {
  await app?.close();
  await base?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await base.mdb
    .update(orders)
    .set({ state: 'done', endedAt: new Date() })
    .where(inArray(orders.state, ['waiting', 'running']));
});

async function ask(method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) {
  const headers = { host: '127.0.0.1', 'x-farrier-operator': 'ann' };
  const response = await app.inject({ method, url: `/api/v1${url}`, headers, ...(payload && { payload }) });
  return { status: response.statusCode, body: response.json() };
}
const place = (spec: object) =>
  ask('POST', '/orders', { machine: 'm-01', passage: 'reboot', reason: 'a test', ...spec });
const many = (spec: object) => ask('POST', '/orders/many', { passage: 'drain', reason: 'a test', ...spec });
const messages = (orderId: string) =>
  base.mdb
    .select()
    .from(outbox)
    .where(sql`key like ${`%${orderId}%`}`)
    .orderBy(outbox.id);
const count = () => base.mdb.$count(orders);
const soon = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

describe('an order', () => {
  it('keeps who, why, when, how urgent and what was asked, with its defaults', async () => {
    const notBefore = soon(1);
    const deadline = soon(2);
    const request = { powerBy: soon(24), semaphores: { reboot: 'rack' } };
    const placed = await place({ id: 'r-1', class: 'emergency', notBefore, deadline, request });
    expect(placed).toMatchObject({
      status: 201,
      body: {
        created: true,
        order: {
          requester: 'ann',
          class: 'emergency',
          notBefore,
          deadline,
          dryRun: false,
          request: { flow: 'orchestrated', drain: true, policy: 'asap', postRebootState: 'production', ...request },
        },
      },
    });
    expect(await messages('r-1')).toMatchObject([
      { kind: 'order', payload: { id: 'r-1', passage: 'reboot', class: 'emergency', notBefore, deadline } },
    ]);
    expect(await place({ id: 'r-1', request })).toMatchObject({ status: 200, body: { created: false } });
    expect(await place({ id: 'r-1', machine: 'm-02' })).toMatchObject({
      status: 409,
      body: { error: { field: 'id' } },
    });
    expect((await base.mdb.select().from(audit).where(eq(audit.orderId, 'r-1'))).map(({ action }) => action)).toEqual([
      'order.reboot',
    ]);
  });

  it('waits beside others of its machine, but not beside its twin', async () => {
    expect((await place({})).status).toBe(201);
    expect(await place({})).toMatchObject({
      status: 409,
      body: { error: { message: expect.stringMatching(/^m-01 has order reboot-01-.* already, which is waiting$/) } },
    });
    expect((await place({ notBefore: soon(24) })).status).toBe(201);
    expect((await place({ passage: 'undrain' })).status).toBe(201);
    expect(await place({ passage: 'birth', request: {} })).toMatchObject({
      status: 409,
      body: { error: { field: 'wipe' } },
    });
    expect((await place({ passage: 'birth', wipe: true })).status).toBe(201);
    expect((await place({ passage: 'birth', wipe: true, notBefore: soon(1) })).status).toBe(409);
  });

  const bad: [string, object, string, RegExp][] = [
    ['an unknown field', { request: { fast: true } }, 'request', /fast/],
    ['an unknown state', { request: { postRebootState: 'hard_reboot' } }, 'request.postRebootState', /expected one of/],
    ['a date in the past', { request: { powerBy: '2020-01-01T00:00:00Z' } }, 'request.powerBy', /is in the past/],
    ['a date without a zone', { request: { powerBy: '2030-01-01T00:00:00' } }, 'request.powerBy', /is not a time/],
    ['a policy without its date', { request: { policy: 'date' } }, 'request.powerBy', /needs one/],
    ['a tag that is none', { request: { semaphores: { reboot: 'a/b' } } }, 'request.semaphores.reboot', /tag/],
    ['a beginning in the past', { notBefore: '2020-01-01T00:00:00Z' }, 'notBefore', /is in the past/],
    ['a deadline in the past', { deadline: '2020-01-01T00:00:00Z' }, 'deadline', /is in the past/],
    ['a deadline before the beginning', { notBefore: soon(2), deadline: soon(1) }, 'deadline', /before/],
    ['a class that is none', { class: 'urgent' }, 'class', /class/],
    ['a plan that is none', { plan: 'x' }, 'plan', /is not the hash of a plan/],
    ['a passage that is none', { passage: 'explode' }, 'passage', /can be ordered/],
    ['a wipe of what wipes nothing', { wipe: true }, 'wipe', /wipes nothing/],
    ['no reason', { reason: '' }, 'reason', /is empty/],
  ];
  it.each(bad)('with %s is refused, and nothing happens', async (_, spec, field, sentence) => {
    const before = await count();
    const { status, body } = await place(spec);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: 'invalid', field, message: expect.stringMatching(sentence) });
    expect(await count()).toBe(before);
  });

  it('that waits ends when it is cancelled, and its machine drops it', async () => {
    await place({ id: 'c-1', notBefore: soon(1) });
    expect((await ask('POST', '/orders/c-1/cancel', { reason: 'not now' })).status).toBe(202);
    expect((await ask('GET', '/orders/c-1')).body.order).toMatchObject({
      state: 'cancelled',
      outcome: 'cancelled by ann: not now',
    });
    expect((await messages('c-1')).at(-1)).toMatchObject({
      kind: 'cancel',
      orderId: null,
      payload: { orderId: 'c-1' },
    });
    expect((await ask('POST', '/orders/c-1/cancel', { reason: 'again' })).status).toBe(409);
  });

  it('that runs is told to stop, to pause, to go on, and to leave the rest to a person', async () => {
    await place({ id: 'p-1' });
    expect(await ask('POST', '/orders/p-1/take-over', { reason: 'mine' })).toMatchObject({
      status: 409,
      body: { error: { message: 'order p-1 has not begun; there is nothing to take over' } },
    });
    await base.mdb.update(orders).set({ state: 'running' }).where(eq(orders.id, 'p-1'));
    for (const [path, shown] of [
      ['pause', { pausedBy: 'ann', takenOverBy: null }],
      ['take-over', { pausedBy: 'ann', takenOverBy: 'ann' }],
      ['resume', { pausedBy: null, takenOverBy: null }],
    ] as const) {
      expect((await ask('POST', `/orders/p-1/${path}`, { reason: 'a test' })).status).toBe(202);
      expect((await ask('GET', '/orders/p-1')).body.order).toMatchObject(shown);
    }
    await ask('POST', '/orders/p-1/cancel', { reason: 'a test' });
    expect((await messages('p-1')).map(({ kind, orderId }) => [kind, orderId])).toEqual([
      ['order', 'p-1'],
      ['pause', null],
      ['takeover', null],
      ['resume', null],
      ['cancel', 'p-1'],
    ]);
    // What a resume contradicts must not arrive after it.
    expect((await messages('p-1')).map(({ kind, dropped }) => [kind, dropped !== null])).toEqual([
      ['order', false],
      ['pause', true],
      ['takeover', true],
      ['resume', false],
      ['cancel', false],
    ]);
    expect((await ask('POST', '/orders/none/pause', { reason: 'x' })).status).toBe(404);
  });

  it('shows in the standing of its machine what runs, and why the rest waits', async () => {
    const status = async () => (await ask('GET', '/machines/m-01')).body.status;
    await place({ id: 'w-1' });
    expect((await status()).blockedOn).toBe('its workflow, which has not taken the order yet');
    await base.mdb.update(orders).set({ state: 'running' }).where(eq(orders.id, 'w-1'));
    const notBefore = soon(1);
    await place({ id: 'w-2', notBefore });
    expect((await status()).why).toBe('reboot w-1: a test');
    await ask('POST', '/orders/w-1/pause', { reason: 'lunch' });
    expect((await status()).blockedOn).toBe('ann, who paused it (farrier order resume w-1)');
    await ask('POST', '/orders/w-1/resume', { reason: 'back' });
    const wait = { semaphore: 'semaphore/reboot/rack=A01', class: 'maintenance' as const };
    await base.mdb.insert(permits).values([
      { ...wait, id: 'permit-1', machineId: 'm-02', requestedAt: new Date(Date.now() - 60_000) },
      { ...wait, id: 'permit-2', machineId: 'm-01' },
    ]);
    expect(await status()).toMatchObject({
      next: 'rebooted, and in production again unless it was sent elsewhere',
      blockedOn: 'a permit of semaphore/reboot/rack=A01, 1 in line before it',
    });
    await base.mdb.delete(permits);
    await base.mdb.update(orders).set({ state: 'done' }).where(eq(orders.id, 'w-1'));
    expect(await status()).toMatchObject({
      why: 'reboot w-2: a test',
      blockedOn: `its time: not before ${notBefore}`,
    });
  });

  it('to stop a drain stops the drain that runs, instead of waiting behind it', async () => {
    await place({ id: 'd-1', passage: 'drain' });
    await base.mdb.update(orders).set({ state: 'running' }).where(eq(orders.id, 'd-1'));
    await place({ id: 'd-2', passage: 'reboot' });
    expect((await place({ id: 'u-1', passage: 'undrain' })).status).toBe(201);
    expect((await messages('d-1')).at(-1)).toMatchObject({ kind: 'cancel', orderId: 'd-1' });
    expect((await ask('GET', '/orders/d-2')).body.order).toMatchObject({
      state: 'cancelled',
      outcome: 'cancelled by ann: u-1: a test',
    });
  });

  it('shows the plan that its rehearsal made', async () => {
    await place({ id: 'plan-1', dryRun: true });
    const lines = [{ step: 'reboot', does: 'restart', command: { ResetType: 'ForceRestart' } }];
    await base.mdb.insert(plans).values({ orderId: 'plan-1', hash: 'a'.repeat(64), lines });
    expect((await ask('GET', '/orders/plan-1')).body).toMatchObject({
      order: { dryRun: true },
      plan: { hash: 'a'.repeat(64), lines },
    });
    await place({ id: 'plan-2', machine: 'm-02', plan: 'a'.repeat(64) });
    expect(await base.mdb.select().from(orders).where(eq(orders.id, 'plan-2'))).toMatchObject([
      { reviewed: 'a'.repeat(64) },
    ]);
  });
});

describe('orders of many machines', () => {
  it('are one each, under ids that follow from theirs', async () => {
    const spec = { id: 'sweep', selector: 'rack in (A01,A02),!legacy' };
    const first = await many(spec);
    expect(first).toMatchObject({
      status: 200,
      body: {
        outcomes: ['01', '02', '03'].map((id) => ({
          machineId: `m-${id}`,
          orderId: `sweep-${id}`,
          created: true,
          refused: null,
        })),
      },
    });
    expect((await many(spec)).body.outcomes.map(({ created }: { created: boolean }) => created)).toEqual([
      false,
      false,
      false,
    ]);
    // What one is refused doesn't stop the others.
    expect((await many({ selector: 'rack=A02' })).body.outcomes).toMatchObject([
      { machineId: 'm-03', refused: expect.stringContaining('has order sweep-03 already') },
      { machineId: 'm-04', refused: null, created: true },
    ]);
  });

  it.each([
    ['', undefined, 400, 'selector', 'the selector is empty'],
    ['rack in (', undefined, 400, 'selector', 'character 10'],
    ['rack=Z9', undefined, 404, 'selector', 'no machine matches rack=Z9'],
    ['all', undefined, 409, 'count', 'all is 4 machines: give their number as "count"'],
    ['all', 3, 409, 'count', 'all is 4 machines, not 3; nothing was ordered'],
    ['rack=A01', 1, 409, 'count', 'rack=A01 is 2 machines, not 1'],
  ])('by %j with count %j are refused, and nothing happens', async (selector, typed, status, field, sentence) => {
    const before = await count();
    const answer = await many({ selector, ...(typed !== undefined && { count: typed }) });
    expect(answer).toMatchObject({ status, body: { error: { field, message: expect.stringContaining(sentence) } } });
    expect(await count()).toBe(before);
  });

  it('of all are placed when their number was typed', async () => {
    expect((await many({ selector: 'all', count: 4 })).body.outcomes).toHaveLength(4);
    expect((await ask('GET', '/machines?selector=legacy')).body.machines).toMatchObject([{ id: 'm-04' }]);
    expect((await ask('GET', '/machines?selector=%20')).body.error).toMatchObject({ field: 'selector' });
  });
});

describe("BrainSlug's payload", () => {
  const message = {
    state: 'draining',
    payload: { power: { policy: 'asap', concurrency: { strategy: 'groupsemaphore', options: 'tag:rack' } } },
  };

  it('is an order for one machine or a selector', async () => {
    const one = await ask('POST', '/orders/brainslug', { id: 'bs', machine: 'm-01', message });
    expect(one).toMatchObject({ status: 200, body: { outcomes: [{ orderId: 'bs-01', created: true }] } });
    expect((await ask('GET', '/orders/bs-01')).body.order).toMatchObject({
      passage: 'reboot',
      reason: 'ann asked for it by a BrainSlug payload',
      request: { policy: 'asap', semaphores: { reboot: 'rack' } },
    });
    const some = await ask('POST', '/orders/brainslug', {
      selector: 'rack=A02',
      message: { state: 'draining', payload: '{}' },
    });
    expect(some.body.outcomes).toMatchObject([
      { machineId: 'm-03', created: true },
      { machineId: 'm-04', created: true },
    ]);
  });

  it.each([
    ['an unknown state', { machine: 'm-01', message: { state: 'dead' } }, 'state is "dead"'],
    [
      'a date in the past',
      { machine: 'm-01', message: { state: 'draining', payload: { power: { targetDate: 1000 } } } },
      'in the past',
    ],
    ['neither machine nor selector', { message }, 'either a machine or a selector'],
    ['both', { message, machine: 'm-01', selector: 'all' }, 'either a machine or a selector'],
  ])('with %s is refused, and nothing happens', async (_, body, sentence) => {
    const before = await count();
    const answer = await ask('POST', '/orders/brainslug', body);
    expect(answer).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining(sentence) } } });
    expect(await count()).toBe(before);
  });
});

describe('the guards', () => {
  it('show and set what each group must keep', async () => {
    const set = await ask('PUT', '/capacity', { scope: 'rack', min: 50, reason: 'a test' });
    expect(set.body.groups).toMatchObject([
      { scope: 'rack', name: 'A01', total: 2, have: 2, need: 1, rule: { name: '*', min: 50, unit: 'percent' } },
      { scope: 'rack', name: 'A02', need: 1 },
    ]);
    await ask('PUT', '/capacity', { scope: 'rack', name: 'A02', min: 2, unit: 'count', reason: 'a test' });
    await ask('PUT', '/capacity', { scope: 'rack', min: null, reason: 'a test' });
    const { groups } = (await ask('GET', '/capacity')).body;
    expect(groups.filter(({ rule }: { rule: object | null }) => rule)).toMatchObject([{ name: 'A02', need: 2 }]);
    for (const wrong of [{ min: 101 }, { min: -1 }, { scope: 'fleet', name: 'x', min: 1 }, { scope: 'rwo', min: 1 }])
      expect((await ask('PUT', '/capacity', { scope: 'rack', reason: 'a test', ...wrong })).status).toBe(400);
  });

  it('engage and release the brake, and say who', async () => {
    expect((await ask('GET', '/brake')).body).toMatchObject({ engaged: false, perMinute: 30, share: 50 });
    expect((await ask('POST', '/brake/engage', { reason: 'heat', minutes: 5 })).body).toMatchObject({
      engaged: true,
      by: 'ann',
      reason: 'heat',
    });
    expect((await ask('POST', '/brake/release', { reason: 'cool', overrideMinutes: 10 })).body).toMatchObject({
      engaged: false,
      overrideBy: 'ann',
    });
    expect((await ask('PUT', '/brake', { reason: 'a test', perMinute: 7 })).body).toMatchObject({
      perMinute: 7,
      share: 50,
    });
    expect((await ask('PUT', '/brake', { reason: 'a test' })).status).toBe(400);
    await base.mdb
      .update(brakes)
      .set({ engagedAt: new Date(), coolUntil: new Date(Date.now() - 1), overrideUntil: null });
    expect((await ask('GET', '/brake')).body).toMatchObject({ engaged: false, until: null });
    const actions = (await base.mdb.select().from(audit).where(sql`action like 'brake.%'`)).map(({ action }) => action);
    expect(actions).toEqual(['brake.engaged', 'brake.released', 'brake.overridden', 'brake.set']);
  });

  it("set a pool's policy piece by piece; a pool without one has the standard", async () => {
    expect((await ask('GET', '/pools')).body.pools).toMatchObject([
      { id: 'general', machines: 4, written: false, drain: 'none', onDrainTimeout: 'ask' },
    ]);
    const set = await ask('PUT', '/pools/batch', {
      drain: 'slurm',
      drainSettings: { url: 'http://127.0.0.1:6820' },
      reason: 'a test',
      new: true,
    });
    expect(set).toMatchObject({
      status: 200,
      body: { id: 'batch', drain: 'slurm', drainTimeout: 604_800, written: true },
    });
    expect((await ask('PUT', '/pools/batch', { onDrainTimeout: 'kill', reason: 'a test' })).body).toMatchObject({
      drain: 'slurm',
      onDrainTimeout: 'kill',
    });
    for (const wrong of [{ drain: 'magic' }, { drainTimeout: -1 }, { erase: 'hope' }, {}, { minHealthy: 1 }])
      expect((await ask('PUT', '/pools/batch', { reason: 'a test', ...wrong })).status).toBe(400);
    expect((await ask('PUT', '/pools/a%20b', { soakMinutes: 1, reason: 'a test' })).status).toBe(400);
    // The standard policy is what the columns' defaults are.
    await base.mdb.insert(pools).values({ id: 'plain' });
    const { pools: listed } = (await ask('GET', '/pools')).body;
    const { id: _, machines: __, written: ___, ...plain } = listed.find(({ id }: { id: string }) => id === 'plain');
    expect(listed.find(({ id }: { id: string }) => id === 'general')).toMatchObject(plain);
  });
});
