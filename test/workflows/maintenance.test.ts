import { afterAll, describe, expect, test } from 'vitest';
import type { Work } from '../../domain/requests.ts';
import { batchWork } from '../../workflows/maintenance/batches.ts';
import { timeSkipping } from '../support/temporal.ts';
import { defineAttributes } from './bench.ts';
import { beginning, moves, outcome, Patient, skipping } from './stage.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

const firmware: Work = { kind: 'firmware', component: 'BIOS', version: '2.1', file: 'fw/b', sha256: 'a'.repeat(64) };
const bios: Work = { kind: 'bios', attributes: { BootMode: 'Uefi' } };
const step: Work = { kind: 'step', question: 'Swap the riser.', owner: 'hands' };

const nothing = { firmware: [], bios: {}, secureBoot: null, password: false, reboot: false, step: null };

describe('work', () => {
  test('between two steps of people everything takes one reboot, firmware before settings', () => {
    const other: Work = { kind: 'bios', attributes: { BootMode: 'Legacy', Sriov: true } };
    expect(batchWork([bios, { kind: 'reboot' }, firmware, other, { kind: 'reboot' }])).toEqual([
      { ...nothing, firmware: [firmware], bios: { BootMode: 'Legacy', Sriov: true }, reboot: true },
    ]);
  });

  test("a person's step keeps its place", () => {
    expect(batchWork([bios, step, firmware])).toEqual([
      { ...nothing, bios: bios.attributes, step },
      { ...nothing, firmware: [firmware] },
    ]);
    expect(batchWork([step])).toEqual([{ ...nothing, step }]);
    expect(batchWork([])).toEqual([]);
  });
});

test('a password and Secure Boot go with the rest of their batch', () => {
  expect(batchWork([{ kind: 'secure-boot', enabled: true }, { kind: 'password' }, step])).toEqual([
    { ...nothing, secureBoot: true, password: true, step },
  ]);
});

const hours = (from: number, count: number) => new Date(from + count * 3_600_000).toISOString();
const asked = (request: object) => beginning({ request: { soakMinutes: 2, ...request } });

/** BIOS settings that are in force once they were set and the machine was restarted. */
function applied() {
  let set = false;
  let inForce = false;
  return {
    checkController: async () =>
      inForce ? ({ state: 'match', differing: [] } as const) : ({ state: 'differ', differing: ['BootMode'] } as const),
    act: async ({ kind }: { kind: string }) => {
      if (kind === 'set-bios') set = true;
      if (kind === 'restart' && set) inForce = true;
      return { state: 'done', observed: 'seen' } as const;
    },
  };
}

