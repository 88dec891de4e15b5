/** The clean: what is never done without proof, and where each trouble leads. */

import { afterAll, describe, expect, test } from 'vitest';
import type { ReportKind } from '../../contract/machine.ts';
import type { BegunPassage } from '../../contract/past.ts';
import { timeSkipping } from '../support/temporal.ts';
import { type Bench, type Doubles, defineAttributes } from './bench.ts';
import { skipping as cleaning, begun as inService, outcome } from './stage.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

const skipping = (different: Partial<Doubles>, run: Parameters<typeof cleaning>[3]) =>
  cleaning(shared, 'clean', different, run);

const begun: BegunPassage = { ...inService, class: 'clean' };
const asked = (request: object, more: Partial<BegunPassage> = {}): Partial<Doubles> => ({
  beginPassage: async () => ({ ...begun, request: { ...request }, ...more }),
});
const cycled = asked({ owner: 'new', power: 'cycle' });

let reports = 0;
/** What the machine tells, once the passage stands where it waits for it. */
async function tell(bench: Bench, step: string, kind: ReportKind, more: object = {}): Promise<void> {
  await bench.exists();
  await bench.standsAt(step);
  reports += 1;
  await bench.passage.signal('report', { id: `r${reports}`, kind, nonce: 'boot-1', ...more });
}
async function goOn(
  bench: Bench,
  from: 'boot' | 'erase' | 'deploy' | 'ready' = 'boot',
  more: object = {},
): Promise<void> {
  const steps = [
    ['boot', 'inventory'],
    ['erase', 'erased'],
    ['deploy', 'installed'],
    ['ready', 'ready'],
  ] as const;
  for (const [step, kind] of steps.slice(steps.findIndex(([name]) => name === from)))
    await tell(bench, step, kind, more);
}
const question = (fault: string, choices: string[]) => ({ question: { fault, reason: `about ${fault}`, choices } });
/** Without the questions to the semaphores, which are in every passage. */
const calls = (bench: Bench) => bench.calls.filter((call) => !/^(askPermit|sendToSemaphore)/.test(call));
const count = (bench: Bench, call: string) => bench.calls.filter((one) => one === call).length;

