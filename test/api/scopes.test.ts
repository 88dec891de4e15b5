/** Who has a role for some pools or teams only, against every route: with what is theirs, and with what is others'. */
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiRoute, pathOf } from '../../api/people/route.ts';
import { routes } from '../../api/people/routes.ts';
import type { CampaignPace } from '../../domain/campaign/campaign.ts';
import { type Grant, isEnough, type Role, roles } from '../../domain/grants.ts';
import { record } from '../../mdb/acting.ts';
import {
  approvals,
  campaignMachines,
  campaigns,
  drifts,
  humanSteps,
  machines,
  orders,
  permits,
  tickets,
} from '../../mdb/schema.ts';
import { everywhere, inPool, makeToken } from './accounts.ts';
import { servePeople } from './serving.ts';

let served: Awaited<ReturnType<typeof servePeople>>;
const tokens = new Map<string, string>();

const pace: CampaignPace = {
  ...{ canary: 1, soakMinutes: 1, batch: 1, atOnce: 1, rackShare: null, feedShare: null, poolShare: null },
  ...{ windows: [], haltCount: 1, haltShare: null },
};

/** A machine with one of everything, all named after its pool. */
async function writePool(pool: string, unit: number): Promise<void> {
  const { mdb } = served.base;
  const machineId = `m-${pool}`;
  await mdb.insert(machines).values({
    ...{
      id: machineId,
      siteId: 'home',
      mac: `52:54:00:00:07:0${unit}`,
      hostname: `h-${pool}`,
      pool,
      rackId: 'A01',
      unit,
    },
    ...{ stage: 'in_service', opState: 'production', inServiceAt: new Date(), product: `product-${pool}` },
  });
  const said = { requester: 'test', reason: 'a test' };
  await mdb.insert(orders).values({ id: `order-${pool}`, machineId, passage: 'maintenance', ...said });
  await mdb.insert(tickets).values({ id: `ticket-${pool}`, machineId, fault: 'f', title: 't', body: 'b', owner: 'dc' });
  await mdb.insert(humanSteps).values({
    ...{ id: `step-${pool}`, machineId, orderId: `order-${pool}`, step: 's', ticketId: `ticket-${pool}`, owner: 'dc' },
    ...{ question: 'Which port is it?', choices: ['retry', 'abandon'], remindAt: new Date() },
  });
  await mdb.insert(permits).values({ id: `permit-${pool}`, semaphore: 'drain/rack=A01', machineId, class: 'clean' });
  await mdb.insert(campaigns).values({
    ...{ id: `campaign-${pool}`, selector: `pool=${pool}`, passage: 'reboot', request: {}, ...said },
    ...{ pace, haltAt: 1, hash: 'x' },
  });
  await mdb.insert(drifts).values({ machineId, kind: 'bios', name: 'BootMode', want: 'Uefi', have: 'Legacy' });
  await record(mdb, { actor: { class: 'user', name: 'test' }, action: 'test.made', machineId });
  await mdb.insert(campaignMachines).values({ campaignId: `campaign-${pool}`, machineId, ordinal: 1, batch: 0, pool });
  const asked = { params: {}, body: { machine: machineId }, acts: ['wipe' as const], plan: [], hash: 'x' };
  await mdb.insert(approvals).values({
    ...{ id: `approval-${pool}`, route: 'POST /orders', what: `clean of ${machineId}`, reason: 'a test', ...asked },
    ...{
      machineId,
      pools: [pool],
      askedBy: 'zed',
      person: 'zed',
      grants: [],
      expiresAt: new Date(Date.now() + 3_600_000),
    },
  });
}

beforeAll(async () => {
  served = await servePeople({ trustsLoopback: false });
  await writePool('web', 1);
  await writePool('other', 2);
  const give = async (name: string, grants: readonly Grant[]) =>
    tokens.set(name, await makeToken(served.base.mdb, name, grants));
  for (const role of roles) {
    await give(role, inPool(role, 'web'));
    await give(`dc-${role}`, [{ role, pools: ['web'], teams: ['dc'] }]);
  }
  await give('mixed', [...everywhere('viewer'), ...inPool('admin', 'web')]);
});
afterAll(() => served?.close());

