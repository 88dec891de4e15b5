import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { PassageSummary } from '../../contract/machine.ts';
import type { BegunPassage } from '../../contract/passage.ts';
import type { Passage } from '../../mdb/machine.ts';
import { timeSkipping } from '../support/temporal.ts';
import { type Bench, type Doubles, defineAttributes, withBench } from './bench.ts';

type Run = (bench: Bench, environment: TestWorkflowEnvironment) => Promise<void>;

/** Runs a passage against doubles. A test that lets time pass takes two parameters, and gets a server of its own. */
export const skipping =
  (shared: TestWorkflowEnvironment | null, kind: Passage, different: Partial<Doubles>, run: Run) => async () => {
    const own = run.length === 2 ? await timeSkipping() : shared;
    if (own === null) throw new Error('the time-skipping server went away');
    if (own !== shared) await defineAttributes(own);
    try {
      await withBench(own, different, (bench) => run(bench, own), kind);
    } finally {
      if (own !== shared) await own.teardown();
    }
  };

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
