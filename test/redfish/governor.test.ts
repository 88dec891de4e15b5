import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RedfishError } from '../../redfish/errors.ts';
import { type Governor, openGovernor } from '../../redfish/governor.ts';
import { adapt, firstSiteLimit, type SiteLimit } from '../../redfish/sitelimit.ts';

let governor: Governor;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  governor = openGovernor();
});
afterEach(() => void vi.useRealTimers());

const site = { id: 'home', max: 256 };
const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const silence = async (after: number) => {
  await wait(after);
  throw new RedfishError('timeout', 'no answer');
};

function send(origin: string, work: () => Promise<unknown>, spec: { urgent?: boolean; max?: number } = {}) {
  return governor.run({ site: { ...site, max: spec.max ?? 256 }, origin, urgent: spec.urgent ?? false }, work);
}

/** Counts how many work at once. */
function counter(work: (atOnce: number) => Promise<unknown>) {
  const count = { now: 0, max: 0 };
  const counted = async () => {
    count.now += 1;
    count.max = Math.max(count.max, count.now);
    await work(count.now).finally(() => {
      count.now -= 1;
    });
  };
  return { count, counted };
}

/** Reads each controller so often, one after another; gives the milliseconds until all are through. */
async function poll(controllers: readonly string[], times: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  const all = Promise.all(
    controllers.map(async (origin) => {
      for (let turn = 0; turn < times; turn += 1) await send(origin, work);
    }),
  ).then(() => performance.now());
  let ended: number | null = null;
  void all.then((at) => {
    ended = at;
  });
  while (ended === null) await vi.advanceTimersByTimeAsync(5);
  return ended - began;
}

const names = (count: number, prefix = 'bmc') => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
const limit = () => governor.status('home').limit;

describe('requests', () => {
  test('are at most two at once at a controller, and commands wait for no reading', async () => {
    const { count, counted } = counter(() => wait(10));
    const reads = Promise.all(Array.from({ length: 9 }, () => send('one', counted)));
    await vi.advanceTimersByTimeAsync(0);
    expect(count.now).toBe(2);
    let commanded = false;
    const command = send(
      'one',
      async () => {
        commanded = true;
      },
      { urgent: true },
    );
    await vi.advanceTimersByTimeAsync(0);
    expect(commanded).toBe(true);
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all([reads, command]);
    expect(count.max).toBe(2);
  });

  test("are never more than the site's cap, which may be lowered", async () => {
    const { count, counted } = counter(() => wait(10));
    const all = Promise.all(names(50).map((origin) => send(origin, counted, { max: 3 })));
    await vi.advanceTimersByTimeAsync(1000);
    await all;
    expect(count.max).toBe(3);
  });

  test('of a controller with many do not hold up the others', async () => {
    for (let index = 0; index < 500; index += 1) void send('greedy', () => wait(10));
    let answered = 0;
    for (const origin of names(40))
      void send(origin, async () => {
        await wait(10);
        answered += 1;
      });
    await vi.advanceTimersByTimeAsync(60);
    expect(answered).toBe(40);
  });

  test('that are cancelled while they wait are never sent', async () => {
    const cancel = new AbortController();
    void send('one', () => wait(50));
    void send('one', () => wait(50));
    const work = vi.fn(async () => undefined);
    const waiting = governor.run({ site, origin: 'one', urgent: false, signal: cancel.signal }, work);
    cancel.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
    await vi.advanceTimersByTimeAsync(100);
    expect(work).not.toHaveBeenCalled();
    expect(governor.status('home')).toMatchObject({ running: 0, stalled: 0, waiting: 0 });
  });
});

describe('concurrency', () => {
  test('grows to the cap where answers take no longer for it', async () => {
    await poll(names(400), 40, () => wait(20));
    expect(limit()).toBe(256);
  });

  test.each([10, 40, 100])('settles near what the site bears: %i at once', async (capacity) => {
    const { counted } = counter((atOnce) => wait(20 * Math.max(1, atOnce / capacity)));
    await poll(names(400), 60, counted);
    expect(limit()).toBeGreaterThanOrEqual(capacity * 0.8);
    expect(limit()).toBeLessThanOrEqual(capacity * 4);
  });

  test('falls when what worked breaks off, and recovers', async () => {
    await poll(names(400), 20, () => wait(20));
    const before = limit();
    let broken = 0;
    for (const origin of names(200)) void send(origin, () => silence(100)).catch(() => (broken += 1));
    while (broken < 200) await vi.advanceTimersByTimeAsync(10);
    expect(limit()).toBeLessThanOrEqual(before / 2);
    await poll(names(400), 60, () => wait(20));
    expect(limit()).toBe(before);
  });

  test.each<[string, Parameters<typeof adapt>[1], number]>([
    ['is not raised for who asks little', { times: [10], failures: 0, full: false, over: false }, 40],
    ['is raised where there is more to do', { times: [10], failures: 0, full: true, over: false }, 43],
    ['is lowered by a queue', { times: [30], failures: 0, full: true, over: false }, 32],
    ['is halved by failures', { times: [10, 10], failures: 1, full: true, over: false }, 20],
    ['stays for the slowest few', { times: [10, 10, 900], failures: 0, full: false, over: false }, 40],
  ])('%s', (_, window, expected) => {
    const siteLimit: SiteLimit = { ...firstSiteLimit, limit: 40, best: 10, found: true };
    expect(adapt(siteLimit, window, 256).limit).toBe(expected);
  });

  test('begins by doubling', () => {
    expect(adapt(firstSiteLimit, { times: [10], failures: 0, full: true, over: false }, 256).limit).toBe(
      firstSiteLimit.limit * 2,
    );
    expect(adapt(firstSiteLimit, { times: [10], failures: 0, full: true, over: false }, 20).limit).toBe(20);
  });
});

describe('controllers that hang', () => {
  test('hold up the others by less than a fifth, also when they are asked again and again', async () => {
    const alone = await poll(names(450), 20, () => wait(100));
    governor = openGovernor();
    let asking = true;
    const hang = async (origin: string) => {
      while (asking) await send(origin, () => silence(2000)).catch(() => undefined);
    };
    const beside = poll(names(225), 20, () => wait(100));
    for (const origin of names(50, 'hung')) void hang(origin);
    const others = poll(names(225, 'other'), 20, () => wait(100));
    const slowest = Math.max(await beside, await others);
    asking = false;
    expect(slowest).toBeLessThan(alone * 1.2);
  });

  test('are asked one thing at a time', async () => {
    const { count, counted } = counter(() => silence(5000));
    for (let index = 0; index < 8; index += 1) void send('hung', counted).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(count.max).toBe(2);
    expect(count.now).toBe(1);
  });

  test('count again as soon as they answer', async () => {
    await Promise.all([send('slow', () => silence(10)).catch(() => undefined), vi.advanceTimersByTimeAsync(20)]);
    const again = send('slow', () => wait(10));
    await vi.advanceTimersByTimeAsync(0);
    expect(governor.status('home')).toMatchObject({ running: 0, stalled: 1 });
    await vi.advanceTimersByTimeAsync(20);
    await again;
    const third = send('slow', () => wait(10));
    await vi.advanceTimersByTimeAsync(0);
    expect(governor.status('home')).toMatchObject({ running: 1, stalled: 0 });
    await vi.advanceTimersByTimeAsync(20);
    await third;
  });
});
