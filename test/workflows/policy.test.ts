/** What passages ask of semaphores when nobody named a group, and what is told of them once they are over. */
import { afterAll, describe, expect, test } from 'vitest';
import type { MachineStatus } from '../../contract/machine.ts';
import type { Passage } from '../../domain/machine.ts';
import { timeSkipping } from '../support/temporal.ts';
import { defineAttributes, withBench } from './bench.ts';
import { beginning, outcome, skipping } from './stage.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

/** Everything that takes a machine out of service, with what it is asked. */
const requests: Partial<Record<Passage, object>> = {
  drain: {},
  reboot: {},
  power: { action: 'cycle' },
  maintenance: { work: [{ kind: 'reboot' }] },
  repair: { fault: 'disk/X', severity: 'restart' },
  rebirth: { power: 'cycle' },
  clean: { power: 'cycle' },
  retire: {},
};

describe.skipIf(shared === null)('O-5: with nothing named', () => {
  for (const [passage, request] of Object.entries(requests) as [Passage, object][]) {
    const asked: string[] = [];
    const named: unknown[] = [];
    test(
      `O-5: a ${passage} takes the fleet's permit and then its groups'`,
      skipping(
        shared,
        passage,
        {
          ...beginning({ request: { ...request } }),
          readGroups: async ({ operation, named: tags }) => {
            named.push([operation, tags]);
            return { groups: [{ tag: 'rack', value: 'A01' }], missing: [] };
          },
          askPermit: async ({ semaphore }) => {
            asked.push(semaphore);
            return { state: 'granted', fence: asked.length + 10 };
          },
        },
        async () => {
          const operation = ['power', 'rebirth'].includes(passage) ? 'reboot' : 'drain';
          await expect
            .poll(() => asked.slice(0, 2))
            .toEqual([`semaphore/${operation}/fleet=all`, `semaphore/${operation}/rack=A01`]);
          expect(named[0]).toEqual([operation, []]);
        },
      ),
    );
  }
});

describe.skipIf(shared === null)('O-5: a birth', () => {
  test('O-5: of a machine in production takes it out by its permits, and gives them back', () => {
    const requests: string[] = [];
    const sent: string[] = [];
    const begins: unknown[] = [];
    const different = {
      beginBirth: async ({ permitted }: { permitted?: true }) => {
        begins.push(permitted);
        const begun = { live: true, fence: 1, controller: false, boot: false };
        return permitted ? begun : { ...begun, leaves: true as const };
      },
      askPermit: async ({ semaphore }: { semaphore: string }) => {
        requests.push(semaphore);
        return { state: 'granted' as const, fence: 9 };
      },
      sendToSemaphore: async ({ signal }: { signal: string }) => void sent.push(signal),
    };
    return withBench(shared as NonNullable<typeof shared>, different, async (bench) => {
      await bench.goOn();
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      expect(requests).toEqual(['semaphore/reboot/fleet=all', 'semaphore/reboot/rack=A01']);
      expect(sent).toEqual(['release', 'release']);
      expect(begins).toEqual([undefined, true]);
    });
  });
});

describe.skipIf(shared === null)('O-11: a passage that is over', () => {
  test(
    'O-11: a drain waits on nothing, says how it ended, and names no limit',
    skipping(shared, 'drain', {}, async (bench) => {
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      const status = await bench.passage.query<MachineStatus>('status');
      expect(status).toMatchObject({ waitingOn: 'nothing', limit: null, humanStep: null });
      expect(status.why).toContain('drained');
    }),
  );
  test('O-11: a birth waits on nothing, and no longer on the agent', () =>
    withBench(shared as NonNullable<typeof shared>, {}, async (bench) => {
      await bench.goOn();
      expect(await outcome(bench)).toMatchObject({ outcome: 'done' });
      const status = await bench.passage.query<MachineStatus>('status');
      expect(status).toMatchObject({ waitingOn: 'nothing', limit: null, step: 'ready' });
    }));
  test(
    'O-11: one that is paused waits on whoever paused it',
    skipping(
      shared,
      'reboot',
      { startDrain: async () => ({ drained: false, left: 1, sentence: 'one job' }) },
      async (bench) => {
        await bench.until(({ waitingOn }) => waitingOn === 'drain');
        await bench.passage.signal('pause');
        const status = await bench.until(({ paused }) => paused);
        expect(status.paused).toBe(true);
        await bench.passage.signal('resume');
      },
    ),
  );
});
