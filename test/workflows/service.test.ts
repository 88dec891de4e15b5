/** The operators' actions: every edge of BrainSlug's two flows (S3.11, S3.12), and what a person sees at each. */
import { afterAll, describe, expect, test } from 'vitest';
import { type Edge, edges } from '../../domain/flows.ts';
import { flows } from '../../domain/requests.ts';
import { timeSkipping } from '../support/temporal.ts';
import { type Doubles, defineAttributes, policy, walked } from './bench.ts';
import { beginning, begun, moves, outcome, Patient, skipping } from './stage.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

const basic = (request: object = {}) => beginning({ request: { flow: 'basic', ...request } });
const sick = { up: true, healthy: false, seen: 'it says Critical' };
const silent = { up: false, healthy: false, seen: 'its start is at None' };
const busy = async () => ({ drained: false, left: 2, sentence: '2 jobs are left' });

describe.skipIf(shared === null)('reboot', () => {
  test(
    'drains, reboots once, is healthy and goes back: every state in its order',
    skipping(shared, 'reboot', {}, async (bench) => {
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(moves(bench)).toEqual([
        'leaveService draining',
        'startDrain',
        'moveMachine hard_reboot',
        'act restart',
        'moveMachine disabled',
        'stopDrain',
        'moveMachine production',
      ]);
    }),
  );

  test(
    'a machine that may not leave waits, is asked for again each minute, and says why',
    skipping(
      shared,
      'reboot',
      {
        leaveService: (() => {
          let requestCount = 0;
          return async ({ to }) => {
            requestCount += 1;
            const state = { ...begun, opState: to };
            return requestCount < 4
              ? { left: false, reason: 'pool general has 9 of 9', state, policy }
              : { left: true, state, policy };
          };
        })(),
      },
      async (bench, env) => {
        expect(await bench.until((status) => status.waitingOn === 'capacity')).toMatchObject({
          why: 'pool general has 9 of 9',
        });
        await env.sleep('5 minutes');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(bench.calls.filter((call) => call.startsWith('leaveService'))).toHaveLength(4);
      },
    ),
  );

  test(
    'a cancel while it drains restores it (D→RES→P) and reboots nothing',
    skipping(shared, 'reboot', { startDrain: busy, drainProgress: busy }, async (bench) => {
      await bench.until((status) => status.waitingOn === 'drain');
      await bench.passage.signal('cancel', { orderId: bench.orderId, by: 'ann', reason: 'not today' });
      expect(await outcome(bench)).toMatchObject({ outcome: 'cancelled', note: 'cancelled by ann: not today' });
      expect(moves(bench)).toEqual([
        'leaveService draining',
        'startDrain',
        'moveMachine disabled',
        'stopDrain',
        'moveMachine production',
      ]);
    }),
  );

  test(
    'a cancel in the basic flow stops the drain at once (D→P)',
    skipping(shared, 'reboot', { ...basic(), startDrain: busy, drainProgress: busy }, async (bench) => {
      await bench.until((status) => status.waitingOn === 'drain');
      await bench.passage.signal('cancel', { orderId: bench.orderId, by: 'ann', reason: 'not today' });
      expect(await outcome(bench)).toMatchObject({ outcome: 'cancelled' });
      expect(moves(bench)).toEqual(['leaveService draining', 'startDrain', 'stopDrain', 'moveMachine production']);
    }),
  );

  test(
    'at the date that was asked for it is rebooted, drained or not (D→REB)',
    skipping(
      shared,
      'reboot',
      (now) => ({
        ...beginning({ request: { powerBy: new Date(now + 30 * 60_000).toISOString() } }),
        startDrain: busy,
        drainProgress: busy,
      }),
      async (bench, env) => {
        await bench.until((status) => status.waitingOn === 'drain');
        await env.sleep('40 minutes');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(moves(bench)).toContain('killJobs');
      },
    ),
  );

  for (const [answer, expected] of [
    ['kill', { outcome: 'done' }],
    ['skip', { outcome: 'failed', skipped: true, note: 'left in production: its drain was not done in time' }],
  ] as const) {
    test(
      `when the time to drain is over a person is asked, and "${answer}" is done`,
      skipping(shared, 'reboot', { startDrain: busy, drainProgress: busy }, async (bench, env) => {
        await bench.until((status) => status.waitingOn === 'drain');
        await env.sleep('2 hours');
        expect((await bench.asked()).humanStep?.choices).toEqual(['kill', 'skip', 'wait', 'abandon']);
        await bench.answer(answer);
        expect(await outcome(bench)).toMatchObject(expected);
        expect(bench.calls.includes('act restart')).toBe(answer === 'kill');
      }),
    );
  }

  test(
    'drained early under "date", it waits for the date; under "asap" it does not (S3.8)',
    skipping(
      shared,
      'reboot',
      (now) => beginning({ request: { policy: 'date', powerBy: new Date(now + 3 * 24 * 3_600_000).toISOString() } }),
      async (bench, env) => {
        await bench.until((status) => status.waitingOn === 'time');
        expect(bench.calls).not.toContain('act restart');
        await env.sleep('4 days');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      },
    ),
  );

  const lost = new Patient(silent);
  test(
    'nothing comes up in time: intervention (REB→I), for ever, until an operator restores it (I→RES)',
    skipping(shared, 'reboot', { ...lost.double }, async (bench, env) => {
      await bench.until((status) => status.waitingOn === 'reboot');
      await env.sleep('4 minutes');
      expect(await bench.asked()).toMatchObject({ humanStep: { choices: ['restore', 'abandon'] } });
      await env.sleep('3 days');
      expect((await bench.asked()).waitingOn).toBe('person');
      lost.mended = true;
      await bench.answer('restore');
      await env.sleep('10 minutes');
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(moves(bench)).toContain('moveMachine intervention');
      expect(bench.calls.filter((call) => call === 'act restart')).toHaveLength(1);
    }),
  );

  const gone = new Patient(silent);
  test(
    'the basic flow has no edge to intervention: it stays in its reboot and a person helps',
    skipping(shared, 'reboot', { ...basic(), ...gone.double }, async (bench, env) => {
      await bench.until((status) => status.waitingOn === 'reboot');
      await env.sleep('4 minutes');
      await bench.asked();
      gone.mended = true;
      await bench.answer('up');
      await env.sleep('20 minutes');
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(moves(bench)).not.toContain('moveMachine intervention');
    }),
  );

  const ill = new Patient(sick);
  test(
    'a health check that fails goes to intervention after its tries (RES→I), and back by a word (I→RES)',
    skipping(shared, 'reboot', { ...ill.double }, async (bench, env) => {
      await bench.until((status) => status.waitingOn === 'time');
      await env.sleep('10 minutes');
      await bench.asked();
      ill.mended = true;
      await bench.answer('restore');
      await env.sleep('5 minutes');
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(moves(bench)).toContain('moveMachine intervention');
    }),
  );

  const weak = new Patient(sick);
  test(
    'the basic flow checks again and again (RES→RES) and asks nobody',
    skipping(shared, 'reboot', { ...basic(), ...weak.double }, async (bench, env) => {
      await bench.until((status) => status.waitingOn === 'time');
      await env.sleep('5 minutes');
      weak.mended = true;
      await env.sleep('2 minutes');
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(bench.calls.some((call) => call.startsWith('openHumanStep'))).toBe(false);
    }),
  );

  test(
    'what was certainly not done is tried again, a few times; then a person restarts it by hand',
    skipping(
      shared,
      'reboot',
      { act: async () => ({ state: 'not_done', observed: 'no fitting reset type' }) },
      async (bench) => {
        expect((await bench.asked()).humanStep?.question).toContain('no fitting reset type');
        await bench.answer('done');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(bench.calls.filter((call) => call === 'act restart')).toHaveLength(3);
      },
    ),
  );

  test(
    'what may have been done is not sent again',
    skipping(
      shared,
      'reboot',
      {
        act: async () => ({ state: 'unknown', observed: 'the answer was lost' }),
        settle: async () => ({ state: 'unknown', observed: 'no effect seen' }),
      },
      async (bench) => {
        expect((await bench.asked()).humanStep?.question).toContain('no effect seen');
        await bench.answer('done');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(bench.calls.filter((call) => call === 'act restart')).toHaveLength(1);
      },
    ),
  );

  for (const opState of ['hard_reboot', 'disabled', 'intervention'] as const) {
    test(
      `from ${opState} no flow has an edge: nothing is done`,
      skipping(shared, 'reboot', beginning({ opState }), async (bench) => {
        expect(await outcome(bench)).toMatchObject({ outcome: 'failed' });
        expect(moves(bench)).toEqual([]);
      }),
    );
  }
});

