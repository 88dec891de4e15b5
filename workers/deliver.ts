import {
  type Client,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  WorkflowIdConflictPolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { AdoptionInput } from '../contract/adoption.ts';
import { machineWorkflow, machineWorkflowId, passageWorkflowId, signals } from '../contract/machine.ts';
import { reconcileWorkflowId } from '../contract/reconcile.ts';
import type { CampaignMessage, DueMessage, PermitMessage } from '../mdb/outbox.ts';
import { scheduleReconcile } from './schedules.ts';
import { machineStart, signalCampaign, signalSemaphore, startAdoption } from './start.ts';

export type Delivery =
  | { readonly to: 'delivered' }
  | { readonly to: 'dropped'; readonly why: string }
  | { readonly to: 'later'; readonly error: string };

/**
 * Delivers one message. An order starts the machine's workflow where there is none, and what is for a semaphore or a
 * campaign starts that; everything else goes to the passage of its order. A passage that is not there yet is tried
 * again while its order lives.
 */
export async function deliver(client: Client, message: DueMessage): Promise<Delivery> {
  // Machines report before their birth has begun; Temporal need not say each time that there is nobody to hear it.
  if (message.kind === 'report' && message.orderState === 'waiting') return whenMissing(message);
  try {
    if (message.kind === 'order') await deliverOrder(client, message);
    else if (message.kind === 'permit') await deliverToSemaphore(client, message.payload as PermitMessage);
    else if (message.kind === 'campaign') await deliverToCampaign(client, message.payload as CampaignMessage);
    else if (message.kind === 'reconcile') await triggerReconcile(client, String(message.payload['siteId']));
    else if (message.kind === 'adoption') await startAdoption(client, message.payload as unknown as AdoptionInput);
    else await client.workflow.getHandle(targetOf(message)).signal(signals[message.kind], message.payload);
    return { to: 'delivered' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return whenMissing(message);
    return { to: 'later', error: error instanceof Error ? error.message : String(error) };
  }
}

function targetOf(message: DueMessage): string {
  const { machineId, orderId, passage } = message;
  if (machineId === null) throw new Error(`message ${message.key} names no machine`);
  return orderId !== null && passage !== null
    ? passageWorkflowId(machineId, passage, orderId)
    : machineWorkflowId(machineId);
}

async function deliverOrder(client: Client, message: DueMessage): Promise<void> {
  const { machineId, siteId } = message;
  if (machineId === null || siteId === null) throw new Error(`the MDB has no machine ${machineId}`);
  await client.workflow.signalWithStart(machineWorkflow, {
    ...machineStart({ machineId, siteId }),
    signal: signals.order,
    signalArgs: [message.payload],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
  });
}

function deliverToSemaphore(client: Client, { semaphore, signal, body }: PermitMessage): Promise<void> {
  return signalSemaphore(client, semaphore, signal, body);
}

function deliverToCampaign(client: Client, { campaign, signal, body }: CampaignMessage): Promise<void> {
  return signalCampaign(client, campaign, signal, body);
}

/** One that runs already began before it was asked for: another one follows it. */
async function triggerReconcile(client: Client, siteId: string): Promise<void> {
  const schedule = client.schedule.getHandle(reconcileWorkflowId(siteId));
  const trigger = () => schedule.trigger(ScheduleOverlapPolicy.BUFFER_ONE);
  await trigger().catch(async (error: unknown) => {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    await scheduleReconcile(client, siteId);
    await trigger();
  });
}

function whenMissing(message: DueMessage): Delivery {
  const { orderState } = message;
  if (orderState === 'waiting' || orderState === 'running')
    return { to: 'later', error: 'its passage has not begun yet' };
  return { to: 'dropped', why: orderState === null ? 'it belongs to no order' : `its order has ended: ${orderState}` };
}
