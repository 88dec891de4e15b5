import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { originOf } from '../../cli/bmc/contact.ts';
import { openCertificate } from '../../sim/vm/certificate.ts';
import { withFolder } from '../redfish/folder.ts';
import { type Hostile, openHostile, password, sessionsPath, systemPath } from '../redfish/hostile.ts';

const main = new URL('../../cli/main.ts', import.meta.url).pathname;
let bmc: Hostile;

beforeEach(async () => {
  bmc = await withFolder(async (folder) => openHostile(await openCertificate(folder, 'bmc.test')));
});
afterEach(() => bmc.close());

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs `farrier bmc …` as a process, without a terminal. */
function farrier(secret: string | null, ...args: string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'] ?? '', ...(secret !== null && { FARRIER_BMC_PASSWORD: secret }) };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, 'bmc', ...args], { env }, (error, out, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, error: stderr }),
    );
    child.stdin?.end();
  });
}

const reading = (what: string, ...more: string[]) => [what, bmc.origin, '--user', 'admin', ...more];

describe('farrier bmc', () => {
  test('probes a controller, shows the key of its certificate, and signs out', async () => {
    const first = await farrier(password, ...reading('probe'));
    expect(first).toMatchObject({ code: 0, error: '' });
    expect(first.out).toMatch(/serial +B5R3M33/);
    expect(first.out).toMatch(/resets +On ForceRestart/);
    const pin = /--pin (\S+)/.exec(first.out)?.[1] ?? '';
    expect(Buffer.from(pin, 'base64')).toHaveLength(32);
    expect(bmc.sessions.size).toBe(0);
    expect((await farrier(password, ...reading('probe', '--pin', pin))).out).not.toContain('--pin');
    expect(first.out).not.toContain(password);
    expect(bmc.seen.filter(({ method }) => method !== 'GET').map(({ method }) => method)).toEqual([
      'POST',
      'DELETE',
      'POST',
      'DELETE',
    ]);
  });

  test('sends nothing to a controller with another key', async () => {
    const ran = await farrier(password, ...reading('inventory', '--pin', Buffer.alloc(32).toString('base64')));
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.error).toMatch(/another certificate|pinned/);
    expect(bmc.seen).toEqual([]);
  });

  test('tries a wrong password once', async () => {
    const ran = await farrier('wrong', ...reading('sensors'));
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.error).toContain(sessionsPath);
    expect(bmc.count(`POST ${sessionsPath}`)).toBe(1);
  });

  test('asks for a password where there is none', async () => {
    const ran = await farrier(null, ...reading('probe'));
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.error).toContain('FARRIER_BMC_PASSWORD');
    expect(bmc.seen).toEqual([]);
  });

  test('writes an inventory as JSON, with what could not be read', async () => {
    const system = bmc.resources.get(systemPath) as object;
    bmc.resources.set(systemPath, { ...system, Memory: { '@odata.id': `${systemPath}/Memory` } });
    const { code, out } = await farrier(password, ...reading('inventory', '--json'));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      identity: { serial: 'B5R3M33' },
      dimms: [],
      gaps: [{ path: `${systemPath}/Memory` }],
    });
  });

  test('reads only new log entries with a cursor, and refuses a file that is none', async () => {
    const link = (path: string) => ({ '@odata.id': `${systemPath}${path}` });
    const system = bmc.resources.get(systemPath) as object;
    bmc.resources.set(systemPath, { ...system, LogServices: link('/LogServices') });
    bmc.resources.set(`${systemPath}/LogServices`, { Members: [link('/LogServices/SEL')] });
    bmc.resources.set(`${systemPath}/LogServices/SEL`, { ...link('/LogServices/SEL'), Entries: link('/SEL') });
    const entry = (Id: string) => ({ Id, Message: `event \u001b[31m${Id}` });
    bmc.resources.set(`${systemPath}/SEL`, { Members: [entry('1')] });
    await withFolder(async (folder) => {
      const cursor = join(folder, 'cursor.json');
      const logs = reading('logs', '--cursor', cursor);
      expect((await farrier(password, ...logs)).out).toMatch(/1 .*event/);
      bmc.resources.set(`${systemPath}/SEL`, { Members: [entry('1'), entry('2')] });
      const { out } = await farrier(password, ...logs, '--json');
      expect(JSON.parse(out).logs).toMatchObject([{ entries: [{ id: '2' }], restarted: false }]);
      await writeFile(cursor, '[1]');
      expect(await farrier(password, ...logs)).toMatchObject({ code: 1, error: expect.stringContaining('cursor') });
    });
  });
});

test.each([
  ['10.0.9.12', 'https://10.0.9.12'],
  ['bmc-7:8443', 'https://bmc-7:8443'],
  ['fd00::12', 'https://[fd00::12]'],
  ['[fd00::12]:443', 'https://[fd00::12]:443'],
  ['http://127.0.0.1:8000/', 'http://127.0.0.1:8000'],
])('%s is %s', (address, origin) => {
  expect(originOf(address)).toBe(origin);
});
