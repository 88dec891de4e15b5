/** The one timer of a passage, on a server that skips time. */
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { afterAll, expect, test } from 'vitest';
import { timeSkipping } from '../support/temporal.ts';

const environment = await timeSkipping();
afterAll(() => environment?.teardown());

test.skipIf(environment === null)(
  'Each wait lasts as long as it may, whatever the timer of the one before it',
  async () => {
    if (environment === null) return;
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: 'alarms',
      workflowsPath: fileURLToPath(new URL('./alarms.ts', import.meta.url)),
    });
    const handle = await worker.runUntil(async () => {
      const started = await environment.client.workflow.start('alarms', { workflowId: 'alarms', taskQueue: 'alarms' });
      await started.result();
      return started;
    });
    const waits = (await handle.result()) as Record<string, [met: boolean, took: number]>;
    const about = (ms: number) => expect.closeTo(ms, -4);
    expect(waits).toEqual({
      early: [true, about(60_000)],
      shorter: [false, about(1000)],
      longer: [false, about(7_200_000)],
      again: [false, about(3_600_000)],
      slow: [false, about(7_200_000)],
      quick: [false, about(1000)],
      there: [true, 0],
      none: [false, about(1)],
    });
    for (const [name, limit] of Object.entries({ shorter: 1000, longer: 7_200_000, again: 3_600_000, slow: 7_200_000 }))
      expect([name, (waits[name]?.[1] ?? 0) >= limit]).toEqual([name, true]);
    const { events = [] } = await handle.fetchHistory();
    const count = (kind: string) => (events ?? []).filter((event) => event?.[kind as 'eventId'] != null).length;
    // One of them a sleep of the workflow's own. Only the shorter wait put one off: the slow one's went out with the quick one's.
    expect([count('timerStartedEventAttributes'), count('timerCanceledEventAttributes')]).toEqual([8, 1]);
  },
);
