import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { campaignWorkflow } from '../../contract/campaign.ts';
import { machineWorkflow } from '../../contract/machine.ts';
import { semaphoreWorkflow } from '../../contract/semaphore.ts';
import { passages } from '../../domain/machine.ts';

const types = { machines: [machineWorkflow], passages, semaphores: [semaphoreWorkflow], campaigns: [campaignWorkflow] };

/** Ids of the workflows that run, by what they are about. */
export type Existing = Readonly<Record<keyof typeof types, ReadonlySet<string>>>;

/**
 * What Temporal says runs. Its list lags by a moment, so that it only says where to look: what seems to be missing is
 * looked up by its id before anything is done about it. About 100 bytes a workflow.
 */
export async function listExisting(client: Client): Promise<Existing> {
  const of = (names: readonly string[]) => listRunning(client, names);
  return {
    machines: await of(types.machines),
    passages: await of(types.passages),
    semaphores: await of(types.semaphores),
    campaigns: await of(types.campaigns),
  };
}

async function listRunning(client: Client, names: readonly string[]): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  const quoted = names.map((name) => `'${name}'`).join(', ');
  const query = `WorkflowType IN (${quoted}) AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query, pageSize: 1000 })) ids.add(workflowId);
  return ids;
}

export type FoundWorkflow =
  | { readonly state: 'running' | 'missing' }
  | { readonly state: 'closed'; readonly at: Date | null };

/** How one workflow is, by its own record. */
export async function lookUp(client: Client, workflowId: string): Promise<FoundWorkflow> {
  try {
    const { status, closeTime } = await client.workflow.getHandle(workflowId).describe();
    const lives = status.name === 'RUNNING' || status.name === 'PAUSED' || status.name === 'CONTINUED_AS_NEW';
    return lives ? { state: 'running' } : { state: 'closed', at: closeTime ?? null };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { state: 'missing' };
    throw error;
  }
}
