/** Histories of semaphores, against a ledger in memory and holders that are told to live or die. */
import { fileURLToPath } from 'node:url';
import { type WorkflowHandle, WorkflowIdConflictPolicy } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { hardwareQueue, lifecycleQueue } from '../../contract/machine.ts';
import { type PermitRequest, type SemaphoreStatus, semaphoreWorkflow } from '../../contract/semaphore.ts';
import { ModelLedger } from '../semaphore/model.ts';

interface Setup {
  readonly semaphore: WorkflowHandle;
  readonly ledger: ModelLedger;
  /** Whether the machine of a holder that is gone is up. */
  up: boolean;
  ask(id: string, more?: Partial<PermitRequest>): Promise<unknown>;
  until(met: (status: SemaphoreStatus) => boolean): Promise<void>;
}

const workflowId = 'semaphore/reboot/rack=A12';

export const semaphoreScenarios: Record<string, (setup: Setup) => Promise<void>> = {
  /** Granted, queued, withdrawn, taken away, a requester that is gone, and nonsense. */
  'semaphore-plain': async ({ semaphore, ask, until }) => {
    for (const id of ['a', 'b', 'c']) await ask(id);
    await ask('d', { workflowId: 'gone' });
    await ask('e', { class: 'emergency' });
    await semaphore.signal('acquire', 'nonsense');
    await semaphore.signal('cancel', { id: 'c' });
    await semaphore.signal('release', { id: 'a' });
    await until(({ holders }) => holders[0]?.id === 'e');
    await semaphore.executeUpdate('evict', { args: [{ id: 'e', by: 'ann', reason: 'it is up' }] });
    await until(({ holders }) => holders[0]?.id === 'b');
    await semaphore.signal('release', { id: 'b' });
    await until(({ holders, waiting }) => holders.length === 0 && waiting === 0);
  },
  /** A lease that runs out: the machine is down, and later up. Capacity that shrinks and grows. */
  'semaphore-leases': async (setup) => {
    const { semaphore, ledger, ask, until } = setup;
    ledger.lease = 500;
    await ask('a', { workflowId: 'gone' });
    await ask('b');
    await until(({ holders }) => holders.some(({ overdue }) => overdue !== null));
    ledger.capacity = 0;
    await semaphore.signal('wake');
    setup.up = true;
    await until(({ holders }) => holders.length === 0);
    ledger.capacity = 2;
    await semaphore.signal('wake');
    await until(({ holders }) => holders.length === 1);
  },
  /** One run hands over to the next. */
  'semaphore-continued': async ({ semaphore, ask, until }) => {
    const { runId } = await semaphore.describe();
    await ask('a');
    await ask('b');
    for (let more = 0; more < 40; more += 1) await semaphore.signal('renew', { id: 'a' });
    while ((await semaphore.describe()).runId === runId) await new Promise((resolve) => setTimeout(resolve, 20));
    await semaphore.signal('release', { id: 'a' });
    await until(({ holders }) => holders[0]?.id === 'b');
  },
};

/** Plays a scenario on a server; the workflow is there when `keep` is called. */
export async function playSemaphore(
  environment: TestWorkflowEnvironment,
  play: (setup: Setup) => Promise<void>,
  keep: (workflowId: string) => Promise<void>,
): Promise<void> {
  const ledger = new ModelLedger();
  const semaphore = environment.client.workflow.getHandle(workflowId);
  const setup: Setup = {
    semaphore,
    ledger,
    up: false,
    ask: (id, more = {}) =>
      semaphore.executeUpdate('acquire', {
        args: [{ id, machineId: `m-${id}`, siteId: 'home', class: 'maintenance', ...more }],
      }),
    async until(met) {
      while (!met(await semaphore.query<SemaphoreStatus>('status')))
        await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
  const shared = { connection: environment.nativeConnection, shutdownGraceTime: 0 };
  const lifecycle = await Worker.create({
    ...shared,
    taskQueue: lifecycleQueue,
    workflowBundle: await bundleWorkflowCode({ workflowsPath }),
    activities: {
      settlePermits: async (batch: never) => ledger.settle(batch),
      restorePermits: async () => ledger.rest(),
      readTraces: async () => ({ acted: null, left: null }),
      describeHolder: async () => 'closed',
    },
  });
  const health = async () => ({ up: setup.up, healthy: setup.up, seen: setup.up ? 'it runs' : 'its power is Off' });
  const hardware = await Worker.create({
    ...shared,
    taskQueue: hardwareQueue('home'),
    activities: { checkHealth: health },
  });
  await hardware.runUntil(
    lifecycle.runUntil(async () => {
      await environment.client.workflow.start(semaphoreWorkflow, {
        workflowId,
        taskQueue: lifecycleQueue,
        args: [{ max: 40 }],
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.TERMINATE_EXISTING,
      });
      await play(setup);
      await keep(workflowId);
      await semaphore.terminate('it is recorded');
    }),
  );
}
