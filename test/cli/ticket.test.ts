import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eq } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { sign } from '../../integrations/webhook.ts';
import { acting } from '../../mdb/acting.ts';
import { openHumanStep } from '../../mdb/people/people.ts';
import { audit, machines, orders, outbox, tickets } from '../../mdb/schema.ts';
import { readPool } from '../../mdb/service/pools.ts';
import { endFarrier } from '../support/commandline.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { type FakeServer, serveFake } from '../support/outside.ts';
import { writeSite } from '../support/site.ts';
import { tethered } from '../support/tethered.ts';
import { type FakeTickets, fakeService } from '../tickets/fakes.ts';

const root = new URL('../../', import.meta.url).pathname;
const key = 'key-canary-of-16-characters';
const children: ChildProcess[] = [];
let base: ThrowawayMdb;
let data: string;
let inbox: FakeTickets;
let server: FakeServer;
let people: Awaited<ReturnType<typeof createPeopleApi>>;
let api: string;
let hooks: string;

async function start(main: string, more: Record<string, string>): Promise<Record<string, string>> {
  const env = { PATH: process.env['PATH'] ?? '', FARRIER_MDB_URL: base.url, FARRIER_DATA: data, ...more };
  const child = spawn(...(await tethered(process.execPath, join(root, main))), {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line) as Record<string, string>;
    if (entry['msg'] === 'ready') return entry;
  }
  throw new Error(`${main} ended before it was ready`);
}

const farrier = (...args: string[]) => endFarrier(api, args);

beforeAll(async () => {
  base = await throwawayMdb();
  data = await mkdtemp(join(tmpdir(), 'farrier-ticket-'));
  await mkdir(join(data, 'secrets'));
  inbox = fakeService();
  server = await serveFake(inbox.handle);
  await writeFile(join(data, 'secrets/desk'), JSON.stringify({ origin: server.origin, key }));
  await writeSite(base.mdb);
  const machine = { id: 'm-1', siteId: 'home', mac: 'a4:bf:01:00:00:01', hostname: 'a01-03.home.example' };
  await base.mdb.insert(machines).values(machine);
  await base.mdb
    .insert(orders)
    .values({ id: 'o-1', machineId: 'm-1', passage: 'birth', requester: 'ann', reason: 'new', state: 'running' });
  const question = {
    id: 'o-1:register:1',
    machineId: 'm-1',
    orderId: 'o-1',
    step: 'register',
    owner: 'network',
    fault: 'register/unknown-port',
    reason: 'No port leads to it.',
    choices: ['retry', 'abandon'],
    remindAfter: 86_400_000,
  };
  await acting(base.mdb, { class: 'system', name: 'birth' }, 'o-1', (tx) => openHumanStep(tx, question));
  const mirroring = start('workers/tickets.ts', { FARRIER_HOOK_LISTEN: '127.0.0.1:0', FARRIER_LOG: 'info' });
  const authority = { signImage: () => Promise.reject(new Error('no image is signed here')) };
  people = await createPeopleApi({
    mdb: base.mdb,
    siteId: 'home',
    images: join(data, 'images'),
    authority: authority as never,
    log: pino({ level: 'silent' }),
  });
  api = await people.listen({ host: '127.0.0.1', port: 0 });
  hooks = (await mirroring)['hooks'] ?? '';
});
afterAll(async () => {
  const ended = Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve))));
  for (const child of children) child.kill('SIGTERM');
  expect(await ended).toEqual(children.map(() => 0));
  await people?.close();
  await server?.close();
  await base?.close();
  await rm(data, { recursive: true, force: true });
});

const id = 'T-o-1:register:1';

