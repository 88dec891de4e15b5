import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { humanSteps, machines, nics, orders, outbox, steps, tickets } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { tethered } from '../support/tethered.ts';

const root = new URL('../../', import.meta.url).pathname;
let base: ThrowawayMdb;
let api: ChildProcess;
let origin: string;
let agentOrigin: string;
let data: string;

/** Starts a main and returns it with its first `ready` line. */
async function start(main: string, env: Record<string, string>): Promise<[ChildProcess, Record<string, string>]> {
  const child = spawn(...(await tethered(process.execPath, join(root, main))), {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line) as Record<string, string>;
    if (entry['msg'] === 'ready') return [child, entry];
  }
  throw new Error(`${main} ended before it was ready`);
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs the CLI as a process of its own, as a person would, with its output in a pipe. */
function farrier(...args: string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'] ?? '', FARRIER_API: origin, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'cli/main.ts'), ...args], { env }, (error, out, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, error: stderr }),
    );
  });
}

beforeAll(async () => {
  base = await throwawayMdb();
  data = await mkdtemp(join(tmpdir(), 'farrier-cli-'));
  await writeSite(base.mdb);
  const [child, ready] = await start('api/main.ts', {
    FARRIER_MDB_URL: base.url,
    FARRIER_DATA: data,
    FARRIER_API_LISTEN: '127.0.0.1:0',
    FARRIER_TRUST_LOOPBACK: 'yes',
    FARRIER_AGENT_LISTEN: '127.0.0.1:0',
  });
  api = child;
  origin = ready['api'] ?? '';
  agentOrigin = ready['agent'] ?? '';
});
afterAll(async () => {
  const ended = api && new Promise((resolve) => api.once('exit', resolve));
  api?.kill('SIGTERM');
  expect(await ended).toBe(0);
  await base?.close();
  await rm(data, { recursive: true, force: true });
});

