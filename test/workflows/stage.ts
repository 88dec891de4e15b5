import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { PassageSummary } from '../../contract/machine.ts';
import type { BegunPassage } from '../../contract/past.ts';
import type { Passage } from '../../domain/machine.ts';
import { type Bench, type Doubles, withBench } from './bench.ts';

type Run = (bench: Bench, environment: TestWorkflowEnvironment) => Promise<void>;

/**
 * Runs a passage against doubles. The suite's clock runs ahead of the wall's once a test has let time pass: doubles that
 * tell a time are made from the one they are given.
 */
export const skipping =
  (shared: TestWorkflowEnvironment | null, kind: Passage, different: Different, run: Run) => async () => {
    if (shared === null) throw new Error('the time-skipping server went away');
    const doubles = typeof different === 'function' ? different(await shared.currentTimeMs()) : different;
    await withBench(shared, doubles, (bench) => run(bench, shared), kind);
  };

type Different = Partial<Doubles> | ((now: number) => Partial<Doubles>);

export const begun: BegunPassage = {
  stage: 'in_service',
  opState: 'production',
  bootState: 'healthy',
  rack: 'A01',
  pool: 'general',
  sku: null,
  live: true,
  fence: 7,
  controller: true,
  hostname: 'a01-u01',
  dryRun: false,
  reviewed: null,
  class: 'maintenance',
  requester: 'ann',
  request: {},
};

export const beginning = (more: Partial<BegunPassage>): Partial<Doubles> => ({
  beginPassage: async () => ({ ...begun, ...more }),
});

export const outcome = async (bench: Bench): Promise<PassageSummary> => {
  await bench.exists();
  return (await bench.passage.result()) as PassageSummary;
};

/** What was done to the machine, in its order. */
export const moves = (bench: Bench): string[] =>
  bench.calls.filter((call) => /^(leaveService|moveMachine|act|startDrain|stopDrain|killJobs)/.test(call));

/** Sick in the given way until the test mends it. */
export class Patient {
  mended = false;
  readonly double: Partial<Doubles>;
  constructor(bad: Awaited<ReturnType<Doubles['checkHealth']>>) {
    this.double = { checkHealth: async () => (this.mended ? { up: true, healthy: true, seen: 'well' } : bad) };
  }
}
