/** What holds for every passage: each of its activities may be lost after it was done, and be done again. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, describe, expect, test } from 'vitest';
import type { BegunPassage } from '../../contract/passage.ts';
import type { Passage } from '../../mdb/machine.ts';
import { timeSkipping } from '../support/temporal.ts';
import { type Bench, type Doubles, defineAttributes, goingWell } from './bench.ts';
import { begun, outcome, skipping } from './stage.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

/** Every activity does its work and loses its answer the first time; what is asked again finds it done. */
function losing(order: Partial<BegunPassage>): Partial<Doubles> {
  const usual = goingWell([], { beginPassage: async () => ({ ...begun, ...order }) });
  const lost = new Set<string>();
  return Object.fromEntries(
    Object.entries(usual).map(([name, activity]) => [
      name,
      async (input: never) => {
        const told = await (activity as (input: never) => Promise<unknown>)(input);
        if (lost.has(name)) return told;
        lost.add(name);
        throw new Error(`the answer of ${name} was lost`);
      },
    ]),
  );
}

type Passing = (bench: Bench, environment: TestWorkflowEnvironment) => Promise<void>;

/** The reports of an agent that comes up once and does everything. */
const agent =
  (...kinds: readonly ('inventory' | 'burnin' | 'erased' | 'installed' | 'ready')[]): Passing =>
  async (bench) => {
    const waits = { inventory: /rack|boot/, burnin: /profile/, erased: /erase/, installed: /deploy/, ready: /ready/ };
    for (const kind of kinds) {
      await bench.until((standing) => waits[kind].test(standing.step ?? '') && /agent|reboot/.test(standing.waitingOn));
      await bench.report(kind);
    }
  };

const passing: Partial<Record<Passage, { order?: Partial<BegunPassage>; goes?: Passing }>> = {
  rebirth: { goes: agent('inventory', 'burnin', 'installed', 'ready') },
  maintenance: { order: { request: { work: [{ kind: 'reboot' }], soakMinutes: 0 } } },
  repair: { order: { request: { fault: 'x', severity: 'rebirth' } } },
  retire: { goes: agent('inventory', 'erased') },
  drain: {},
  undrain: { order: { opState: 'draining' } },
  reboot: {},
  power: { order: { request: { action: 'cycle' } } },
};

describe.skipIf(shared === null)('each activity, lost after it was done, is found done', () => {
  for (const [passage, { order = {}, goes }] of Object.entries(passing)) {
    test(
      passage,
      skipping(shared, passage as Passage, losing(order), async (bench) => {
        await goes?.(bench, shared as TestWorkflowEnvironment);
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        // A command is never given twice, whatever was lost.
        const acts = bench.calls.filter((call) => call.startsWith('act '));
        expect(new Set(acts).size).toBe(acts.length);
      }),
    );
  }
});
