import type { Client } from '@temporalio/client';
import type { BirthResult } from './budget.ts';

type Counts = BirthResult['per_birth'];

const none: Counts = { activity_tasks: 0, signals: 0, events: 0, history_bytes: 0 };

/** Mean counts a birth, over every run of the machines' own workflows and of their births. */
export async function countHistories(client: Client, births: readonly (readonly string[])[]): Promise<Counts> {
  let sum = none;
  for (const workflowIds of births) for (const id of workflowIds) sum = add(sum, await countWorkflow(client, id));
  const mean = (name: keyof Counts) => Math.round((sum[name] / Math.max(1, births.length)) * 10) / 10;
  return {
    activity_tasks: mean('activity_tasks'),
    signals: mean('signals'),
    events: mean('events'),
    history_bytes: Math.round(mean('history_bytes')),
  };
}

function add(one: Counts, other: Counts): Counts {
  const total = (name: keyof Counts) => one[name] + other[name];
  return {
    activity_tasks: total('activity_tasks'),
    signals: total('signals'),
    events: total('events'),
    history_bytes: total('history_bytes'),
  };
}

async function countWorkflow(client: Client, workflowId: string): Promise<Counts> {
  let sum = none;
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
    sum = add(sum, await countRun(client, workflowId, runId));
  }
  return sum;
}

async function countRun(client: Client, workflowId: string, runId: string): Promise<Counts> {
  const handle = client.workflow.getHandle(workflowId, runId);
  const [{ events }, description] = await Promise.all([handle.fetchHistory(), handle.describe()]);
  // The last attempt's number is how often the activity was tried; each try was a task.
  const attempts = (events ?? []).map((event) => event.activityTaskStartedEventAttributes?.attempt ?? 0);
  return {
    activity_tasks: attempts.reduce((sum, attempt) => sum + attempt, 0),
    signals: (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes).length,
    events: (events ?? []).length,
    history_bytes: Number(description.raw.workflowExecutionInfo?.historySizeBytes ?? 0),
  };
}
