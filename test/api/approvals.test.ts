/** Four eyes: what is asked waits for another person, who sees the plan that runs. */
import { and, eq } from 'drizzle-orm';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Grant } from '../../domain/grants.ts';
import {
  approvals,
  audit,
  bmcs,
  disks,
  humanSteps,
  machines,
  orders,
  plans,
  policyVersions,
  tickets,
} from '../../mdb/schema.ts';
import { everywhere, inPool, makeToken } from './accounts.ts';
import { servePeople } from './serving.ts';

let served: Awaited<ReturnType<typeof servePeople>>;
const tokens = new Map<string, string>();

async function ask(who: string | null, method: 'GET' | 'POST' | 'PUT', url: string, payload?: object, headers = {}) {
  const authorization = who === null ? {} : { authorization: `Bearer ${tokens.get(who)}` };
  return served.ask(method, url, payload, { ...authorization, ...headers });
}

const give = async (name: string, grants: readonly Grant[]) =>
  tokens.set(name, await makeToken(served.base.mdb, name, grants));

const all = ['wipe', 'all', 'brake', 'capacity', 'identity'];

beforeAll(async () => {
  served = await servePeople();
  const { mdb } = served.base;
  for (const name of ['ann', 'bob']) await give(name, everywhere('admin'));
  await give('op', everywhere('operator'));
  await give('eve', inPool('admin', 'other'));
  await give('vera', everywhere('viewer'));
  for (const [index, pool] of ['web', 'web', 'other'].entries()) {
    const id = `m-${index + 1}`;
    await mdb.insert(machines).values({
      ...{ id, siteId: 'home', mac: `52:54:00:00:09:0${index}`, hostname: `h${index + 1}`, pool, rackId: 'A01' },
      ...{ unit: index + 1, stage: 'in_service', opState: 'production', inServiceAt: new Date() },
    });
    const disk = { machineId: id, serial: `disk-${index}`, name: 'sda', bytes: 480e9, rotational: false };
    await mdb.insert(disks).values({ ...disk, content: 'farrier', present: true });
  }
  expect((await ask('ann', 'PUT', '/approval-policy', { acts: all, reason: 'from today on' })).status).toBe(200);
});
afterAll(() => served?.close());
beforeEach(async () => {
  const { mdb } = served.base;
  await mdb
    .update(approvals)
    .set({ state: 'lapsed', decidedAt: new Date(), decidedBy: 'test' })
    .where(eq(approvals.state, 'waiting'));
  await mdb.update(orders).set({ state: 'cancelled' });
});

/** Asks, and gives the id of what waits then. */
async function mustWait(who: string | null, method: 'POST' | 'PUT', url: string, body: object): Promise<string> {
  const answer = await ask(who, method, url, body);
  expect(answer.body).toMatchObject({ approval: { id: expect.any(String) } });
  expect(answer.status).toBe(202);
  expect(answer.headers['farrier-approval']).toBe(answer.body.approval.id);
  return answer.body.approval.id;
}

const show = async (who: string, id: string) => (await ask(who, 'GET', `/approvals/${id}`)).body;
const hashOf = async (who: string, id: string) => (await show(who, id)).plan.hash as string;
const approve = async (who: string | null, id: string, plan?: string) =>
  ask(who, 'POST', `/approvals/${id}/approve`, { plan: plan ?? (await hashOf(who ?? 'bob', id)) });

/** As the workflow of its dry run would. */
async function foresee(id: string, hash = 'ab'.repeat(32)): Promise<void> {
  const { mdb } = served.base;
  const lines = [{ step: 'rack', does: 'boot the bootstrap image' }];
  await mdb.insert(plans).values({ orderId: `${id}-dry`, hash, lines });
  await mdb
    .update(orders)
    .set({ state: 'done' })
    .where(eq(orders.id, `${id}-dry`));
}
const rowsOf = async (action: string) => served.base.mdb.select().from(audit).where(eq(audit.action, action));

const birth = { machine: 'h1', passage: 'birth', wipe: true, reason: 'anew' };
const rebirth = { machine: 'h1', passage: 'rebirth', reason: 'anew' };

