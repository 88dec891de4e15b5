import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namesHost } from '../../integrations/schedulers/hostlist.ts';

describe("S-3: a job's host list, asked for one node", () => {
  it.each([
    ['', 'login', false],
    ['login', 'login', true],
    ['login', 'login1', false],
    ['gpu[01-03,07],login', 'gpu02', true],
    ['gpu[01-03,07],login', 'gpu7', false],
    ['gpu[01-03,07],login', 'gpu04', false],
    ['gpu[01-03,07],login', 'login', true],
    ['r[1-2]n[08-10]', 'r2n09', true],
    ['r[1-2]n[08-10]', 'r3n09', false],
    ['n[1-2]-ib', 'n2-ib', true],
    ['n[1-2]-ib', 'n2', false],
    ['n[8-12]', 'n10', true],
    ['n[08-12]', 'n8', false],
    ['n[98-102]', 'n100', true],
    ['n[1-9999999999999999999]', 'n5', true],
    ['n[1-9999999999999999999]', 'n99999999999999999999', false],
    ['n[0-999999999]r[0-999999999]c[0-999999999]', 'n1r2c3', true],
    // A box of a machine with three dimensions: each digit has its own bounds, in base 36.
    ['bgq[000x133]', 'bgq123', true],
    ['bgq[000x133]', 'bgq140', false],
    ['bgq[000x133,200]', 'bgq200', true],
    ['bgq[A00x0C3]', 'a01', false],
    ['(null)', 'n1', false],
    ['None assigned', 'n1', false],
  ])('%j names %s: %j', (list, node, names) => expect(namesHost(list, node)).toBe(names));

  it.each([
    ['n[1-', 'n1'],
    ['n[[1-2]]', 'n1'],
    ['n[1-2', 'n1'],
    ['n]', 'n1'],
    ['n[3-1]', 'n2'],
    ['n[x-y]', 'n1'],
    ['n[1-4/2]', 'n3'],
    ['n[]', 'n1'],
    ['[1:5]', 'n3'],
    ['n{1..5}', 'n3'],
    ['n[1-2],n[1', 'n3'],
  ])('%j cannot be read, and may mean %s', (list, node) => expect(namesHost(list, node)).toBeNull());

  it.each([
    ['bgq[000~133]', 'a01-03'],
    ['n[[1-2]]', 'm1'],
    ['tux{1..5}', 'n3'],
    ['n[1-', 'gpu1'],
    ['n[x]-ib', 'n1-eth'],
  ])('%j cannot be read, and cannot mean %s', (list, node) => expect(namesHost(list, node)).toBe(false));

  it('names what it can read beside what it cannot', () => {
    expect(namesHost('bgq[~],n[1-2],x]', 'n2')).toBe(true);
    expect(namesHost('bgq[~],n[1-2],x]', 'n3')).toBe(false);
  });

  const digits = fc.integer({ min: 0, max: 120 });
  const range = fc.tuple(digits, fc.integer({ min: 0, max: 15 }), fc.integer({ min: 1, max: 3 }));
  const word = fc.stringMatching(/^[a-z][a-z-]{0,3}$/);
  it('agrees with a list that was written out', () => {
    fc.assert(
      fc.property(word, fc.array(range, { minLength: 1, maxLength: 4 }), word, (before, ranges, after) => {
        const pad = (number: number, width: number) => String(number).padStart(width, '0');
        const parts = ranges.map(([first, more, width]) => `${pad(first, width)}-${pad(first + more, width)}`);
        const all = ranges.flatMap(([first, more, width]) =>
          Array.from({ length: more + 1 }, (_, at) => `${before}${pad(first + at, width)}${after}`),
        );
        const list = `${before}[${parts.join(',')}]${after}`;
        for (const name of all) expect(namesHost(list, name)).toBe(true);
        for (let number = 0; number < 140; number += 1) {
          const name = `${before}${number}${after}`;
          expect(namesHost(list, name)).toBe(all.includes(name));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('takes any text in bounded time, and throws for none', () => {
    const odd = fc.stringMatching(/^[an0-9[\],x-]{0,60}$/);
    fc.assert(fc.property(fc.oneof(odd, fc.string()), (list) => void namesHost(list, 'an01-03')));
    const began = performance.now();
    namesHost(`n${'[0-9,0-99,1-9]'.repeat(2000)}`, `n${'1'.repeat(250)}`);
    namesHost('['.repeat(1_000_000), 'n1');
    namesHost('n[1-2],'.repeat(100_000), 'x1');
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
