import { expect, test } from 'vitest';
import { SetupSteps } from '../../cli/up/steps.ts';

const go = Promise.resolve();

test('steps run side by side, each when what it needs is there, and count only their own time', async () => {
  let now = 0;
  const steps = new SetupSteps(() => now);
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const first = steps.run('first', go, async () => {
    await gate;
    return 7;
  });
  const other = steps.run('other', go, async () => 1);
  const second = steps.run('second', first, async (seven) => {
    now += 250;
    return seven + 1;
  });
  await other;
  expect(steps.list().map((step) => step.state)).toEqual(['running', 'done', 'waiting']);
  now = 3000;
  release();
  expect(await second).toBe(8);
  expect(steps.list().map((step) => step.seconds)).toEqual([3, 0, 0.25]);
});

test('a step that fails fails those that need it, which never begin', async () => {
  const steps = new SetupSteps();
  const first = steps.run('first', go, async () => {
    throw new Error('no room');
  });
  let begun = false;
  const second = steps.run('second', first, async () => {
    begun = true;
  });
  await expect(second).rejects.toThrow('no room');
  expect(begun).toBe(false);
  expect(steps.list().map((step) => step.state)).toEqual(['failed', 'waiting']);
});

test('a step tells how far it is', async () => {
  const steps = new SetupSteps();
  const seen: unknown[] = [];
  steps.on('change', () => seen.push(steps.list()[0]?.share));
  await steps.run('one', go, async (_, progress) => {
    progress.share(0.5);
    progress.share(7);
    progress.note('nearly there');
  });
  expect(seen).toContain(0.5);
  expect(steps.list()[0]).toMatchObject({ share: 1, note: 'nearly there' });
});