/** Of what is named in the body and not in the path: how it names the machine of a pool. A new route needs a row. */
const bodies: Readonly<Record<string, (pool: string) => object>> = {
  'POST /orders': (pool) => ({ machine: `m-${pool}`, passage: 'undrain', reason: 'r', dryRun: true }),
  'POST /orders/many': (pool) => ({ selector: `pool=${pool}`, passage: 'undrain', reason: 'r', count: 1 }),
  'POST /orders/brainslug': (pool) => ({ machine: `h-${pool}`, message: 'x' }),
  'POST /campaigns': (pool) => ({ id: `new-${pool}`, selector: `pool=${pool}`, passage: 'reboot', reason: 'r' }),
  'POST /tags': (pool) => ({ selector: `pool in (${pool})`, set: { a: 'b' }, reason: 'r', count: 1 }),
  'POST /rehydrate': (pool) => ({ machine: `m-${pool}`, dryRun: true }),
  'POST /disruption': (pool) => ({ machine: `m-${pool}`, request: 'check' }),
  'POST /request': (pool) => ({ MDB: { Hostname: `h-${pool}` }, Request: 'check' }),
};
/** What is shown of the fleet to who sees a part of it. A list that is not here is refused them. */
const narrowed = [
  ...['GET /machines', 'GET /orders', 'GET /campaigns', 'GET /calendar', 'GET /drift', 'GET /steps', 'GET /tickets'],
  ...['GET /racks', 'GET /racks/:id', 'GET /exports/:format', 'GET /audit', 'GET /changes', 'GET /belt'],
  ...['GET /fleet/conformance', 'GET /fleet/consumption', 'GET /fleet/health'],
  ...['GET /fleet/differences', 'GET /fleet/mending', 'GET /approvals'],
];
/** What each of them has of what is seen, where it is no machine's name. */
const holds: Readonly<Record<string, RegExp>> = {
  'GET /racks': /A01/,
  'GET /racks/:id': /"machines":1,/,
  'GET /calendar': /"orders":\[\]/,
  'GET /fleet/differences': /"differences":\[/,
  'GET /fleet/mending': /"machines":1,/,
  'GET /belt': /"machines":1,/,
  'GET /fleet/conformance': /"drifting":1\b/,
  'GET /fleet/consumption': /"machines":1,/,
  'GET /fleet/health': /"machines":1,/,
  'GET /campaigns': /campaign-web/,
};
/** Bodies that are right enough to be told apart from wrong ones. */
const rest: Readonly<Record<string, object>> = {
  'POST /machines/:name/unhold': { reason: 'r' },
  'POST /steps/:id/answer': { answer: 'maybe' },
  'POST /tickets/:id/notes': { text: 'a note' },
};

const nameOf = ({ method, path }: ApiRoute) => `${method} ${path}`;
const byId = ['order', 'step', 'ticket', 'campaign', 'permit', 'approval'];

function requestOf(one: ApiRoute, pool: string): InjectOptions {
  const { method, right, consumes } = one;
  const url = pathOf(one)
    .replace('impact/:kind/:name', 'impact/rack/A01')
    .replace(':name', `m-${pool}`)
    .replace('/racks/:id', '/racks/A01')
    .replace(':id', byId.includes(right.of) ? `${right.of}-${pool}` : right.of === 'pool' ? pool : 'absent')
    .replace(':operation', 'drain')
    .replace(':kind', 'pool')
    .replace(':format', 'json')
    .replace(/:\w+/, pool);
  // One that may is not to be told for ever: what it is told is looked at in changes.test.ts.
  if (one.produces === 'text/event-stream') return { url: `${url}?kinds=absent` };
  if (method === 'GET') return { url };
  if (method === 'DELETE') return { method, url: `${url}?reason=r` };
  const body = bodies[nameOf(one)]?.(pool) ?? rest[nameOf(one)] ?? { reason: 'r' };
  return { method, url, payload: consumes ? 'x' : body, headers: { 'content-type': consumes ?? 'application/json' } };
}

async function ask(name: string, request: InjectOptions) {
  const authorization = `Bearer ${tokens.get(name)}`;
  const { statusCode, body } = await served.app.inject({ ...request, headers: { ...request.headers, authorization } });
  return { status: statusCode, body };
}

const ofMachines = routes.filter(({ right }) => ['machine', 'selector', 'pool', ...byId].includes(right.of));
const each = (some: readonly ApiRoute[]) =>
  some.flatMap((one) => roles.map((role) => ({ one, role, name: nameOf(one) })));

describe('a role for one pool', () => {
  it('has a body for each route that names its machine in one', () => {
    const inBody = ofMachines.filter(({ path, method }) => !path.includes(':') && method !== 'GET').map(nameOf);
    expect(inBody.sort()).toEqual(Object.keys(bodies).sort());
    expect(routes.filter(({ narrows }) => narrows).map(nameOf)).toEqual(narrowed);
  });

  it.each(each(ofMachines))('lets $role ask $name of its own, or not', async ({ one, role }) => {
    const { status, body } = await ask(role, requestOf(one, 'web'));
    if (isEnough(role, one.right.role as Role)) {
      expect([401, 403, 500]).not.toContain(status);
      expect(body).not.toMatch(/there is no \w+ \w+-web/);
    } else expect(status).toBe(403);
  });

  it.each(each(ofMachines))('lets $role not ask $name of others', async ({ one, role, name }) => {
    const { status, body } = await ask(role, requestOf(one, 'other'));
    const enough = isEnough(role, one.right.role as Role);
    // A body that its schema refuses is refused for that, and tells as little.
    if (!enough || one.right.of === 'selector') expect([400, 403, 404]).toContain(status);
    else expect([400, 404]).toContain(status);
    if (name in bodies || one.right.of !== 'selector') expect(status).not.toBeLessThan(400);
    expect(body).not.toMatch(/product-other|52:54:00:00:07:02/);
  });

  it.each(each(routes.filter(({ right }) => ['fleet', 'site', 'semaphore', 'profile'].includes(right.of))))(
    'lets $role ask $name only where it is narrowed',
    async ({ one, role, name }) => {
      const { status, body } = await ask(role, requestOf(one, 'other'));
      expect(body).not.toMatch(/[a-z]-other/);
      if (one.right.role === 'anyone') return;
      if (one.produces === 'text/event-stream') expect(status).toBe(400);
      else if (narrowed.includes(name)) {
        expect(status).toBe(200);
        expect(body).toMatch(holds[name] ?? /m-web/);
      } else expect(status < 400).toBe(false);
      if (one.method === 'GET' && !narrowed.includes(name)) expect(status).toBe(403);
    },
  );

  it('says exactly the same of what is others and of what there is not', async () => {
    for (const url of [
      '/machines/m-',
      '/orders/order-',
      '/orders?machine=m-',
      '/tickets/ticket-',
      '/campaigns/campaign-',
    ]) {
      const [there, absent] = await Promise.all(
        ['other', 'otter'].map((pool) => ask('admin', { url: `/api/v1${url}${pool}` })),
      );
      expect(there?.status).toBe(404);
      expect(there).toEqual({ ...absent, body: absent?.body.replaceAll('otter', 'other') });
    }
  });

  it('names the right that is needed', async () => {
    const { body } = await ask(
      'viewer',
      requestOf(routes.find((one) => nameOf(one) === 'GET /images') as ApiRoute, ''),
    );
    expect(JSON.parse(body).detail).toBe(
      'this takes the role viewer for the whole fleet, and token:viewer has none there',
    );
    const cancelled = await ask('mixed', {
      ...{ method: 'POST', url: '/api/v1/orders/order-other/cancel', payload: { reason: 'r' } },
    });
    expect(cancelled).toMatchObject({ status: 403 });
    expect(JSON.parse(cancelled.body).detail).toBe(
      'this takes the role operator for pool other, and token:mixed is viewer there',
    );
  });

  it('selects only what is its own, with whatever else is named beside it', async () => {
    const payload = { passage: 'undrain', reason: 'r', count: 2, selector: 'rack=A01' };
    expect(await ask('admin', { method: 'POST', url: '/api/v1/orders/many', payload })).toMatchObject({ status: 403 });
    const both = { selector: 'pool=web', machine: 'm-other', set: { a: 'b' }, reason: 'r' };
    expect((await ask('admin', { method: 'POST', url: '/api/v1/tags', payload: both })).status).toBeGreaterThan(399);
  });

  it('is not told whose an order is that has the id already', async () => {
    const payload = { machine: 'm-web', passage: 'undrain', reason: 'r', id: 'order-other' };
    const { status, body } = await ask('admin', { method: 'POST', url: '/api/v1/orders', payload });
    expect(status).toBe(409);
    expect(body).not.toContain('m-other');
  });

  it('counts what it sees, and no more', async () => {
    const { body } = await ask('viewer', { url: '/api/v1/machines?selector=rack%3DA01' });
    expect(JSON.parse(body)).toMatchObject({ total: 1, machines: [{ id: 'm-web' }] });
  });
});

describe('a role for a team', () => {
  const answer = (pool: string): InjectOptions => ({
    ...{ method: 'POST', url: `/api/v1/steps/step-${pool}/answer`, payload: { answer: 'maybe' } },
  });

  it('answers what is asked of the team, and reads the rest of its pools', async () => {
    expect(await ask('dc-operator', answer('web'))).toMatchObject({ status: 400 });
    expect(await ask('dc-operator', answer('other'))).toMatchObject({ status: 404 });
    expect(await ask('dc-operator', { url: '/api/v1/machines/m-web' })).toMatchObject({ status: 200 });
    const payload = { machine: 'm-web', passage: 'undrain', reason: 'r' };
    expect(await ask('dc-admin', { method: 'POST', url: '/api/v1/orders', payload })).toMatchObject({ status: 403 });
    await served.base.mdb.update(humanSteps).set({ owner: 'network' });
    const { status, body } = await ask('dc-operator', answer('web'));
    expect(status).toBe(403);
    expect(JSON.parse(body).detail).toContain('for pool web and team network, and token:dc-operator is viewer there');
  });
});
