import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findViolations } from '../../scripts/directions.ts';
import { readImports } from '../../scripts/imports.ts';
import { sourceFiles } from '../../scripts/sources.ts';

/** What is said about a small tree, given as its files. */
function check(files: Readonly<Record<string, string>>): string[] {
  return findViolations(Object.entries(files).flatMap(([path, source]) => readImports(path, source)));
}

test('every import of this checkout points one way', () => {
  const files = sourceFiles();
  expect(files).toContain('domain/machine.ts');
  expect(findViolations(files.flatMap((path) => readImports(path, readFileSync(path, 'utf8'))))).toEqual([]);
});

describe('what is caught', () => {
  test.each([
    [
      'a value of an activity in a workflow',
      "import { flip } from '../activities/a.ts';",
      'workflows imports only types of activities/a.ts',
    ],
    [
      'the same, re-exported',
      "export { flip } from '../activities/a.ts';",
      'workflows imports only types of activities/a.ts',
    ],
    [
      'the same, imported late',
      "const a = await import('../activities/a.ts');",
      'workflows imports only types of activities/a.ts',
    ],
    [
      'one value among types',
      "import { type A, flip } from '../activities/a.ts';",
      'workflows imports only types of activities/a.ts',
    ],
    [
      'a Node built-in',
      "import { readFileSync } from 'node:fs';",
      'workflow code runs without Node built-ins, but imports node:fs',
    ],
    [
      'a built-in without its prefix',
      "import fs from 'fs';",
      'workflow code runs without Node built-ins, but imports fs',
    ],
    ['a package that belongs outside', "import { z } from 'zod';", 'workflow code must not import zod'],
    ['the database', "import { machines } from '../mdb/schema.ts';", 'workflows must not import mdb/schema.ts'],
  ])('in workflows: %s', (_, line, said) => {
    expect(check({ 'workflows/w.ts': `\n${line}`, 'activities/a.ts': '', 'mdb/schema.ts': '' })).toContain(
      `workflows/w.ts:2: ${said}`,
    );
  });

  test('a built-in that workflow code reaches through another folder', () => {
    const said = check({
      'workflows/w.ts': "import { id } from '../contract/c.ts';",
      'contract/c.ts': "import { createHash } from 'node:crypto';",
    });
    expect(said).toContain('contract/c.ts:1: workflow code runs without Node built-ins, but imports node:crypto');
  });

  test.each(['import', 'import type'])('a cycle of files: %s', (form) => {
    const files = { 'mdb/a.ts': `${form} { b } from './b.ts';`, 'mdb/b.ts': "import { a } from './a.ts';" };
    expect(check(files)).toEqual(['cycle: mdb/a.ts → mdb/b.ts → mdb/a.ts']);
  });

  test.each([
    [
      'boot/b.ts',
      "import { Client } from '@temporalio/client';",
      'boot never sees Temporal, but imports @temporalio/client',
    ],
    [
      'boot/b.ts',
      "import { attributes } from '../contract/attributes.ts';",
      'boot must not import contract/attributes.ts',
    ],
    [
      'domain/machine.ts',
      "import type { X } from './values.ts';",
      'domain/machine.ts imports nothing, not even domain/values.ts',
    ],
    ['domain/d.ts', "import type { Pool } from 'postgres';", 'domain must not import postgres'],
    ['domain/d.ts', "import { createHash } from 'node:crypto';", 'domain must not import node:crypto'],
    ['contract/c.ts', "import { createHash } from 'node:crypto';", 'contract must not import node:crypto'],
    ['api/a.ts', "import { rack } from '../sim/rack.ts';", 'api must not import sim/rack.ts'],
    ['sim/s.ts', "import { places } from '../mdb/places.ts';", 'sim must not import mdb/places.ts'],
    ['cli/c.ts', "import { connectMdb } from '../mdb/connect.ts';", 'cli must not import mdb/connect.ts'],
    [
      'api/a.ts',
      "import { machines } from '../mdb/schema.ts';",
      'only mdb/ names tables, but this imports mdb/schema.ts',
    ],
    [
      'api/a.ts',
      "import { acting } from '../mdb/acting.ts';",
      'a transaction begins in mdb/ or in an activity, and not here',
    ],
    ['cli/bmc/c.ts', "import { api } from '../../client/api.ts';", 'cli/bmc must not import client/api.ts'],
    ['redfish/r.ts', "import { act } from '../contract/act.ts';", 'redfish must not import contract/act.ts'],
    ['sim/s.ts', "import { run } from '../workers/run.ts';", 'sim must not import workers/run.ts'],
    ['mdb/m.ts', "import type { View } from '../contract/api.ts';", 'mdb must not import contract/api.ts'],
    ['mdb/m.ts', "import { run } from '../activities/run.ts';", 'mdb must not import activities/run.ts'],
    ['console/c.tsx', "import { id } from '../contract/api.ts';", 'console imports only types of contract/api.ts'],
    ['console/c.tsx', "import type { Mdb } from '../mdb/connect.ts';", 'console must not import mdb/connect.ts'],
    ['console/c.tsx', "import { readFile } from 'node:fs';", 'console must not import node:fs'],
    ['helpers/h.ts', "import { run } from '../mdb/run.ts';", 'helpers must not import mdb/run.ts'],
  ])('%s: %s', (file, line, said) => {
    expect(check({ [file]: line })).toEqual([`${file}:1: ${said}`]);
  });

  test('types of an activity in a workflow are fine', () => {
    expect(
      check({
        'workflows/w.ts': "import type { A } from '../activities/a.ts';\nimport { type B } from '../activities/a.ts';",
      }),
    ).toEqual([]);
  });
});
