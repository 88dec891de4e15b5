/** Campaigns as they run: canary, soak, batches, halts, pauses, cancels, lost messages, and many runs. */

import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { showCampaign } from '../../api/people/campaignview.ts';
import type { MemberState } from '../../domain/campaign/campaign.ts';
import { startCampaign, steerCampaign } from '../../mdb/campaigns/campaigns.ts';
import { progressCampaign } from '../../mdb/campaigns/step.ts';
import { placeOrder } from '../../mdb/orders/orders.ts';
import { campaigns, machines, tickets } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { timeSkipping } from '../support/temporal.ts';
import { defineAttributes } from '../workflows/bench.ts';
import { type CampaignBench, planTestCampaign, well, withCampaign, writePoolMachines } from './bench.ts';

const environment = await timeSkipping();
if (environment) await defineAttributes(environment);
let at: ThrowawayMdb;

beforeAll(async () => {
  at = await throwawayMdb();
  await writeSite(at.mdb, { racks: 4 });
});
afterAll(async () => {
  await environment?.teardown();
  await at?.close();
});

const ann = { class: 'user', name: 'ann' } as const;
const failed = (outcome: string) => ({ state: 'failed', outcome }) as const;
const quick = { canary: 1, soakMinutes: 0, batch: 4, atOnce: 4 } as const;

const running =
  (run: (bench: CampaignBench) => Promise<void>, playing = true) =>
  async () => {
    if (environment === null) throw new Error('the time-skipping server went away');
    await withCampaign(environment, at.mdb, run, playing);
  };
const statesOf = async (bench: CampaignBench): Promise<MemberState[]> =>
  (await bench.show()).members.map(({ state }) => state);

