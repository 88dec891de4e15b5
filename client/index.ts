import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import {
  type Answer,
  type Cancel,
  lifecycleQueue,
  type MachineInput,
  type MachineStatus,
  machineWorkflow,
  machineWorkflowId,
  type OrderMessage,
  passageWorkflowId,
  queries,
  type Steering,
  signals,
  updates,
} from '../contract/machine.ts';
import type { Passage } from '../domain/machine.ts';
import { ApiClient, type ApiClientOptions } from './api.ts';

export { ApiClient, type ApiClientOptions, ApiProblem } from './api.ts';

export interface FarrierClientOptions {
  readonly api: ApiClientOptions;
  readonly temporal: { readonly address: string; readonly namespace?: string };
}

/**
 * Farrier for programs: `api` is the HTTP API, the rest talks to the workflows themselves over their contract, for
 * those who are at home in Temporal. Orders and answers that the audit must know go through `api`.
 */
export class FarrierClient {
  readonly api: ApiClient;
  readonly temporal: Client;
  readonly #connection: Connection;

  private constructor(api: ApiClient, connection: Connection, namespace: string) {
    this.api = api;
    this.#connection = connection;
    this.temporal = new Client({ connection, namespace });
  }

  /** Connects to both; throws when Temporal does not answer within five seconds. */
  static async connect({ api, temporal }: FarrierClientOptions): Promise<FarrierClient> {
    const connection = await Connection.connect({ address: temporal.address, connectTimeout: '5s' });
    return new FarrierClient(new ApiClient(api), connection, temporal.namespace ?? 'default');
  }

  /**
   * Tells the machine's workflow of an order whose row is in the MDB, starting the workflow where there is none: what
   * the dispatcher does, and harmless to repeat.
   */
  async signalOrder(
    machine: { readonly machineId: string; readonly siteId: string },
    order: OrderMessage,
  ): Promise<void> {
    const input: MachineInput = { machineId: machine.machineId, siteId: machine.siteId };
    await this.temporal.workflow.signalWithStart(machineWorkflow, {
      workflowId: machineWorkflowId(machine.machineId),
      taskQueue: lifecycleQueue,
      args: [input],
      signal: signals.order,
      signalArgs: [order],
    });
  }

  /** Answers a human step straight at the passage that asked. */
  async answer(machineId: string, passage: Passage, orderId: string, answer: Answer): Promise<void> {
    await this.#passage(machineId, passage, orderId).signal(signals.answer, answer);
  }

  async cancel(machineId: string, passage: Passage, cancel: Cancel): Promise<void> {
    await this.#passage(machineId, passage, cancel.orderId).signal(signals.cancel, cancel);
  }

  /** Pauses, resumes or takes over an order at its machine, whether it waits there or runs. */
  async steer(machineId: string, how: 'pause' | 'resume' | 'takeover', steering: Steering): Promise<void> {
    await this.temporal.workflow.getHandle(machineWorkflowId(machineId)).signal(signals[how], steering);
  }

  /** Gives BrainSlug's message to the machine's workflow; its answer says what was ordered, or why nothing was. */
  brainslug(machineId: string, message: unknown): Promise<string> {
    const machine = this.temporal.workflow.getHandle(machineWorkflowId(machineId));
    return machine.executeUpdate<string, [unknown]>(updates.brainslug, { args: [message] });
  }

  /** Where the machine's workflow stands, as it sees it itself. */
  status(machineId: string): Promise<MachineStatus> {
    return this.temporal.workflow.getHandle(machineWorkflowId(machineId)).query<MachineStatus>(queries.status);
  }

  passageStatus(machineId: string, passage: Passage, orderId: string): Promise<MachineStatus> {
    return this.#passage(machineId, passage, orderId).query<MachineStatus>(queries.status);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #passage(machineId: string, passage: Passage, orderId: string): WorkflowHandle {
    return this.temporal.workflow.getHandle(passageWorkflowId(machineId, passage, orderId));
  }
}
