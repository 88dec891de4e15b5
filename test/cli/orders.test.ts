/** The commands about orders and guards, against the API itself and without a process for each. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { machines, orders } from '../../mdb/schema.ts';
import { runFarrier } from '../support/commandline.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let base: ThrowawayMdb;
let app: Awaited<ReturnType<typeof createPeopleApi>>;
let url: string;
let folder: string;

beforeAll(async () => {
  base = await throwawayMdb();
  folder = await mkdtemp(join(tmpdir(), 'farrier-cli-orders-'));
  const authority = await openAuthority(join(folder, 'authority'));
  const log = pino({ level: 'silent' });
  app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  await writeSite(base.mdb);
  await base.mdb.insert(machines).values(
    ['m-01', 'm-02', 'm-03'].map((id, index) => ({
      id,
      siteId: 'home',
      mac: `52:54:00:00:04:0${index + 1}`,
      hostname: `h${index + 1}`,
      rackId: index < 2 ? 'A01' : 'A02',
      unit: index + 1,
      stage: 'in_service' as const,
      opState: 'production' as const,
      inServiceAt: new Date(),
    })),
  );
});
afterAll(async () => {
  await app?.close();
  await base?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await base.mdb.update(orders).set({ state: 'done' }).where(eq(orders.state, 'waiting'));
});

const farrier = (...args: string[]) => runFarrier(url, args);

const placed = async () => {
  const rows = await base.mdb.select().from(orders).where(eq(orders.state, 'waiting')).orderBy(orders.machineId);
  return rows.map(({ machineId, passage, request }) => ({ machineId, passage, request }));
};

describe('what is asked', () => {
  it.each<[string[], string, object]>([
    [
      ['drain', 'h1', '--by', '+2h', '--drain-group', 'rack'],
      'drain',
      { drainBy: expect.stringMatching(/Z$/), semaphores: { drain: 'rack' } },
    ],
    [['drain', 'm-01', '--flow', 'basic'], 'drain', { flow: 'basic' }],
    [
      ['drain', 'm-01', '--intervention', '--flow', 'orchestrated'],
      'drain',
      { afterDrain: 'intervention', flow: 'orchestrated' },
    ],
    [['undrain', 'h1', '--disabled'], 'undrain', { to: 'disabled' }],
    [['reboot', 'h1'], 'reboot', { drain: true, policy: 'asap', powerBy: null, postRebootState: 'production' }],
    [
      ['reboot', 'h1', '--no-drain', '--after', 'intervention', '--reboot-group', 'az'],
      'reboot',
      { drain: false, postRebootState: 'intervention', semaphores: { reboot: 'az' } },
    ],
    [
      ['reboot', 'h1', '--at', '2099-01-01T00:00:00Z'],
      'reboot',
      { policy: 'date', powerBy: '2099-01-01T00:00:00.000Z' },
    ],
    [['power', 'off', 'h1'], 'power', { action: 'off' }],
    [['rebirth', 'h1', '--wipe', '--cycle'], 'rebirth', { wipe: true, power: 'cycle' }],
    [
      ['clean', 'h1', '--method', 'crypto', '--owner', 'blue'],
      'clean',
      { method: 'crypto', owner: 'blue', power: 'wait' },
    ],
    [
      ['maintenance', 'h1', '--work', '[{"kind":"reboot"}]', '--closes', '2099-01-02T00:00:00Z', '--soak', '0'],
      'maintenance',
      { work: [{ kind: 'reboot' }], window: { closes: '2099-01-02T00:00:00.000Z' }, soakMinutes: 0, drain: true },
    ],
    [
      [
        'repair',
        'h1',
        '--fault',
        'disk/X',
        '--evidence',
        'it clicks',
        '--severity',
        'ticket',
        '--reboot-group',
        'rack',
      ],
      'repair',
      { fault: 'disk/X', evidence: 'it clicks', severity: 'ticket', semaphores: { reboot: 'rack' } },
    ],
    [['retire', 'h1', '--method', 'crypto'], 'retire', { method: 'crypto', semaphores: {} }],
    [
      ['order', 'place', 'drain', 'h1', '--request', '{"afterDrain": "intervention"}'],
      'drain',
      { afterDrain: 'intervention' },
    ],
  ])('%j', async (args, passage, request) => {
    expect(await farrier(...args, '--reason', 'a test')).toMatch(/ is ordered for m-01: farrier order show /);
    expect(await placed()).toMatchObject([{ machineId: 'm-01', passage, request }]);
  });

  it('when, how urgently and of which plan', async () => {
    const plan = 'b'.repeat(64);
    await farrier(
      'reboot',
      'h1',
      '--id',
      'o-1',
      '--class',
      'emergency',
      '--not-before',
      '+90m',
      '--deadline',
      '+1d',
      '--dry-run',
      '--plan',
      plan,
    );
    const [order] = await base.mdb.select().from(orders).where(eq(orders.id, 'o-1'));
    expect(order).toMatchObject({ class: 'emergency', dryRun: true, reviewed: plan, reason: 'ann asked for it' });
    expect(Math.round(((order?.notBefore?.getTime() ?? 0) - Date.now()) / 60_000)).toBe(90);
    expect(await farrier('reboot', 'h1', '--id', 'o-1')).toContain('o-1 was ordered before');
    const shown = await farrier('order', 'show', 'o-1');
    expect(shown).toMatch(/class +emergency/);
    expect(shown).toMatch(/dry run +yes/);
  });

  it('of many, each for itself', async () => {
    expect(await farrier('drain', '--selector', 'rack=A01', '--id', 's')).toMatch(
      /m-01 +s-01 +ordered\nm-02 +s-02 +ordered/,
    );
    const all = await farrier('drain', '--selector', 'all', '--count', '3', '--reason', 'more');
    expect(all).toMatch(/m-01 +- +m-01 has order s-01 already/);
    expect(all).toMatch(/m-03 +drain-03-\S+ +ordered/);
    expect(process.exitCode).toBe(1);
    process.exitCode = 0;
    await expect(farrier('drain', '--selector', 'all')).rejects.toThrow('give their number as "count"');
    await expect(farrier('drain', 'h1', '--selector', 'all')).rejects.toThrow('Give either a machine or --selector.');
    await expect(farrier('drain')).rejects.toThrow('Give either a machine or --selector.');
    const work = '[{"kind":"reboot"}]';
    await expect(farrier('maintenance', 'h1', '--work', work, '--opens', '+1h')).rejects.toThrow(
      'when the window closes',
    );
    await expect(farrier('maintenance', 'h1', '--work', '[]')).rejects.toThrow('work: is empty');
    await expect(farrier('repair', 'h1')).rejects.toThrow("required option '--fault <fault>' not specified");
  });

  it('by a BrainSlug payload in a file', async () => {
    const file = join(folder, 'message.json');
    await writeFile(file, JSON.stringify({ state: 'draining', payload: { power: { policy: 'asap' } } }));
    expect(await farrier('order', 'brainslug', file, 'h2', '--id', 'bs')).toMatch(/m-02 +bs-02 +ordered/);
    expect(await placed()).toMatchObject([{ machineId: 'm-02', passage: 'reboot' }]);
    await writeFile(file, '{"state": "gone"}');
    await expect(farrier('order', 'brainslug', file, 'h2')).rejects.toThrow(
      'state is "gone", and not one of production',
    );
    await writeFile(file, '{"state"');
    await expect(farrier('order', 'brainslug', file, 'h2')).rejects.toThrow('message.json is not JSON');
  });

  it.each([
    [['drain', 'h1', '--by', 'tomorrow'], 'It must be a time like 2026-11-21T09:00:00Z'],
    [['reboot', 'h1', '--after', 'hard_reboot'], 'Allowed choices are production, draining, disabled, intervention'],
    [['reboot', 'h1', '--by', '+1h', '--at', '+2h'], 'cannot be used with'],
    [['order', 'place', 'explode', 'h1'], 'Allowed choices are'],
    [['order', 'place', 'power', 'h1'], 'request.action'],
    [['order', 'place', 'drain', 'h1', '--request', '{'], 'is not JSON'],
    [['drain', 'nobody'], 'there is no machine nobody'],
    [['ls', 'rack in (r1'], 'selector: character 12'],
  ])('is refused where it is wrong: %j', async (args, sentence) => {
    await expect(farrier(...args)).rejects.toThrow(sentence);
    expect(await placed()).toEqual([]);
  });
});

describe('steering', () => {
  it('pauses, resumes, takes over and cancels, and the list says so', async () => {
    await farrier('reboot', 'h1', '--id', 'st-1');
    expect(await farrier('order', 'pause', 'st-1', '--reason', 'lunch')).toBe('st-1 is asked to pause.\n');
    expect(await farrier('order', 'list')).toMatch(/st-1 +h1 +reboot +paused/);
    await farrier('order', 'resume', 'st-1', '--reason', 'back');
    await expect(farrier('order', 'take-over', 'st-1', '--reason', 'mine')).rejects.toThrow('has not begun');
    await base.mdb.update(orders).set({ state: 'running' }).where(eq(orders.id, 'st-1'));
    await farrier('order', 'take-over', 'st-1', '--reason', 'mine');
    expect(await farrier('order', 'list', '--state', 'running')).toMatch(/st-1 +h1 +reboot +taken over/);
    await base.mdb.update(orders).set({ state: 'waiting' }).where(eq(orders.id, 'st-1'));
    await farrier('order', 'cancel', 'st-1', '--reason', 'enough');
    expect(await farrier('order', 'list')).toMatch(/st-1 +h1 +reboot +cancelled/);
  });
});

describe('O-2: a hold', () => {
  it('is shown with the command that lifts it, which wants a reason', async () => {
    await base.mdb.update(machines).set({ held: 'The reboot passage broke off' }).where(eq(machines.hostname, 'h2'));
    expect(await farrier('machine', 'show', 'h2')).toMatch(
      /held: The reboot passage broke off \(farrier machine unhold m-\S+ --reason …\)/,
    );
    await expect(farrier('machine', 'unhold', 'h2')).rejects.toThrow('--reason');
    expect(await farrier('machine', 'unhold', 'h2', '--reason', 'it runs')).toBe('h2 is held no more.\n');
    await expect(farrier('machine', 'unhold', 'h2', '--reason', 'it runs')).rejects.toThrow('is not held');
    expect(await farrier('machine', 'show', 'h2')).not.toContain('held:');
  });
});

describe('the guards', () => {
  it('show and set what must stay', async () => {
    expect(await farrier('capacity', 'set', 'fleet', '90%', '--reason', 'promised')).toMatch(
      /fleet +\* +3 +3 +3 +0 +\* 90 %/,
    );
    expect(await farrier('capacity', 'set', 'rack', 'A01', '1', '--reason', 'one is enough')).toMatch(
      /A01 +2 +2 +1 +1 +A01 1/,
    );
    expect(await farrier('capacity', 'set', 'fleet', 'none', '--reason', 'a test')).toMatch(/fleet +\* +3 +3 +- +- +-/);
    expect(await farrier('capacity', 'ls', '--scope', 'pool')).toMatch(/pool +general +3 +3/);
    await expect(farrier('capacity', 'set', 'rack', '*', 'most', '--reason', 'x')).rejects.toThrow('a share like 90%');
    await expect(farrier('capacity', 'set', 'rack', '101%', '--reason', 'x')).rejects.toThrow('more than 100 percent');
  });

  it('engage, release and set the brake', async () => {
    expect(await farrier('brake', 'engage', '--reason', 'heat')).toMatch(
      /engaged +until a person releases it\n +why +heat\n +by +ann/,
    );
    expect(await farrier('brake', 'release', '--reason', 'cool', '--override-minutes', '5')).toMatch(
      /engaged +no\n +overridden +until .* by ann/,
    );
    expect(await farrier('brake', 'set', '--share', '100', '--reason', 'a test')).toMatch(/share +off/);
    expect(await farrier('brake', 'status')).toMatch(/last minute +0 of 30 machines that left/);
  });

  it("show and set a pool's policy", async () => {
    expect(await farrier('pool', 'ls')).toMatch(/general +3 +none +7d, ask +crypto/);
    const args = [
      '--drain',
      'slurm',
      '--drain-settings',
      '{"node": "{short}"}',
      '--drain-secret',
      'slurm',
      '--burnin-cap',
      'none',
      '--drain-timeout',
      '3600',
    ];
    await mkdir(join(folder, 'secrets'));
    await writeFile(join(folder, 'secrets', 'slurm'), '{}');
    expect(await farrier('pool', 'set', 'batch', '--new', ...args, '--reason', 'a test')).toMatch(
      /settings +node=\{short\}\n +secret +slurm\n +drain time-out +1h, then ask/,
    );
    expect(await farrier('pool', 'show', 'batch')).toMatch(/policy +its own/);
    await expect(farrier('pool', 'show', 'nobody')).rejects.toThrow('there is no pool nobody');
    await expect(farrier('pool', 'set', 'batch', '--reason', 'x')).rejects.toThrow('there is nothing to set');
  });
});