describe('farrier', () => {
  it('announces a machine, orders its birth and shows it', async () => {
    expect(await farrier('machine', 'add', 'A4-BF-01-00-00-01', '--rack', 'A01', '--unit', '3')).toMatchObject({
      code: 0,
      out: expect.stringContaining('m-a4bf01000001 is announced'),
    });
    expect(await farrier('birth', 'a4:bf:01:00:00:01', '--reason', 'first rack', '--id', 'b-1')).toMatchObject({
      code: 0,
      out: expect.stringContaining('b-1 is ordered'),
    });
    expect(await farrier('birth', 'm-a4bf01000001', '--id', 'b-1')).toMatchObject({
      code: 0,
      out: expect.stringContaining('was ordered before'),
    });
    const list = await farrier('machine', 'list');
    expect(list.out).toMatch(/^MACHINE +HOSTNAME +PLACE +ADDRESS/);
    expect(list.out).toMatch(/^m-a4bf01000001 +- +A01\/3 +- +racked +disabled/m);
    expect(list.out).not.toContain('\u001b');
    expect(JSON.parse((await farrier('--json', 'machine', 'list')).out)).toMatchObject([
      { id: 'm-a4bf01000001', rack: 'A01' },
    ]);
    const show = await farrier('machine', 'show', 'm-a4bf01000001');
    expect(show.out).toMatch(/why +birth b-1: first rack/);
    expect(show.out).toMatch(/blocked on +its workflow, which has not taken the order yet/);
    expect((await farrier('machine', 'timeline', 'm-a4bf01000001')).out).toMatch(
      /audit +\S+ +order\.birth: first rack/,
    );
    expect((await farrier('order', 'list')).out).toMatch(/^b-1 +m-a4bf01000001 +birth +waiting/m);
    expect(await base.mdb.select().from(outbox).where(eq(outbox.key, 'order/b-1'))).toHaveLength(1);
    expect(await farrier('order', 'cancel', 'b-1', '--reason', 'typo')).toMatchObject({ code: 0 });
    expect((await farrier('order', 'show', 'b-1', '--json')).out).toContain('"id": "b-1"');
  });

  it('announces racks, switches and networks from a file, and names what is wrong with them', async () => {
    const file = join(data, 'places.json');
    await writeFile(file, JSON.stringify({ racks: [{ id: 'C07', units: 42 }], networks: [] }));
    expect(await farrier('rack', 'announce', `@${file}`)).toMatchObject({
      code: 0,
      out: expect.stringContaining('announced: 1 racks, 0 networks'),
    });
    expect((await farrier('rack', 'ls')).out).toMatch(/^C07 +- +- +42/m);
    expect(await farrier('rack', 'announce', '{"racks":[{"id":"C08","units":99}]}')).toMatchObject({
      code: 1,
      error: expect.stringContaining('racks.0.units'),
    });
    const lost = '{"switches":[{"id":"sw","chassis":"x","ports":[{"port":"p1","rack":"C09","unit":1}]}]}';
    expect(await farrier('rack', 'announce', lost)).toMatchObject({
      code: 1,
      error: expect.stringContaining('rack C09, which a switch port leads to, is not in the MDB'),
    });
  });

  it('announces a MAC that nobody announced when its birth is ordered', async () => {
    expect(await farrier('birth', 'a4bf.0100.0002')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^birth-a4bf01000002-\w{8} is ordered/),
    });
    expect(await base.mdb.select().from(nics).where(eq(nics.machineId, 'm-a4bf01000002'))).toHaveLength(1);
  });

  it('lists and answers steps, and says what else could be answered', async () => {
    const [order] = await base.mdb.select().from(orders).where(eq(orders.id, 'b-1'));
    const machineId = order?.machineId ?? '';
    await base.mdb.update(machines).set({ held: 'no \u001b[31mport' }).where(eq(machines.id, machineId));
    await base.mdb.insert(tickets).values({ id: 'T-1', machineId, fault: 'f', title: 't', body: 'b' });
    await base.mdb.insert(steps).values({
      orderId: 'b-1',
      name: 'register',
      source: 'passage',
      ordinal: 1,
      state: 'held',
      owner: 'dc',
      limitAt: new Date(0),
    });
    await base.mdb.insert(humanSteps).values({
      id: 'b-1:register:1',
      machineId,
      orderId: 'b-1',
      step: 'register',
      ticketId: 'T-1',
      owner: 'dc',
      question: 'Which port is it?',
      choices: ['retry', 'abandon'],
      remindAt: new Date(),
    });
    expect((await farrier('step', 'list')).out).toMatch(/b-1:register:1 .*retry\|abandon +Which port is it\?/);
    const show = (await farrier('machine', 'show', machineId)).out;
    expect(show).toContain('farrier step answer b-1:register:1 retry|abandon');
    expect(show).not.toContain('\u001b');
    expect(await farrier('step', 'answer', 'b-1:register:1', 'maybe')).toMatchObject({
      code: 1,
      error: expect.stringContaining('it takes: retry, abandon'),
    });
    expect(await farrier('step', 'answer', 'b-1:register:1', 'retry', '--note', 'moved the cable')).toMatchObject({
      code: 0,
    });
    expect(await farrier('step', 'answer', 'b-1:register:1', 'abandon')).toMatchObject({
      code: 1,
      error: expect.stringContaining('was answered already: retry by'),
    });
  });

  it('takes an image in', async () => {
    const bytes = gzipSync(randomBytes(2_000_000));
    const file = join(data, 'debian-13.tar.gz');
    await writeFile(file, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await farrier('image', 'add', file, '--kind', 'compute', '--sha256', '0'.repeat(64))).toMatchObject({
      code: 1,
      error: expect.stringContaining(sha256),
    });
    expect(await farrier('image', 'add', file, '--kind', 'compute', '--sha256', sha256, '--preferred')).toMatchObject({
      code: 0,
    });
    expect((await farrier('image', 'list')).out).toMatch(/^debian-13 +compute +yes +2 MB/m);
    expect(await farrier('image', 'add', join(data, 'none.tar.gz'), '--kind', 'compute')).toMatchObject({ code: 1 });
  });

  it('shows racks, boots, burn-ins and what to see to', async () => {
    expect((await farrier('rack', 'list')).out).toMatch(/^A01 +A +b? ?a? +48 +8 +1 +0 +1/m);
    expect((await farrier('boot', 'stats', '--minutes', '5')).out).toContain('0 requests, 0 answers in 5 minutes');
    expect((await farrier('burnin', 'show', 'm-a4bf01000001')).out).toContain('has had no burn-in');
    const doctor = await farrier('doctor');
    expect(doctor.code).toBe(1);
    expect(doctor.out).toMatch(/^temporal +no +Temporal does not answer at 127\.0\.0\.1:1/m);
    expect(doctor.out).toMatch(/^mdb +ok +the MDB answers/m);
  });

  const wrong: [string, string[], number, RegExp][] = [
    ['an unknown command', ['machine', 'frob'], 2, /unknown command/],
    ['a MAC that is none', ['machine', 'add', 'zz:zz'], 2, /not the MAC of a machine/],
    ['a number that is none', ['boot', 'stats', '--minutes', 'soon'], 2, /whole number from 1 to 10080/],
    ['an argument too few', ['birth'], 2, /missing required argument/],
    ['a machine that is not there', ['machine', 'show', 'nobody'], 8, /^farrier: there is no machine nobody\n$/],
    ['a duplicate', ['machine', 'add', 'a4:bf:01:00:00:01'], 1, /belongs to m-a4bf01000001/],
    ['an API that is not there', ['--api', 'http://127.0.0.1:1', 'rack', 'list'], 6, /does not answer.*farrier up/],
    ['an API that is no URL', ['--api', 'here', 'rack', 'list'], 2, /is not a URL/],
  ];
  it.each(wrong)('says in a sentence what is wrong with %s', async (_what, args, code, sentence) => {
    const ran = await farrier(...args);
    expect(ran).toMatchObject({ code, out: '' });
    expect(ran.error).toMatch(sentence);
    expect(ran.error).not.toMatch(/\n +at /);
  });
});

