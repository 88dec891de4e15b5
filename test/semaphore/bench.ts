/** A semaphore as it runs: its workflow, its ledger in an MDB, and requesters that are workflows too. */

import { fileURLToPath } from 'node:url';
import { type WorkflowHandle, WorkflowIdConflictPolicy } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { eq } from 'drizzle-orm';
import { createPermitActivities } from '../../activities/permits/index.ts';
import { hardwareQueue, lifecycleQueue } from '../../contract/machine.ts';
import { type SemaphoreStatus, semaphoreId, semaphoreWorkflow } from '../../contract/semaphore.ts';
import type { Milliseconds } from '../../domain/duration.ts';
import type { Health } from '../../domain/health.ts';
import type { OrderClass } from '../../domain/machine.ts';
import { type Resource, resourcesFor } from '../../domain/permits/groups.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { machines, permits, semaphores } from '../../mdb/schema.ts';
import type { RequesterStatus } from '../support/workflows/requester.ts';

const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
let bundled: Promise<{ code: string }> | undefined;

function bundle(): Promise<{ code: string }> {
  const workflowsPath = fileURLToPath(new URL('../support/workflows/semaphores.ts', import.meta.url));
  bundled ??= bundleWorkflowCode({ workflowsPath, logger: quiet });
  return bundled;
}

export interface PermitWanted {
  readonly machine?: number;
  readonly resources?: readonly Resource[];
  readonly class?: OrderClass;
  /** Milliseconds; null waits for ever. */
  readonly limit?: Milliseconds | null;
}

/** One rack's group of permits under test, in a rack of its own. */
export class SemaphoreBench {
  readonly rack: string;
  readonly #environment: TestWorkflowEnvironment;
  readonly #mdb: Mdb;
  #requestCount = 0;
  readonly #handles: WorkflowHandle[] = [];

  constructor(environment: TestWorkflowEnvironment, mdb: Mdb, rack: string) {
    this.#environment = environment;
    this.#mdb = mdb;
    this.rack = rack;
  }

  get resource(): Resource {
    return { operation: 'reboot', tag: 'rack', value: this.rack };
  }

  get semaphore(): WorkflowHandle {
    return this.#environment.client.workflow.getHandle(semaphoreId(this.resource));
  }

  machine(number: number): string {
    return `m-${this.rack}-${number}`;
  }

  /** Writes the policy: of the rack, and of the fleet as wide as anybody could want. */
  async allow(capacity: number, more: Partial<typeof semaphores.$inferInsert> = {}): Promise<void> {
    const by = { updatedBy: 'ann', reason: 'test' };
    const wide = { operation: 'reboot', tag: 'fleet', value: 'all', capacity: 1000, ...by };
    await this.#mdb.insert(semaphores).values(wide).onConflictDoNothing();
    const row = { ...this.resource, capacity, ...by, ...more };
    await this.#mdb
      .insert(semaphores)
      .values(row)
      .onConflictDoUpdate({ target: [semaphores.operation, semaphores.tag, semaphores.value], set: row });
  }

