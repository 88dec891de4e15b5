/** The reconciler's rounds over real activities and simulated controllers, in each of its modes. */
import { and, eq, isNull } from 'drizzle-orm';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reconcileWorkflowId } from '../../contract/reconcile.ts';
import type { ReconcileMode } from '../../domain/machine.ts';
import { acting } from '../../mdb/acting.ts';
import { startCampaign, steerCampaign } from '../../mdb/campaigns/campaigns.ts';
import { progressCampaign } from '../../mdb/campaigns/step.ts';
import { askForRounds } from '../../mdb/drift/rounds.ts';
import { leaseDue, markDelivered } from '../../mdb/outbox.ts';
import { campaigns, drifts, machines, orders, outbox } from '../../mdb/schema.ts';
import { setPool } from '../../mdb/service/pools.ts';
import { deliver } from '../../workers/deliver.ts';
import { scheduleReconcile } from '../../workers/schedules.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { devServer } from '../support/temporal.ts';
import { type ReconcileBench, reconcileBench } from './bench.ts';

const environment = await devServer();
const ann = { class: 'user', name: 'ann' } as const;
let db: ThrowawayMdb;
let bench: ReconcileBench;

beforeEach(async () => {
  if (environment === null) return;
  db = await throwawayMdb();
  bench = await reconcileBench(environment, db);
});
afterEach(async () => {
  await bench?.close();
  await db?.close();
});
afterAll(() => environment?.teardown());

const open = () => db.mdb.select().from(drifts).where(isNull(drifts.resolvedAt)).orderBy(drifts.machineId, drifts.name);
const planned = () => db.mdb.select().from(campaigns).orderBy(campaigns.createdAt);
const mode = (reconcile: ReconcileMode) => setPool(db.mdb, ann, 'batch', { reconcile }, 'a test');
const setBios = (index: number, values: Record<string, string>) => {
  const { state } = bench.simulated[index] ?? {};
  if (!state) throw new Error('there is no such machine');
  state.bios = { ...state.bios, ...values };
};
const stand = (index: number, opState: 'draining' | 'production') =>
  acting(db.mdb, ann, null, (tx) =>
    tx
      .update(machines)
      .set({ opState })
      .where(eq(machines.id, bench.ids[index] ?? '')),
  );
const wanted = { bios: { PowerProfile: 'Balanced' } };

