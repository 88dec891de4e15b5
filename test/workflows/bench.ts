import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { BirthActivities } from '../../activities/birth/index.ts';
import type { CleanActivities } from '../../activities/clean/index.ts';
import type { DrainActivities } from '../../activities/drain/index.ts';
import type { HardwareActivities } from '../../activities/hardware/index.ts';
import type { OrderActivities } from '../../activities/orders/index.ts';
import type { OutageActivities } from '../../activities/outage/index.ts';
import type { PassageActivities } from '../../activities/passage/index.ts';
import type { PermitActivities } from '../../activities/permits/index.ts';
import type { RecordActivities } from '../../activities/records/index.ts';
import type { RepairActivities } from '../../activities/repair/index.ts';
import type { RetireActivities } from '../../activities/retire/index.ts';
import { attributes } from '../../contract/attributes.ts';
import {
  hardwareQueue,
  lifecycleQueue,
  type MachineStatus,
  machineWorkflow,
  machineWorkflowId,
  passageWorkflowId,
  type Report,
  type ReportKind,
} from '../../contract/machine.ts';
import type { DisruptionPolicy, MoveInput } from '../../contract/outage.ts';
import type { MachineState } from '../../contract/passage.ts';
import { judgeMove } from '../../domain/flows.ts';
import type { OpState, Passage } from '../../domain/machine.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';

const { temporal } = proto;

export type Doubles = OrderActivities &
  PassageActivities &
  RepairActivities &
  RetireActivities &
  OutageActivities &
  DrainActivities &
  Pick<PermitActivities, 'askPermit' | 'sendToSemaphore'> &
  Pick<RecordActivities, 'keepConsole' | 'keepRecords'> &
  BirthActivities &
  CleanActivities &
  HardwareActivities;

const registered = {
  registered: {
    hostname: 'a01-u01',
    address: '10.1.0.65',
    rack: 'A01',
    unit: 1,
    pool: 'general',
    sku: null,
    controller: false,
  },
} as const;

const status: MachineState = {
  stage: 'in_service',
  opState: 'production',
  bootState: 'healthy',
  rack: 'A01',
  pool: 'general',
  sku: null,
};

const cleaned: MachineState = { ...status, stage: 'registered', opState: 'disabled', bootState: 'clean' };

export const policy: DisruptionPolicy = {
  drains: true,
  drainLimit: 3_600_000,
  onDrainTimeout: 'ask',
  soak: 600_000,
  healthRetries: 2,
  rebootLimit: 180_000,
};

const drained = { drained: true, left: 0, sentence: 'nothing is left' } as const;

/** Edges of BrainSlug's flows that the passages of this suite went, e.g. `basic: draining → hard_reboot by drained`. */
export const walked = new Set<string>();

/** As the MDB does it: along an edge, or not at all. */
function walk(from: OpState, input: MoveInput): void {
  if (input.opState === undefined || input.opState === from) return;
  const { opState: to, flow, trigger, by } = input;
  const edge = judgeMove({ from, to, flow, trigger }, by === undefined ? null : 'user');
  if (typeof edge === 'string') throw ApplicationFailure.nonRetryable(edge);
  walked.add(`${flow}: ${from} → ${to} by ${trigger}`);
}

