/** `scripts/up` as a person runs it: a rack is born, stopped, found again, disturbed and refused. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive, type ProcessIdentity } from '../../host/identity.ts';
import { startPostgres } from '../../host/postgres.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { machines, orders } from '../../mdb/schema.ts';
import { tethered } from '../support/tethered.ts';

const script = join(import.meta.dirname, '..', '..', 'scripts', 'up');
// Everything is fetched and compiled by the first start on a fresh machine, the Temporal CLI perhaps built by Go.
const limit = 15 * 60_000;

let folder: string;
const data = () => join(folder, 'data');
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'farrier-up-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Running {
  readonly child: ChildProcess;
  said(): string;
  /** Waits for a text on its output. */
  says(text: RegExp): Promise<void>;
  code(): Promise<number | null>;
}

const names = ['temporal', 'ui', 'api', 'agent', 'events', 'boot', 'sim'];
const anyPorts = names.flatMap((name) => [`--${name}-port`, '0']);

async function up(...options: string[]): Promise<Running> {
  const env = { ...process.env, FARRIER_SIM_SPEED: '10' };
  delete (env as NodeJS.ProcessEnv)['TEMPORAL_ADDRESS'];
  const child = spawn(...(await tethered(script, '--data', data(), ...anyPorts, ...options)), {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const gone = once(child, 'close');
  const says = async (text: RegExp) => {
    while (!text.test(said)) {
      if (child.exitCode !== null) throw new Error(`it ended without saying ${text}:\n${said}`);
      await sleep(50);
    }
  };
  return { child, said: () => said, says, code: () => gone.then(([code]) => code as number | null) };
}

function childrenOf(): ProcessIdentity[] {
  return JSON.parse(readFileSync(join(data(), 'up.lock'), 'utf8')).children;
}

async function lives() {
  const server = await startPostgres({ folder: join(data(), 'postgres') });
  const { mdb, close } = connectMdb({ url: server.url, name: 'up test', connections: 1 });
  try {
    return {
      machines: await mdb.select().from(machines).orderBy(machines.id),
      orders: await mdb.select().from(orders).orderBy(orders.id),
    };
  } finally {
    await close();
    await server.stop();
  }
}

let first: Awaited<ReturnType<typeof lives>>;

test('a rack of two is born without a hand, and the command ends with 0', { timeout: limit }, async () => {
  const running = await up('--sim', '1x2', '--once');
  expect(await running.code(), running.said()).toBe(0);
  expect(running.said()).toContain('All 2 machines are in service');
  first = await lives();
  expect(first.machines.map(({ stage, bootState, opState }) => [stage, bootState, opState])).toEqual([
    ['in_service', 'healthy', 'production'],
    ['in_service', 'healthy', 'production'],
  ]);
  expect(first.orders.map(({ passage, state }) => [passage, state])).toEqual([
    ['birth', 'done'],
    ['birth', 'done'],
  ]);
});

test('started again it finds them in service and gives birth to none', { timeout: limit }, async () => {
  const running = await up('--sim', '1x2', '--once');
  expect(await running.code(), running.said()).toBe(0);
  const second = await lives();
  expect(second.orders).toEqual(first.orders);
  expect(second.machines.map((one) => [one.id, one.inServiceAt])).toEqual(
    first.machines.map((one) => [one.id, one.inServiceAt]),
  );
});

test('stopped in the middle of a birth it leaves nothing running, and goes on from there', {
  timeout: limit,
}, async () => {
  const running = await up('--sim', '1x4');
  await running.says(/Farrier is up/);
  const children = childrenOf();
  expect(children.length).toBe(9);
  const other = await up('--sim', '1x4');
  expect(await other.code()).toBe(1);
  expect(other.said()).toMatch(/is in use by another Farrier \(process \d+\); stop it or give another folder/);
  await running.says(/s001-u04 /);
  running.child.kill('SIGINT');
  expect(await running.code(), running.said()).toBe(0);
  expect(children.filter(isAlive)).toEqual([]);
  expect(existsSync(join(data(), 'up.lock'))).toBe(false);

  const again = await up('--sim', '1x4', '--once');
  expect(await again.code(), again.said()).toBe(0);
  const after = await lives();
  expect(after.machines.map(({ stage }) => stage)).toEqual(Array(4).fill('in_service'));
  expect(after.orders.length).toBe(4);
});

test('killed outright it takes its processes with it or ends them the next time', { timeout: limit }, async () => {
  const running = await up('--sim', '1x4');
  await running.says(/Farrier is up/);
  const children = childrenOf();
  running.child.kill('SIGKILL');
  await running.code();
  const again = await up('--sim', '1x4', '--once');
  expect(await again.code(), again.said()).toBe(0);
  expect(children.filter(isAlive)).toEqual([]);
});
