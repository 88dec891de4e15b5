/** Farrier's exports as those read them who are meant to: Ansible, and Prometheus' own discovery. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machines, tags } from '../../mdb/schema.ts';
import { everywhere, makeToken } from '../api/accounts.ts';
import { servePeople } from '../api/serving.ts';
import { type BuiltProgram, openGo } from './go.ts';
import { openPython, runFile } from './python.ts';

const ansible = await openPython(['ansible-core==2.19.5']);
const discovery: BuiltProgram =
  process.env['FARRIER_LONG'] === '1'
    ? await openGo('discovery')
    : { missing: "Prometheus' discovery takes a minute to build, and runs with scripts/test --long only" };
for (const one of [ansible, discovery]) if ('missing' in one) process.stderr.write(`skipped: ${one.missing}\n`);

const command = new URL('../../cli/main.ts', import.meta.url).pathname;
let served: Awaited<ReturnType<typeof servePeople>>;
let folder: string;
let api: string;
let token: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-inventory-'));
  served = await servePeople({ trustsLoopback: false });
  api = await served.app.listen({ host: '127.0.0.1', port: 0 });
  token = await makeToken(served.base.mdb, 'reader', everywhere('viewer'));
  const own = { siteId: 'home', rackId: 'A01', pool: 'web-eu', product: 'Odd "name" \u2028 {{ x }}' };
  await served.base.mdb.insert(machines).values([
    { id: 'm-1', mac: '52:54:00:dd:00:01', hostname: 'a01-1.home.example', address: '10.1.0.1', unit: 1, ...own },
    { id: 'm-2', mac: '52:54:00:dd:00:02', unit: 2, ...own },
  ]);
  await served.base.mdb.insert(tags).values({ machineId: 'm-1', key: 'sla.level', value: 'gold plus' });
});
afterAll(async () => {
  await served?.close();
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf('missing' in ansible)('Ansible', () => {
  const inventory = async (...args: string[]) => {
    const python = 'python' in ansible ? ansible.python : '';
    const script = join(folder, 'farrier.sh');
    await writeFile(script, `#!/bin/sh\nexec '${process.execPath}' '${command}' export --format ansible "$@"\n`);
    await chmod(script, 0o755);
    const env = {
      ...process.env,
      FARRIER_API: api,
      FARRIER_TOKEN: token,
      HOME: folder,
      ANSIBLE_INVENTORY_ENABLED: 'script',
    };
    const { stdout, stderr } = await runFile(python, ['-m', 'ansible', 'inventory', '-i', script, ...args], { env });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };

  test('takes its groups and hosts without a warning', async () => {
    const found = await inventory('--list');
    expect(found).toMatchObject({
      pool_web_eu: { hosts: ['a01-1.home.example', 'm-2'] },
      rack_A01: { hosts: ['a01-1.home.example', 'm-2'] },
      tag_sla_level_gold_plus: { hosts: ['a01-1.home.example'] },
      _meta: {
        hostvars: { 'a01-1.home.example': { ansible_host: '10.1.0.1', farrier: { unit: 1, stage: 'racked' } } },
      },
    });
  }, 60_000);
});

describe.skipIf('missing' in discovery)('Prometheus', () => {
  const discover = async (query: string, shown = token) => {
    const file = join(folder, 'token');
    await writeFile(file, `${shown}\n`, { mode: 0o600 });
    const program = 'program' in discovery ? discovery.program : '';
    return JSON.parse((await runFile(program, [`${api}/api/v1/exports/prometheus${query}`, file])).stdout);
  };

  test('finds its targets with a token from a file, and nothing without', async () => {
    expect(await discover('?port=9101&selector=pool%3Dweb-eu')).toEqual([
      {
        targets: [{ __address__: '10.1.0.1:9101' }],
        labels: expect.objectContaining({ __meta_farrier_id: 'm-1', __meta_farrier_tag_sla_level: 'gold plus' }),
      },
    ]);
    await expect(discover('', 'farrier_wrong')).rejects.toMatchObject({ stderr: expect.stringContaining('401') });
  });
});
