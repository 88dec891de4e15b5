/** Schedulers that cannot be asked: they delay a drain, and fail nothing. */
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, describe, expect, test } from 'vitest';
import { timeSkipping } from '../support/temporal.ts';
import { defineAttributes, policy } from './bench.ts';
import { begun, moves, outcome, skipping } from './stage.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

const down = () => ApplicationFailure.nonRetryable('the cluster cannot be reached', 'drain/refused');
const drained = { drained: true, left: 0, sentence: 'nothing is left' };
const busy = { drained: false, left: 2, sentence: '2 jobs are left' };

/** Fails that many times, then does the rest. */
function failing<T>(times: number, then: T): () => Promise<T> {
  let requestCount = 0;
  return async () => {
    requestCount += 1;
    if (requestCount <= times) throw down();
    return then;
  };
}

describe.skipIf(shared === null)('a drain', () => {
  test(
    'that could not be begun is begun at the next look, and says why it waits',
    skipping(
      shared,
      'reboot',
      { startDrain: failing(2, busy), drainProgress: async () => drained },
      async (bench, env) => {
        const status = await bench.until((one) => one.waitingOn === 'drain');
        expect(status.why).toContain('the cluster cannot be reached');
        await env.sleep('5 minutes');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(bench.calls.filter((call) => /^(startDrain|drainProgress)/.test(call))).toEqual([
          'startDrain',
          'startDrain',
          'startDrain',
          'drainProgress',
        ]);
      },
    ),
  );

  test(
    'whose jobs cannot be ended at their scheduler ends them with the machine',
    skipping(
      shared,
      'reboot',
      {
        startDrain: async () => busy,
        drainProgress: async () => busy,
        killJobs: failing(99, ''),
        leaveService: async ({ to }) => ({
          left: true,
          state: { ...begun, opState: to },
          policy: { ...policy, drainLimit: 60_000, onDrainTimeout: 'kill' },
        }),
      },
      async (bench, env) => {
        await bench.until((one) => one.waitingOn === 'drain');
        await env.sleep('5 minutes');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(moves(bench)).toEqual(expect.arrayContaining(['killJobs', 'act restart', 'stopDrain']));
      },
    ),
  );

  test(
    'is given back as soon as its scheduler hears',
    skipping(shared, 'reboot', { stopDrain: failing(3, '') }, async (bench, env) => {
      await bench.until((one) => one.waitingOn === 'drain');
      await env.sleep('5 minutes');
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(moves(bench).filter((move) => move === 'stopDrain')).toHaveLength(4);
      expect(moves(bench).at(-1)).toBe('moveMachine production');
    }),
  );
});
