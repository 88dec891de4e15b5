import { ApplicationFailure } from '@temporalio/activity';
import type { OrderReference } from '../../contract/passage.ts';
import type { DrainProgress } from '../../domain/drain.ts';
import type { DrainAdapter } from '../../domain/machine.ts';
import type { ConnectionStore } from '../../integrations/http/connection.ts';
import { OutsideError } from '../../integrations/http/errors.ts';
import {
  type Drain,
  type DrainTask,
  type Ledger,
  nameNode,
  type OpenDrain,
  ours,
} from '../../integrations/schedulers/drain.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { noteDrained, noteUndrained, readDrained, readNode } from '../../mdb/service/drained.ts';
import { readPool } from '../../mdb/service/pools.ts';

/** What each scheduler calls a machine when the pool does not say. */
const usualNode: Record<DrainAdapter, string> = {
  none: '{machine}',
  kubernetes: '{hostname}',
  slurm: '{short}',
  htcondor: '{hostname}',
  webhook: '{hostname}',
};

// Loaded by the first machine that needs it: the client of Kubernetes alone is 80 MB in memory.
const adapters: Record<DrainAdapter, () => Promise<OpenDrain>> = {
  none: async () => (await import('../../integrations/schedulers/none.ts')).openNone,
  kubernetes: async () => (await import('../../integrations/schedulers/kubernetes.ts')).openKubernetes,
  slurm: async () => (await import('../../integrations/schedulers/slurm.ts')).openSlurm,
  htcondor: async () => (await import('../../integrations/schedulers/htcondor.ts')).openHtcondor,
  webhook: async () => (await import('../../integrations/schedulers/webhook.ts')).openDrainWebhook,
};

/**
 * Emptying one machine, in the scheduler that its pool names. Each may run more than once. The time that a drain takes
 * is waited for by the workflow, which asks `drainProgress` now and then; `stopDrain` and `killJobs` say in a sentence
 * what they did.
 */
export function createDrainActivities(mdb: Mdb, connections: ConnectionStore) {
  const bind =
    <T>(work: (drain: Drain, task: DrainTask) => Promise<T>) =>
    async (order: OrderReference): Promise<T> => {
      try {
        const { drain, task, close } = await openFor(mdb, connections, order);
        return await work(drain, task).finally(close);
      } catch (error) {
        throw failureOf(error);
      }
    };
  return {
    startDrain: bind<DrainProgress>(async (drain, task) => {
      await drain.start(task);
      return drain.progress(task);
    }),
    drainProgress: bind<DrainProgress>((drain, task) => drain.progress(task)),
    stopDrain: bind((drain, task) => drain.stop(task)),
    killJobs: bind((drain, task) => drain.kill(task)),
  };
}

export type DrainActivities = ReturnType<typeof createDrainActivities>;

interface Opened {
  readonly drain: Drain;
  readonly task: DrainTask;
  close(): Promise<void>;
}

async function openFor(mdb: Mdb, connections: ConnectionStore, order: OrderReference): Promise<Opened> {
  const { machineId, orderId } = order;
  const machine = await readNode(mdb, machineId, orderId);
  if (!machine) throw new OutsideError('missing', `the MDB has no machine ${machineId}`);
  const { drain: adapter, drainSettings: settings, drainSecretRef: reference } = await readPool(mdb, machine.pool);
  const node = nameNode(settings['node'] ?? usualNode[adapter], machine);
  const connection = reference === null ? null : await connections.connection(reference);
  const open = await adapters[adapter]();
  const reason = `${ours} ${orderId}: ${machine.reason ?? ''}`
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, 200)
    .trim();
  const scheduler = reference === null ? adapter : `${adapter}:${reference}`;
  const ledger = ledgerOf(mdb, { machineId, scheduler, node }, orderId);
  return { ...open({ settings, connection }), task: { node, machineId, orderId, reason, ledger } };
}

function ledgerOf(mdb: Mdb, which: Parameters<typeof readDrained>[1], orderId: string): Ledger {
  return {
    read: () => readDrained(mdb, which),
    take: () => noteDrained(mdb, which, orderId),
    end: () => noteUndrained(mdb, which),
  };
}

/** By kind and never by text: what a person has to mend is not tried again. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof OutsideError)) return error;
  return ApplicationFailure.create({
    message: error.message,
    type: `drain/${error.kind}`,
    nonRetryable: !error.retryable,
    ...(error.retryAfter === null ? {} : { nextRetryDelay: `${error.retryAfter + 1} seconds` }),
  });
}
