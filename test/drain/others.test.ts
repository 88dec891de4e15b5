import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDrainActivities } from '../../activities/drain/index.ts';
import { connectionFolder } from '../../integrations/http/connection.ts';
import { nameNode } from '../../integrations/schedulers/drain.ts';
import { openHtcondor } from '../../integrations/schedulers/htcondor.ts';
import { openDrainWebhook } from '../../integrations/schedulers/webhook.ts';
import { checkSignature, sign } from '../../integrations/webhook.ts';
import { machines, pools } from '../../mdb/schema.ts';
import { noteDrained, noteUndrained, readDrained } from '../../mdb/service/drained.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { type FakeServer, serveFake } from '../support/outside.ts';
import { writeSite } from '../support/site.ts';

const task = { node: 'a01-03.home.example', machineId: 'm-1', orderId: 'o-1', reason: 'farrier o-1: firmware' };

describe('draining an HTCondor machine', () => {
  let folder: string;
  const usualPath = process.env['PATH'] ?? '';
  const slots = (state: string, more: object = {}) =>
    [1, 2].map((number) => ({ Name: `slot${number}@${task.node}`, State: state, Activity: 'Busy', ...more }));

  /** The two commands, as scripts that note how they were called and answer from a file. */
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farrier-condor-'));
    for (const name of ['condor_status', 'condor_drain']) {
      const script = `#!/bin/sh\nprintf '%s|' ${name} "$@" >>${folder}/calls; echo >>${folder}/calls\n. ${folder}/${name}.sh\n`;
      await writeFile(join(folder, name), script);
      await chmod(join(folder, name), 0o755);
      await writeFile(join(folder, `${name}.sh`), '');
    }
    vi.stubEnv('PATH', `${folder}:${usualPath}`);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
  const shows = async (list: object[]) => {
    await writeFile(join(folder, 'slots.json'), JSON.stringify(list));
    await writeFile(join(folder, 'condor_status.sh'), `cat ${folder}/slots.json\n`);
  };
  const calls = async () =>
    (await readFile(join(folder, 'calls'), 'utf8')).split('\n').filter((line) => line.startsWith('condor_drain'));

  it('drains gracefully, tells the slots that are left, and cancels', async () => {
    const { drain } = openHtcondor({ settings: { pool: 'cm.example:9618' }, connection: null });
    await shows(slots('Claimed'));
    expect(await drain.start(task)).toBe(`${task.node} takes no new jobs`);
    await shows(slots('Claimed', { Draining: true, DrainReason: task.reason, Activity: 'Retiring' }));
    expect(await drain.start(task)).toBe(`${task.node} drains already`);
    expect(await drain.progress(task)).toEqual({
      drained: false,
      left: 2,
      sentence: `2 slots left: slot1@${task.node} Claimed/Retiring, slot2@${task.node} Claimed/Retiring`,
    });
    await shows(slots('Drained', { Draining: true, DrainReason: task.reason, Activity: 'Idle' }));
    expect(await drain.progress(task)).toMatchObject({ drained: true, left: 0 });
    expect(await drain.stop(task)).toBe(`${task.node} takes jobs again`);
    expect(await calls()).toEqual([
      `condor_drain|-pool|cm.example:9618|-graceful|-reason|${task.reason}|${task.node}|`,
      `condor_drain|-pool|cm.example:9618|-cancel|${task.node}|`,
    ]);
  });

  it('kills by a fast drain in place of the one under way, and leaves to others what they drain', async () => {
    const { drain } = openHtcondor({ settings: {}, connection: null });
    await shows(slots('Claimed', { Draining: true, DrainReason: 'Defrag' }));
    expect(await drain.start(task)).toContain('somebody else: Defrag');
    expect(await drain.stop(task)).toContain('stays so');
    await drain.kill(task);
    expect(await calls()).toEqual([
      `condor_drain|-cancel|${task.node}|`,
      `condor_drain|-fast|-reason|${task.reason}|${task.node}|`,
    ]);
  });

  it('kind 1 and 3: a slot that cannot be read is left, and those of other machines do not count', async () => {
    const { drain } = openHtcondor({ settings: {}, connection: null });
    const gone = slots('Drained', { Draining: true, DrainReason: task.reason });
    const other = { ...gone[0], Name: 'slot1@b01', Machine: 'b01', State: 'Claimed' };
    await shows([...gone, other]);
    expect(await drain.progress(task)).toMatchObject({ drained: true });
    for (const State of [undefined, 7, null]) {
      await shows([...gone, { ...gone[0], Name: `slot3@${task.node}`, State }]);
      expect(await drain.progress(task)).toMatchObject({ drained: false, left: 1 });
    }
    await shows([other]);
    await expect(drain.progress(task)).rejects.toMatchObject({ kind: 'missing' });
    await shows(slots('Drained', { Draining: true, DrainReason: 'farriers wanted' }));
    expect(await drain.stop(task)).toContain('stays so');
  });

  it('says what is wrong', async () => {
    const { drain } = openHtcondor({ settings: {}, connection: null });
    await expect(drain.progress(task)).rejects.toMatchObject({ kind: 'missing' });
    await writeFile(join(folder, 'condor_status.sh'), 'echo "no collector" >&2; exit 1\n');
    await expect(drain.progress(task)).rejects.toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('no collector'),
    });
    await writeFile(join(folder, 'condor_status.sh'), 'echo "<html>"\n');
    await expect(drain.progress(task)).rejects.toMatchObject({ kind: 'garbage' });
    await writeFile(join(folder, 'condor_status.sh'), 'yes garbage\n');
    await expect(drain.progress(task)).rejects.toMatchObject({ kind: 'garbage' });
    vi.stubEnv('PATH', '/nowhere');
    await expect(drain.start(task)).rejects.toMatchObject({ kind: 'settings', retryable: false });
  });
});

