import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const home = join(import.meta.dirname, '../..');
/** The list of quirks stays outside the repository. */
const list = resolve(process.env.FARRIER_SHARED ?? join(home, '../shared'), 'redfish/quirks.md');
const absent = existsSync(list) ? null : `skipped: no list of quirks at ${list}`;
if (absent) console.log(absent);

interface Row {
  readonly id: string;
  readonly tests: readonly { readonly file: string; readonly name: string }[];
  readonly why: string;
}

function rowsOf(text: string): Row[] {
  return [...text.matchAll(/^\| (\d+b?) \| (.*) \| ?(.*) \|$/gm)].map(([, id = '', held = '', why = '']) => ({
    id,
    tests: [...held.matchAll(/`(test\/[\w./-]+\.test\.ts)` “([^”]+)”/g)].map(([, file = '', name = '']) => ({
      file,
      name,
    })),
    why: why.trim(),
  }));
}

const rows = rowsOf(await readFile(join(home, 'docs/redfish-quirks.md'), 'utf8'));

describe('the table of quirks', () => {
  test('has each row once', () => {
    expect(rows.length).toBeGreaterThan(60);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });

  test.skipIf(absent)('has every row of the list, and no other', async () => {
    const known = [...(await readFile(list, 'utf8')).matchAll(/^\| (\d+b?) \|/gm)].map(([, id]) => id);
    expect(rows.map(({ id }) => id)).toEqual(known);
  });

  test('names tests that are there', async () => {
    const missing: string[] = [];
    for (const { id, tests } of rows)
      for (const { file, name } of tests) {
        const source = await readFile(join(home, file), 'utf8').catch(() => '');
        if (!source.includes(name)) missing.push(`${id}: ${file} has no ${name}`);
      }
    expect(missing).toEqual([]);
  });

  test('gives a reason where there is no test', () => {
    expect(rows.filter(({ tests, why }) => tests.length === 0 && why.length < 40)).toEqual([]);
  });
});
