/**
 * Schemathesis asks the API what its description allows, and what it does not: nothing that is asked is a fault, and what is
 * answered is as described. It takes minutes: `scripts/test --long test/api/schemathesis.test.ts`.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machines } from '../../mdb/schema.ts';
import { openPython } from '../conformance/python.ts';
import { everywhere, makeToken } from './accounts.ts';
import { servePeople } from './serving.ts';

const isLong = process.env['FARRIER_LONG'] === '1';
const checks = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_schema_conformance'],
];
/** Streams that do not end by themselves. */
const endless = '/api/v1/changes';

let served: Awaited<ReturnType<typeof servePeople>>;
let folder: string;

interface Ran {
  readonly code: number;
  readonly out: string;
}

describe.skipIf(!isLong)('the description', () => {
  beforeAll(async () => {
    served = await servePeople({ requestsPerMinute: 1_000_000 });
    folder = await mkdtemp(join(tmpdir(), 'farrier-schemathesis-'));
    await served.base.mdb.insert(machines).values({
      ...{ id: 'm-1', siteId: 'home', mac: '52:54:00:00:0b:01', hostname: 'h1', stage: 'in_service' },
    });
  });
  afterAll(async () => {
    await served?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is what is answered, whatever is asked, and nothing that is asked is a fault', {
    timeout: 1_800_000,
  }, async () => {
    const opened = await openPython(['schemathesis==4.32.5']);
    if ('missing' in opened) throw new Error(opened.missing);
    const origin = await served.app.listen({ host: '127.0.0.1', port: 0 });
    const token = await makeToken(served.base.mdb, 'schemathesis', everywhere('admin'));
    const args = [
      ...['run', `${origin}/openapi.json`, '--checks', checks.join(','), '--seed', '1', '--max-examples', '30'],
      ...['--exclude-path', endless, '--phases', 'examples,coverage,fuzzing', '--generation-database', 'none'],
      ...['--continue-on-failure', '--request-timeout', '30', '-H', `Authorization: Bearer ${token}`],
    ];
    const { code, out } = await new Promise<Ran>((resolve) => {
      execFile(
        opened.python,
        ['-m', 'schemathesis.cli', ...args],
        { cwd: folder, env: { PATH: process.env['PATH'], NO_COLOR: '1' }, maxBuffer: 64 * 2 ** 20 },
        (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: `${stdout}${stderr}` }),
      );
    });
    expect(code, out.slice(-20_000)).toBe(0);
    // It has asked, and not only looked at the description.
    expect(out).toMatch(/\d{4,} generated/);
  });
});