describe('the API process', () => {
  it('serves the agents beside the people', async () => {
    expect(agentOrigin).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
  });

  it('names what is missing, and refuses to listen to everyone', async () => {
    const run = (env: Record<string, string>) =>
      new Promise<Ran>((resolve) => {
        execFile(
          process.execPath,
          [join(root, 'api/main.ts')],
          { env: { PATH: process.env['PATH'] ?? '', ...env } },
          (error, out, stderr) => resolve({ code: Number(error?.code ?? 0), out, error: stderr }),
        );
      });
    expect(await run({})).toMatchObject({
      code: 2,
      error: expect.stringMatching(/FARRIER_MDB_URL is missing.*\n.*FARRIER_DATA is missing/),
    });
    const open = { FARRIER_MDB_URL: base.url, FARRIER_DATA: data, FARRIER_API_LISTEN: '0.0.0.0:0' };
    expect(await run(open)).toMatchObject({
      code: 1,
      error: expect.stringContaining('farrier mdb token NAME --role admin'),
    });
    expect(await run({ ...open, FARRIER_TRUST_LOOPBACK: 'yes' })).toMatchObject({
      ...{ code: 1, error: expect.stringContaining('let one of them go') },
    });
    expect(await run({ ...open, FARRIER_API_CERT: 'a.pem' })).toMatchObject({
      ...{ code: 2, error: expect.stringContaining('go together') },
    });
    const taken = { ...open, FARRIER_API_LISTEN: origin.replace('http://', ''), FARRIER_AGENT_LISTEN: '' };
    expect(await run(taken)).toMatchObject({
      code: 1,
      error: expect.stringContaining('another program listens there'),
    });
  });
});