describe('draining by a webhook', () => {
  let server: FakeServer;
  const key = 'a-key-of-more-than-16';
  beforeAll(async () => {
    server = await serveFake(({ body }) => ({
      body: body.do === 'progress' ? { drained: false, left: 0 } : { sentence: `did ${body.do}` },
    }));
  });
  afterAll(() => server.close());

  it('signs what it asks, with an id that stays the same', async () => {
    const connection = { origin: server.origin, key, plainHttp: false };
    const { drain, close } = openDrainWebhook({ settings: { path: '/hooks/drain' }, connection });
    expect(await drain.start(task)).toBe('did start');
    expect(await drain.start(task)).toBe('did start');
    const [first, second] = server.requests;
    expect(first).toMatchObject({
      path: '/hooks/drain',
      body: { do: 'start', id: 'o-1:start', node: task.node, machine: 'm-1' },
    });
    expect(second?.body.id).toBe(first?.body.id);
    expect(checkSignature(first?.headers['farrier-signature'], key, Buffer.from(first?.raw ?? ''))).toBeNull();
    expect(await drain.progress(task)).toEqual({ drained: false, left: 1, sentence: `1 left on ${task.node}` });
    expect(await drain.kill(task)).toBe('did kill');
    // Kind 2: a summary that its own count contradicts, and one of another machine, are not taken for drained.
    server.trouble = () => ({ body: { drained: true, left: 3 } });
    expect(await drain.progress(task)).toMatchObject({ drained: false, left: 3 });
    server.trouble = () => ({ body: { drained: true, left: 0, node: 'b01' } });
    await expect(drain.progress(task)).rejects.toMatchObject({ kind: 'garbage' });
    server.trouble = null;
    await close();
    expect(() => openDrainWebhook({ settings: { path: '//evil/x?y' }, connection })).toThrow(/path/);
    expect(() => openDrainWebhook({ settings: {}, connection: null })).toThrow(/names no secret/);
  });
});

