/** Starting the workflows that the MDB wants to exist. Each may be repeated: what runs is left alone. */
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/client';
import { type AdoptionInput, adoptionWorkflow, adoptionWorkflowId } from '../contract/adoption.ts';
import { attributes } from '../contract/attributes.ts';
import { campaignSignals, campaignWorkflow, campaignWorkflowId } from '../contract/campaign.ts';
import { lifecycleQueue, machineWorkflow, machineWorkflowId } from '../contract/machine.ts';
import { semaphoreMessages, semaphoreWorkflow } from '../contract/semaphore.ts';

export interface MachineToStart {
  readonly machineId: string;
  readonly siteId: string;
}

/** How the workflow of a machine is started: it reads in the MDB what is under way. */
export function machineStart({ machineId, siteId }: MachineToStart) {
  return {
    workflowId: machineWorkflowId(machineId),
    taskQueue: lifecycleQueue,
    args: [{ machineId, siteId }],
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    staticSummary: `machine ${machineId}`,
    staticDetails: `Machine \`${machineId}\` of site \`${siteId}\`. Its passages are child workflows; the current details say where it stands.`,
    typedSearchAttributes: [{ key: attributes.machine, value: machineId }],
  };
}

/** False when it runs already. */
export async function startMachine(client: Client, machine: MachineToStart): Promise<boolean> {
  try {
    await client.workflow.start(machineWorkflow, {
      ...machineStart(machine),
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** Tells a semaphore something; one that does not run is started, and reads in the ledger what it has granted. */
export async function signalSemaphore(client: Client, semaphore: string, signal: string, body: unknown): Promise<void> {
  await client.workflow.signalWithStart(semaphoreWorkflow, {
    workflowId: semaphore,
    taskQueue: lifecycleQueue,
    args: [{}],
    signal,
    signalArgs: [body],
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    staticSummary: `permits of ${semaphore}`,
  });
}

export function wakeSemaphore(client: Client, semaphore: string): Promise<void> {
  return signalSemaphore(client, semaphore, semaphoreMessages.wake, null);
}

/** The same of a campaign. One that has ended starts, finds nothing left to do, and ends again. */
export async function signalCampaign(client: Client, campaign: string, signal: string, body: unknown): Promise<void> {
  await client.workflow.signalWithStart(campaignWorkflow, {
    workflowId: campaignWorkflowId(campaign),
    taskQueue: lifecycleQueue,
    args: [{ campaignId: campaign }],
    signal,
    signalArgs: [body],
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    staticSummary: `campaign ${campaign}`,
  });
}

export function wakeCampaign(client: Client, campaign: string): Promise<void> {
  return signalCampaign(client, campaign, campaignSignals.wake, { why: 'its workflow was missing' });
}

/** One that ran before is not started again: its row says what became of it. */
export async function startAdoption(client: Client, { adoptionId, siteId }: AdoptionInput): Promise<void> {
  await client.workflow
    .start(adoptionWorkflow, {
      workflowId: adoptionWorkflowId(adoptionId),
      taskQueue: lifecycleQueue,
      args: [{ adoptionId, siteId }],
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      staticSummary: `adoption ${adoptionId}`,
    })
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    });
}
