import { expect, test } from 'vitest';
import { type BirthResult, birthBounds } from '../../scripts/benches/budget.ts';
import { boundLine, holds } from '../../scripts/benches/verdict.ts';

const good: BirthResult = {
  bench: 'birth',
  machines: 40,
  in_service: 40,
  failed: 0,
  human_signals: 0,
  seconds: 30,
  per_birth: { activity_tasks: 12, signals: 6, events: 200, history_bytes: 200_000 },
  cpu_seconds: {},
  rss_mib: {},
};
const missed = (result: BirthResult) =>
  birthBounds(result)
    .filter((bound) => !holds(bound))
    .map(boundLine);

test('a result at the budgets keeps them, whatever time it took', () => {
  expect(missed({ ...good, seconds: 100_000 })).toEqual([]);
});

test.each(['activity_tasks', 'signals', 'events', 'history_bytes'] as const)('%s over its budget is named', (name) => {
  const over = missed({ ...good, per_birth: { ...good.per_birth, [name]: good.per_birth[name] + 0.1 } });
  expect(over).toHaveLength(1);
  expect(over[0]).toContain(name.replace('_', ' '));
});

test('machines that did not arrive, people that were needed, and nothing measured are failures too', () => {
  expect(missed({ ...good, in_service: 39, failed: 1 })).toEqual(['MISSED: 39 machines in service (at least 40)']);
  expect(missed({ ...good, human_signals: 2 })).toEqual(['MISSED: 2 times a person was needed (at most 0)']);
  expect(missed({ ...good, per_birth: { ...good.per_birth, events: 0 } })).toEqual([
    'MISSED: 0 events a birth (at least 1)',
  ]);
});

test('what was not measured keeps no budget', () => {
  for (const side of ['at most', 'at least'] as const)
    expect(holds({ what: 'ms', measured: Number.NaN, budget: [side, 0] })).toBe(false);
});
