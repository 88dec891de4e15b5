/** A campaign as it runs: its workflow and its MDB; machines are played by the test, their orders end as it says. */

import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { and, eq, inArray } from 'drizzle-orm';
import { createCampaignActivities } from '../../activities/campaign/index.ts';
import { showCampaign } from '../../api/people/campaignview.ts';
import {
  type CampaignStatus,
  type CampaignSummary,
  campaignWorkflow,
  campaignWorkflowId,
} from '../../contract/campaign.ts';
import { hardwareQueue, lifecycleQueue } from '../../contract/machine.ts';
import { type CampaignPace, standardPace } from '../../domain/campaign/campaign.ts';
import type { Health } from '../../domain/health.ts';
import { standardRequests } from '../../domain/requests.ts';
import { parseSelector } from '../../domain/selector.ts';
import { acting } from '../../mdb/acting.ts';
import { keepCampaign, readCandidates, startCampaign } from '../../mdb/campaigns/campaigns.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { endOrder } from '../../mdb/orders/passage.ts';
import { leaseDue, markDelivered } from '../../mdb/outbox.ts';
import { machines, orders } from '../../mdb/schema.ts';
import { deliver } from '../../workers/deliver.ts';
import { bundle } from '../workflows/bench.ts';

const ann = { class: 'user', name: 'ann' } as const;
/** How an order ends; null: not yet. */
type Ending = {
  readonly state: 'done' | 'failed' | 'cancelled';
  readonly outcome: string;
  readonly skipped?: boolean;
} | null;
export const well: Ending = { state: 'done', outcome: 'done' };

let macs = 0;
/** Machines in service in four racks of two feeds, with a tag of their own. */
export async function writePoolMachines(mdb: Mdb, pool: string, count: number): Promise<string[]> {
  const rows = Array.from({ length: count }, (_, index) => {
    macs += 1;
    return {
      id: `m-${pool}-${String(index).padStart(2, '0')}`,
      siteId: 'home',
      mac: `52:54:00:00:${(macs >> 8).toString(16).padStart(2, '0')}:${(macs & 255).toString(16).padStart(2, '0')}`,
      rackId: `A0${(index % 4) + 1}`,
      unit: macs,
      pool,
      stage: 'in_service' as const,
      opState: 'production' as const,
      inServiceAt: new Date(),
    };
  });
  await mdb.insert(machines).values(rows);
  return rows.map(({ id }) => id);
}

/** Plans a reboot of a pool. */
export async function planTestCampaign(mdb: Mdb, id: string, pool: string, pace: Partial<CampaignPace> = {}) {
  const selector = `pool=${pool}`;
  const parsed = parseSelector(selector);
  if (typeof parsed === 'string') throw new Error(parsed);
  const spec = {
    id,
    selector,
    passage: 'reboot',
    request: { ...standardRequests.reboot },
    class: null,
    reason: 'a test',
  } as const;
  return keepCampaign(mdb, ann, { ...spec, pace: { ...standardPace, ...pace } }, await readCandidates(mdb, parsed));
}

export class CampaignBench {
  readonly id = `c${randomUUID().slice(0, 8)}`;
  readonly pool = `p${randomUUID().slice(0, 8)}`;
  readonly environment: TestWorkflowEnvironment;
  readonly mdb: Mdb;
  /** Orders under way, as each look found them. */
  readonly seen: string[][] = [];
  /** How an order ends at the next look; the test may change it. */
  ends: (machineId: string) => Ending = () => well;
  health: (machineId: string) => Health = () => ({ up: true, healthy: true, seen: 'it runs' });

  readonly playing: boolean;

  constructor(environment: TestWorkflowEnvironment, mdb: Mdb, playing: boolean) {
    this.playing = playing;
    this.environment = environment;
    this.mdb = mdb;
  }

  get workflow(): WorkflowHandle {
    return this.environment.client.workflow.getHandle(campaignWorkflowId(this.id));
  }

