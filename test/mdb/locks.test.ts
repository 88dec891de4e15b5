/** Each subject queues for a lock of its own. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { lockSpaces } from '../../mdb/locks.ts';
import { sourceFiles } from '../../scripts/sources.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const keys = (text: string) => [...text.matchAll(/pg_(?:try_)?advisory\w*\(\s*([\d_]+)/g)].map(([, key]) => key);

test('no two subjects share a number', () => {
  const numbers = Object.values(lockSpaces);
  expect(new Set(numbers).size).toBe(numbers.length);
});

test('no lock of the code is taken by a bare number, and no number is written down a second time', () => {
  const sources = sourceFiles().filter((path) => path.endsWith('.ts') && path !== 'mdb/locks.ts');
  expect(sources.length).toBeGreaterThan(500);
  expect(sources.filter((path) => keys(read(path)).length > 0)).toEqual([]);
  const again = new RegExp(
    `\\b(${Object.values(lockSpaces)
      .flatMap((space) => [space, String(space).replace('719', '719_')])
      .join('|')})\\b`,
  );
  expect(sources.filter((path) => again.test(read(path)))).toEqual([]);
});

test('the locks of the triggers are those that are named here', () => {
  const folder = new URL('mdb/migrations/', root);
  const migrations = readdirSync(fileURLToPath(folder)).filter((name) => name.endsWith('.sql'));
  const taken = migrations.flatMap((name) => keys(readFileSync(new URL(name, folder), 'utf8')));
  expect([...new Set(taken)]).toEqual([String(lockSpaces.audit)]);
});