  /** Starts the semaphore with runs that are short, before anybody asks. */
  async startShort(max: number): Promise<void> {
    await this.#environment.client.workflow.start(semaphoreWorkflow, {
      workflowId: semaphoreId(this.resource),
      taskQueue: lifecycleQueue,
      args: [{ max }],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    });
  }

  async ask({
    machine,
    resources,
    class: urgency = 'maintenance',
    limit = null,
  }: PermitWanted = {}): Promise<WorkflowHandle> {
    this.#requestCount += 1;
    const machineId = this.machine(machine ?? this.#requestCount);
    const orderId = `o-${this.rack}-${this.#requestCount}`;
    const handle = await this.#environment.client.workflow.start('requester', {
      workflowId: `requester/${orderId}`,
      taskQueue: lifecycleQueue,
      args: [
        {
          subject: { machineId, siteId: 'home', orderId, class: urgency },
          resources: resources ?? resourcesFor('reboot', this.resource),
          limit,
        },
      ],
    });
    this.#handles.push(handle);
    return handle;
  }

  statusOf(handle: WorkflowHandle): Promise<RequesterStatus> {
    return handle.query<RequesterStatus>('status');
  }

  status(): Promise<SemaphoreStatus> {
    return this.semaphore.query<SemaphoreStatus>('status');
  }

  fleet(): Promise<SemaphoreStatus> {
    const whole = this.#environment.client.workflow.getHandle('semaphore/reboot/fleet=all');
    return whole.query<SemaphoreStatus>('status');
  }

  async until<T>(look: () => Promise<T>, met: (value: T) => boolean): Promise<T> {
    const end = Date.now() + 120_000;
    for (;;) {
      const value = await look().catch((error: unknown) => error as T);
      if (!(value instanceof Error) && met(value)) return value;
      if (Date.now() > end)
        throw new Error(`not met in time: ${value instanceof Error ? value : JSON.stringify(value)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async granted(handle: WorkflowHandle): Promise<number> {
    const { taken } = await this.until(
      () => this.statusOf(handle),
      (one) => one.taken?.state === 'granted',
    );
    return taken?.state === 'granted' ? taken.fence : 0;
  }

  queued(handle: WorkflowHandle): Promise<RequesterStatus> {
    return this.until(
      () => this.statusOf(handle),
      (one) => one.queued.length > 0,
    );
  }

  rows(): Promise<(typeof permits.$inferSelect)[]> {
    return this.#mdb
      .select()
      .from(permits)
      .where(eq(permits.semaphore, semaphoreId(this.resource)));
  }

  /**
   * Ends what still asks, and waits for it: the time-skipping server skips no more time once a workflow was terminated
   * with something under way. The semaphore stays, idle.
   */
  async end(): Promise<void> {
    for (const handle of this.#handles) {
      const { status } = await handle.describe();
      if (status.name !== 'RUNNING') continue;
      await handle.signal('cancel').catch(() => {});
      await handle.result().catch(() => {});
    }
  }
}

/** Machines of a bench's rack, enough for every requester. */
export async function writeRackMachines(mdb: Mdb, rack: string, count: number): Promise<void> {
  const prefix = [...rack]
    .reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_536, 7)
    .toString(16)
    .padStart(4, '0');
  await mdb.insert(machines).values(
    Array.from({ length: count }, (_, index) => ({
      id: `m-${rack}-${index + 1}`,
      siteId: 'home',
      mac: `a4:bf:${prefix.slice(0, 2)}:${prefix.slice(2)}:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`,
      stage: 'in_service' as const,
      opState: 'production' as const,
    })),
  );
}

/** Real workers, for as long as a suite runs; a look at a machine shows what `health` says of it. */
export async function startWorkers(environment: TestWorkflowEnvironment, mdb: Mdb) {
  const health = new Map<string, Health>();
  const looks: string[] = [];
  const shared = { connection: environment.nativeConnection, shutdownGraceTime: 0, shutdownForceTime: 5000 };
  const lifecycle = await Worker.create({
    ...shared,
    taskQueue: lifecycleQueue,
    workflowBundle: await bundle(),
    activities: createPermitActivities(mdb),
  });
  const checkHealth = async ({ machineId }: { machineId: string }): Promise<Health> => {
    looks.push(machineId);
    return health.get(machineId) ?? { up: true, healthy: true, seen: 'its start is at OSRunning' };
  };
  const hardware = await Worker.create({ ...shared, taskQueue: hardwareQueue('home'), activities: { checkHealth } });
  const running = [lifecycle.run(), hardware.run()];
  return {
    health,
    looks,
    async stop() {
      lifecycle.shutdown();
      hardware.shutdown();
      await Promise.all(running);
    },
  };
}
