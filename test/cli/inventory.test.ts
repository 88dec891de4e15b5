/** Imports and exports by the command line: each command a process of its own, as a person would run it. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { machines } from '../../mdb/schema.ts';
import { servePeople } from '../api/serving.ts';

const root = new URL('../..', import.meta.url).pathname;
const fixture = (name: string) => join(root, 'test/imports/fixtures', name);
let served: Awaited<ReturnType<typeof servePeople>>;
let api: string;
let folder: string;

beforeAll(async () => {
  served = await servePeople();
  api = await served.app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'farrier-cli-import-'));
});
afterAll(async () => {
  await served?.close();
  await rm(folder, { recursive: true, force: true });
});

function farrier(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly error: string }> {
  const env = { PATH: process.env['PATH'] ?? '', FARRIER_API: api };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(root, 'cli/main.ts'), ...args], { env }, (error, out, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, error: stderr }),
    );
    child.stdin?.end();
  });
}

it('S3.2: shows the plan, does it by its hash, and finds nothing to do the second time', async () => {
  const given = ['import', fixture('ironic.json'), '--bmc-secret', 'rack-a12'];
  const planned = await farrier(...given);
  expect(planned).toMatchObject({ code: 0, error: '' });
  expect(planned.out).toMatch(/^ +1 +announce +m-a4bf0110000a +- +https:\/\/10\.9\.1\.1 \(rack-a12\) +.*name=r1-n01/m);
  expect(planned.out).toContain(
    'Not understood: driver_info.redfish_username (1 rows), driver_info.redfish_password (1 rows)',
  );
  expect(planned.out).toContain('ironic: 2 announced, 0 changed, 0 the same, 1 left out.');
  expect(planned.out).not.toContain('canary');
  expect(await served.base.mdb.$count(machines)).toBe(0);
  const [hash = ''] = /[0-9a-f]{64}/.exec(planned.out) ?? [];
  expect(await farrier(...given, '--plan', 'f'.repeat(64))).toMatchObject({ code: 1, out: '' });
  expect((await farrier(...given, '--plan', hash)).out).toContain(
    'Done. ironic: 2 announced, 0 changed, 0 the same, 1 left out.',
  );
  const again = await farrier(...given, '--yes');
  expect(again.out).toContain('ironic: 0 announced, 0 changed, 2 the same, 1 left out.');
  expect(again.out).not.toContain('--plan');
});

it('names the rows that cannot be right, and changes nothing', async () => {
  const file = join(folder, 'wrong.csv');
  await writeFile(file, 'mac,rack,unit\nzz,A01,1\n52:54:00:00:00:01,A01,99\n');
  const before = await served.base.mdb.$count(machines);
  const { code, out } = await farrier('import', file, '--yes');
  expect(code).toBe(1);
  expect(out).toMatch(/^ +2 +mac +is not the MAC of a machine$/m);
  expect(out).toMatch(/^ +3 +unit +is not a whole number from 1 to 64$/m);
  expect(out).toContain('Nothing was changed');
  expect(await served.base.mdb.$count(machines)).toBe(before);
});

it('exports what it imports again, and to a file', async () => {
  const file = join(folder, 'fleet.json');
  expect(await farrier('export', '--out', file)).toMatchObject({ code: 0, out: '' });
  expect(JSON.parse(await readFile(file, 'utf8')).machines).toHaveLength(2);
  expect((await farrier('import', file)).out).toContain('json: 0 announced, 0 changed, 2 the same, 0 left out.');
  expect((await farrier('export', '--format', 'dominator')).out).toBe('[]');
  expect(await farrier('export', '--format', 'csv', '--list')).toMatchObject({ code: 2 });
  expect(await farrier('export', '--format', 'ansible', '--host', 'nobody')).toMatchObject({ code: 0, out: '{}\n' });
});
