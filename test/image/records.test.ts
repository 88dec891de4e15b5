import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatRecords, parseRecords } from '../../contract/records.ts';
import { runTool } from './tools.ts';

const values = [
  'S3Z8NB0K',
  'PERC H730P Mini',
  'a=b&c;$(reboot)`x`"\'',
  'Füße 機',
  '100%',
  'a/b:c@d,e+f-g_h.i',
  '*?[x]\\',
];

test.each(values)('what rec writes, the contract reads: %s', async (value) => {
  const { out, code } = await runTool('rec', ['put', 'disk', 'serial', value, 'model', '']);
  expect(code).toBe(0);
  expect(parseRecords(out.toString())).toEqual([{ kind: 'disk', fields: { serial: value } }]);
});

test.each(values)('what the contract writes, rec reads: %s', async (value) => {
  const file = join(mkdtempSync(join(tmpdir(), 'farrier-rec-')), 'records');
  writeFileSync(
    file,
    formatRecords([
      { kind: 'other', fields: { x: '1' } },
      { kind: 'directive', fields: { seq: '1', v: value } },
    ]),
  );
  const { out, code } = await runTool('rec', ['get', file, 'directive', 'v']);
  expect(code).toBe(0);
  expect(out.toString()).toBe(`${value}\n`);
});

test.each([
  ['a control character', 'directive v=a%0Ab\n', 3],
  ['a value that was not encoded', 'directive v=a%b\n', 3],
  ['a bare quote', 'directive v=a"b\n', 3],
  ['an absent field', 'directive w=1\n', 1],
  ['an absent record', 'other v=1\n', 1],
  ['more than 64 KiB', `directive v=${'a'.repeat(70_000)}\n`, 3],
])('rec refuses %s', async (_what, text, code) => {
  const file = join(mkdtempSync(join(tmpdir(), 'farrier-rec-')), 'records');
  writeFileSync(file, text);
  expect((await runTool('rec', ['get', file, 'directive', 'v'])).code).toBe(code);
});
