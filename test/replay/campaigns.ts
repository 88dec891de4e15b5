/** Histories of campaigns, against rounds that are played and canaries that are looked at. */

import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { type CampaignStatus, campaignWorkflow, campaignWorkflowId } from '../../contract/campaign.ts';
import { hardwareQueue, lifecycleQueue } from '../../contract/machine.ts';
import type { CampaignProgress } from '../../domain/campaign/campaign.ts';
import { bundle } from '../workflows/bench.ts';

interface Setup {
  readonly campaign: WorkflowHandle;
  /** What the next looks find; the last one stays. */
  rounds: Partial<CampaignProgress>[];
  until(met: (status: CampaignStatus) => boolean): Promise<void>;
}

const nobody = { planned: 9, ordered: 0, done: 0, failed: 0, skipped: 0, cancelled: 0 };
const usual: CampaignProgress = {
  ...{ state: 'running', passage: 'reboot', phase: 'canary', waitingOn: 'machines', why: 'under way', until: null },
  ...{ more: false, canaries: [], counts: nobody, timeLeft: null },
};
const ended = { state: 'done', phase: 'ended', waitingOn: 'nothing' } as const;
const canaries = [{ machineId: 'm-1', siteId: 'home', orderId: 'c-1' }];

export const campaignScenarios: Record<string, (setup: Setup) => Promise<void>> = {
  /** Canary, a look at its health, batches, nonsense, a pause and its end. */
  'campaign-plain': async (setup) => {
    await setup.until(({ phase }) => phase === 'canary');
    setup.rounds = [
      { phase: 'soak', canaries },
      { phase: 'soak', waitingOn: 'time', until: Date.now() + 200 },
      { phase: 'batches' },
    ];
    await setup.campaign.signal('wake');
    await setup.until(({ phase }) => phase === 'batches');
    await setup.campaign.signal('pause', 'nonsense');
    setup.rounds = [{ state: 'paused', phase: 'batches', waitingOn: 'person' }];
    await setup.campaign.signal('pause', { by: 'ann', reason: 'lunch' });
    await setup.until(({ state }) => state === 'paused');
    setup.rounds = [ended];
    await setup.campaign.signal('resume', { by: 'ann', reason: 'back' });
    await setup.campaign.result();
  },
  /** One run hands over to the next. */
  'campaign-continued': async (setup) => {
    const { runId } = await setup.campaign.describe();
    while ((await setup.campaign.describe()).runId === runId) {
      await setup.campaign.signal('wake');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    setup.rounds = [ended];
    await setup.campaign.signal('wake');
    await setup.campaign.result();
  },
};

/** Plays a scenario on a server; the workflow is there when `keep` is called. */
export async function playCampaign(
  environment: TestWorkflowEnvironment,
  name: string,
  keep: (workflowId: string) => Promise<void>,
): Promise<void> {
  const workflowId = campaignWorkflowId(name);
  const campaign = environment.client.workflow.getHandle(workflowId);
  const setup: Setup = {
    campaign,
    rounds: [{}],
    async until(met) {
      for (;;) {
        const status = await campaign.query<CampaignStatus | null>('status').catch(() => null);
        if (status && met(status)) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
  const shared = { connection: environment.nativeConnection, shutdownGraceTime: 0 };
  const lifecycle = await Worker.create({
    ...shared,
    taskQueue: lifecycleQueue,
    workflowBundle: await bundle(),
    activities: {
      progressCampaign: async () => ({
        ...usual,
        ...(setup.rounds.length > 1 ? setup.rounds.shift() : setup.rounds[0]),
      }),
      haltCampaign: async () => undefined,
      steerCampaign: async () => null,
    },
  });
  const checkHealth = async () => ({ up: true, healthy: true, seen: 'it runs' });
  const hardware = await Worker.create({ ...shared, taskQueue: hardwareQueue('home'), activities: { checkHealth } });
  await hardware.runUntil(
    lifecycle.runUntil(async () => {
      const args = [{ campaignId: name, max: name.endsWith('continued') ? 6 : 1000 }];
      await environment.client.workflow.start(campaignWorkflow, { workflowId, taskQueue: lifecycleQueue, args });
      await campaignScenarios[name]?.(setup);
      await keep(workflowId);
    }),
  );
}