describe.skipIf(shared === null)('clean', () => {
  test(
    'leaves, boots once, erases, proves, and installs for the new owner',
    skipping(cycled, async (bench) => {
      await goOn(bench);
      expect(await outcome(bench)).toMatchObject({ outcome: 'done', stage: 'in_service', opState: 'production' });
      expect(calls(bench)).toEqual([
        'beginPassage',
        'readGroups',
        'leaveService draining',
        'startDrain',
        'readGroups',
        'bootClean',
        'act boot-network',
        'directErase',
        'proveErased',
        'directReinstall',
        'acceptInstall',
        'finishBirth',
        'stopDrain',
      ]);
      // Asked for before it leaves, and before it is restarted; given back at the end, each of them.
      const permits = bench.calls.filter((call) => /^(askPermit|sendToSemaphore)/.test(call));
      expect(permits.length).toBeGreaterThanOrEqual(4);
      expect(bench.calls.indexOf(permits[0] ?? '')).toBeLessThan(bench.calls.indexOf('leaveService draining'));
    }),
  );

  test(
    'switches the machine off where nobody gets it, and ends there',
    skipping(asked({ owner: null, power: 'cycle' }), async (bench) => {
      await tell(bench, 'boot', 'inventory');
      await tell(bench, 'erase', 'erased');
      const summary = await outcome(bench);
      expect(summary).toMatchObject({
        outcome: 'done',
        note: expect.stringContaining('has no owner and is switched off'),
      });
      expect(calls(bench).slice(-3)).toEqual(['proveErased', 'act power-off', 'endOrder done']);
    }),
  );

  test(
    'without a restart of its own waits for the next one, and asks after a week',
    skipping(asked({ owner: 'new' }), async (bench, env) => {
      await bench.exists();
      await bench.standsAt('boot');
      await env.sleep('6 days');
      expect(bench.calls.filter((call) => call.startsWith('act'))).toEqual([]);
      await env.sleep('25 hours');
      await bench.asked();
      await bench.answer('retry');
      await goOn(bench);
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
    }),
  );

  test(
    'a silent machine is restarted within the budget, then a person is asked',
    skipping(cycled, async (bench, env) => {
      await bench.exists();
      await bench.standsAt('boot');
      for (let tries = 0; tries < 5; tries += 1) await env.sleep('31 minutes');
      await bench.asked();
      expect(count(bench, 'act boot-network')).toBe(4);
      await bench.answer('abandon');
      expect(await outcome(bench)).toMatchObject({ outcome: 'failed', bootState: 'healthy' });
      expect(bench.calls).not.toContain('directErase');
    }),
  );

  test(
    'a cancel before the first disk takes the boot state back, and nothing was erased',
    skipping(cycled, async (bench) => {
      await bench.exists();
      await bench.standsAt('boot');
      await bench.passage.signal('cancel', { orderId: bench.orderId, by: 'ann', reason: 'wrong one' });
      expect(await outcome(bench)).toMatchObject({ outcome: 'cancelled' });
      expect(bench.calls).not.toContain('directErase');
      expect(calls(bench).slice(-2)).toEqual(['moveMachine', 'endOrder cancelled']);
    }),
  );

  test(
    'a cancel while it is paused between two steps begins nothing more',
    skipping(cycled, async (bench) => {
      await bench.exists();
      await bench.standsAt('boot');
      await bench.passage.signal('pause', { by: 'ann', reason: 'wait' });
      await tell(bench, 'boot', 'inventory');
      await bench.passage.signal('cancel', { orderId: bench.orderId, by: 'ann', reason: 'wrong one' });
      expect(await outcome(bench)).toMatchObject({ outcome: 'cancelled' });
      expect(bench.calls).not.toContain('directErase');
    }),
  );

  test(
    'what a disk refuses is asked about, and the method that a person names is what is tried',
    skipping(
      {
        ...cycled,
        directErase: async ({ answer }) => ({ state: begun, disks: answer?.answer === 'method:overwrite' ? 2 : 1 }),
      },
      async (bench) => {
        await tell(bench, 'boot', 'inventory');
        await tell(bench, 'erase', 'failed', {
          step: 'erase',
          message: 'sda (serial S1): crypto: there is no disk key',
        });
        const { humanStep } = await bench.asked();
        expect(humanStep?.question).toContain('sda (serial S1): crypto: there is no disk key');
        expect(humanStep?.choices).toEqual(['retry', 'method:NAME', 'abandon']);
        await bench.answer('method:overwrite');
        await goOn(bench, 'erase');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(count(bench, 'directErase')).toBe(2);
      },
    ),
  );

  test(
    'a machine that loses its power in the middle of the erase is told to erase again',
    skipping(cycled, async (bench) => {
      await tell(bench, 'boot', 'inventory');
      await tell(bench, 'erase', 'inventory', { nonce: 'boot-2' });
      await expect.poll(() => count(bench, 'directErase')).toBe(2);
      await goOn(bench, 'erase', { nonce: 'boot-2' });
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(bench.calls).toContain('noteReboot');
    }),
  );

  test(
    'one that boots anew after the proof is installed again, and not erased',
    skipping(cycled, async (bench) => {
      await tell(bench, 'boot', 'inventory');
      await tell(bench, 'erase', 'erased');
      await tell(bench, 'deploy', 'inventory', { nonce: 'boot-2' });
      await expect.poll(() => count(bench, 'directReinstall')).toBe(2);
      await goOn(bench, 'deploy', { nonce: 'boot-2' });
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(count(bench, 'directErase')).toBe(1);
    }),
  );

  test('without the proof nothing is installed, and the owner is asked of nobody', async () => {
    let proofs = 0;
    const missing = question('clean/not-erased', ['retry', 'method:NAME', 'abandon']);
    const different: Partial<Doubles> = {
      ...cycled,
      proveErased: async () => {
        proofs += 1;
        return proofs === 1 ? missing : { state: begun, note: '1 disk proven erased' };
      },
    };
    await skipping(different, async (bench) => {
      await tell(bench, 'boot', 'inventory');
      await tell(bench, 'erase', 'erased');
      await bench.asked();
      expect(bench.calls).not.toContain('directReinstall');
      await bench.answer('retry');
      await expect.poll(() => count(bench, 'directErase')).toBe(2);
      await goOn(bench, 'erase');
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
    })();
  });

  test(
    'disks that are not there any more wait for a person’s word',
    skipping(
      {
        ...cycled,
        proveErased: async ({ answer }) =>
          answer?.answer === 'vouch'
            ? { state: begun, note: '2 disks proven erased' }
            : question('clean/absent-disks', ['vouch', 'retry', 'abandon']),
      },
      async (bench) => {
        await tell(bench, 'boot', 'inventory');
        await tell(bench, 'erase', 'erased');
        await bench.asked();
        await bench.answer('vouch');
        await goOn(bench, 'deploy');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
        expect(count(bench, 'directErase')).toBe(1);
      },
    ),
  );

  test(
    'another identity is erased only when a person says so',
    skipping(
      {
        ...cycled,
        directErase: async ({ known }) =>
          known ? { state: begun, disks: 1 } : question('clean/identity', ['erase', 'retry', 'abandon']),
      },
      async (bench) => {
        await tell(bench, 'boot', 'inventory');
        await bench.asked();
        await bench.answer('erase');
        await goOn(bench, 'erase');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      },
    ),
  );

  test(
    'a rehearsal acts on nothing, and says what it would do',
    skipping(asked({ owner: 'new', power: 'cycle' }, { dryRun: true }), async (bench) => {
      expect(await outcome(bench)).toMatchObject({
        outcome: 'done',
        note: expect.stringContaining('dry run: 11 acts'),
      });
      expect(calls(bench)).toEqual([
        ...['beginPassage', 'readGroups', 'leaveService draining', 'readGroups', 'act boot-network', 'planClean'],
        ...['keepPlan', 'endOrder done'],
      ]);
    }),
  );

  test(
    'a plan that is not the reviewed one any more does nothing',
    skipping(asked({ owner: 'new' }, { reviewed: 'another' }), async (bench) => {
      expect(await outcome(bench)).toMatchObject({
        outcome: 'failed',
        note: expect.stringContaining('nothing was done'),
      });
      expect(bench.calls).not.toContain('bootClean');
    }),
  );

  test(
    'a spared machine goes back to production, and nothing was touched',
    skipping(
      {
        ...cycled,
        leaveService: async () => ({
          left: true,
          state: { ...begun, opState: 'draining' },
          policy: {
            drains: true,
            drainLimit: 1000,
            onDrainTimeout: 'skip',
            soak: 0,
            healthRetries: 0,
            rebootLimit: 0,
          },
        }),
        startDrain: async () => ({ drained: false, left: 1, sentence: '1 job is left' }),
        drainProgress: async () => ({ drained: false, left: 1, sentence: '1 job is left' }),
      },
      async (bench, env) => {
        await bench.exists();
        await env.sleep('1 minute');
        expect(await outcome(bench)).toMatchObject({ outcome: 'failed', skipped: true });
        expect(bench.calls).toEqual(expect.arrayContaining(['stopDrain', 'moveMachine production']));
        expect(bench.calls).not.toContain('bootClean');
      },
    ),
  );
});