describe.skipIf(shared === null)('drain and undrain', () => {
  test(
    'a drain leaves it draining',
    skipping(shared, 'drain', {}, async (bench) => {
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(moves(bench)).toEqual(['leaveService draining', 'startDrain']);
    }),
  );

  test(
    'an undrain brings it back by restore',
    skipping(shared, 'undrain', beginning({ opState: 'draining' }), async (bench) => {
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(moves(bench)).toEqual(['moveMachine disabled', 'stopDrain', 'moveMachine production']);
    }),
  );

  test(
    'an undrain in the basic flow brings it back at once (D→P)',
    skipping(shared, 'undrain', beginning({ opState: 'draining', request: { flow: 'basic' } }), async (bench) => {
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(moves(bench)).toEqual(['stopDrain', 'moveMachine production']);
    }),
  );

  test(
    'an undrain of what is in production does nothing and says so',
    skipping(shared, 'undrain', {}, async (bench) => {
      expect(await outcome(bench)).toMatchObject({ outcome: 'done', note: 'in production already: nothing was done' });
      expect(moves(bench)).toEqual([]);
    }),
  );
});

describe.skipIf(shared === null)('power', () => {
  test(
    'R-2: a cycle whose second half was refused powers on what it left off, and cycles nothing again',
    skipping(
      shared,
      'power',
      {
        ...beginning({ request: { action: 'cycle' } }),
        act: async ({ kind }) =>
          kind === 'power-cycle'
            ? { state: 'not_done', left: 'off', observed: 'the machine is off: On was refused' }
            : { state: 'done', observed: 'power On' },
      },
      async (bench) => {
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(moves(bench).filter((move) => move.startsWith('act'))).toEqual(['act power-cycle', 'act power-on']);
      },
    ),
  );

  test(
    'R-2: and a person learns that it is off where that is refused too',
    skipping(
      shared,
      'power',
      {
        ...beginning({ request: { action: 'cycle' } }),
        act: async () => ({ state: 'not_done', left: 'off', observed: 'the machine is off: On was refused' }),
      },
      async (bench) => {
        expect((await bench.asked()).humanStep?.question).toContain('the machine is off');
      },
    ),
  );

  test(
    'R-9: what an act owes is put back, also where nobody knows what became of the act',
    skipping(
      shared,
      'power',
      {
        ...beginning({ request: { action: 'cycle' } }),
        act: async ({ intentId, kind }) =>
          kind === 'boot-order'
            ? { state: intentId.endsWith('/boot-order') ? 'done' : 'unknown', observed: 'put back' }
            : { state: 'unknown', observed: 'nothing was seen' },
        settle: async ({ intentId }) => ({
          state: 'done',
          observed: 'it was seen',
          owes: { kind: 'boot-order', parameters: { order: [], instead: [] }, intentId: `${intentId}/boot-order` },
        }),
      },
      async (bench) => {
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(moves(bench).filter((move) => move.startsWith('act'))).toEqual(['act power-cycle', 'act boot-order']);
      },
    ),
  );

  test(
    'off leaves it out of production, held',
    skipping(shared, 'power', beginning({ request: { action: 'off' } }), async (bench) => {
      expect(await outcome(bench)).toMatchObject({ outcome: 'done', note: 'powered off' });
      expect(moves(bench)).toEqual(['leaveService disabled', 'act power-off', 'moveMachine']);
    }),
  );

  test(
    'a cycle brings it back',
    skipping(shared, 'power', beginning({ request: { action: 'cycle' } }), async (bench) => {
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(moves(bench)).toContain('act power-cycle');
    }),
  );
});

