/** Machines under real workers with their real activities and MDB, on the dev server; no controller, no agent. */

import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import {
  type MachineStatus,
  machineWorkflow,
  machineWorkflowId,
  type OrderMessage,
  passageWorkflowId,
} from '../../contract/machine.ts';
import type { Passage } from '../../domain/machine.ts';
import type { PassageRequest } from '../../domain/orders.ts';
import { isRefused } from '../../domain/refused.ts';
import { standardRequests } from '../../domain/requests.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { placeOrder } from '../../mdb/orders/orders.ts';
import { machines } from '../../mdb/schema.ts';
import { bundle } from './bench.ts';

export const ann = { class: 'user', name: 'ann' } as const;
let macs = 0;

/** One machine that is in service, and its workflow. */
export class RealMachine {
  readonly id = `m-${randomUUID().slice(0, 12)}`;
  private readonly environment: TestWorkflowEnvironment;
  private readonly mdb: Mdb;
  private readonly taskQueue: string;

  constructor(environment: TestWorkflowEnvironment, mdb: Mdb, taskQueue: string) {
    this.environment = environment;
    this.mdb = mdb;
    this.taskQueue = taskQueue;
  }

  async write(): Promise<this> {
    macs += 1;
    await this.mdb.insert(machines).values({
      id: this.id,
      siteId: 'home',
      mac: `52:54:00:0e:00:${macs.toString(16).padStart(2, '0')}`,
      stage: 'in_service',
      opState: 'production',
      bootState: 'healthy',
      inServiceAt: new Date(),
    });
    return this;
  }

  get handle() {
    return this.environment.client.workflow.getHandle(machineWorkflowId(this.id));
  }

  passage(passage: Passage, orderId: string) {
    return this.environment.client.workflow.getHandle(passageWorkflowId(this.id, passage, orderId));
  }

  /** As the client's `tellOrder` does. */
  async tell(order: unknown): Promise<void> {
    await this.environment.client.workflow.signalWithStart(machineWorkflow, {
      workflowId: machineWorkflowId(this.id),
      taskQueue: this.taskQueue,
      args: [{ machineId: this.id, siteId: 'home' }],
      signal: 'order',
      signalArgs: [order],
    });
  }

  /** Writes the order's row; tells nobody. */
  async place(passage: 'undrain' | 'drain' | 'reboot' | 'clean', id: string = randomUUID()): Promise<OrderMessage> {
    const placed = await placeOrder(this.mdb, ann, {
      id,
      machineId: this.id,
      passageRequest: { passage, request: standardRequests[passage] } as PassageRequest,
      reason: 'a test',
      class: null,
      dryRun: false,
      reviewed: null,
      notBefore: null,
      deadline: null,
    });
    if (isRefused(placed)) throw new Error(placed.message);
    return { id, passage };
  }

  status(): Promise<MachineStatus> {
    return this.handle.query<MachineStatus>('status');
  }
}

/** Runs a test with a worker of its own. */
export async function withRealMachines(
  environment: TestWorkflowEnvironment,
  mdb: Mdb,
  test: (make: () => Promise<RealMachine>) => Promise<void>,
): Promise<void> {
  const taskQueue = `real-${randomUUID()}`;
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: await bundle(),
    ...createActivities(mdb),
    shutdownGraceTime: 0,
    shutdownForceTime: 5000,
  });
  const made: RealMachine[] = [];
  await worker.runUntil(async () => {
    try {
      await test(async () => {
        const machine = await new RealMachine(environment, mdb, taskQueue).write();
        made.push(machine);
        return machine;
      });
    } finally {
      for (const machine of made) await machine.handle.terminate('the test is over').catch(() => {});
    }
  });
}
