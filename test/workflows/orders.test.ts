/** The machine's own side of orders: which goes first, what waits for its time, and what people do to one. */

import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, describe, expect, test } from 'vitest';
import type { MachineStatus, OrderMessage, PassageSummary } from '../../contract/machine.ts';
import type { BegunPassage } from '../../contract/past.ts';
import { timeSkipping } from '../support/temporal.ts';
import { type Bench, type Doubles, defineAttributes, goingWell, withBench } from './bench.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

/** What each test's activities were asked about orders. */
interface Seen {
  readonly begun: string[];
  readonly ended: string[];
  readonly payloads: unknown[];
}

type Run = (bench: Bench, seen: Seen, environment: TestWorkflowEnvironment) => Promise<void>;

/** One that skips time gets a server of its own: the clock of one stands still once a workflow was terminated on it. */
const ordering = (run: Run) => async () => {
  const own = run.length === 3 ? await timeSkipping() : shared;
  if (own === null) throw new Error('the time-skipping server went away');
  if (own !== shared) await defineAttributes(own);
  const seen: Seen = { begun: [], ended: [], payloads: [] };
  const usual = goingWell([]);
  const doubles: Partial<Doubles> = {
    beginPassage: async (input): Promise<BegunPassage> => {
      seen.begun.push(input.orderId);
      return usual.beginPassage(input);
    },
    endOrder: async (input) => {
      seen.ended.push(`${input.orderId} ${input.state}: ${input.outcome}`);
      return usual.endOrder(input);
    },
    orderByPayload: async ({ order }) => {
      seen.payloads.push(order);
      return seen.payloads.length > 1 ? 'it has one already' : null;
    },
  };
  try {
    await withBench(own, doubles, (bench) => run(bench, seen, own));
  } finally {
    if (own !== shared) await own.teardown();
  }
};

// It ends at once on a machine in production, and says so.
const order = (bench: Bench, id: string, more: Partial<OrderMessage> = {}) =>
  bench.machine.signal('order', { id, passage: 'undrain', ...more });
const status = (bench: Bench) => bench.machine.query<MachineStatus>('status');
const waits = (bench: Bench, ...ids: string[]) =>
  expect.poll(async () => (await status(bench)).waitingOrders).toEqual(ids);
const lastIs = (bench: Bench, id: string) => expect.poll(async () => (await status(bench)).last?.orderId).toBe(id);
const timers = async (bench: Bench) =>
  ((await bench.machine.fetchHistory()).events ?? []).filter((event) => event.timerStartedEventAttributes).length;
const clock = async (environment: TestWorkflowEnvironment, hours: number) =>
  new Date((await environment.currentTimeMs()) + hours * 3_600_000).toISOString();

describe.skipIf(shared === null)("a machine's orders", () => {
  test(
    'go one at a time, the most urgent first, and no timer runs for them',
    ordering(async (bench, seen) => {
      await bench.standsAt('rack');
      await order(bench, 'a');
      await order(bench, 'b', { class: 'clean' });
      await order(bench, 'c', { class: 'emergency' });
      await order(bench, 'a');
      await waits(bench, 'a', 'b', 'c');
      await bench.goOn();
      await lastIs(bench, 'b');
      expect(seen.begun).toEqual(['c', 'a', 'b']);
      expect(await timers(bench)).toBe(0);
    }),
  );

  test(
    'that are malformed are noted, and nothing happens',
    ordering(async (bench, seen) => {
      await order(bench, 'x', { class: 'soon' as 'repair' });
      await order(bench, 'y', { notBefore: 'tomorrow' });
      await order(bench, 'z/..');
      await bench.machine.signal('cancel', 'x');
      await bench.machine.signal('takeover');
      await bench.machine.signal('pause', { orderId: 7 });
      await expect
        .poll(async () => (await status(bench)).ignored)
        .toEqual([
          'order: class is not one of emergency, repair, maintenance, clean',
          'order: notBefore is not a time like 2026-11-21T09:00:00Z',
          'order: id must be a non-empty string without a slash: up to 200 letters, digits, dots, dashes, colons or underscores',
          'cancel: not an object like {"orderId": …, "by": …, "reason": …}',
          'takeover: it names no order',
          'pause: orderId must be a non-empty string',
        ]);
      expect([seen.begun, (await status(bench)).waitingOrders]).toEqual([[], []]);
    }),
  );

  test(
    'wait for their time, and let others go first',
    ordering(async (bench, seen, environment) => {
      await bench.goOn();
      await bench.idle();
      await order(bench, 'later', { class: 'emergency', notBefore: await clock(environment, 2) });
      await order(bench, 'now');
      await lastIs(bench, 'now');
      expect((await status(bench)).waitingOrders).toEqual(['later']);
      await environment.sleep('3 hours');
      await lastIs(bench, 'later');
      expect(seen.begun).toEqual(['now', 'later']);
      await bench.machine.signal('order', { id: 'plain', passage: 'undrain' });
      await lastIs(bench, 'plain');
    }),
  );

  test(
    'end as refused at their deadline, also behind a passage that takes long',
    ordering(async (bench, seen, environment) => {
      await bench.standsAt('rack');
      await order(bench, 'urgent', { deadline: await clock(environment, 0.2) });
      await order(bench, 'patient', { deadline: await clock(environment, 48) });
      await waits(bench, 'urgent', 'patient');
      await environment.sleep('15 minutes');
      await waits(bench, 'patient');
      expect(seen.ended).toEqual([
        expect.stringMatching(/^urgent failed: refused: it had not begun by its deadline, 20/),
      ]);
      await bench.goOn();
      await lastIs(bench, 'patient');
      expect(seen.begun).toEqual(['patient']);
    }),
  );

  test(
    'that wait can be cancelled, even before they come',
    ordering(async (bench, seen) => {
      await bench.standsAt('rack');
      await order(bench, 'a');
      await waits(bench, 'a');
      await bench.machine.signal('cancel', { orderId: 'a', by: 'ann', reason: 'not now' });
      await waits(bench);
      await bench.machine.signal('cancel', { orderId: 'b', by: 'ann', reason: 'not at all' });
      await order(bench, 'b');
      await order(bench, 'c');
      await waits(bench, 'c');
      await bench.goOn();
      await lastIs(bench, 'c');
      expect(seen.begun).toEqual(['c']);
      expect(seen.ended.slice(0, 1)).toEqual(['a cancelled: cancelled by ann: not now']);
    }),
  );

  test(
    'that are paused stay behind until they are resumed',
    ordering(async (bench, seen) => {
      await bench.standsAt('rack');
      await bench.machine.signal('pause', { orderId: 'a', by: 'ann', reason: 'wait' });
      await order(bench, 'a');
      await order(bench, 'b');
      await waits(bench, 'a', 'b');
      await bench.goOn();
      await lastIs(bench, 'b');
      expect(seen.begun).toEqual(['b']);
      await bench.machine.signal('resume', { orderId: 'a', by: 'ann', reason: 'go' });
      await lastIs(bench, 'a');
    }),
  );

  test(
    'that run are paused, and begin nothing more until they are resumed',
    ordering(async (bench) => {
      await bench.standsAt('rack');
      const steer = { orderId: bench.orderId, by: 'ann', reason: 'wait' };
      await bench.machine.signal('pause', steer);
      await bench.until(({ paused }) => paused);
      await bench.report('inventory');
      await expect.poll(() => bench.calls).toEqual(['beginBirth']);
      expect(await bench.until(({ step }) => step === 'rack')).toMatchObject({ paused: true });
      await bench.machine.signal('resume', steer);
      await bench.standsAt('profile');
    }),
  );
});

