/**
 * S-13: the adapter on a real Slurm. That of the system by its commands (22.05 of Debian 12 lets no REST client change
 * a node's state), that of Debian 13 (24.11) by REST.
 */
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Drain, DrainTask } from '../../integrations/schedulers/drain.ts';
import { openSlurm } from '../../integrations/schedulers/slurm.ts';
import { ledgerOf } from '../support/ledger.ts';
import { type SlurmCluster, startCluster } from '../support/slurm/cluster.ts';
import { newerSlurm, type SlurmFound, systemSlurm } from '../support/slurm/where.ts';

vi.setConfig({ testTimeout: 600_000 });
const system = await systemSlurm();
const newer = await newerSlurm();

const told = (found: SlurmFound) => ('why' in found ? found.why : found.version);

const orderOf = (node: string): DrainTask => {
  const ledger = ledgerOf('o-1');
  return { node, machineId: 'm-1', orderId: 'o-1', reason: 'farrier o-1: firmware = 2 "new"', ledger };
};

const ways: [string, SlurmFound, 'scontrol' | 'rest'][] = [
  [`the system's Slurm (${told(system)}), by its commands`, system, 'scontrol'],
  [`the Slurm of Debian 13 (${told(newer)}), by REST`, newer, 'rest'],
];

describe.each(ways)('S-13: %s', (_, found, how) => {
  if ('why' in found) {
    it.skip(`was not tried: ${found.why}`, () => {});
    return;
  }
  let cluster: SlurmCluster;
  let drain: Drain;
  let close = async () => {};

  const connect = async (user: string, token: string) => {
    const connection = { origin: cluster.origin, username: user, token, plainHttp: false };
    return openSlurm(how === 'rest' ? { settings: {}, connection } : { settings: { how }, connection: null });
  };
  const states = async (node: string) =>
    (/State=(\S+)/.exec(await cluster.run('scontrol', 'show', 'node', node))?.[1] ?? '').split('+');
  const reason = async (node: string) =>
    /Reason=(.*?) \[/.exec(await cluster.run('scontrol', 'show', 'node', node))?.[1] ?? '';
  const update = (node: string, ...what: string[]) => cluster.run('scontrol', 'update', `nodename=${node}`, ...what);
  const observed = (format: string) =>
    cluster.run('squeue', '-h', '-a', '-t', 'R,S,CF', '-o', format).then((text) => text.split('\n').filter(Boolean));
  const runs = async (count: number, scripts = count) => {
    await expect.poll(() => observed('%i').then(({ length }) => length)).toBe(count);
    await expect.poll(() => cluster.begun()).toBe(scripts);
    // What is cancelled in the moment of its launch is cleaned up a minute later only.
    await expect
      .poll(() => observed('%M').then((times) => times.filter((time) => /^0:0[0-2]$/.test(time))))
      .toEqual([]);
  };

  // A node whose word on an ended job is lost is asked again after two minutes: seen of the first job of 24.11.
  const looks = (task: DrainTask) => expect.poll(() => drain.progress(task), { interval: 1000, timeout: 500_000 });

  beforeAll(async () => {
    cluster = await startCluster(found);
    vi.stubEnv('SLURM_CONF', cluster.conf);
    // What a person's shell may have set for their own listings must hide nothing here.
    vi.stubEnv('SQUEUE_STATES', 'PENDING');
    vi.stubEnv('SQUEUE_USERS', 'nobody');
    const opened = await connect('root', await cluster.token('root'));
    drain = opened.drain;
    close = opened.close;
  });
  afterEach(() => cluster.clear());
  afterAll(async () => {
    await close();
    vi.unstubAllEnvs();
    await cluster?.close();
  });

  it('takes a node out, waits for its job, and gives it back', async () => {
    const task = orderOf('n1');
    const id = await cluster.submit('-wn1', '-n1', '--mem=10');
    await runs(1);
    expect(await drain.start(task)).toBe('n1 takes no new jobs');
    expect(await drain.start(task)).toBe('n1 drains already');
    expect(await states('n1')).toContain('DRAIN');
    // scontrol takes a quotation mark at the end of what it is told for its own.
    expect(await reason('n1')).toBe(how === 'rest' ? task.reason : task.reason.replaceAll('"', "'"));
    expect(await drain.progress(task)).toEqual({ drained: false, left: 1, sentence: `one job left on n1: ${id}` });
    await cluster.finish(id);
    await looks(task).toEqual({ drained: true, left: 0, sentence: 'n1 has no job left' });
    expect(await drain.stop(task)).toBe('n1 takes jobs again');
    expect(await states('n1')).not.toContain('DRAIN');
    expect(await drain.stop(task)).toBe('n1 does not drain');
  });

  it('S-4: a suspended job on a node that is idle and drained', async () => {
    const task = orderOf('n1');
    const id = await cluster.submit('-wn1', '-n1', '--mem=10');
    await runs(1);
    await cluster.run('scontrol', 'suspend', id);
    await drain.start(task);
    await expect.poll(() => states('n1')).toContain('IDLE');
    expect(await drain.progress(task)).toEqual({ drained: false, left: 1, sentence: `one job left on n1: ${id}` });
    expect(await drain.kill(task)).toBe(`one job cancelled: ${id}`);
    await looks(task).toMatchObject({ drained: true });
  });

  it('S-5: kill ends the one task of an array that is there', async () => {
    const task = orderOf('n2');
    const id = await cluster.submit('-n4', '--mem=10', '--array=1-4');
    await runs(3);
    const before = await observed('%i %N');
    const here = before.find((line) => line.endsWith(' n2'))?.split(' ')[0];
    await drain.start(task);
    expect(await drain.kill(task)).toBe(`one job cancelled: ${here}`);
    await looks(task).toMatchObject({ drained: true });
    expect(await observed('%i %N')).toEqual(before.filter((line) => !line.endsWith(' n2')));
    // The task that waits goes on waiting.
    expect(await cluster.run('squeue', '-h', '-t', 'PD', '-o', '%F')).toBe(`${id}\n`);
    expect(await drain.kill(task)).toBe('nothing was left on n2');
  });

  it('S-5: kill ends a heterogeneous job', async () => {
    const task = orderOf('n3');
    await cluster.submit('-wn2', '-n1', '--mem=10', ':', '-wn3', '-n1', '--mem=10');
    await cluster.submit('-wn3', '-n1', '--mem=10');
    await runs(3, 2);
    await drain.start(task);
    expect(await drain.progress(task)).toMatchObject({ drained: false, left: 2 });
    expect(await drain.kill(task)).toMatch(/^2 jobs cancelled: /);
    await looks(task).toMatchObject({ drained: true });
    expect(await observed('%i')).toEqual([]);
  });

  it.each(['down', 'drain', 'fail'])('S-6: what a person set to %s stays as it is', async (state) => {
    const task = orderOf('n1');
    await update('n1', `state=${state}`, 'reason=bad fan');
    const before = await states('n1');
    expect(await drain.start(task)).toContain('bad fan');
    expect(await drain.progress(task)).toMatchObject({ drained: true, sentence: expect.stringContaining('bad fan') });
    expect(await drain.stop(task)).toContain('stays so');
    expect(await states('n1')).toEqual(before);
    expect(await reason('n1')).toBe('bad fan');
  });

  it('S-6: a person who sets our node down keeps it', async () => {
    const task = orderOf('n1');
    await drain.start(task);
    await update('n1', 'state=down', 'reason=bad fan');
    expect(await drain.stop(task)).toContain('bad fan');
    expect(await states('n1')).toContain('DOWN');
  });

  it('S-7: a reboot that somebody asks for is told, and is not drained', async () => {
    const task = orderOf('n1');
    await cluster.submit('-wn1', '-n1', '--mem=10');
    await runs(1);
    await drain.start(task);
    await cluster.run('scontrol', 'reboot', 'ASAP', 'nextstate=RESUME', 'n1');
    await cluster.run('scancel', '--user=root');
    await expect.poll(() => observed('%i')).toEqual([]);
    await looks(task).toMatchObject({ drained: false, left: 1, sentence: expect.stringMatching(/reboot.*resume/i) });
  });

  it('S-8: a drain without a reason, after ours was given back, is not ours', async () => {
    const task = orderOf('n1');
    await drain.start(task);
    await drain.stop(task);
    await update('n1', 'state=drain', 'reason=x');
    const left = await reason('n1');
    await update('n1', 'state=resume');
    await drain.start(task);
    await drain.stop(task);
    if (how === 'rest') {
      await restUpdate('n1', { state: ['DRAIN'] });
      expect(await reason('n1')).toBe(task.reason);
    } else await update('n1', 'state=drain', `reason=${task.reason}`);
    expect(left).toBe('x');
    expect(await drain.stop(task)).toContain('stays so');
    expect(await states('n1')).toContain('DRAIN');
  });

  const restUpdate = async (node: string, body: object) =>
    fetch(`${cluster.origin}/slurm/v0.0.41/node/${node}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-slurm-user-name': 'root',
        'x-slurm-user-token': await cluster.token('root'),
      },
      body: JSON.stringify(body),
    });

  it('S-9: a node that Slurm does not have', async () => {
    for (const node of ['n9', 'n', 'ALL', 'localhost']) {
      const task = orderOf(node);
      for (const what of ['start', 'progress', 'stop'] as const)
        await expect(drain[what](task)).rejects.toMatchObject({ kind: 'missing', retryable: false });
    }
    expect(await states('n1')).not.toContain('DRAIN');
  });

  it.runIf(how === 'rest')('S-9: a bad token, a user without rights, and one who sees no jobs of others', async () => {
    const foreign = await connect('root', 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x');
    await expect(foreign.drain.start(orderOf('n1'))).rejects.toMatchObject({ kind: 'refused', retryable: false });
    await foreign.close();
    const nobody = await connect('nobody', await cluster.token('nobody'));
    await expect(nobody.drain.start(orderOf('n1'))).rejects.toMatchObject({ kind: 'refused', retryable: false });
    const id = await cluster.submit('-wn1', '-n1', '--mem=10');
    await runs(1);
    await cluster.run('scontrol', 'suspend', id);
    await update('n1', 'state=drain', 'reason=bad fan');
    // Slurm answers 200 with an empty list.
    await expect(nobody.drain.progress(orderOf('n1'))).rejects.toMatchObject({ kind: 'refused', message: /operator/ });
    expect(await drain.progress(orderOf('n1'))).toMatchObject({ drained: false, left: 1 });
    await nobody.close();
  });

  it.runIf(how === 'rest')('S-9: a controller that does not answer is asked again', async () => {
    const connection = { origin: 'http://127.0.0.1:9', username: 'root', token: 'x', plainHttp: false };
    const { drain: gone, close: end } = openSlurm({ settings: {}, connection });
    await expect(gone.start(orderOf('n1'))).rejects.toMatchObject({ kind: 'unreachable', retryable: true });
    await end();
  });

  it.runIf(how === 'scontrol')('S-9: a user without rights is told', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'farrier-slurm-'));
    await writeFile(join(folder, 'scontrol'), '#!/bin/sh\n[ "$1" = show ] && exec /usr/bin/scontrol "$@"\n', {
      mode: 0o755,
    });
    await appendFile(join(folder, 'scontrol'), 'echo "slurm_update error: Invalid user id" >&2\nexit 1\n');
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
    await expect(drain.start(orderOf('n1'))).rejects.toMatchObject({ kind: 'refused', retryable: false });
    await rm(folder, { recursive: true });
  });

  it.runIf(how === 'scontrol' && Number.parseFloat(found.version) < 23)(
    'S-10: by REST it is told that this version cannot, and what can',
    async () => {
      const connection = {
        origin: cluster.origin,
        username: 'root',
        token: await cluster.token('root'),
        plainHttp: false,
      };
      const { drain: rest, close: end } = openSlurm({ settings: {}, connection });
      await expect(rest.start(orderOf('n1'))).rejects.toMatchObject({
        kind: 'settings',
        retryable: false,
        message: expect.stringMatching(/v0\.0\.38.*v0\.0\.39.*scontrol/),
      });
      await end();
    },
  );
});
