import { expect, test } from 'vitest';
import { type RedfishResult, redfishBounds } from '../../scripts/benches/redfishbudget.ts';
import { boundLine, holds } from '../../scripts/benches/verdict.ts';

const good: RedfishResult = {
  bench: 'redfish',
  requests_per_second: 300,
  inventory_requests: { standard: 25, ibmc: 41 },
  controllers: 900,
  hung: 100,
  alone_seconds: 10,
  beside_seconds: 12,
  rss_mib: 400,
};

const missed = (result: RedfishResult) =>
  redfishBounds(result)
    .filter((bound) => !holds(bound))
    .map(boundLine);

test('a result at the budgets keeps them, and a family that cannot expand has none', () => {
  expect(missed(good)).toEqual([]);
});

test.each<[Partial<RedfishResult>, RegExp]>([
  [{ requests_per_second: 299 }, /299 requests a second/],
  [{ inventory_requests: { idrac9: 26 } }, /26 requests an inventory of idrac9/],
  [{ beside_seconds: 12.1 }, /12.1 s beside hung controllers .at most 12\)/],
  [{ rss_mib: 401 }, /401 MiB/],
])('%j is over budget', (change, words) => {
  expect(missed({ ...good, ...change })).toEqual([expect.stringMatching(words)]);
});
