import { expect, test } from 'vitest';
import { createBreaker, createLane, createMinuteGuard, createSourceLimit, Outage } from '../../boot/guards.ts';
import { readProxies, sourceOf } from '../../boot/source.ts';

test('a minute admits so many, and the next minute as many again', () => {
  let now = 0;
  const guard = createMinuteGuard(() => now);
  for (let n = 0; n < 3; n += 1) guard.take();
  expect(guard.admits(3)).toBe(false);
  expect(guard.admits(4)).toBe(true);
  now = 60_001;
  expect(guard.admits(1)).toBe(true);
});

test('a source is slowed beyond its rate, turned away when it floods, and heard again when it stops', () => {
  let now = 0;
  const limit = createSourceLimit(10, () => now, 2);
  const ask = (count: number, source: string) => Array.from({ length: count }, () => limit(source));
  expect(ask(23, 'a')).toEqual([...Array(20).fill('yes'), 'slow', 'slow', 'no']);
  expect(limit('b')).toBe('yes');
  now = 1000;
  expect(ask(9, 'a')).not.toContain('no');
  // A third source makes it forget the one heard from longest ago, not grow.
  limit('c');
  expect(ask(20, 'b')).not.toContain('slow');
});

test('while the MDB is away one request a second tries it', async () => {
  let now = 0;
  const reported: boolean[] = [];
  const breaker = createBreaker(
    1000,
    () => now,
    (open) => reported.push(open),
  );
  let tries = 0;
  const failing = async () => {
    tries += 1;
    throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  };
  const run = () => breaker.run(failing).catch((error: unknown) => error);
  for (let n = 0; n < 5; n += 1) expect(await run()).toBeInstanceOf(Outage);
  expect(tries).toBe(1);
  now = 1001;
  await Promise.all([run(), run()]);
  expect(tries).toBe(2);
  now = 3000;
  expect(await breaker.run(async () => 'back')).toBe('back');
  expect(reported).toEqual([true, false]);
});

test('a statement that PostgreSQL refuses is no outage', async () => {
  const breaker = createBreaker(
    1000,
    () => 0,
    () => {},
  );
  const refused = Object.assign(new Error('duplicate key'), { severity: 'ERROR', code: '23505' });
  await expect(breaker.run(() => Promise.reject(refused))).rejects.toBe(refused);
  expect(breaker.open).toBe(false);
});

test('a lane runs so many at once, in order, and refuses when the line is too long', async () => {
  const lane = createLane(2, 2);
  const done: number[] = [];
  let running = 0;
  let max = 0;
  const work = (n: number) => async () => {
    running += 1;
    max = Math.max(max, running);
    await Promise.resolve();
    running -= 1;
    done.push(n);
    if (n === 1) throw new Error('one failed');
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((n) => lane(work(n))));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'rejected']);
  expect(done).toEqual([0, 1, 2, 3]);
  expect(max).toBe(2);
  await lane(work(5));
});

test.each([
  ['198.51.100.7', undefined, '198.51.100.7'],
  ['198.51.100.7', '10.0.0.9', '198.51.100.7'],
  ['::ffff:10.1.1.1', '203.0.113.5', '203.0.113.5'],
  ['10.1.1.1', '1.2.3.4, 203.0.113.5', '203.0.113.5'],
  ['10.1.1.1', '203.0.113.5, 10.1.1.2', '203.0.113.5'],
  ['10.1.1.1', 'nonsense', '10.1.1.1'],
  ['10.1.1.1', undefined, '10.1.1.1'],
  ['fd00::1', 'fd77::9', 'fd77::9'],
])('the source of a request from %s that says it came from %s (attack A4)', (remoteAddress, forwarded, expected) => {
  const proxies = readProxies(['10.1.1.0/24', 'fd00::/16']);
  const request = { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } };
  expect(sourceOf(request as unknown as Parameters<typeof sourceOf>[0], proxies)).toBe(expected);
});

test.each(['x', '10.0.0.0/33', '10.0.0', '::1/200', '10.0.0.0/x'])('%j is no proxy', (entry) => {
  expect(() => readProxies([entry])).toThrow('neither an address nor a network');
});