describe.skipIf(environment === null)('a campaign', () => {
  test(
    'goes canary first, then in batches, and never past its pace',
    running(async (bench) => {
      await bench.start(13, { canary: 2, soakMinutes: 30, batch: 4, atOnce: 3, rackShare: 34 });
      expect(await bench.result()).toMatchObject({ state: 'done', counts: { done: 13 } });
      const rounds = bench.seen.filter((round) => round.length > 0);
      const { members } = await bench.show();
      const batchOf = (id: string) => members.find(({ machineId }) => machineId === id)?.batch;
      expect(rounds[0]?.map(batchOf)).toEqual([0, 0]);
      expect(rounds.flat().map(batchOf)).toEqual([...rounds.flat().map(batchOf)].sort());
      for (const round of rounds) {
        expect(round.length).toBeLessThanOrEqual(3);
        const racks = round.map((id) => members.find(({ machineId }) => machineId === id)?.rack);
        expect(new Set(racks).size).toBe(racks.length);
      }
      expect(new Set(rounds.flat()).size).toBe(13);
    }),
  );

  test(
    'whose canary fails halts with a ticket, and goes on with another one when a person resumes it',
    running(async (bench) => {
      bench.ends = () => failed('it stayed down');
      await bench.start(6, quick);
      const halted = await bench.until(({ state }) => state === 'paused');
      expect(halted).toMatchObject({ waitingOn: 'person', counts: { planned: 5, failed: 1 } });
      const { campaign } = await bench.show();
      expect(campaign.why).toContain('a canary failed: m-');
      const ticket = async () =>
        (
          await at.mdb
            .select()
            .from(tickets)
            .where(eq(tickets.id, campaign.ticketId ?? ''))
        )[0];
      expect(await ticket()).toMatchObject({ fault: `campaign/${bench.id}`, closedAt: null });
      bench.ends = () => well;
      await bench.workflow.signal('resume', { by: 'ann', reason: 'its cable was loose' });
      expect(await bench.result()).toMatchObject({ state: 'done', counts: { done: 5, failed: 1 } });
      expect((await ticket())?.closedBy).toBe('ann');
    }),
  );

  test(
    'whose canary does not stay healthy halts before anything else begins',
    running(async (bench) => {
      bench.health = () => ({ up: true, healthy: false, seen: 'its controller says Critical' });
      await bench.start(5, { ...quick, soakMinutes: 60 });
      await bench.until(({ state }) => state === 'paused');
      expect((await bench.show()).campaign.why).toContain('its controller says Critical');
      expect(await statesOf(bench)).toEqual(['done', 'planned', 'planned', 'planned', 'planned']);
    }),
  );

  test(
    'halts at so many failures; those under way go on',
    running(async (bench) => {
      const ids = await bench.start(12, { ...quick, canary: 0, haltCount: 2, batch: 3 });
      bench.ends = (id) => (ids.indexOf(id) % 2 === 0 ? failed('it stayed down') : well);
      await bench.until(({ state }) => state === 'paused');
      expect((await bench.show()).campaign).toMatchObject({ state: 'paused', haltAt: 2 });
      expect((await statesOf(bench)).filter((state) => state === 'planned').length).toBeGreaterThanOrEqual(6);
    }),
  );

  test(
    'counts what is no fault of the machine as skipped, with its reason, and never halts for it',
    running(async (bench) => {
      const skipped = { ...failed('nothing was done: the machine is draining'), skipped: true };
      bench.ends = (id) => (/0[23]$/.test(id) ? skipped : well);
      const ids = await writePoolMachines(at.mdb, bench.pool, 6);
      await at.mdb
        .update(machines)
        .set({ held: 'its disk is odd' })
        .where(eq(machines.id, ids[4] ?? ''));
      await planTestCampaign(at.mdb, bench.id, bench.pool, { ...quick, haltCount: 1 });
      const passageRequest = { passage: 'reboot', request: (await bench.show()).campaign.request } as never;
      const spec = {
        machineId: ids[5] ?? '',
        passageRequest,
        reason: 'an own one',
        class: null,
        dryRun: false,
        reviewed: null,
      };
      await placeOrder(at.mdb, ann, { ...spec, notBefore: null, deadline: null });
      await bench.begin();
      expect(await bench.result()).toMatchObject({ state: 'done', counts: { done: 2, skipped: 4, failed: 0 } });
      const { members } = await bench.show();
      const outcome = (id: string | undefined) => members.find(({ machineId }) => machineId === id)?.outcome;
      expect(outcome(ids[4])).toBe('it is held: its disk is odd');
      expect(outcome(ids[5])).toContain('has order reboot-');
      expect(outcome(ids[2])).toBe(skipped.outcome);
    }),
  );

  test(
    'pauses and resumes by stock signals; nonsense is noted and ignored',
    running(async (bench) => {
      bench.ends = () => null;
      await bench.start(8, { ...quick, canary: 0 });
      await bench.until(({ counts }) => counts.ordered === 4);
      await bench.workflow.signal('pause', 'nonsense');
      await bench.workflow.signal('pause', { by: 'ann', reason: 'a storm comes' });
      await bench.until(({ state }) => state === 'paused');
      bench.ends = () => well;
      await bench.workflow.signal('wake');
      const stands = await bench.until(({ state, counts }) => state === 'paused' && counts.done === 4);
      expect(stands).toMatchObject({
        waitingOn: 'person',
        why: 'ann paused it: a storm comes',
        counts: { planned: 4 },
      });
      expect(stands.ignored).toEqual(['pause: not an object like {"by": …, "reason": …}']);
      await bench.workflow.signal('resume', { by: 'ann', reason: 'it is over' });
      expect(await bench.result()).toMatchObject({ state: 'done', counts: { done: 8 } });
    }),
  );

  test(
    'that is cancelled begins nothing more and drops what waits',
    running(async (bench) => {
      bench.ends = () => null;
      await bench.start(8, { ...quick, canary: 0 });
      await bench.until(({ counts }) => counts.ordered === 4);
      await bench.workflow.signal('cancel', { by: 'ann', reason: 'not today' });
      expect(await bench.result()).toMatchObject({ state: 'cancelled', counts: { cancelled: 8, ordered: 0 } });
    }),
  );

  test(
    'hands nothing on to its next run but what it is called, and orders each machine once',
    running(async (bench) => {
      await bench.start(17, { ...quick, batch: 3 }, 3);
      const { runId } = await bench.workflow.describe();
      expect(await bench.result()).toMatchObject({ state: 'done', counts: { done: 17 } });
      expect((await bench.workflow.describe()).runId).not.toBe(runId);
      expect(bench.seen.flat()).toHaveLength(17);
    }),
  );

  test(
    'is told of an end by the outbox, and finds one that nobody told by looking',
    running(async (bench) => {
      await bench.start(6, { ...quick, canary: 0, batch: 3 });
      await bench.until(({ counts }) => counts.ordered === 3);
      await bench.dispatch();
      await bench.play();
      expect(await bench.dispatch()).toBe(3);
      // No time has passed: only the messages can have woken it.
      await bench.until(({ counts }) => counts.done === 3 && counts.ordered === 3);
      await bench.play();
      expect(await bench.result()).toMatchObject({ state: 'done', counts: { done: 6 } });
    }, false),
  );

  test(
    'is steered through the MDB as well, and again changes nothing',
    running(async (bench) => {
      bench.ends = () => null;
      await bench.start(3, { ...quick, canary: 0 });
      await bench.until(({ counts }) => counts.ordered === 3);
      for (let again = 0; again < 2; again += 1)
        expect(await steerCampaign(at.mdb, ann, bench.id, 'pause', { reason: 'lunch' })).toBe(true);
      await bench.dispatch();
      await bench.until(({ state }) => state === 'paused');
      expect(await steerCampaign(at.mdb, ann, bench.id, 'resume', { reason: 'back' })).toBe(true);
      bench.ends = () => well;
      await bench.dispatch();
      await bench.result();
      const [row] = await at.mdb.select().from(campaigns).where(eq(campaigns.id, bench.id));
      expect(row?.state).toBe('done');
      expect(await steerCampaign(at.mdb, ann, bench.id, 'pause', { reason: 'late' })).toMatchObject({
        code: 'conflict',
      });
    }),
  );
});

test('a campaign waits for its window', async () => {
  const id = 'windowed';
  await writePoolMachines(at.mdb, id, 3);
  const window = { days: [1, 2, 3, 4, 5, 6, 7], from: '22:00', to: '02:00', zone: 'UTC' };
  await planTestCampaign(at.mdb, id, id, { ...quick, canary: 0, windows: [window] });
  const hash = (await showCampaign(at.mdb, id, { limit: 0 }))?.campaign.hash ?? '';
  expect(await startCampaign(at.mdb, ann, id, hash, 'a test')).toBe(true);
  const progress = (time: string) =>
    progressCampaign(at.mdb, { campaignId: id, now: Date.parse(time), healthy: false });
  expect(await progress('2026-11-21T21:00:00Z')).toMatchObject({
    waitingOn: 'window',
    until: Date.parse('2026-11-21T22:00:00Z'),
    counts: { planned: 3 },
  });
  expect(await progress('2026-11-22T01:59:00Z')).toMatchObject({ waitingOn: 'machines', counts: { ordered: 3 } });
});
