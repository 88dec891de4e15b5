/** Every state that something can be in, and the request that brings it on: a state without one does not compile. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApprovalState, approvalStates } from '../../domain/approvals.ts';
import { type CampaignState, campaignStates } from '../../domain/campaign/campaign.ts';
import { type OpState, type OrderState, opStates, orderStates, repairStates, stages } from '../../domain/machine.ts';
import {
  approvals,
  bmcs,
  brakes,
  campaigns,
  humanSteps,
  machines,
  orders,
  permits,
  tickets,
} from '../../mdb/schema.ts';
import { everywhere, makeToken } from './accounts.ts';
import { servePeople } from './serving.ts';

let served: Awaited<ReturnType<typeof servePeople>>;
let token: string;
let made = 0;

beforeAll(async () => {
  served = await servePeople();
  token = await makeToken(served.base.mdb, 'bob', everywhere('admin'));
});
afterAll(() => served?.close());

/** What is sent, and what it is about: the last part of its path. */
type WayOut = readonly [verb: string, body?: object];

async function mustTake(path: string, [verb, body = {}]: WayOut): Promise<void> {
  const { status, body: answer } = await served.ask('POST', `${path}/${verb}`, { reason: 'a way out', ...body });
  expect([200, 201, 202], `${path}/${verb}: ${JSON.stringify(answer)}`).toContain(status);
}

async function makeMachine(more: Partial<typeof machines.$inferInsert> = {}): Promise<string> {
  made += 1;
  const id = `m-w${made}`;
  const mac = `52:54:00:01:${(made >> 8).toString(16).padStart(2, '0')}:${(made & 255).toString(16).padStart(2, '0')}`;
  await served.base.mdb.insert(machines).values({ id, siteId: 'home', mac, stage: 'in_service', ...more });
  return id;
}

async function makeOrder(state: OrderState, more: Partial<typeof orders.$inferInsert> = {}): Promise<string> {
  const machineId = await makeMachine({ opState: 'production' });
  const id = `o-${machineId}`;
  await served.base.mdb.insert(orders).values({
    ...{ id, machineId, passage: 'maintenance', requester: 'ann', reason: 'r', state },
    ...more,
  });
  return id;
}

describe('a machine', () => {
  const each = stages.flatMap((stage) =>
    opStates.flatMap((opState) => repairStates.map((repairState) => ({ stage, opState, repairState }))),
  );

  /** The order that brings it on, by where it stands out of production. */
  const aside: Readonly<Record<OpState, string>> = {
    production: 'repair',
    draining: 'undrain',
    disabled: 'undrain',
    intervention: 'undrain',
    hard_reboot: 'undrain',
  };

  it.each(each)('that is $stage, $opState, $repairState is brought on', async (where) => {
    const name = await makeMachine({ ...where, held: 'a person has to look at it' });
    await mustTake(`/machines/${name}`, ['unhold']);
    const passage = where.stage === 'in_service' ? aside[where.opState] : 'birth';
    const body = {
      machine: name,
      passage,
      reason: 'a way out',
      ...(passage === 'repair' && { request: { fault: 'f' } }),
    };
    expect(await served.ask('POST', '/orders', body)).toMatchObject({ status: 201 });
  });

  it.each(['credentials', 'certificate', 'identity'] as const)(
    'whose controller is shut out for its %s is let in',
    async (quarantineFor) => {
      const machineId = await makeMachine();
      const origin = `https://10.0.0.${made % 250}`;
      await served.base.mdb
        .insert(bmcs)
        .values({ machineId, origin, secretRef: 's', quarantine: 'why', quarantineFor });
      await mustTake(`/machines/${machineId}`, ['controller/release', { newCertificate: true }]);
    },
  );
});