describe.skipIf(shared === null)('maintenance', () => {
  test(
    'drains, does its work with one reboot, is checked, stays healthy and goes back',
    skipping(shared, 'maintenance', { ...asked({ work: [bios, firmware] }), ...applied() }, async (bench, env) => {
      await bench.until((status) => status.step === 'soak');
      await env.sleep('5 minutes');
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(moves(bench)).toEqual([
        'leaveService draining',
        'startDrain',
        'moveMachine disabled',
        'act update-firmware',
        'act set-bios',
        'act restart',
        'moveMachine',
        'stopDrain',
        'moveMachine production',
      ]);
    }),
  );

  test(
    'changes the password without a reboot of its own, and looks after Secure Boot after the one that is needed',
    skipping(
      shared,
      'maintenance',
      {
        ...asked({ work: [{ kind: 'password' }, { kind: 'secure-boot', enabled: true }] }),
        act: (() => {
          let restarted = false;
          return async ({ kind }: { kind: string }) => {
            if (kind === 'restart') restarted = true;
            const waits = kind === 'secure-boot' && !restarted;
            return { state: 'done', observed: 'seen', ...(waits && { waitsFor: 'restart' as const }) } as const;
          };
        })(),
      },
      async (bench, env) => {
        await bench.until((status) => status.step === 'soak');
        await env.sleep('5 minutes');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(moves(bench).filter((call) => call.startsWith('act '))).toEqual([
          'act rotate-password',
          'act secure-boot',
          'act restart',
          'act secure-boot',
        ]);
      },
    ),
  );

  test(
    'outside its window nothing starts, and after it nothing either',
    skipping(
      shared,
      'maintenance',
      asked({ window: { opens: '2020-01-01T00:00:00Z', closes: '2020-01-02T00:00:00Z' }, work: [bios] }),
      async (bench) => {
        expect(await outcome(bench)).toMatchObject({
          outcome: 'failed',
          note: expect.stringContaining('window closed'),
        });
        expect(moves(bench)).toEqual([]);
      },
    ),
  );

  test(
    'it waits for its window, and a cancel before it leaves the machine alone',
    skipping(
      shared,
      'maintenance',
      (now) => asked({ window: { opens: hours(now, 2), closes: hours(now, 50) }, work: [bios] }),
      async (bench) => {
        await bench.until((status) => status.waitingOn === 'window');
        await bench.passage.signal('cancel', { orderId: bench.orderId, by: 'ann', reason: 'no' });
        expect(await outcome(bench)).toMatchObject({ outcome: 'cancelled' });
        expect(moves(bench)).toEqual([]);
      },
    ),
  );

  const unready = new Patient({ up: true, healthy: false, seen: 'its controller says Critical' });
  test(
    'a machine that is not ready stays in production',
    skipping(shared, 'maintenance', { ...asked({ work: [bios] }), ...unready.double }, async (bench) => {
      expect(await outcome(bench)).toMatchObject({ outcome: 'failed', note: expect.stringContaining('not ready') });
      expect(moves(bench)).toEqual([]);
    }),
  );

  test(
    'an unknown outcome is not sent again: a person looks; what was certainly not done may be tried again',
    skipping(
      shared,
      'maintenance',
      {
        ...asked({ work: [firmware] }),
        act: (() => {
          let tries = 0;
          return async () => {
            tries += 1;
            return tries === 1
              ? ({ state: 'not_done', observed: 'the controller refused the image' } as const)
              : ({ state: 'unknown', observed: 'the task vanished' } as const);
          };
        })(),
        settle: async () => ({ state: 'unknown', observed: 'the task vanished' }),
      },
      async (bench, env) => {
        expect((await bench.asked()).humanStep?.choices).toEqual(['retry', 'skip', 'abandon']);
        await bench.answer('retry');
        expect((await bench.until((status) => status.humanStep?.choices[0] === 'done')).humanStep?.question).toContain(
          'vanished',
        );
        await bench.answer('done');
        await bench.until((status) => status.step === 'soak');
        await env.sleep('5 minutes');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(bench.calls.filter((call) => call === 'act update-firmware')).toHaveLength(2);
      },
    ),
  );

  test(
    'a dry run names firmware, settings and the one reboot, and touches nothing',
    skipping(
      shared,
      'maintenance',
      {
        ...beginning({ dryRun: true, request: { work: [bios, firmware], soakMinutes: 2 } }),
        checkController: async () => ({ state: 'differ', differing: ['BootMode'] }),
        act: async ({ kind }) => ({ state: 'planned', observed: 'planned', command: { kind } }),
      },
      async (bench) => {
        expect(await outcome(bench)).toMatchObject({
          outcome: 'done',
          note: expect.stringMatching(/^dry run: \d+ acts/),
        });
        expect(moves(bench)).toEqual(['leaveService draining', 'act update-firmware', 'act set-bios', 'act restart']);
      },
    ),
  );

  const newer = (component: string) => ({
    kind: 'firmware',
    component,
    version: '2',
    file: 'a',
    sha256: '0'.repeat(64),
  });

  test('a cancel between two acts of a reviewed plan is heeded: its rehearsal turned nothing back', async () => {
    let cancel = async () => {};
    const given: string[] = [];
    await skipping(
      shared,
      'maintenance',
      {
        ...beginning({ reviewed: 'hash', request: { work: ['BIOS', 'BMC'].map(newer), soakMinutes: 0 } }),
        act: async ({ dryRun, kind }) => {
          if (dryRun) return { state: 'planned', observed: 'power On' };
          given.push(kind);
          await cancel();
          return { state: 'done', observed: 'it is in force' };
        },
      },
      async (bench) => {
        cancel = () => bench.passage.signal('cancel', { orderId: bench.orderId, by: 'ann', reason: 'not today' });
        expect(await outcome(bench)).toMatchObject({ outcome: 'cancelled' });
      },
    )();
    expect(given).toEqual(['update-firmware']);
  });
});