describe('what wipes a machine in service', () => {
  it('waits, is shown with what is lost, and is done once another person has approved', async () => {
    const id = await mustWait('ann', 'POST', '/orders', birth);
    expect(await served.base.mdb.select().from(orders).where(eq(orders.passage, 'birth'))).toEqual([]);
    const seen = await show('bob', id);
    expect(seen).toMatchObject({ approval: { state: 'waiting', askedBy: 'token:ann', acts: ['wipe'] }, refused: null });
    expect(seen.plan.lines.map(({ does }: { does: string }) => does)).toEqual([
      'birth: m-1 (h1) in rack A01, unit 1, pool web, is in_service, production',
      'lose what is on sda, serial disk-0, 480 GB',
    ]);
    const done = await approve('bob', id);
    expect(done).toMatchObject({ status: 200, body: { done: [{ approval: { id, state: 'approved' } }] } });
    const { order } = done.body.done[0].outcome;
    const [row] = await served.base.mdb.select().from(orders).where(eq(orders.id, order.id));
    expect(row).toMatchObject({ passage: 'birth', requester: 'token:ann', deadline: expect.any(Date) });
    const [placed] = await served.base.mdb
      .select()
      .from(audit)
      .where(and(eq(audit.action, 'order.birth'), eq(audit.orderId, order.id)));
    expect(placed).toMatchObject({ actor: 'token:ann', detail: { approvedBy: 'token:bob' } });
    expect((await rowsOf('approval.approve')).at(-1)).toMatchObject({ actor: 'token:bob', machineId: 'm-1' });
    expect(await approve('bob', id, seen.plan.hash)).toMatchObject({ status: 409 });
  });

  it('is asked once, however often, and needs no one where it was ordered before', async () => {
    const id = await mustWait('ann', 'POST', '/orders', { ...birth, id: 'b-1' });
    expect(await mustWait('ann', 'POST', '/orders', { ...birth, id: 'b-1' })).toBe(id);
    await approve('bob', id);
    expect(await ask('ann', 'POST', '/orders', { ...birth, id: 'b-1' })).toMatchObject({
      status: 200,
      body: { created: false },
    });
    const keyed = { 'idempotency-key': 'k1' };
    const first = await ask('ann', 'POST', '/orders', { ...rebirth, machine: 'h2' }, keyed);
    const again = await ask('ann', 'POST', '/orders', { ...rebirth, machine: 'h2' }, keyed);
    expect([again.status, again.body]).toEqual([202, first.body]);
  });

  it('runs by the plan of its dry run, and not before there is one', async () => {
    const id = await mustWait('ann', 'POST', '/orders', rebirth);
    const [dry] = await served.base.mdb
      .select()
      .from(orders)
      .where(eq(orders.id, `${id}-dry`));
    expect(dry).toMatchObject({ dryRun: true, passage: 'rebirth', requester: 'token:ann' });
    expect((await show('bob', id)).plan).toMatchObject({ hash: null, missing: `the dry run ${id}-dry is waiting` });
    expect(await approve('bob', id, 'f'.repeat(64))).toMatchObject({ status: 409 });
    await foresee(id);
    expect((await show('bob', id)).plan.lines.at(-1).does).toBe('boot the bootstrap image');
    expect((await approve('bob', id)).status).toBe(200);
    const [order] = await served.base.mdb
      .select()
      .from(orders)
      .where(and(eq(orders.passage, 'rebirth'), eq(orders.dryRun, false)));
    expect(order).toMatchObject({ reviewed: 'ab'.repeat(32) });
  });

  it('lapses where its dry run makes no plan', async () => {
    const id = await mustWait('ann', 'POST', '/orders', rebirth);
    await served.base.mdb
      .update(orders)
      .set({ state: 'failed', outcome: 'no controller' })
      .where(eq(orders.id, `${id}-dry`));
    const refused = await approve('bob', id, 'f'.repeat(64));
    expect(refused).toMatchObject({ status: 409, body: { detail: expect.stringContaining('no controller') } });
    expect((await show('bob', id)).approval).toMatchObject({ state: 'lapsed' });
  });

  it('lapses when the machine stands otherwise than it was seen', async () => {
    const { mdb } = served.base;
    const id = await mustWait('ann', 'POST', '/orders', birth);
    const hash = await hashOf('bob', id);
    await mdb.update(disks).set({ serial: 'another' }).where(eq(disks.machineId, 'm-1'));
    expect(await approve('bob', id, hash)).toMatchObject({ status: 409 });
    expect((await show('bob', id)).approval).toMatchObject({ state: 'lapsed', decidedBy: 'token:bob' });
    expect(
      await mdb
        .select()
        .from(orders)
        .where(and(eq(orders.passage, 'birth'), eq(orders.state, 'waiting'))),
    ).toEqual([]);
    await mdb.update(disks).set({ serial: 'disk-0' }).where(eq(disks.machineId, 'm-1'));
  });

  it('lapses when who asked may not ask any more', async () => {
    await give('gone', everywhere('operator'));
    const id = await mustWait('gone', 'POST', '/orders', birth);
    await served.app.inject({ method: 'DELETE', url: '/api/v1/tokens/gone?reason=left' } as InjectOptions);
    expect(await approve('bob', id)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('may not ask any more') },
    });
  });

  it('is refused at once where it would be anyway, and is no one’s business as a dry run or elsewhere', async () => {
    expect((await ask('ann', 'POST', '/orders', { ...birth, machine: 'nowhere' })).status).toBe(404);
    expect((await ask('ann', 'POST', '/orders', { ...birth, wipe: false })).status).toBe(409);
    expect((await ask('ann', 'POST', '/orders', { ...rebirth, dryRun: true })).status).toBe(201);
    expect((await ask('ann', 'POST', '/orders', { ...rebirth, passage: 'undrain' })).status).toBe(201);
  });

  it('of one machine is approved and done together, or looked at again', async () => {
    await served.base.mdb.insert(bmcs).values({ machineId: 'm-2', origin: 'https://10.0.9.2', secretRef: 's' });
    const id = await mustWait('ann', 'POST', '/orders', { ...birth, machine: 'h2' });
    const alone = await hashOf('bob', id);
    const other = await mustWait('op', 'POST', '/machines/h2/controller/vouch', { reason: 'its label' });
    expect(await approve('bob', id, alone)).toMatchObject({ status: 409, body: { field: 'plan' } });
    expect((await show('bob', id)).together).toMatchObject([{ approval: { id: other } }]);
    const { body } = await approve('bob', id);
    expect(body.done.map((one: { approval: { id: string } }) => one.approval.id)).toEqual([id, other]);
    expect((await rowsOf('bmc.vouch')).at(-1)).toMatchObject({
      actor: 'token:op',
      detail: { approvedBy: 'token:bob' },
    });
  });
});