/** A drain that takes longer than its pool gives it, which then spares the machine. */
const skipped: Partial<Doubles> = {
  leaveService: async ({ to }) => {
    const short = { ...policy, drainLimit: 1000, onDrainTimeout: 'skip' } as const;
    return { left: true, state: { ...begun, opState: to }, policy: short };
  },
  startDrain: busy,
  drainProgress: busy,
};

describe.skipIf(shared === null)('in both flows', () => {
  for (const flow of flows) {
    for (const postRebootState of ['draining', 'intervention'] as const)
      test(
        `${flow}: it is left in ${postRebootState} after the reboot, when that was asked for (S3.7)`,
        skipping(shared, 'reboot', beginning({ request: { flow, postRebootState, drain: false } }), async (bench) => {
          expect(await outcome(bench)).toMatchObject({ outcome: 'done', opState: postRebootState });
          expect(moves(bench)).not.toContain('startDrain');
        }),
      );

    test(
      `${flow}: what its pool spares is put back, and nothing was done to it`,
      skipping(shared, 'reboot', { ...beginning({ request: { flow } }), ...skipped }, async (bench) => {
        expect(await outcome(bench)).toMatchObject({ outcome: 'failed', skipped: true, opState: 'production' });
        expect(bench.calls).not.toContain('act restart');
      }),
    );
  }

  test(
    'it is drained for a person, who brings it back by an undrain (I→RES)',
    skipping(shared, 'drain', beginning({ request: { afterDrain: 'intervention' } }), async (bench) => {
      expect(await outcome(bench)).toMatchObject({ outcome: 'done', opState: 'intervention' });
    }),
  );

  const basicPerson = { flow: 'basic', afterDrain: 'intervention' };
  test(
    'the basic one hands nothing to a person',
    skipping(shared, 'drain', beginning({ request: basicPerson }), async (bench) => {
      expect(await outcome(bench)).toMatchObject({ outcome: 'failed', skipped: true });
      expect(moves(bench)).toEqual([]);
    }),
  );

  for (const flow of flows)
    test(
      `${flow}: ${flow === 'basic' ? 'no undrain leads' : 'an undrain leads'} back from intervention`,
      skipping(shared, 'undrain', beginning({ opState: 'intervention', request: { flow } }), async (bench) => {
        expect(await outcome(bench)).toMatchObject({ outcome: flow === 'basic' ? 'failed' : 'done' });
      }),
    );

  // All tests of this file have run before: none of the edges is only on paper.
  test('every edge was gone', () => {
    const all = (edges as readonly Edge[]).filter(({ from, to, trigger }) => from !== to && trigger !== 'start');
    const wanted = flows.flatMap((flow) =>
      all
        .filter((edge) => edge.flows.includes(flow))
        .map(({ from, to, trigger }) => `${flow}: ${from} → ${to} by ${trigger}`),
    );
    expect([...walked].filter((one) => !one.startsWith('passage')).sort()).toEqual(wanted.sort());
  });
});

