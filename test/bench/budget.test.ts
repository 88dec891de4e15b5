import { expect, test } from 'vitest';
import { type BirthResult, overBudget } from '../../scripts/benches/budget.ts';

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

test('a result at the budgets keeps them, whatever time it took', () => {
  expect(overBudget({ ...good, seconds: 100_000 })).toEqual([]);
});

test.each(['activity_tasks', 'signals', 'events', 'history_bytes'] as const)('%s over its budget is named', (name) => {
  const over = overBudget({ ...good, per_birth: { ...good.per_birth, [name]: good.per_birth[name] + 0.1 } });
  expect(over).toHaveLength(1);
  expect(over[0]).toContain(name.replace('_', ' '));
});

test('machines that did not arrive, people that were needed, and nothing measured are failures too', () => {
  expect(overBudget({ ...good, in_service: 39, failed: 1 })).toEqual(['1 of 40 machines are not in service']);
  expect(overBudget({ ...good, human_signals: 2 })).toEqual(['people were needed 2 times']);
  expect(overBudget({ ...good, per_birth: { ...good.per_birth, events: 0 } })).toEqual(['no workflow was measured']);
});