describe('an order', () => {
  const over = null;
  const ways: Readonly<Record<OrderState, readonly WayOut[] | null>> = {
    waiting: [['pause'], ['resume'], ['cancel']],
    running: [['take-over'], ['resume'], ['pause'], ['cancel']],
    done: over,
    failed: over,
    cancelled: over,
  };
  it.each(orderStates)('that is %s is ended or steered, or is over', async (state) => {
    const id = await makeOrder(state);
    for (const way of ways[state] ?? []) await mustTake(`/orders/${id}`, way);
    if (ways[state] === over)
      expect((await served.ask('POST', `/orders/${id}/cancel`, { reason: 'r' })).status).toBe(409);
  });

  it('that asks is answered, be it by its ticket', async () => {
    const { mdb } = served.base;
    for (const [path, body] of [
      ['steps/q', { answer: 'retry' }],
      ['tickets/t', { why: 'seen', answer: 'retry' }],
    ] as const) {
      const orderId = await makeOrder('running');
      const machineId = orderId.slice(2);
      await mdb.insert(tickets).values({ id: `t-${machineId}`, machineId, fault: 'f', title: 't', body: 'b' });
      await mdb.insert(humanSteps).values({
        ...{ id: `q-${machineId}`, machineId, orderId, step: 's', ticketId: `t-${machineId}`, owner: 'dc' },
        ...{ question: '?', choices: ['retry', 'abandon'], remindAt: new Date() },
      });
      const verb = path.startsWith('steps') ? 'answer' : 'close';
      expect((await served.ask('POST', `/${path}-${machineId}/${verb}`, body)).status).toBe(202);
    }
  });
});

describe('a campaign', () => {
  const ways: Readonly<Record<CampaignState, readonly WayOut[] | null>> = {
    planned: [['cancel']],
    running: [['pause'], ['resume'], ['cancel']],
    paused: [['resume'], ['cancel', { stop: true }]],
    cancelling: [['cancel', { stop: true }]],
    done: null,
    cancelled: null,
  };
  const pace = {
    ...{ canary: 1, soakMinutes: 1, batch: 1, atOnce: 1, rackShare: null, feedShare: null, poolShare: null },
    ...{ windows: [], haltCount: 1, haltShare: null },
  };
  it.each(campaignStates)('that is %s is brought to an end, or is there', async (state) => {
    const values = {
      id: `c-${state}`,
      selector: 'all',
      passage: 'reboot' as const,
      request: {},
      reason: 'r',
      hash: 'x',
    };
    await served.base.mdb.insert(campaigns).values({ ...values, requester: 'ann', pace, haltAt: 1, state });
    for (const way of ways[state] ?? []) await mustTake(`/campaigns/c-${state}`, way);
  });
});

describe('what stands in the way of a machine', () => {
  it.each(['waiting', 'granted'] as const)('as a permit that is %s is taken away', async (state) => {
    const machineId = await makeMachine();
    const values = {
      id: `p-${state}`,
      semaphore: 'semaphore/drain/rack=A01',
      machineId,
      class: 'clean' as const,
      state,
      ...(state === 'granted' && { fence: 1, grantedAt: new Date() }),
    };
    await served.base.mdb.insert(permits).values(values);
    await mustTake(`/permits/p-${state}`, ['evict']);
  });

  it('as the storm brake is released', async () => {
    await served.base.mdb.insert(brakes).values({ engagedAt: new Date(), engagedBy: 'ann' }).onConflictDoNothing();
    await mustTake('/brake', ['release']);
  });
});

describe('an approval', () => {
  const ways: Readonly<Record<ApprovalState, WayOut | null>> = {
    waiting: ['refuse'],
    approved: null,
    refused: null,
    withdrawn: null,
    lapsed: null,
  };
  it.each(approvalStates)('that is %s is decided, or asked anew', async (state) => {
    const decided = state === 'waiting' ? {} : { decidedAt: new Date(), decidedBy: 'x' };
    await served.base.mdb.insert(approvals).values({
      ...{
        id: `ap-${state}`,
        route: 'PUT /capacity',
        params: {},
        body: {},
        acts: ['capacity'],
        what: 'w',
        reason: 'r',
      },
      ...{ plan: [], hash: state, askedBy: 'ann', person: 'ann', grants: [], expiresAt: new Date(Date.now() + 60_000) },
      ...{ state, ...decided },
    });
    const way = ways[state];
    const headers = { authorization: `Bearer ${token}` };
    const [verb] = way ?? ['refuse'];
    const { status } = await served.ask('POST', `/approvals/ap-${state}/${verb}`, { reason: 'r' }, headers);
    expect(status).toBe(way === null ? 409 : 200);
  });
});