/** Activities that go well, each call written down; a test replaces those that shall not. */
export function goingWell(calls: string[], different: Partial<Doubles> = {}): Doubles {
  /** Where the machine stands, as the doubles have told last. */
  let state = status;
  const usual: Doubles = {
    orderByPayload: async () => null,
    readBacklog: async () => ({ underWay: null, waiting: [], pausedOrders: [], paused: false, lastPassage: null }),
    keepPause: async () => undefined,
    beginBirth: async () => ({ live: true, fence: 1, controller: false, boot: false }),
    settleNewcomer: async () => ({ is: 'own' }),
    register: async () => registered,
    startProfile: async () => ({ burnin: 'run', limit: 60_000 }),
    decideProfile: async () => ({ verdict: 'pass', finding: null, image: 'compute-1', imageKind: 'compute' }),
    directInstall: async () => undefined,
    acceptInstall: async () => ({ hostname: 'a01-u01', image: 'compute-1', limit: null, mayRestart: true }),
    finishBirth: async () => ({ stage: 'in_service', opState: 'production', bootState: 'healthy', seconds: 60 }),
    noteReboot: async () => undefined,
    beginPassage: async () => ({
      ...status,
      live: true,
      fence: 1,
      controller: true,
      hostname: 'a01-u01',
      dryRun: false,
      reviewed: null,
      class: 'maintenance',
      requester: 'ann',
      request: {},
    }),
    keepPlan: async () => 'hash',
    beginNextStep: async () => undefined,
    endOrder: async () => state,
    breakOff: async () => ({ ...status, stage: 'racked', opState: 'disabled', bootState: 'birth' }),
    openHumanStep: async () => undefined,
    remindHumanStep: async () => undefined,
    closeHumanStep: async () => undefined,
    keepIgnored: async () => undefined,
    bootClean: async () => ({ state: { ...status, stage: 'maintenance', opState: 'disabled', bootState: 'clean' } }),
    planClean: async () => ['erase disk D1 by nvme-format'],
    directErase: async () => ({ state: cleaned, disks: 1 }),
    proveErased: async () => ({ state: cleaned, note: '1 disk proven erased' }),
    directReinstall: async () => ({ state: { ...cleaned, stage: 'profiled' } }),
    keepConsole: async () => undefined,
    keepRecords: async () => [],
    missingParts: async () => [],
    keepBundle: async ({ id }) => ({ id, summary: 'Now: it says Critical.' }),
    beginAttempt: async () => ({ may: true, wait: 0 }),
    endAttempt: async () => undefined,
    moveToRepair: async () => ({ ...status, stage: 'repair', opState: 'draining' }),
    handOn: async ({ to }) => `${to}-of-it`,
    retireMachine: async () => ({ ...status, stage: 'retired', opState: 'disabled' }),
    sendPart: async () => undefined,
    fitPart: async () => undefined,
    setRebirth: async () => null,
    unsetRebirth: async () => undefined,
    leaveService: async ({ to, dryRun }) => {
      const left = dryRun || state.opState !== 'production' ? state : { ...state, opState: to };
      return { left: true, state: left, policy };
    },
    moveMachine: async (input) => {
      walk(state.opState, input);
      const { opState, stage, bootState } = input;
      return { ...state, ...(opState && { opState }), ...(stage && { stage }), ...(bootState && { bootState }) };
    },
    readGroups: async ({ named }) => ({
      groups: [...new Set(['rack', ...named])].map((tag) => ({ tag, value: 'A01' })),
      missing: [],
    }),
    readPolicy: async () => policy,
    askPermit: async () => ({ state: 'granted', fence: 8 }),
    sendToSemaphore: async () => undefined,
    startDrain: async () => drained,
    drainProgress: async () => drained,
    stopDrain: async () => 'takes work again',
    killJobs: async () => 'ended',
    checkHealth: async () => ({ up: true, healthy: true, seen: 'its start is at OSRunning' }),
    checkController: async () => ({ state: 'match', differing: [] }),
    lookAtBoard: async () => ({ state: 'same', quarantined: false }),
    acceptBoard: async () => ({ accepted: true, keysLost: false }),
    endQuarantine: async () => undefined,
    act: async ({ dryRun }) => ({ state: dryRun ? 'planned' : 'done', observed: 'power On' }),
    settle: async () => ({ state: 'done', observed: 'power On' }),
  };
  const doubles = { ...usual, ...different };
  return Object.fromEntries(
    Object.entries(doubles).map(([name, activity]) => [
      name,
      async (input: Record<string, unknown>) => {
        // Every life begins with it.
        if (name !== 'readBacklog') calls.push(describe(name, input));
        const reported = await (activity as (input: unknown) => Promise<unknown>)(input);
        state = stateIn(reported) ?? state;
        return reported;
      },
    ]),
  ) as unknown as Doubles;
}

function stateIn(reported: unknown): MachineState | null {
  if (typeof reported !== 'object' || reported === null) return null;
  if ('state' in reported && typeof reported.state === 'object') return stateIn(reported.state);
  if (!('opState' in reported && 'stage' in reported && 'bootState' in reported)) return null;
  const { stage, opState, bootState, rack = null, pool = 'general', sku = null } = reported as MachineState;
  return { stage, opState, bootState, rack, pool, sku };
}

