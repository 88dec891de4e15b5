import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bootCounts } from '../../mdb/schema.ts';
import { throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { tethered } from '../support/tethered.ts';

const main = (name: string) => fileURLToPath(new URL(`../../boot/${name}.ts`, import.meta.url));
const run = async (name: string, env: Record<string, string>): Promise<ChildProcess> =>
  spawn(...(await tethered(process.execPath, main(name))), {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: 'pipe',
  });

async function ready(child: ChildProcess): Promise<{ listen: string }> {
  if (!child.stdout) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { msg: string; listen: string };
    if (said.msg === 'ready') return said;
  }
  throw new Error('it ended before it was ready');
}

test.each([
  ['main', {}, /FARRIER_MDB_URL is not set; FARRIER_DATA is not set; FARRIER_BOOT_URL is not set; FARRIER_AGENT_URL/],
  [
    'main',
    { FARRIER_BOOT_LISTEN: 'nowhere', FARRIER_LOG: 'loud' },
    /FARRIER_LOG .*; FARRIER_BOOT_LISTEN is not host:port/,
  ],
  ['dhcp-main', {}, /FARRIER_DHCP_INTERFACES names no interface/],
])('%s with %j says in one line what is missing or wrong', async (name, env, expected) => {
  const child = await run(name, env);
  let said = '';
  child.stderr?.on('data', (text: Buffer) => (said += text));
  const [code] = await once(child, 'close');
  expect(code).toBe(1);
  expect(said.trim().split('\n')).toHaveLength(1);
  expect(said).toMatch(expected);
});

test('a birther that is told to stop writes what it has counted', async () => {
  const db = await throwawayMdb();
  await writeSite(db.mdb);
  const data = await mkdtemp(join(tmpdir(), 'farrier-main-'));
  const child = await run('main', {
    FARRIER_MDB_URL: db.url,
    FARRIER_DATA: data,
    FARRIER_BOOT_LISTEN: '127.0.0.1:0',
    FARRIER_BOOT_URL: 'http://127.0.0.1:8080',
    FARRIER_AGENT_URL: 'https://127.0.0.1:8443',
  });
  const { listen } = await ready(child);
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) => fetch(`http://${listen}/boot.ipxe?mac=52:54:00:00:00:${10 + n}`)),
  );
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  await Promise.all(answers.map((answer) => answer.text()));
  // Half a request keeps its connection; it must not keep the process.
  const silent = connect(Number(listen.split(':').at(-1)), '127.0.0.1').on('error', () => {});
  silent.write('GET /boot.ipxe');
  await once(silent, 'connect');
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  const rows = await db.mdb.select().from(bootCounts);
  expect(rows.reduce((sum, row) => sum + row.requests, 0)).toBe(30);
  expect(rows.reduce((sum, row) => sum + row.answers, 0)).toBe(30);
  await rm(data, { recursive: true });
  await db.close();
});
