import { describe, expect, it } from 'vitest';
import { type BootResult, bootBounds } from '../../scripts/benches/bootbudget.ts';
import {
  type ControllersResult,
  controllersBounds,
  type SimResult,
  simBounds,
} from '../../scripts/benches/simbudget.ts';
import { type Bound, boundLine, holds, reportBounds } from '../../scripts/benches/verdict.ts';

const missed = (bounds: readonly Bound[]) => bounds.filter((bound) => !holds(bound)).map(boundLine);
const decided = { per_second: 6000, per_core_second: 2000, p99_ms: 5, errors: 0 };
const boot: BootResult = {
  ...{ bench: 'boot', seconds: 10, machines: 4000 },
  ...{ healthy: decided, bootstrap: decided, at_200_per_second: { p50_ms: 1, p99_ms: 20, errors: 0 } },
  ...{ first_boots: { per_second: 900, errors: 0 }, fetches_10_mib: { per_second: 100, cpu_ms_each: 5, errors: 0 } },
};
const sim: SimResult = {
  ...{ bench: 'sim', machines: 4000, listen_ms: 900 },
  rss_mib: { node: 112, made: 120, off: 137, spoken_to: 154, looking_for_boot: 263 },
  cpu_share_looking_for_boot: 0.05,
};
const controllers: ControllersResult = {
  ...{ bench: 'controllers', controllers: 40, hung: 4, answered: 36, held_back: 4, slowest_ms: 20, rss_mib: 150 },
};

describe('O-10: the verdict of', () => {
  it('O-10: the birther’s bench holds at its budgets', () => expect(missed(bootBounds(boot))).toEqual([]));
  it.each<[Partial<BootResult>, RegExp]>([
    [{ healthy: { ...decided, per_core_second: 1999 } }, /1999 .*healthy.*at least 2000/],
    [{ bootstrap: { ...decided, per_core_second: 10 } }, /10 .*bootstrap.*at least 2000/],
    [{ at_200_per_second: { p50_ms: 1, p99_ms: 20.1, errors: 0 } }, /20.1 ms.*at most 20/],
    [{ fetches_10_mib: { per_second: 99, cpu_ms_each: 5, errors: 0 } }, /99 .*10 MiB.*at least 100/],
    [{ first_boots: { per_second: 900, errors: 1 } }, /1 .*errors.*at most 0/],
    [{ healthy: { ...decided, errors: 2 } }, /2 .*errors.*at most 0/],
    [{ first_boots: { per_second: 0, errors: 0 } }, /0 first boots.*at least 1/],
  ])('O-10: the birther’s bench over a budget names it: %j', (change, words) => {
    expect(missed(bootBounds({ ...boot, ...change }))).toEqual([expect.stringMatching(words)]);
  });

  it('O-10: the simulator’s bench holds at its budgets', () => expect(missed(simBounds(sim))).toEqual([]));
  it.each<[Partial<SimResult>, RegExp]>([
    [{ rss_mib: { ...sim.rss_mib, off: 900 } }, /KiB a machine.*off/],
    [{ rss_mib: { ...sim.rss_mib, looking_for_boot: 2000 } }, /KiB a machine.*looking/],
    [{ cpu_share_looking_for_boot: 0.9 }, /0.9 .*core/],
    [{ rss_mib: { ...sim.rss_mib, spoken_to: Number.NaN } }, /NaN/],
  ])('O-10: the simulator’s bench over a budget names it: %j', (change, words) => {
    expect(missed(simBounds({ ...sim, ...change }))).toEqual([expect.stringMatching(words)]);
  });

  it('O-10: controllers for another bench answers for them', () => {
    expect(missed(controllersBounds(controllers))).toEqual([]);
    expect(missed(controllersBounds({ ...controllers, answered: 35 }))).toEqual([
      expect.stringMatching(/35 .*at least 36/),
    ]);
    expect(missed(controllersBounds({ ...controllers, held_back: 3 }))).toEqual([
      expect.stringMatching(/3 .*at least 4/),
    ]);
    expect(missed(controllersBounds({ ...controllers, rss_mib: 4000 }))).toEqual([expect.stringMatching(/MiB/)]);
  });

  it('O-10: ends with 1 where one was missed', () => {
    expect(reportBounds(simBounds(sim))).toBe(0);
    expect(reportBounds(simBounds({ ...sim, cpu_share_looking_for_boot: 2 }))).toBe(1);
  });
});
