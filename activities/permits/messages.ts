import { Context } from '@temporalio/activity';
import {
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { lifecycleQueue } from '../../contract/machine.ts';
import {
  type PermitAnswer,
  type PermitRequest,
  type SemaphoreInput,
  semaphoreMessages,
  semaphoreWorkflow,
} from '../../contract/semaphore.ts';

type Start = (input: SemaphoreInput) => Promise<void>;

/** One semaphore a group: whoever needs it first starts it. */
function startOf(semaphore: string) {
  return {
    workflowId: semaphore,
    taskQueue: lifecycleQueue,
    args: [{}],
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    staticSummary: `permits of ${semaphore}`,
  } satisfies WorkflowStartOptions<Start>;
}

/** Asks for a permit; the answer comes at once, the grant of one that is queued as a signal. */
export function askPermit(ask: {
  semaphore: string;
  request: PermitRequest;
  attempt: number | string;
}): Promise<PermitAnswer> {
  const { semaphore, request, attempt } = ask;
  return Context.current().client.workflow.executeUpdateWithStart<Start, PermitAnswer, [PermitRequest]>(
    semaphoreMessages.acquire,
    {
      args: [request],
      // A repeated activity gets the answer of the first; asked anew later, it is another question about the same.
      updateId: `${request.id}/${attempt}`,
      startWorkflowOperation: new WithStartWorkflowOperation<Start>(semaphoreWorkflow, startOf(semaphore)),
    },
  );
}

/** Sends a message that needs no answer; a semaphore that has ended is started for it, and takes it from the ledger. */
export async function sendToSemaphore(input: { semaphore: string; signal: string; body: unknown }): Promise<void> {
  const { semaphore, signal, body } = input;
  await Context.current().client.workflow.signalWithStart(semaphoreWorkflow, {
    ...startOf(semaphore),
    signal,
    signalArgs: [body],
  });
}

/** Whether the holder's workflow still runs. */
export async function describeHolder({ workflowId }: { workflowId: string }): Promise<'running' | 'closed'> {
  try {
    const { status } = await Context.current().client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' || status.name === 'PAUSED' || status.name === 'CONTINUED_AS_NEW'
      ? 'running'
      : 'closed';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'closed';
    throw error;
  }
}
