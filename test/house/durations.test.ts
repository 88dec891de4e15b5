import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findDurations } from '../../scripts/durations.ts';
import { sourceFiles } from '../../scripts/sources.ts';

/** Names that the check refuses in a source. */
function refused(source: string): string[] {
  return findDurations({ path: 'a.ts', source }).map((sentence) => /: (\w+) is a time/.exec(sentence)?.[1] ?? sentence);
}

test('every span of time in this checkout tells its unit', () => {
  expect(sourceFiles().flatMap((path) => findDurations({ path, source: readFileSync(path, 'utf8') }))).toEqual([]);
});

test('a sentence says where it is', () => {
  expect(findDurations({ path: 'a.ts', source: '\nconst timeout = 5;' })).toEqual([
    'a.ts:2: timeout is a time without a unit: end its name in Ms, Seconds … or give it such a type',
  ]);
});

test.each([
  ['a constant', 'const timeout = 5_000;', 'timeout'],
  ['a product', 'const soak = 10 * minute;', 'soak'],
  ['a member of an interface', 'interface A { readonly drainTimeout: number }', 'drainTimeout'],
  ['one that may be null', 'interface A { lease: number | null }', 'lease'],
  ['a field of a class', 'class A { readonly pause = 1 }', 'pause'],
  ['a private field', 'class A { #pause = 1 }', 'pause'],
  ['a parameter', 'function f(wait: number) {}', 'wait'],
  ['a parameter with a default', 'const f = (wait = 250) => wait;', 'wait'],
  ["a constructor's parameter", 'class A { constructor(private readonly delay: number) {} }', 'delay'],
  ["a method's parameter", 'interface A { hold(patience: number): void }', 'patience'],
  ['a name in snake case', 'interface A { max_age: number }', 'max_age'],
  ['what its comment calls seconds', '/** Seconds until it is given up. */\nconst limit = 5;', 'limit'],
  ['what its comment says in milliseconds', '// How often it looks, in milliseconds.\nexport const look = 5;', 'look'],
])('the check refuses %s', (_, source, name) => {
  expect(refused(source)).toEqual([name]);
});

test.each([
  ['a unit in the name', 'const timeoutMs = 5; interface A { drainSeconds: number; soakMinutes?: number }'],
  ['a unit as the name', 'function wait(milliseconds: number) {}'],
  ['a type that carries it', '/** Milliseconds. */\ninterface A { timeout: Milliseconds; lease: Seconds | null }'],
  ['a moment', '/** Milliseconds since 1970. */\nconst now = 5;'],
  ['a count', '/** Machines of a batch. */\nconst limit = 5;'],
  ['words that only end alike', 'const page = 5; const percentage = 5; const storage = 5;'],
  ['what is no number', "const timeout = 'never'; interface A { wait: boolean }"],
  ['a comment of the line before', 'const a = f(); // in milliseconds\nconst limit = 5;'],
  ['options of others', 'f({ timeout: 5000, interval: 5 });'],
])('the check takes %s', (_, source) => {
  expect(refused(source)).toEqual([]);
});