describe('farrier ticket', () => {
  it('routes, lists, shows and notes, with the mirror beside it', async () => {
    expect((await farrier('ticket', 'route', 'ls')).out).toContain('Tickets are mirrored nowhere.');
    const route = ['ticket', 'route', 'set', '*', '--adapter', 'webhook', '--secret', 'desk', '--reason', 'the desk'];
    expect(await farrier(...route, '--set', 'path=/tickets')).toMatchObject({ code: 0 });
    expect(await farrier(...route, '--set', 'path')).toMatchObject({
      code: 2,
      error: expect.stringContaining('name=value'),
    });
    expect((await farrier('ticket', 'route', 'ls')).out).toMatch(/^home +\* +webhook +desk +operator +path=\/tickets/m);
    await expect.poll(() => inbox.issues.length).toBe(1);
    await expect
      .poll(async () => (await farrier('ticket', 'ls', '--owner', 'network')).out)
      .toMatch(
        /^T-o-1:register:1 +a01-03\.home\.example +network +open +\S+ +webhook D101 +m-1: register\/unknown-port/m,
      );
    expect(await farrier('ticket', 'note', id, 'I look at it')).toMatchObject({ code: 0 });
    const show = (await farrier('ticket', 'show', id)).out;
    expect(show).toMatch(/farrier step answer o-1:register:1 retry\|abandon/);
    expect(show).toMatch(/I look at it/);
    expect((await farrier('ticket', 'show', id, '--json')).out).toContain('"fault": "register/unknown-port"');
    await expect.poll(() => inbox.issues[0]?.comments.length).toBe(1);
  });

  it('hears that it was closed over there, and answers by it', async () => {
    Object.assign(inbox.issues[0] ?? {}, { open: false, closedBy: 'hana' });
    const body = JSON.stringify({ ticket: inbox.issues[0]?.id });
    const headers = { 'content-type': 'application/json', 'farrier-signature': sign(key, body) };
    const reported = await fetch(`${hooks}/hooks/tickets/desk`, { method: 'POST', headers, body });
    expect(reported.status).toBe(202);
    await expect
      .poll(async () => (await base.mdb.select().from(outbox).where(eq(outbox.kind, 'answer')))[0]?.payload)
      .toMatchObject({ step: 'o-1:register:1', answer: 'retry', by: 'hana@webhook' });
    expect(await farrier('ticket', 'close', id, '--why', 'mended')).toMatchObject({
      code: 1,
      error: expect.stringContaining('answered already: retry by hana@webhook'),
    });
  });

  it('closes what asks nothing, at both ends', async () => {
    await base.mdb.insert(tickets).values({ id: 'T-fan', machineId: 'm-1', fault: 'fan', title: 'fan', body: 'b' });
    await expect.poll(() => inbox.issues.length).toBe(2);
    expect(await farrier('ticket', 'close', 'T-fan', '--why', 'new fan')).toMatchObject({
      code: 0,
      out: 'T-fan is closed\n',
    });
    await expect.poll(() => inbox.issues[1]?.open).toBe(false);
    expect((await farrier('ticket', 'ls', '--all')).out).toMatch(/^T-fan .* closed /m);
    expect(await farrier('ticket', 'close', 'T-none', '--why', 'x')).toMatchObject({ code: 8 });
    expect(await farrier('ticket', 'route', 'rm', '*', '--reason', 'no longer')).toMatchObject({ code: 0 });
    expect(await farrier('ticket', 'route', 'rm', '*', '--reason', 'no longer')).toMatchObject({ code: 8 });
    const actions = (await base.mdb.select({ action: audit.action }).from(audit)).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['ticket.route', 'ticket.close', 'ticket.unroute', 'step.answer']));
  });
});

describe('farrier pool', () => {
  it('names the scheduler of a pool, as docs/drain.md has it', async () => {
    const settings = '{"jobs": "wait", "volumes": "wait"}';
    const named = ['--drain', 'kubernetes', '--drain-secret', 'k8s', '--drain-settings', settings];
    const timed = [
      '--drain-timeout',
      '604800',
      '--on-drain-timeout',
      'ask',
      '--reason',
      'the batch farm runs on Kubernetes',
    ];
    await writeFile(join(data, 'secrets/k8s'), '{}');
    expect(await farrier('pool', 'set', 'batch', '--new', ...named, ...timed)).toMatchObject({ code: 0 });
    expect(await readPool(base.mdb, 'batch')).toMatchObject({
      drain: 'kubernetes',
      drainSecretRef: 'k8s',
      drainSettings: { jobs: 'wait', volumes: 'wait' },
    });
  });
});

describe('farrier oncall', () => {
  it('sets a rotation and a swap, and says who it is', async () => {
    expect((await farrier('oncall', 'now')).out).toContain('No team has a rotation.');
    const set = ['oncall', 'set', 'hands', 'hana', 'ivo', '--first', '2026-11-23', '--zone', 'Europe/Paris'];
    expect(await farrier(...set)).toMatchObject({ code: 0 });
    const at = async (time: string) => (await farrier('oncall', 'now', '--team', 'hands', '--at', time)).out;
    expect(await at('2026-11-30T07:59:59Z')).toMatch(/^hands +hana +2026-11-30 08:00:00Z? .*by rotation/m);
    expect(await at('2026-11-30T08:00:00Z')).toMatch(/^hands +ivo/m);
    const swap = [
      'oncall',
      'swap',
      'hands',
      'ivo',
      '--from',
      '2026-11-24T00:00:00Z',
      '--until',
      '2026-11-25T00:00:00Z',
    ];
    expect(await farrier(...swap)).toMatchObject({ code: 0 });
    expect(await at('2026-11-24T00:00:00Z')).toMatch(/^hands +ivo .*swap/m);
    expect(await farrier('oncall', 'set', 'hands', 'hana', '--first', 'monday')).toMatchObject({
      code: 1,
      error: expect.stringContaining('is not a day like'),
    });
    expect(await farrier('oncall', 'set', 'hands', 'hana', '--first', '2026-11-23', '--zone', 'Mars')).toMatchObject({
      code: 1,
    });
    expect(await farrier('oncall', 'now', '--team', 'nobody')).toMatchObject({ code: 8 });
  });
});