describe('who approves', () => {
  it.each([
    ['who asked', 'ann', 403],
    ['who only reads', 'vera', 403],
    ['who does not see it', 'eve', 404],
  ])('is not %s', async (_who, name, status) => {
    const id = await mustWait('ann', 'POST', '/orders', birth);
    const hash = await hashOf('bob', id);
    expect(await approve(name, id, hash)).toMatchObject({ status });
    expect((await rowsOf('request.refused')).at(-1)?.detail).toMatchObject({ request: 'POST /approvals/:id/approve' });
    expect((await show('bob', id)).approval.state).toBe('waiting');
  });

  it('is not another token of who asked, nor one that they made for somebody', async () => {
    const id = await mustWait('ann', 'POST', '/orders', birth);
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    for (const [name, person] of [
      ['spare', undefined],
      ['puppet', 'paul'],
    ] as const) {
      const made = await ask('ann', 'POST', '/tokens', {
        name,
        grants: everywhere('admin'),
        expiresAt,
        ...(person && { person }),
      });
      tokens.set(name, made.body.token);
      expect(await approve(name, id)).toMatchObject({ status: 403 });
    }
  });

  it('has signed in, whatever name is given on the machine of the API', async () => {
    const id = await mustWait('ann', 'POST', '/orders', birth);
    const answer = await ask(
      null,
      'POST',
      `/approvals/${id}/approve`,
      { plan: await hashOf('bob', id) },
      { 'x-farrier-operator': 'bob' },
    );
    expect(answer).toMatchObject({ status: 403, body: { detail: expect.stringContaining('signs in') } });
  });

  it('approves of the plan that is named, and of nothing else', async () => {
    const id = await mustWait('ann', 'POST', '/orders', birth);
    expect(await approve('bob', id, '0'.repeat(64))).toMatchObject({ status: 409 });
    expect(await ask('bob', 'POST', `/approvals/${id}/approve`, { plan: 'x' })).toMatchObject({ status: 400 });
    expect(await approve('bob', 'ap-none', '0'.repeat(64))).toMatchObject({ status: 404 });
  });

  it('is one of two who come at once', async () => {
    await give('carl', everywhere('operator'));
    const id = await mustWait('ann', 'POST', '/orders', birth);
    const hash = await hashOf('bob', id);
    const both = await Promise.all([approve('bob', id, hash), approve('carl', id, hash)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('may say no with a reason, and who asked may take it back', async () => {
    const id = await mustWait('ann', 'POST', '/orders', birth);
    expect(await ask('ann', 'POST', `/approvals/${id}/refuse`, { reason: 'r' })).toMatchObject({ status: 403 });
    expect(await ask('bob', 'POST', `/approvals/${id}/withdraw`, { reason: 'r' })).toMatchObject({ status: 409 });
    expect(await ask('bob', 'POST', `/approvals/${id}/refuse`, { reason: 'not today' })).toMatchObject({ status: 200 });
    expect((await show('ann', id)).approval).toMatchObject({
      state: 'refused',
      why: 'not today',
      decidedBy: 'token:bob',
    });
    const own = await mustWait('ann', 'POST', '/orders', birth);
    expect(await ask('ann', 'POST', `/approvals/${own}/withdraw`, { reason: 'a slip' })).toMatchObject({ status: 200 });
    expect(await approve('bob', own, '0'.repeat(64))).toMatchObject({ status: 409 });
  });

  it('comes in time', async () => {
    const id = await mustWait('ann', 'POST', '/orders', birth);
    const hash = await hashOf('bob', id);
    await served.base.mdb
      .update(approvals)
      .set({ expiresAt: new Date(Date.now() - 1000) })
      .where(eq(approvals.id, id));
    expect((await show('bob', id)).approval.state).toBe('lapsed');
    expect(await approve('bob', id, hash)).toMatchObject({ status: 409 });
    const { body } = await ask('bob', 'GET', '/approvals?state=waiting');
    expect(body).toMatchObject({ total: 0, approvals: [] });
  });
});

describe('what else takes a second person', () => {
  it('is what is done to every machine', async () => {
    const id = await mustWait('ann', 'POST', '/orders/many', {
      selector: 'all',
      count: 3,
      passage: 'drain',
      reason: 'r',
    });
    expect((await show('bob', id)).plan.lines).toHaveLength(3);
    const { body } = await approve('bob', id);
    expect(body.done[0].outcome.outcomes).toHaveLength(3);
    await mustWait('ann', 'POST', '/tags', { selector: 'rack!=A09', count: 3, set: { a: 'b' }, reason: 'r' });
    expect(
      (await ask('ann', 'POST', '/orders/many', { selector: 'all', count: 4, passage: 'drain', reason: 'r' })).status,
    ).toBe(409);
  });

  it('is a campaign over all, by the plan that it has, and another one not', async () => {
    const plan = async (name: string, selector: string) =>
      (
        await ask('ann', 'POST', '/campaigns', {
          id: name,
          selector,
          passage: 'reboot',
          reason: 'r',
          ...(selector === 'all' && { count: 3 }),
        })
      ).body.campaign.hash as string;
    const start = { plan: await plan('c-all', 'all'), reason: 'go' };
    const id = await mustWait('ann', 'POST', '/campaigns/c-all/start', start);
    expect((await show('bob', id)).plan.lines[0].does).toContain(start.plan);
    expect((await approve('bob', id)).status).toBe(200);
    expect((await ask('ann', 'GET', '/campaigns/c-all')).body.campaign).toMatchObject({ state: 'running' });
    const some = { plan: await plan('c-some', 'pool=web'), reason: 'go' };
    expect((await ask('ann', 'POST', '/campaigns/c-some/start', some)).body).toEqual({ accepted: true });
  });

  it('is a weaker guard, and a stronger one not', async () => {
    const rack = (min: number | null) => ({ scope: 'rack', name: 'A01', min, reason: 'r' });
    expect((await ask('ann', 'PUT', '/capacity', rack(50))).status).toBe(200);
    expect((await ask('ann', 'PUT', '/capacity', rack(60))).status).toBe(200);
    const id = await mustWait('ann', 'PUT', '/capacity', rack(null));
    expect((await show('bob', id)).plan.lines[0].does).toBe('rack A01 must keep nothing instead of 60 %');
    expect((await ask('ann', 'PUT', '/capacity', rack(70))).status).toBe(200);
    // It says what holds now, which was another minimum when it was asked.
    expect(await approve('bob', id)).toMatchObject({ status: 409 });
    const lower = await mustWait('ann', 'PUT', '/capacity', rack(10));
    expect((await approve('bob', lower)).status).toBe(200);
    const [version] = await served.base.mdb
      .select()
      .from(policyVersions)
      .where(and(eq(policyVersions.kind, 'capacity'), eq(policyVersions.approvedBy, 'token:bob')));
    expect(version).toMatchObject({ subject: 'rack/A01', actor: 'token:ann' });
    await mustWait('ann', 'POST', '/policies/capacity/rack%2FA01/restore', { version: 1, reason: 'r' });
  });

  it('is whatever overrides the storm brake', async () => {
    expect((await ask('op', 'POST', '/brake/release', { reason: 'r' })).status).toBe(200);
    expect((await ask('op', 'POST', '/brake/engage', { reason: 'smoke' })).status).toBe(200);
    const id = await mustWait('op', 'POST', '/brake/release', { reason: 'no smoke' });
    expect((await show('bob', id)).plan.lines[0].does).toContain('smoke');
    expect((await approve('bob', id)).status).toBe(200);
    expect((await ask('op', 'GET', '/brake')).body).toMatchObject({ engaged: false });
    await mustWait('op', 'POST', '/brake/release', { reason: 'r', overrideMinutes: 5 });
    await mustWait('ann', 'PUT', '/brake', { perMinute: 1000, reason: 'r' });
    expect((await ask('ann', 'PUT', '/brake', { perMinute: 10, reason: 'r' })).status).toBe(200);
  });

  it('is a changed identity, however it is admitted', async () => {
    const { mdb } = served.base;
    await mdb.insert(bmcs).values({
      ...{ machineId: 'm-3', origin: 'https://10.0.9.3', secretRef: 's', pin: 'old' },
      ...{ quarantine: 'another certificate', quarantineFor: 'certificate' },
    });
    const id = await mustWait('op', 'POST', '/machines/h3/controller/release', {
      reason: 'renewed',
      newCertificate: true,
    });
    expect((await approve('bob', id)).status).toBe(200);
    expect(await mdb.select().from(bmcs).where(eq(bmcs.machineId, 'm-3'))).toMatchObject([
      { quarantine: null, pin: null },
    ]);
    await mdb
      .insert(orders)
      .values({ id: 'o-3', machineId: 'm-3', passage: 'rebirth', requester: 'test', reason: 'r' });
    await mdb
      .insert(tickets)
      .values({ id: 't-3', machineId: 'm-3', fault: 'register/disks-changed', title: 't', body: 'b' });
    await mdb.insert(humanSteps).values({
      ...{
        id: 's-3',
        machineId: 'm-3',
        orderId: 'o-3',
        step: 'register',
        ticketId: 't-3',
        owner: 'dc',
        remindAt: new Date(),
      },
      ...{ question: 'Its disks changed.', choices: ['accept', 'retry', 'abandon'] },
    });
    await mustWait('op', 'POST', '/tickets/t-3/close', { why: 'seen', answer: 'accept' });
    const answer = await mustWait('op', 'POST', '/steps/s-3/answer', { answer: 'accept' });
    expect((await show('bob', answer)).together).toHaveLength(1);
    expect((await ask('op', 'POST', '/steps/s-3/answer', { answer: 'retry' })).body).toEqual({ accepted: true });
  });

  it('is what says so, once it says anything', async () => {
    const id = await mustWait('ann', 'PUT', '/approval-policy', { acts: [], reason: 'in the way' });
    expect(await approve('ann', id)).toMatchObject({ status: 403 });
    expect((await ask('op', 'GET', '/approval-policy')).body).toEqual({ acts: all, hours: 24 });
  });
});

describe('a list of what waits', () => {
  it('is of the pools that are seen, and follows what changes', async () => {
    await mustWait('ann', 'POST', '/orders', birth);
    await mustWait('ann', 'POST', '/orders', { ...birth, machine: 'h3' });
    const { body } = await ask('eve', 'GET', '/approvals?state=waiting');
    expect(body).toMatchObject({ total: 1, approvals: [{ machineId: 'm-3' }] });
  });
});