describe.skipIf(shared === null)('a dry run', () => {
  const rehearsed = { state: 'planned', observed: 'planned', command: { reset: 'GracefulRestart' } } as const;
  const planned: Partial<Doubles> = { act: async () => rehearsed };

  test(
    'changes nothing and keeps a plan',
    skipping(shared, 'reboot', { ...beginning({ dryRun: true }), ...planned }, async (bench) => {
      expect(await outcome(bench)).toMatchObject({ outcome: 'done', note: expect.stringContaining('plan hash') });
      expect(bench.calls).toEqual([
        'beginPassage',
        'readGroups',
        'leaveService draining',
        'readGroups',
        'act restart',
        'keepPlan',
        'endOrder done',
      ]);
    }),
  );

  test(
    'a reviewed plan is done when it is the same',
    skipping(
      shared,
      'reboot',
      {
        ...beginning({ reviewed: 'hash' }),
        act: async ({ dryRun }) => (dryRun ? rehearsed : { state: 'done', observed: 'power On' }),
      },
      async (bench) => {
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      },
    ),
  );

  test(
    'and refused when it is not',
    skipping(shared, 'reboot', { ...beginning({ reviewed: 'other' }), ...planned }, async (bench) => {
      expect(await outcome(bench)).toMatchObject({
        outcome: 'failed',
        note: expect.stringContaining('nothing was done'),
      });
      expect(bench.calls.filter((call) => call === 'moveMachine hard_reboot')).toEqual([]);
    }),
  );
});