function describe(name: string, input: Record<string, unknown>): string {
  const detail =
    input['attempt'] ??
    input['number'] ??
    input['fault'] ??
    input['kind'] ??
    input['opState'] ??
    input['to'] ??
    input['state'] ??
    (name === 'closeHumanStep' ? input['answer'] : undefined) ??
    (name === 'sendToSemaphore' ? input['signal'] : undefined);
  return detail === undefined ? name : `${name} ${String(detail)}`;
}

export const withController = { registered: { ...registered.registered, controller: true } } as const;

let bundled: Promise<{ code: string }> | undefined;

/** The product's own workflows, bundled once a suite. */
export function bundle(): Promise<{ code: string }> {
  bundled ??= bundleWorkflows({ log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} });
  return bundled;
}

/** One machine under test: what may be said to it, and how to wait for what it does. */
export class Bench {
  readonly machineId = `m-${randomUUID().slice(0, 12)}`;
  readonly orderId: string;
  readonly kind: Passage;
  readonly calls: string[];
  readonly machine: WorkflowHandle;
  readonly passage: WorkflowHandle;
  private readonly environment: TestWorkflowEnvironment;
  private sent = 0;

  constructor(environment: TestWorkflowEnvironment, calls: string[], kind: Passage) {
    this.environment = environment;
    this.kind = kind;
    this.orderId = `${kind}-${this.machineId}`;
    this.calls = calls;
    this.machine = environment.client.workflow.getHandle(machineWorkflowId(this.machineId));
    this.passage = environment.client.workflow.getHandle(passageWorkflowId(this.machineId, kind, this.orderId));
  }

  async start(): Promise<void> {
    await this.environment.client.workflow.signalWithStart(machineWorkflow, {
      workflowId: this.machine.workflowId,
      taskQueue: lifecycleQueue,
      args: [{ machineId: this.machineId, siteId: 'home' }],
      signal: 'order',
      signalArgs: [{ id: this.orderId, passage: this.kind }],
    });
  }

