import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identify, isAlive } from '../../host/identity.ts';
import { programService } from '../../host/program.ts';
import { type Service, Supervisor } from '../../host/supervise.ts';

let folder: string;
let supervisor: Supervisor;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-supervise-'));
  supervisor = new Supervisor({ backoff: { min: 10, max: 50 } });
});

afterEach(async () => {
  await supervisor.stop();
  await rm(folder, { recursive: true });
});

const diary = () => join(folder, 'diary');
const told = async () => (await readFile(diary(), 'utf8')).trim().split('\n');

function service(name: string, how = 'kind', limits: { readySeconds?: number; stopSeconds?: number } = {}): Service {
  return programService({
    name,
    command: [process.execPath, join(import.meta.dirname, 'child.mjs'), name, how, diary()],
    env: { PATH: process.env['PATH'] ?? '' },
    log: join(folder, 'logs', `${name}.log`),
    readySeconds: 30,
    ...limits,
  });
}

test('a program is ready when its log says so, with the addresses it tells', async () => {
  const shown = await supervisor.start(service('one'));
  expect(shown).toMatchObject({ state: 'ready', restarts: 0, addresses: { url: 'http://one' } });
  expect(await readFile(shown.log, 'utf8')).toContain('warming up');
});

test('a killed program is started again, as often as needed, and its log goes on', async () => {
  const before = await supervisor.start(service('one'));
  supervisor.signal('one', 'SIGKILL');
  const after = await supervisor.settled('one', 1);
  expect(after).toMatchObject({ restarts: 1, lastEnd: 'signal SIGKILL' });
  expect(after.pid).not.toBe(before.pid);
  supervisor.signal('one', 'SIGKILL');
  await supervisor.settled('one', 2);
  expect(await told()).toEqual(['one began', 'one began', 'one began']);
});

test('programs are stopped in the reverse order, one after the other', async () => {
  for (const name of ['database', 'worker', 'simulator']) await supervisor.start(service(name));
  await supervisor.stop();
  expect((await told()).slice(3)).toEqual(['simulator asked', 'worker asked', 'database asked']);
  expect(supervisor.list().map((one) => one.state)).toEqual(['ended', 'ended', 'ended']);
});

test('one that ignores the polite signal, even paused, is killed after its limit', async () => {
  const { pid } = await supervisor.start(service('mule', 'deaf', { stopSeconds: 0.3 }));
  const identity = identify(pid ?? 0);
  supervisor.signal('mule', 'SIGSTOP');
  await supervisor.stop();
  expect(identity && isAlive(identity)).toBe(false);
});

test('one that ends before it is ready is told by its last words and its log', async () => {
  await expect(supervisor.start(service('one', 'broken'))).rejects.toThrow(
    /^one ended with exit code 3 before it was ready: Error: the moon is full \(log: .*one\.log\)$/,
  );
  expect(supervisor.list()).toEqual([]);
});

test('one that stays silent is given up and leaves no process behind', async () => {
  await expect(supervisor.start(service('one', 'silent', { readySeconds: 5 }))).rejects.toThrow(
    /one was not ready after 5 seconds/,
  );
  expect(await told()).toContain('one asked');
});

test('a program that is missing is told by its name', async () => {
  const ghost = programService({
    name: 'ghost',
    command: [join(folder, 'no-such-program')],
    env: {},
    log: join(folder, 'ghost.log'),
    readySeconds: 5,
  });
  await expect(supervisor.start(ghost)).rejects.toThrow(/ghost ended with .*ENOENT/);
});

test('a stop in the middle of a start ends both', async () => {
  const starting = supervisor.start(service('one', 'silent'));
  starting.catch(() => {});
  await supervisor.stop();
  await expect(starting).rejects.toThrow(/was stopped/);
});

test('a stop while a crashed one waits to be started again starts nothing', async () => {
  const patient = new Supervisor({ backoff: { min: 60_000, max: 60_000 } });
  await patient.start(service('one'));
  patient.signal('one', 'SIGKILL');
  await new Promise<void>((resolve) => patient.once('change', () => resolve()));
  await patient.stop();
  expect(await told()).toEqual(['one began']);
});

test('processor time and memory are told by service', async () => {
  await supervisor.start(service('one'));
  const usage = await supervisor.usage();
  expect(usage['one']?.cpuSeconds).toBeGreaterThan(0);
  expect(usage['one']?.rssMib).toBeGreaterThan(10);
  supervisor.signal('one', 'SIGKILL');
  await supervisor.settled('one', 1);
  expect((await supervisor.usage())['one']?.cpuSeconds).toBeGreaterThanOrEqual(usage['one']?.cpuSeconds ?? 0);
});
