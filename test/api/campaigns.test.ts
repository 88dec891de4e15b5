/** Campaigns by the API and the commands: planned, reviewed, refused, started, steered. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { ApiClient } from '../../client/api.ts';
import { acting } from '../../mdb/acting.ts';
import { progressCampaign } from '../../mdb/campaigns/step.ts';
import { endOrder } from '../../mdb/orders/passage.ts';
import { writePlan } from '../../mdb/orders/plans.ts';
import { audit, machines, orders, outbox } from '../../mdb/schema.ts';
import { writePoolMachines } from '../campaign/bench.ts';
import { runFarrier } from '../support/commandline.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let base: ThrowawayMdb;
let app: Awaited<ReturnType<typeof createPeopleApi>>;
let api: ApiClient;
let folder: string;
let url: string;

beforeAll(async () => {
  base = await throwawayMdb();
  folder = await mkdtemp(join(tmpdir(), 'farrier-campaigns-'));
  const authority = await openAuthority(join(folder, 'authority'));
  const log = pino({ level: 'silent' });
  app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  api = new ApiClient({ url, operator: 'ann' });
  await writeSite(base.mdb, { racks: 4 });
  await writePoolMachines(base.mdb, 'batch', 6);
  await writePoolMachines(base.mdb, 'web', 3);
});
afterAll(async () => {
  await app?.close();
  await base?.close();
  await rm(folder, { recursive: true, force: true });
});

const spec = (id: string, more: object = {}) => ({
  ...{ id, passage: 'reboot' as const, selector: 'pool=batch', reason: 'a new kernel' },
  ...more,
});
const live = () => base.mdb.select().from(orders).where(eq(orders.state, 'waiting'));

const farrier = (...args: string[]) => runFarrier(url, ['campaign', ...args]);

describe('a plan', () => {
  it('does nothing, and the same again is the same', async () => {
    const { created, campaign } = await api.planCampaign(spec('c1'));
    expect({ created, machines: campaign.machines, state: campaign.state }).toEqual({
      created: true,
      machines: 6,
      state: 'planned',
    });
    expect(await api.planCampaign(spec('c1'))).toMatchObject({ created: false, campaign: { hash: campaign.hash } });
    await expect(api.planCampaign(spec('c1', { selector: 'pool=web' }))).rejects.toMatchObject({ code: 'conflict' });
    expect(await live()).toEqual([]);
  });

  it.each([
    ['an empty selector', { selector: '' }, 'the selector is empty'],
    ['all without a number', { selector: 'all' }, 'all is 9 machines'],
    ['another number', { count: 5 }, 'pool=batch is 6 machines, not 5'],
    ['nobody', { selector: 'pool=none' }, 'no machine matches'],
    ['a birth', { passage: 'birth' }, 'passage'],
    ['an unknown field', { request: { drian: true } }, 'drian'],
    ['no pace at all', { pace: { batch: 0 } }, 'pace.batch'],
  ])('of %s is refused', async (_name, more, message) => {
    await expect(api.planCampaign(spec('refused', more) as never)).rejects.toThrow(message);
    await expect(api.campaign('refused')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('a start', () => {
  it('is refused under another hash, and when the plan would now be another one', async () => {
    const { campaign } = await api.planCampaign(spec('c2'));
    await expect(api.startCampaign('c2', 'a'.repeat(64), 'go')).rejects.toThrow(`the plan of c2 is ${campaign.hash}`);
    await base.mdb.update(machines).set({ pool: 'web' }).where(eq(machines.id, 'm-batch-05'));
    await expect(api.startCampaign('c2', campaign.hash, 'go')).rejects.toThrow('0 machines came to it and 1 left it');
    await base.mdb.update(machines).set({ pool: 'batch' }).where(eq(machines.id, 'm-batch-05'));
    await base.mdb.update(machines).set({ held: 'odd' }).where(eq(machines.id, 'm-batch-05'));
    await expect(api.startCampaign('c2', campaign.hash, 'go')).rejects.toThrow('the same machines stand otherwise');
    await base.mdb.update(machines).set({ held: null }).where(eq(machines.id, 'm-batch-05'));
    expect(await live()).toEqual([]);
    await api.startCampaign('c2', campaign.hash, 'go');
    expect((await api.campaign('c2')).campaign).toMatchObject({ state: 'running', startedBy: 'ann' });
    expect(await base.mdb.select().from(outbox).where(eq(outbox.kind, 'campaign'))).toHaveLength(1);
    expect(await base.mdb.select().from(audit).where(eq(audit.action, 'campaign.start'))).toHaveLength(1);
    await api.steerCampaign('c2', 'cancel', { reason: 'enough' });
    expect(await progressCampaign(base.mdb, { campaignId: 'c2', now: Date.now(), healthy: false })).toMatchObject({
      state: 'cancelled',
    });
  });

  it('does what was rehearsed, and only that', async () => {
    const { campaign } = await api.planCampaign(spec('c3', { selector: 'pool=web', pace: { canary: 0 } }));
    expect(await api.rehearseCampaign('c3')).toEqual({ ordered: 3, refused: 0 });
    await expect(api.startCampaign('c3', campaign.hash, 'go')).rejects.toThrow('3 of its rehearsals are not over');
    for (const { id } of await live())
      await acting(base.mdb, { class: 'system', name: 'test' }, id, async (tx) => {
        await writePlan(tx, { orderId: id, hash: 'f'.repeat(64), lines: [] });
        await endOrder(tx, id, 'done', 'dry run');
      });
    await api.startCampaign('c3', campaign.hash, 'go');
    await progressCampaign(base.mdb, { campaignId: 'c3', now: Date.now(), healthy: false });
    const placed = await live();
    expect(placed.map(({ id }) => id).sort()).toEqual(['c3-web-00', 'c3-web-01', 'c3-web-02']);
    expect(placed.every((order) => order.reviewed === 'f'.repeat(64) && order.campaignId === 'c3')).toBe(true);
    expect((await api.campaign('c3')).members.map(({ plan }) => plan)).toEqual(Array(3).fill('f'.repeat(64)));
  });
});

describe('the commands', () => {
  it('plan, show, start, pause, resume and cancel', async () => {
    await farrier('cancel', 'c3', '--reason', 'enough', '--stop');
    await progressCampaign(base.mdb, { campaignId: 'c3', now: Date.now(), healthy: false });
    const args = ['--selector', 'pool=web', '--reason', 'a new kernel', '--rack-share', '20', '--canary', '1'];
    const planned = await farrier('plan', 'c4', 'reboot', ...args, '--request', '{"drain":false}');
    expect(planned).toContain('3 machines: pool=web');
    const hash = /--plan ([0-9a-f]{64})/.exec(planned)?.[1] ?? '';
    expect(await farrier('start', 'c4', '--plan', hash, '--reason', 'go')).toContain('c4 is started');
    expect(await farrier('pause', 'c4', '--reason', 'lunch')).toBe('c4 is paused.\n');
    expect(await farrier('ls')).toMatch(/c4 +reboot +paused +canary +3 .*ann paused it: lunch/);
    expect(await farrier('resume', 'c4', '--reason', 'back')).toBe('c4 goes on.\n');
    expect(await farrier('show', 'c4', '--limit', '1')).toMatch(/canary +m-web-00 +A01 +a +web +planned/);
    expect(await farrier('cancel', 'c4', '--reason', 'enough')).toBe('c4 is cancelled.\n');
  });
});