describe('a signature', () => {
  const body = Buffer.from('{"a":1}');
  const at = new Date('2026-11-21T08:00:00Z');
  const good = sign('k', body.toString(), at);
  const later = (seconds: number) => new Date(at.getTime() + seconds * 1000);
  it('is good for five minutes, in its own form only', () => {
    expect(checkSignature(good, 'k', body, later(299))).toBeNull();
    expect(checkSignature(good, 'k', body, later(301))).toMatch(/too old/);
    expect(checkSignature(good, 'k', body, later(-301))).toMatch(/future/);
    expect(checkSignature(good, 'other', body, at)).toMatch(/does not match/);
    expect(checkSignature(good, 'k', Buffer.from('{"a": 1}'), at)).toMatch(/does not match/);
    for (const bad of [
      undefined,
      '',
      good.toUpperCase(),
      good.slice(0, -1),
      `${good},v1=${'0'.repeat(64)}`,
      [good, good],
    ])
      expect(checkSignature(bad, 'k', body, at)).toMatch(/missing or malformed/);
    expect(() => checkSignature(good, '', body, at)).toThrow(/empty/);
  });
});

describe('the name of a node', () => {
  const machine = { id: 'm-1', hostname: 'a01-03.home.example' };
  it.each([
    ['{hostname}', 'a01-03.home.example'],
    ['{short}', 'a01-03'],
    ['node-{machine}', 'node-m-1'],
  ])('%s makes %s', (template, name) => expect(nameNode(template, machine)).toBe(name));
  it.each(['--{short}', '{short}"', 'a b', '{nothing}', '../{short}', ''])('%j makes none', (template) =>
    expect(() => nameNode(template, machine)).toThrow(/makes no name/),
  );
  it('needs a hostname', () =>
    expect(() => nameNode('{short}', { ...machine, hostname: null })).toThrow(/no hostname/));
});

