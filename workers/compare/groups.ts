import { campaignWorkflowId } from '../../contract/campaign.ts';
import { recordsWorkflowId } from '../../contract/controllers.ts';
import { reconcileWorkflowId } from '../../contract/reconcile.ts';
import { semaphoreMessages } from '../../contract/semaphore.ts';
import {
  busySites,
  leftPermits,
  openCampaigns,
  openSemaphores,
  undeliveredMessages,
} from '../../mdb/orders/comparing.ts';
import { isScheduled, scheduleReconcile, scheduleRecords } from '../schedules.ts';
import { signalSemaphore, wakeCampaign, wakeSemaphore } from '../start.ts';
import { type ComparisonContext, each, mend } from './context.ts';
import { lookUp } from './existing.ts';

/** What is about more than one machine: semaphores, campaigns, Schedules, and words that were lost on their way. */
export async function compareGroups(context: ComparisonContext): Promise<void> {
  await compareSemaphores(context);
  await compareCampaigns(context);
  await compareSchedules(context);
  for (const id of await undeliveredMessages(context.mdb, !context.dryRun))
    context.tally.add({
      kind: 'message',
      id,
      what: 'the end of this permit was sent and did not arrive; it is sent again',
    });
}

async function compareSemaphores(context: ComparisonContext): Promise<void> {
  const { client, mdb, existing } = context;
  await each(await openSemaphores(mdb), async (id) => {
    if (existing.semaphores.has(id) || (await lookUp(client, id)).state === 'running') return;
    const what = 'its workflow was missing; started, it knows from the ledger who holds and who waits';
    await mend(context, { kind: 'semaphore', id, what }, () => wakeSemaphore(client, id));
  });
  await each(await leftPermits(mdb), async ({ id, semaphore, workflowId, orderId }) => {
    if (existing.passages.has(workflowId) || (await lookUp(client, workflowId)).state === 'running') return;
    const what = `it is held for order ${orderId}, which has ended; ${semaphore} looks at the machine`;
    await mend(context, { kind: 'permit', id, what }, () =>
      signalSemaphore(client, semaphore, semaphoreMessages.look, { id }),
    );
  });
}

async function compareCampaigns(context: ComparisonContext): Promise<void> {
  const { client, mdb, existing } = context;
  await each(await openCampaigns(mdb), async (id) => {
    const workflowId = campaignWorkflowId(id);
    if (existing.campaigns.has(workflowId) || (await lookUp(client, workflowId)).state === 'running') return;
    const what = 'its workflow was missing; started, it goes on from the MDB';
    await mend(context, { kind: 'campaign', id, what }, () => wakeCampaign(client, id));
  });
}

async function compareSchedules(context: ComparisonContext): Promise<void> {
  const { client, mdb } = context;
  await each(await busySites(mdb), async (site) => {
    const schedules = [
      { id: recordsWorkflowId(site), make: () => scheduleRecords(client, site) },
      { id: reconcileWorkflowId(site), make: () => scheduleReconcile(client, site) },
    ];
    for (const { id, make } of schedules)
      if (!(await isScheduled(client, id)))
        await mend(
          context,
          { kind: 'schedule', id, what: `site ${site} had lost this Schedule; it is made again` },
          make,
        );
  });
}