  async start(count: number, pace: Partial<CampaignPace> = {}, max?: number): Promise<string[]> {
    const ids = await writePoolMachines(this.mdb, this.pool, count);
    await planTestCampaign(this.mdb, this.id, this.pool, pace);
    await this.begin(max);
    return ids;
  }

  async begin(max?: number): Promise<void> {
    const hash = (await this.show()).campaign.hash;
    const started = await startCampaign(this.mdb, ann, this.id, hash, 'a test');
    if (started !== true) throw new Error(started.message);
    if (max === undefined) return void (await this.dispatch());
    await this.environment.client.workflow.start(campaignWorkflow, {
      workflowId: campaignWorkflowId(this.id),
      taskQueue: lifecycleQueue,
      args: [{ campaignId: this.id, max }],
    });
  }

  async show() {
    const detail = await showCampaign(this.mdb, this.id, { limit: 1000 });
    if (detail === null) throw new Error('there is no campaign');
    return detail;
  }

  /** Runs on with time skipped, until it has ended. */
  result(): Promise<CampaignSummary> {
    return this.workflow.result() as Promise<CampaignSummary>;
  }

  /** Waits without skipping time; played machines end their orders meanwhile, which wakes it. */
  async until(met: (status: CampaignStatus) => boolean): Promise<CampaignStatus> {
    const end = Date.now() + 120_000;
    for (;;) {
      const status = await this.workflow.query<CampaignStatus | null>('status').catch(() => null);
      if (status && met(status)) return status;
      if (Date.now() > end) throw new Error(`not met in time; it stands at ${JSON.stringify(status)}`);
      if (this.playing) await this.workflow.signal('wake').catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends the orders that are under way, as `ends` says. */
  async play(): Promise<void> {
    const live = await this.mdb
      .select()
      .from(orders)
      .where(and(eq(orders.campaignId, this.id), inArray(orders.state, ['waiting', 'running'])));
    this.seen.push(live.map(({ machineId }) => machineId));
    for (const { id, machineId } of live) {
      const ending = this.ends(machineId);
      if (ending)
        await acting(this.mdb, ann, id, (tx) => endOrder(tx, id, ending.state, ending.outcome, ending.skipped));
    }
  }

  /** What the dispatcher would do with what campaigns are told. */
  async dispatch(): Promise<number> {
    const due = (await leaseDue(this.mdb, 500, 60)).filter(({ payload }) => payload['campaign'] === this.id);
    for (const message of due) await deliver(this.environment.client, message);
    await markDelivered(
      this.mdb,
      due.map(({ id }) => id),
    );
    return due.length;
  }
}

/** Runs a test with workers; `playing` ends the orders before each look, else the test does. */
export async function withCampaign(
  environment: TestWorkflowEnvironment,
  mdb: Mdb,
  test: (bench: CampaignBench) => Promise<void>,
  playing = true,
): Promise<void> {
  const bench = new CampaignBench(environment, mdb, playing);
  const real = createCampaignActivities(mdb);
  const activities: typeof real = {
    ...real,
    async progressCampaign(spec) {
      if (playing) await bench.play();
      return real.progressCampaign(spec);
    },
  };
  const shared = { connection: environment.nativeConnection, shutdownGraceTime: 0, shutdownForceTime: 5000 };
  const lifecycle = await Worker.create({
    ...shared,
    taskQueue: lifecycleQueue,
    workflowBundle: await bundle(),
    activities,
  });
  const checkHealth = async ({ machineId }: { machineId: string }) => bench.health(machineId);
  const hardware = await Worker.create({ ...shared, taskQueue: hardwareQueue('home'), activities: { checkHealth } });
  await hardware.runUntil(
    lifecycle.runUntil(async () => {
      try {
        await test(bench);
      } finally {
        await bench.workflow.terminate('the test is over').catch(() => {});
      }
    }),
  );
}