describe('the activities', () => {
  let base: ThrowawayMdb;
  let folder: string;
  let server: FakeServer;
  const order = { machineId: 'm-1', siteId: 'home', orderId: 'o-1' };
  const run = <T>(work: () => Promise<T>): Promise<T> =>
    new MockActivityEnvironment(undefined, { logger: new DefaultLogger('ERROR') }).run(work);

  beforeAll(async () => {
    base = await throwawayMdb();
    folder = await mkdtemp(join(tmpdir(), 'farrier-drain-'));
    server = await serveFake(({ body }) => ({
      body: body.do === 'progress' ? { drained: true, left: 0, sentence: 'empty' } : {},
    }));
    await writeSite(base.mdb);
    await base.mdb
      .insert(machines)
      .values({ id: 'm-1', siteId: 'home', mac: 'a4:bf:01:00:00:01', hostname: 'a01-03.home.example' });
  });
  afterAll(async () => {
    await server.close();
    await base.close();
    await rm(folder, { recursive: true });
  });

  it('drain at once where the pool has no scheduler', async () => {
    const { startDrain } = createDrainActivities(base.mdb, connectionFolder(folder));
    expect(await run(() => startDrain(order))).toMatchObject({ drained: true, left: 0 });
  });

  it('S-8: keep what they took out of which scheduler, and when it was in service again', async () => {
    const which = { machineId: 'm-1', scheduler: 'slurm:batch', node: 'a01-03' };
    expect(await readDrained(base.mdb, which)).toBeNull();
    await noteUndrained(base.mdb, which);
    expect(await readDrained(base.mdb, which)).toBeNull();
    await noteDrained(base.mdb, which, 'o-1');
    expect(await readDrained(base.mdb, which)).toEqual({ orderId: 'o-1', endedAt: null });
    expect(await readDrained(base.mdb, { ...which, scheduler: 'slurm:other' })).toBeNull();
    await noteUndrained(base.mdb, which);
    const ended = await readDrained(base.mdb, which);
    expect(ended).toEqual({ orderId: 'o-1', endedAt: expect.any(Date) });
    await noteUndrained(base.mdb, which);
    expect(await readDrained(base.mdb, which)).toEqual(ended);
    await noteDrained(base.mdb, which, 'o-2');
    expect(await readDrained(base.mdb, which)).toEqual({ orderId: 'o-2', endedAt: null });
  });

  it('S-8: keep it before Slurm is asked', async () => {
    const settings = { drain: 'slurm' as const, drainSettings: { node: '{short}' }, drainSecretRef: 'slurm' };
    await base.mdb.insert(pools).values({ id: 'general', ...settings });
    const secret = { origin: server.origin, username: 'farrier', token: 'x' };
    await writeFile(join(folder, 'slurm'), JSON.stringify(secret));
    const node = { name: 'a01-03', state: ['IDLE'], reason: '' };
    const lines: unknown[] = [];
    const which = { machineId: 'm-1', scheduler: 'slurm:slurm', node: 'a01-03' };
    server.trouble = ({ method, path, body }) => {
      if (path.endsWith('/jobs/')) return { body: { jobs: [] } };
      if (method === 'POST') {
        node.state = body.state[0] === 'DRAIN' ? ['IDLE', 'DRAIN'] : ['IDLE'];
        lines.push(body.reason);
        Object.assign(node, body.reason === undefined ? {} : { reason: body.reason });
      }
      return { body: { nodes: method === 'GET' ? [node] : undefined } };
    };
    const { startDrain, stopDrain } = createDrainActivities(base.mdb, connectionFolder(folder));
    expect(await run(() => startDrain(order))).toMatchObject({ drained: true, left: 0 });
    expect(lines).toEqual(['farrier o-1:']);
    expect(await readDrained(base.mdb, which)).toEqual({ orderId: 'o-1', endedAt: null });
    expect(await run(() => stopDrain(order))).toBe('a01-03 takes jobs again');
    node.state = ['IDLE', 'DRAIN'];
    expect(await run(() => stopDrain(order))).toContain('stays so');
    server.trouble = null;
    server.requests.length = 0;
    await base.mdb.delete(pools).where(eq(pools.id, 'general'));
  });

  it('ask the scheduler that the pool names, with the secret that it refers to', async () => {
    const settings = { drain: 'webhook' as const, drainSettings: { node: '{short}' }, drainSecretRef: 'batch' };
    await base.mdb.insert(pools).values({ id: 'general', ...settings });
    const { startDrain, drainProgress, stopDrain, killJobs } = createDrainActivities(
      base.mdb,
      connectionFolder(folder),
    );
    await expect(run(() => startDrain(order))).rejects.toMatchObject({ type: 'drain/settings', nonRetryable: true });
    await writeFile(join(folder, 'batch'), JSON.stringify({ origin: server.origin, key: 'a-key-of-more-than-16' }));
    expect(await run(() => startDrain(order))).toEqual({ drained: true, left: 0, sentence: 'empty' });
    expect(await run(() => drainProgress(order))).toMatchObject({ drained: true });
    expect(await run(() => killJobs(order))).toContain('ended');
    expect(await run(() => stopDrain(order))).toContain('given back');
    expect(server.requests[0]?.body).toMatchObject({ do: 'start', node: 'a01-03', order: 'o-1' });
    server.trouble = () => ({ status: 429, headers: { 'retry-after': '9' } });
    await expect(run(() => drainProgress(order))).rejects.toMatchObject({
      type: 'drain/busy',
      nextRetryDelay: '10 seconds',
    });
    server.trouble = null;
    await base.mdb
      .update(pools)
      .set({ drainSettings: { nod: 'x' } })
      .where(eq(pools.id, 'general'));
    await expect(run(() => drainProgress(order))).rejects.toThrow(/drain settings.*nod/);
  });

  it('send a secret to no address but its own, and show nothing of a secret that is none', async () => {
    const open = connectionFolder(folder);
    const wrong: [string, object | string, RegExp][] = [
      ['far', { origin: 'http://10.1.2.3', token: 'canary' }, /plain HTTP/],
      ['path', { origin: 'https://k8s.example/x', token: 'canary' }, /origin is not like/],
      ['user', { origin: 'https://u:canary@k8s.example' }, /origin is not like/],
      ['more', { origin: 'https://k8s.example', tokn: 'canary' }, /not what it should be/],
      ['short', { origin: 'https://k8s.example', key: 'canary' }, /shorter than 16/],
      ['text', 'canary', /not what it should be/],
    ];
    for (const [name, content, sentence] of wrong) {
      await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
      const thrown = await open.connection(name).catch(String);
      expect(thrown).toMatch(sentence);
      expect(thrown).not.toContain('canary');
    }
    await expect(open.connection('../batch')).rejects.toThrow(/malformed/);
    await expect(open.connection('none')).rejects.toThrow(/there is no secret none/);
  });
});