describe.skipIf(shared === null)('a passage that a person takes over', () => {
  const takeover = async (bench: Bench) => {
    await bench.standsAt('rack');
    await bench.machine.signal('takeover', { orderId: bench.orderId, by: 'ann', reason: 'I am beside it' });
    expect(await bench.asked()).toMatchObject({
      humanStep: {
        owner: 'ann',
        choices: ['done', 'hand-back', 'abandon'],
        question: 'ann does the rest of this birth by hand: I am beside it',
      },
    });
    expect(bench.calls).toEqual(['beginBirth', 'openHumanStep takeover']);
  };

  test(
    'goes on where it stood when it is handed back',
    ordering(async (bench) => {
      await takeover(bench);
      // What the machine reports is taken meanwhile, and nothing is begun with it.
      await bench.machine.signal('report', { id: 'r1', kind: 'inventory', nonce: 'boot-1' });
      await bench.until(({ step }) => step === 'rack');
      expect(bench.calls).toEqual(['beginBirth', 'openHumanStep takeover']);
      await bench.answer('hand-back');
      expect(await bench.standsAt('profile')).toMatchObject({ takenOver: null });
      expect(bench.calls).toContain('closeHumanStep hand-back');
    }),
  );

  test(
    'is handed back by a resume too',
    ordering(async (bench) => {
      await takeover(bench);
      await bench.machine.signal('resume', { orderId: bench.orderId, by: 'ann', reason: 'done here' });
      await bench.standsAt('rack');
      await bench.report('inventory');
      await bench.standsAt('profile');
    }),
  );

  test.each([
    ['done', 'done', /^taken over, and done: ann does the rest/],
    ['abandon', 'failed', /^taken over, and abandon: ann does the rest/],
  ])('ends when they answer %s, and Farrier does nothing more', (answer, outcome, note) =>
    ordering(async (bench) => {
      await takeover(bench);
      await bench.answer(answer);
      expect((await bench.passage.result()) as PassageSummary).toMatchObject({
        outcome,
        note: expect.stringMatching(note),
      });
      expect(bench.calls.filter((call) => /^(act|register|startProfile)/.test(call))).toEqual([]);
    })(),
  );
});

describe.skipIf(shared === null)("BrainSlug's payload by a signal", () => {
  const payload = {
    state: 'draining',
    payload: { power: { policy: 'asap', concurrency: { strategy: 'groupsemaphore', options: 'tag:rack' } } },
  };

  test(
    'is ordered; a bad one is refused, and nothing happens',
    ordering(async (bench, seen) => {
      await bench.standsAt('rack');
      await bench.machine.signal('brainslug', { state: 'off' });
      await bench.machine.signal('brainslug', { ...payload, payload: { power: { targetDate: 5 } } });
      await expect(bench.machine.executeUpdate('brainslug', { args: [{ state: 'off' }] })).rejects.toThrow();
      await expect
        .poll(async () => (await status(bench)).ignored)
        .toEqual([
          expect.stringContaining('brainslug: state is "off", and not one of production'),
          expect.stringContaining('brainslug: power.targetDate is in the past'),
        ]);
      expect(seen.payloads).toEqual([]);
      await bench.machine.signal('brainslug', payload);
      await expect
        .poll(() => seen.payloads)
        .toMatchObject([
          { passageRequest: { passage: 'reboot', request: { policy: 'asap', semaphores: { reboot: 'rack' } } } },
        ]);
      expect(await bench.machine.executeUpdate('brainslug', { args: [payload] })).toBe('refused: it has one already');
    }),
  );
});
