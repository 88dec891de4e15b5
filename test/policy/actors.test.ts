import { and, eq, like } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOrderActivities } from '../../activities/orders/index.ts';
import { moveMachine } from '../../activities/outage/move.ts';
import { standardPace } from '../../domain/campaign/campaign.ts';
import { acting } from '../../mdb/acting.ts';
import { keepCampaign, readCandidates, startCampaign } from '../../mdb/campaigns/campaigns.ts';
import { progressCampaign } from '../../mdb/campaigns/step.ts';
import { proposeCampaign } from '../../mdb/drift/proposals.ts';
import { placeOrder } from '../../mdb/orders/orders.ts';
import { audit, campaigns, drifts, machines, orders } from '../../mdb/schema.ts';
import { openPolicyBench, type PolicyBench } from './bench.ts';

let bench: PolicyBench;
beforeAll(async () => {
  bench = await openPolicyBench();
});
afterAll(() => bench?.close());

const classOf = async (action: string, machineId: string) => {
  const rows = await bench.base.mdb
    .select()
    .from(audit)
    .where(and(like(audit.action, action), eq(audit.machineId, machineId)))
    .orderBy(audit.id);
  return rows.map(({ actorClass, actor }) => [actorClass, actor]);
};
/** A machine whose BIOS is other than wanted; the id of that drift. */
async function drifting(machineId: string): Promise<number> {
  const spec = { machineId, kind: 'bios', name: 'Boot', want: 'Uefi', have: 'Bios', source: 'controller' } as const;
  const [row] = await bench.base.mdb.insert(drifts).values(spec).returning({ id: drifts.id });
  return row?.id ?? 0;
}
const request = { window: null, work: [{ kind: 'reboot' as const }], soakMinutes: null, drain: true, semaphores: {} };

it('O-7: an order of the reconciler is audited as the system, though a person may be called like it', async () => {
  const { mdb } = bench.base;
  const system = { class: 'system', name: 'reconcile' } as const;
  const { id } = await acting(mdb, system, null, async (tx) =>
    proposeCampaign(tx, {
      ...{ pool: 'general', mode: 'authoritative', machineIds: ['m-01'], driftIds: [await drifting('m-01')] },
      ...{ request, reason: 'drift', pace: { ...standardPace, canary: 0 } },
    }),
  );
  await progressCampaign(mdb, { campaignId: id, now: Date.now(), healthy: true });
  expect(await classOf('order.maintenance', 'm-01')).toEqual([['system', 'reconcile']]);
  expect(await mdb.select().from(orders).where(eq(orders.machineId, 'm-01'))).toMatchObject([
    { requester: 'reconcile', requesterClass: 'system' },
  ]);
  expect(await mdb.select().from(campaigns)).toMatchObject([{ requesterClass: 'system', startedClass: 'system' }]);

  const person = { class: 'user', name: 'reconcile' } as const;
  const spec = { id: 'by-hand', selector: 'id=m-02', passage: 'maintenance', class: null, reason: 'x' } as const;
  const candidates = await readCandidates(mdb, {
    terms: [{ key: 'id', tag: false, operator: 'in', values: ['m-02'] }],
  });
  await keepCampaign(mdb, person, { ...spec, request, pace: { ...standardPace, canary: 0 } }, candidates);
  const [row] = await mdb.select().from(campaigns).where(eq(campaigns.id, 'by-hand'));
  expect(await startCampaign(mdb, person, 'by-hand', row?.hash ?? '', 'go')).toBe(true);
  await progressCampaign(mdb, { campaignId: 'by-hand', now: Date.now(), healthy: true });
  expect(await classOf('order.maintenance', 'm-02')).toEqual([['user', 'reconcile']]);
});

it('O-7: a campaign of the reconciler that a person started is that person’s', async () => {
  const { mdb } = bench.base;
  const system = { class: 'system', name: 'reconcile' } as const;
  const { id } = await acting(mdb, system, null, async (tx) =>
    proposeCampaign(tx, {
      ...{ pool: 'general', mode: 'assist', machineIds: ['m-03'], driftIds: [await drifting('m-03')] },
      ...{ request, reason: 'drift', pace: { ...standardPace, canary: 0 } },
    }),
  );
  const [row] = await mdb.select().from(campaigns).where(eq(campaigns.id, id));
  await startCampaign(mdb, { class: 'user', name: 'ann' }, id, row?.hash ?? '', 'looked');
  await progressCampaign(mdb, { campaignId: id, now: Date.now(), healthy: true });
  expect(await classOf('order.maintenance', 'm-03')).toEqual([['user', 'ann']]);
});

it('O-7: a payload that names nobody is BrainSlug’s on the machine, and one that names a person is theirs', async () => {
  const { mdb } = bench.base;
  const activities = createOrderActivities(mdb);
  const passageRequest = {
    passage: 'drain',
    request: { flow: 'orchestrated', drainBy: null, afterDrain: 'draining', semaphores: {} },
  } as const;
  const of = (machineId: string, by: string | null) =>
    activities.orderByPayload({
      machineId,
      siteId: 'home',
      id: `b-${machineId}`,
      order: { passageRequest, notBefore: null, by },
    });
  await of('m-04', null);
  await of('m-05', 'ann');
  expect(await classOf('order.drain', 'm-04')).toEqual([['node', 'brainslug']]);
  expect(await classOf('order.drain', 'm-05')).toEqual([['user', 'ann']]);
});

it('O-7: what the image system asks by itself is not an operator’s word', async () => {
  await bench.ask('POST', '/request', { MDB: { Hostname: 'h5' }, Request: 'request' });
  expect(await classOf('disruption.requested', 'm-05')).toEqual([['node', 'subd']]);
});

it('O-7: a machine that comes back by nobody’s word is moved by the system', async () => {
  const { mdb } = bench.base;
  const reconciler = { class: 'system', name: 'reconcile' } as const;
  const none = { dryRun: false, reviewed: null, notBefore: null, deadline: null, class: null };
  const undrain = { passage: 'undrain', request: { flow: 'basic', to: 'production' } } as const;
  await mdb.update(machines).set({ opState: 'draining' }).where(eq(machines.id, 'm-05'));
  await placeOrder(mdb, reconciler, { id: 'u-5', machineId: 'm-05', passageRequest: undrain, reason: 'x', ...none });
  const order = { machineId: 'm-05', siteId: 'home', orderId: 'u-5', passage: 'undrain' } as const;
  await expect(
    moveMachine(mdb, { ...order, opState: 'production', flow: 'basic', trigger: 'stop draining', by: 'reconcile' }),
  ).rejects.toThrow('is for an operator');
  expect(await classOf('machine.moved', 'm-05')).toEqual([]);
});