  /** Waits until the machine has begun the passage. */
  async exists(): Promise<void> {
    const end = Date.now() + 120_000;
    while (!(await this.passage.describe().catch(() => null))) {
      if (Date.now() > end) throw new Error('the passage has not begun');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async report(kind: ReportKind, more: Partial<Report> = {}): Promise<void> {
    if (this.sent === 0 && this.kind === 'birth') await this.standsAt('rack');
    this.sent += 1;
    const report: Report = { id: `r${this.sent}`, kind, nonce: 'boot-1', ...more };
    await this.passage.signal('report', report);
  }

  async answer(answer: string, by = 'ann', data?: Readonly<Record<string, unknown>>): Promise<void> {
    const { humanStep } = await this.asked();
    await this.passage.signal('answer', { step: humanStep?.id, answer, by, ...(data && { data }) });
  }

  /** Waits until the passage stands at a step and waits on something. */
  standsAt(step: string): Promise<MachineStatus> {
    return this.until((status) => status.step === step && status.humanStep === null);
  }

  /** Waits until a person is asked. */
  asked(): Promise<MachineStatus> {
    return this.until((status) => status.humanStep !== null);
  }

  async until(met: (status: MachineStatus) => boolean): Promise<MachineStatus> {
    const end = Date.now() + 120_000;
    for (;;) {
      const status = await this.passage.query<MachineStatus>('status').catch(() => null);
      if (status && met(status)) return status;
      if (Date.now() > end)
        throw new Error(`not met in time; it stands at ${JSON.stringify(status)}, after ${this.calls.join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits until the machine has taken the end of its passage. */
  async idle(): Promise<void> {
    const end = Date.now() + 120_000;
    for (;;) {
      const status = await this.machine.query<MachineStatus>('status');
      if (status.waitingOn === 'order' && status.last !== null) return;
      if (Date.now() > end) throw new Error('the machine has not taken the end of its passage');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /**
   * Ends what the test leaves running: the next one's worker would pick it up. By a cancel, because the test server's
   * clock stands still once a workflow was terminated on it.
   */
  async end(): Promise<void> {
    for (const handle of [this.machine, this.passage]) await handle.cancel().catch(() => {});
    const end = Date.now() + 20_000;
    for (const handle of [this.passage, this.machine])
      while ((await handle.describe().catch(() => null))?.status.name === 'RUNNING') {
        if (Date.now() > end) await handle.terminate('the test is over').catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
  }

  /** From the burn-in to in service, all going well. */
  async goOn(from: 'inventory' | 'burnin' | 'installed' | 'ready' = 'inventory'): Promise<void> {
    const kinds = ['inventory', 'burnin', 'installed', 'ready'] as const;
    const waits = { inventory: 'rack', burnin: 'profile', installed: 'deploy', ready: 'ready' } as const;
    for (const kind of kinds.slice(kinds.indexOf(from))) {
      await this.standsAt(waits[kind]);
      await this.report(kind);
    }
  }
}

/** The time-skipping server knows no search attribute until it is told. */
export async function defineAttributes(environment: TestWorkflowEnvironment): Promise<void> {
  const names = Object.values(attributes).map((key) => [
    key.name,
    temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  ]);
  await environment.connection.operatorService.addSearchAttributes({
    namespace: environment.namespace ?? 'default',
    searchAttributes: Object.fromEntries(names),
  });
}

export interface BenchSpec {
  readonly kind: Passage;
  readonly different: Partial<Doubles>;
}

/** Runs a test against real workers with the given activities. */
export function withBench(
  environment: TestWorkflowEnvironment,
  different: Partial<Doubles>,
  test: (bench: Bench) => Promise<void>,
  kind: Passage = 'birth',
): Promise<void> {
  return withBenches(environment, [{ kind, different }], ([bench]) => test(bench as Bench));
}

/** The same with several machines at once, each with activities of its own. */
export async function withBenches(
  environment: TestWorkflowEnvironment,
  specs: readonly BenchSpec[],
  test: (benches: readonly Bench[]) => Promise<void>,
): Promise<void> {
  const all = specs.map(({ kind, different }) => {
    const calls: string[] = [];
    return { bench: new Bench(environment, calls, kind), doubles: goingWell(calls, different) };
  });
  const shared = {
    connection: environment.nativeConnection,
    activities: perMachine(all),
    shutdownGraceTime: 0,
    shutdownForceTime: 5000,
  };
  const lifecycle = await Worker.create({ ...shared, taskQueue: lifecycleQueue, workflowBundle: await bundle() });
  const hardware = await Worker.create({ ...shared, taskQueue: hardwareQueue('home') });
  const benches = all.map(({ bench }) => bench);
  await hardware.runUntil(
    lifecycle.runUntil(async () => {
      try {
        await Promise.all(benches.map((bench) => bench.start()));
        await test(benches);
      } finally {
        await Promise.all(benches.map((bench) => bench.end()));
      }
    }),
  );
}

interface Fields extends Readonly<Record<string, unknown>> {
  readonly 0?: { readonly machineId: string };
}

/** Each activity as the machine has it that it is about. */
function perMachine(all: readonly { readonly bench: Bench; readonly doubles: Doubles }[]): Doubles {
  const permits = new Map<string, string>();
  const machineOf = (input: Record<string, unknown>): unknown => {
    const { machineId, request, body, due } = input as Partial<Record<string, Fields>>;
    if (request?.['machineId'] !== undefined) permits.set(String(request['id']), String(request['machineId']));
    return machineId ?? request?.['machineId'] ?? permits.get(String(body?.['id'])) ?? due?.[0]?.machineId;
  };
  const doublesOf = (input: Record<string, unknown>): Doubles => {
    const machineId = all.length === 1 ? all[0]?.bench.machineId : machineOf(input);
    const one = all.find(({ bench }) => bench.machineId === machineId);
    if (one === undefined) throw new Error(`no machine of this test is meant by ${JSON.stringify(input)}`);
    return one.doubles;
  };
  const names = Object.keys(all[0]?.doubles ?? {}) as (keyof Doubles)[];
  return Object.fromEntries(
    names.map((name) => [
      name,
      (input: never) => (doublesOf(input)[name] as (input: never) => Promise<unknown>)(input),
    ]),
  ) as unknown as Doubles;
}
