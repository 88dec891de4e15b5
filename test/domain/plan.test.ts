/** What a campaign's plan and its judge decide, without an MDB. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MemberCounts, standardPace } from '../../domain/campaign/campaign.ts';
import { type CampaignFacts, judgeCampaign, pickNext, timeLeft } from '../../domain/campaign/judge.ts';
import { type CampaignSpec, type Candidate, planCampaign, spread, textOfPlan } from '../../domain/campaign/plan.ts';
import type { CapacityListing } from '../../domain/capacity.ts';

const candidate = (index: number, more: Partial<Candidate> = {}): Candidate => ({
  machineId: `m-${String(index).padStart(5, '0')}`,
  rack: `r${index % 4}`,
  feed: index % 4 < 2 ? 'a' : 'b',
  pool: 'general',
  stage: 'in_service',
  opState: 'production',
  repairState: 'none',
  held: null,
  ...more,
});
const fleet = (count: number, more: Partial<Candidate> = {}) =>
  Array.from({ length: count }, (_, index) => candidate(index, more));
const spec = (pace: Partial<CampaignSpec['pace']> = {}): CampaignSpec => ({
  passage: 'reboot',
  request: { drain: true },
  class: null,
  pace: { ...standardPace, ...pace },
});
const listing = (more: Partial<CapacityListing>): CapacityListing => ({
  ...{ scope: 'rack', name: 'r0', total: 10, have: 10, need: 0, rule: null },
  ...more,
});

describe('the order', () => {
  test('racks and feeds alternate', () => {
    const racks = spread(fleet(40)).map(({ rack }) => rack);
    for (let from = 0; from < 40; from += 4) expect(new Set(racks.slice(from, from + 4)).size).toBe(4);
    const feeds = spread(fleet(40)).map(({ feed }) => feed);
    for (let from = 0; from < 40; from += 2) expect(new Set(feeds.slice(from, from + 2)).size).toBe(2);
  });

  test('everyone is in it once, wherever they stand, and the order does not depend on how it was read', () => {
    const group = fc.constantFrom('a', 'b', 'c', null);
    const machines = fc.array(fc.tuple(group, group, fc.constantFrom('x', 'y')), { maxLength: 60 });
    fc.assert(
      fc.property(machines, (drawn) => {
        const some = drawn.map(([rack, feed, pool], index) => candidate(index, { rack, feed, pool }));
        const plan = planCampaign(spec(), some, []);
        const { members } = plan;
        expect(members.map(({ machineId }) => machineId).sort()).toEqual(some.map(({ machineId }) => machineId));
        expect(planCampaign(spec(), [...some].reverse(), [])).toEqual(plan);
      }),
    );
  });

  test('the canaries are well and of different racks; batches follow', () => {
    const some = fleet(20).map((one, index) => (index === 0 ? { ...one, opState: 'draining' as const } : one));
    const { members } = planCampaign(spec({ canary: 3, batch: 8 }), some, []);
    const canaries = members.filter(({ batch }) => batch === 0);
    expect(new Set(canaries.map(({ rack }) => rack)).size).toBe(3);
    expect(canaries.every(({ doubt }) => doubt === null)).toBe(true);
    expect(members.map(({ batch }) => batch).filter((batch) => batch === 1)).toHaveLength(8);
    expect(members.at(-1)?.batch).toBe(3);
    expect(members.find(({ machineId }) => machineId === 'm-00000')?.doubt).toBe('it is draining');
  });
});

describe('what it would leave in service', () => {
  test('a group that would fall below its rule is said to be short', () => {
    const groups = [listing({ need: 9 }), listing({ name: 'r1', need: 10 }), listing({ name: 'elsewhere', need: 10 })];
    const plan = planCampaign(spec({ rackShare: 10 }), fleet(40), groups);
    expect(plan.groups).toEqual([
      { scope: 'rack', name: 'r0', machines: 10, atOnce: 1, have: 10, need: 9, leaves: 9, short: false },
      { scope: 'rack', name: 'r1', machines: 10, atOnce: 1, have: 10, need: 10, leaves: 9, short: true },
    ]);
  });

  test('a share is of the whole group, and one machine at least', () => {
    const plan = planCampaign(spec({ rackShare: 20 }), fleet(8), [listing({ total: 40 })]);
    expect(plan.limits).toEqual({ 'rack/r0': 8, 'rack/r1': 1, 'rack/r2': 1, 'rack/r3': 1 });
  });

  test('the text that names a plan changes with who, what, the pace and the guards, and with nothing else', () => {
    const text = (one: CampaignSpec, machines: number, guard: Parameters<typeof listing>[0]) =>
      textOfPlan(one, planCampaign(one, fleet(machines), [listing(guard)]));
    const first = text(spec(), 10, {});
    expect(text({ ...spec(), request: { drain: false } }, 10, {})).not.toBe(first);
    expect(text(spec({ batch: 3 }), 10, {})).not.toBe(first);
    expect(text(spec(), 11, {})).not.toBe(first);
    expect(text(spec(), 10, { need: 10 })).not.toBe(first);
    expect(text(spec(), 10, { have: 9 })).toBe(first);
  });

  test('ten thousand machines are planned in a moment', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => candidate(index, { rack: `r${index % 250}` }));
    const begun = performance.now();
    planCampaign(spec({ rackShare: 10, feedShare: 5 }), many, []);
    // It takes a tenth of a second; the rest is for a laden machine.
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

const none: MemberCounts = { planned: 0, ordered: 0, done: 0, failed: 0, skipped: 0, cancelled: 0 };
const facts = (more: Partial<CampaignFacts>): CampaignFacts => ({
  state: 'running',
  why: null,
  pace: { ...standardPace, canary: 2, soakMinutes: 10 },
  haltAt: 3,
  forgiven: 0,
  counts: { ...none, planned: 10 },
  canaries: none,
  failure: 'm-1: it stayed down',
  sick: null,
  soakFrom: null,
  soaked: false,
  healthy: false,
  opensAt: null,
  now: 1_000_000,
  ...more,
});

describe('the judge', () => {
  test.each([
    ['the canary goes first', {}, { do: 'place', canary: true }],
    ['all of it must succeed', { canaries: { ...none, done: 1, ordered: 1 } }, { do: 'place', canary: true }],
    ['then it soaks', { canaries: { ...none, done: 2 } }, { do: 'soak' }],
    ['one failed canary is enough', { counts: { ...none, planned: 9, failed: 1 } }, { do: 'halt' }],
    ['an unwell canary too', { soakFrom: 900_000, sick: 'm-1: failing' }, { do: 'halt' }],
    ['it soaks its time', { soakFrom: 900_000, healthy: true }, { do: 'stand', waitingOn: 'time', until: 1_120_000 }],
    ['and no longer', { soakFrom: 400_000, healthy: true }, { do: 'pass-soak' }],
    ['but not unseen', { soakFrom: 400_000 }, { do: 'stand', waitingOn: 'time', until: 1_000_000 }],
    ['batches follow', { soaked: true }, { do: 'place', canary: false }],
    ['some may fail', { soaked: true, counts: { ...none, planned: 1, failed: 2 } }, { do: 'place' }],
    ['not too many', { soaked: true, counts: { ...none, planned: 1, failed: 3 } }, { do: 'halt' }],
    [
      'forgiven ones do not count',
      { soaked: true, forgiven: 1, counts: { ...none, planned: 1, failed: 3 } },
      { do: 'place' },
    ],
    ['a closed window waits', { opensAt: 2_000_000 }, { do: 'stand', waitingOn: 'window', until: 2_000_000 }],
    ['a person waits for a person', { state: 'paused', why: 'ann paused it' }, { do: 'stand', waitingOn: 'person' }],
    ['nothing left is the end', { counts: { ...none, done: 9, failed: 9 } }, { do: 'end', state: 'done' }],
    ['a cancel waits for those under way', { state: 'cancelling', counts: { ...none, ordered: 1 } }, { do: 'stand' }],
    [
      'and ends',
      { state: 'cancelling', counts: { ...none, done: 1, cancelled: 4 } },
      { do: 'end', state: 'cancelled' },
    ],
  ] as const)('%s', (_name, more, verdict) => {
    expect(judgeCampaign(facts(more as Partial<CampaignFacts>))).toMatchObject(verdict);
  });

  test('no group has more under way than its share, and all together no more than so many', () => {
    const member = fc.record({
      rack: fc.constantFrom('r1', 'r2', null),
      feed: fc.constantFrom('a', 'b'),
      pool: fc.constant('p'),
    });
    const named = (list: readonly object[]) =>
      list.map((one, index) => ({ machineId: `m-${index}`, ...one })) as Candidate[];
    fc.assert(
      fc.property(
        fc.array(member),
        fc.array(member, { maxLength: 3 }),
        fc.integer({ min: 1, max: 9 }),
        (next, busy, atOnce) => {
          const limits = { 'rack/r1': 2, 'feed/b': 3 };
          const picked = pickNext(named(next), named(busy), limits, atOnce);
          if (picked.length > 0) expect(picked.length + busy.length).toBeLessThanOrEqual(atOnce);
          const fresh = (key: 'rack' | 'feed', value: string) => picked.filter((one) => one[key] === value).length;
          const old = (key: 'rack' | 'feed', value: string) => busy.filter((one) => one[key] === value).length;
          if (fresh('rack', 'r1') > 0) expect(fresh('rack', 'r1') + old('rack', 'r1')).toBeLessThanOrEqual(2);
          if (fresh('feed', 'b') > 0) expect(fresh('feed', 'b') + old('feed', 'b')).toBeLessThanOrEqual(3);
        },
      ),
    );
  });

  test('time left goes by how long machines took', () => {
    const pace = { ...standardPace, atOnce: 10 };
    expect(timeLeft(pace, { typical: null, batches: [40], underWay: 0, soaking: 0 })).toBeNull();
    expect(timeLeft(pace, { typical: 60, batches: [40, 5], underWay: 3, soaking: 100 })).toBe(5 * 60 + 30 + 100);
  });
});