describe.skipIf(environment === null)('a round', () => {
  test('names the one attribute that was changed, and only tells of it in a pool that observes', async () => {
    await bench.want(wanted);
    expect(await bench.round()).toMatchObject({ machines: 2, read: 2, unread: 0, conformant: 2, found: 0 });
    setBios(1, { PowerProfile: 'Performance' });
    expect(await bench.round()).toMatchObject({ conformant: 1, drifting: 1, found: 1, planned: [], started: [] });
    expect(await open()).toMatchObject([
      { machineId: bench.ids[1], kind: 'bios', name: 'PowerProfile', want: 'Balanced', have: 'Performance' },
    ]);
    expect(await bench.round()).toMatchObject({ drifting: 1, found: 0 });
    expect(await open()).toHaveLength(1);
    expect(await bench.writes()).toEqual([]);
    expect(await db.mdb.select().from(orders)).toEqual([]);
    setBios(1, { PowerProfile: 'Balanced' });
    expect(await bench.round()).toMatchObject({ conformant: 2, resolved: 1 });
    expect(await open()).toEqual([]);
  });

  test('in a pool that assists plans one campaign, which does nothing until a person starts it', async () => {
    await mode('assist');
    await bench.want({ bios: { PowerProfile: 'Performance', NetworkBoot: 'Enabled' } });
    const { planned: ids } = await bench.round();
    expect(ids).toHaveLength(1);
    expect(await bench.round()).toMatchObject({ planned: [], withdrawn: [] });
    const [campaign] = await planned();
    expect(campaign).toMatchObject({
      ...{ id: ids[0], state: 'planned', requester: 'reconcile', passage: 'maintenance' },
      request: { work: [{ kind: 'bios', attributes: { PowerProfile: 'Performance' } }] },
    });
    expect(await db.mdb.select().from(orders)).toEqual([]);
    expect(await db.mdb.select().from(outbox)).toEqual([]);
    expect(await startCampaign(db.mdb, ann, campaign?.id ?? '', campaign?.hash ?? '', 'it is right')).toBe(true);
    expect(await bench.round()).toMatchObject({ planned: [], started: [] });
    expect(await bench.writes()).toEqual([]);
  });

  test('in a pool that is left to it starts the campaign, at the pace of the pool', async () => {
    await mode('authoritative');
    await bench.want(wanted);
    expect(await bench.round()).toMatchObject({ conformant: 2, started: [] });
    // Somebody edits what is wanted, and nothing else.
    await bench.want({ bios: { PowerProfile: 'Performance' } });
    const { started } = await bench.round();
    expect(started).toHaveLength(1);
    const id = started[0] ?? '';
    expect(await planned()).toMatchObject([{ id, state: 'running', startedBy: 'reconcile', pace: { canary: 1 } }]);
    expect(await db.mdb.select().from(outbox).where(eq(outbox.kind, 'campaign'))).toHaveLength(1);
    await progressCampaign(db.mdb, { campaignId: id, now: Date.now(), healthy: false });
    const placed = await db.mdb.select().from(orders);
    expect(placed).toMatchObject([
      {
        passage: 'maintenance',
        campaignId: id,
        request: { work: [{ kind: 'bios', attributes: { PowerProfile: 'Performance' } }] },
      },
    ]);
    expect(await bench.round()).toMatchObject({ planned: [], started: [], drifting: 2 });
  });

  test('takes back a plan that is for another thing by now, and plans no cancelled one again', async () => {
    await mode('assist');
    await bench.want({ bios: { PowerProfile: 'Performance' } });
    const [first = ''] = (await bench.round()).planned;
    await bench.want({ bios: { PowerProfile: 'Efficiency' } });
    const second = await bench.round();
    expect(second).toMatchObject({ withdrawn: [first] });
    expect(second.planned).toHaveLength(1);
    // One of its machines is taken out of production: what is left can still be started.
    await stand(0, 'draining');
    const third = await bench.round();
    expect(third).toMatchObject({ withdrawn: second.planned, planned: [expect.any(String)] });
    await stand(0, 'production');
    const fourth = await bench.round();
    expect(fourth).toMatchObject({ withdrawn: [], planned: [expect.any(String)] });
    expect(await steerCampaign(db.mdb, ann, third.planned[0] ?? '', 'cancel', { reason: 'not this year' })).toBe(true);
    const id = fourth.planned[0] ?? '';
    expect(await steerCampaign(db.mdb, ann, id, 'cancel', { reason: 'not this year' })).toBe(true);
    expect(await bench.round()).toMatchObject({ planned: [], drifting: 2 });
    // It goes and comes again.
    setBios(0, { PowerProfile: 'Efficiency' });
    setBios(1, { PowerProfile: 'Efficiency' });
    expect(await bench.round()).toMatchObject({ conformant: 2 });
    setBios(0, { PowerProfile: 'Balanced' });
    expect(await bench.round()).toMatchObject({ found: 1, planned: [] });
    setBios(0, { PowerProfile: 'Performance' });
    expect((await bench.round()).planned).toHaveLength(1);
  });

  test('says of a controller that can not be read since when nothing is known, and not that all is well', async () => {
    await mode('authoritative');
    await bench.want({ bios: { PowerProfile: 'Performance' }, firmware: { BIOS: { version: '9.9' } } });
    const [sick = ''] = bench.ids;
    await bench.breakController(0);
    expect(await bench.round()).toMatchObject({
      read: 1,
      unread: 1,
      drifting: 1,
      unknown: 1,
      started: [expect.any(String)],
    });
    const mine = await db.mdb
      .select()
      .from(drifts)
      .where(and(eq(drifts.machineId, sick), isNull(drifts.resolvedAt)));
    expect(mine.map(({ kind, name, have, unknownSince }) => [kind, name, have, unknownSince === null])).toEqual([
      ['bios', '*', null, false],
      ['firmware', '*', null, false],
    ]);
    const [only] = await planned();
    expect(only?.request).toMatchObject({ work: [{ kind: 'bios', attributes: { PowerProfile: 'Performance' } }] });
  });
});

describe.skipIf(environment === null)('the Schedule', () => {
  test('is made by the first who asks, goes round then, and is left as a person set it', async () => {
    if (environment === null) return;
    const { client } = environment;
    const handle = client.schedule.getHandle(reconcileWorkflowId(bench.siteId));
    const ask = async () => {
      await askForRounds(db.mdb, ann, bench.siteId);
      const due = await leaseDue(db.mdb, 10, 60);
      for (const message of due) expect(await deliver(client, message)).toEqual({ to: 'delivered' });
      await markDelivered(
        db.mdb,
        due.map(({ id }) => id),
      );
    };
    const started = async () => (await handle.describe()).info.numActionsTaken;
    try {
      await ask();
      await expect.poll(started).toBeGreaterThan(0);
      await handle.pause('for a while');
      await scheduleReconcile(client, bench.siteId);
      const { state, action, policies } = await handle.describe();
      expect(state).toMatchObject({ paused: true, note: 'for a while' });
      expect(action).toMatchObject({ workflowType: 'reconcile', args: [{ siteId: bench.siteId }] });
      expect(policies.overlap).toBe('SKIP');
    } finally {
      // It runs where no worker of this suite is.
      for (const { action } of (await handle.describe()).info.recentActions)
        await client.workflow
          .getHandle(action.workflow.workflowId)
          .terminate('the test is over')
          .catch(() => {});
      await handle.delete();
    }
  });
});
