/** What the command line says of the whole fleet and follows of it: one API, its MDB written as the workers would. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import type { CampaignPace } from '../../domain/campaign/campaign.ts';
import { connectMdb, type MdbConnection } from '../../mdb/connect.ts';
import { keepAlive } from '../../mdb/processes.ts';
import { campaigns, drifts, machines, nics, orders, sensorReadings } from '../../mdb/schema.ts';
import { describedPassages } from '../../workflows/described.ts';
import { servePeople } from '../api/serving.ts';
import { endFarrier, runFarrier } from '../support/commandline.ts';

const root = new URL('../..', import.meta.url).pathname;
let served: Awaited<ReturnType<typeof servePeople>>;
let listening: MdbConnection;
let app: Awaited<ReturnType<typeof createPeopleApi>>;
let url: string;

const place = (number: number) => ({
  ...{ id: `m-0${number}`, siteId: 'home', mac: `52:54:00:00:0b:0${number}`, hostname: `h${number}` },
  ...{ rackId: number < 4 ? 'A01' : 'A02', unit: number },
});

beforeAll(async () => {
  served = await servePeople();
  listening = connectMdb({ url: served.base.url, name: 'following' });
  app = await createPeopleApi({ ...served.options, listen: listening.listen });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  await served.base.mdb.insert(machines).values([1, 2, 3].map((number) => ({ ...place(number) })));
  await served.base.mdb.insert(machines).values(
    [4, 5, 6].map((number) => ({
      ...place(number),
      ...({ stage: 'in_service', opState: 'production', bootState: 'healthy', inServiceAt: new Date() } as const),
    })),
  );
});
afterAll(async () => {
  await app?.close();
  await listening?.close();
  await served?.close();
});

/** A process of its own that follows; on a terminal of so many columns, or in a pipe. */
function follow(args: readonly string[], columns: number | null = null) {
  const command = [process.execPath, join(root, 'cli/main.ts'), ...args].map((word) => `'${word}'`).join(' ');
  const env = { PATH: process.env['PATH'] ?? '', FARRIER_API: url, TERM: 'xterm' };
  const child =
    columns === null
      ? spawn(process.execPath, [join(root, 'cli/main.ts'), ...args], { env })
      : spawn('script', ['-qefc', `stty cols ${columns} rows 24; exec ${command}`, '/dev/null'], { env });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    out: () => out,
    says: (what: RegExp) => vi.waitFor(() => expect(out).toMatch(what), { timeout: 60_000, interval: 50 }),
    ended,
    end: async () => {
      child.kill('SIGINT');
      await ended;
    },
  };
}

const order = (id: string, machineId: string, passage: 'drain' | 'reboot' = 'drain') =>
  served.base.mdb.insert(orders).values({ id, machineId, passage, requester: 'ann', reason: 'r' });
const end = (id: string, state: 'done' | 'failed', outcome: string) =>
  served.base.mdb
    .update(orders)
    .set({ state, outcome, startedAt: new Date(), endedAt: new Date() })
    .where(eq(orders.id, id));

describe('--watch', () => {
  it('adds in a pipe what is new, as it changes', async () => {
    await order('w-1', 'm-04');
    const watching = follow(['order', 'list', '--machine', 'm-04', '--watch']);
    await watching.says(/^w-1 +h4 +drain +waiting/m);
    await end('w-1', 'done', 'drained');
    await watching.says(/^w-1 +h4 +drain +done .* drained/m);
    expect(watching.out().match(/^ORDER/gm)).toHaveLength(1);
    await watching.end();
  });

  it('draws on a terminal in its place, in colours, within its columns', async () => {
    const watching = follow(['ls', '--watch'], 100);
    await watching.says(/m-06/);
    await served.base.mdb
      .update(machines)
      .set({ held: 'a fan that is dead, says somebody' })
      .where(eq(machines.id, 'm-05'));
    await watching.says(/a fan/);
    await watching.end();
    await served.base.mdb.update(machines).set({ held: null }).where(eq(machines.id, 'm-05'));
    const out = watching.out();
    // Colours, a hidden cursor, and one picture in place of the other.
    expect(out).toContain('\u001b[32m');
    expect(out).toContain('\u001b[?25l');
    for (const line of stripVTControlCharacters(out).split(/[\r\n]+/)) expect(line.length).toBeLessThanOrEqual(100);
  });
});

describe('--wait', () => {
  it('tells by its exit code how an order ended', async () => {
    await order('o-1', 'm-04');
    const waiting = endFarrier(url, ['order', 'wait', 'o-1', '--timeout', '60']);
    await sleep(100);
    await end('o-1', 'done', 'drained');
    expect(await waiting).toMatchObject({ code: 0, out: expect.stringMatching(/^h4 +o-1 +done .* drained$/m) });
    await order('o-2', 'm-04');
    await end('o-2', 'failed', 'its jobs did not end');
    expect(await endFarrier(url, ['order', 'wait', 'o-1', 'o-2'])).toMatchObject({ code: 9 });
    await order('o-3', 'm-04');
    expect(await endFarrier(url, ['order', 'wait', 'o-3', '--timeout', '0'])).toMatchObject({ code: 10 });
    await end('o-3', 'done', '');
    expect(await endFarrier(url, ['order', 'wait', 'o-9'])).toMatchObject({ code: 8 });
  });

  it('is of whatever orders something, and of campaigns', async () => {
    const ordering = endFarrier(url, [
      'reboot',
      'h5',
      '--id',
      'o-5',
      '--reason',
      'new kernel',
      '--wait',
      '60',
      '--json',
    ]);
    await vi.waitFor(async () => expect(await served.base.mdb.$count(orders, eq(orders.id, 'o-5'))).toBe(1), 30_000);
    await end('o-5', 'failed', 'nothing came up');
    const { code, out } = await ordering;
    expect({ code, ended: JSON.parse(out) }).toMatchObject({ code: 9, ended: [{ id: 'o-5', state: 'failed' }] });
    const said = { selector: 'all', passage: 'drain' as const, request: {}, reason: 'r', requester: 'ann' };
    const pace: CampaignPace = {
      ...{ canary: 0, soakMinutes: 0, batch: 1, atOnce: 1, rackShare: null, feedShare: null, poolShare: null },
      ...{ windows: [], haltCount: 1, haltShare: null },
    };
    await served.base.mdb.insert(campaigns).values({ id: 'c-1', ...said, pace, hash: 'x', haltAt: 1, state: 'paused' });
    expect(await endFarrier(url, ['campaign', 'wait', 'c-1'])).toMatchObject({ code: 9, error: '' });
    await served.base.mdb.update(campaigns).set({ state: 'running' }).where(eq(campaigns.id, 'c-1'));
    expect(await endFarrier(url, ['campaign', 'wait', 'c-1', '--timeout', '0'])).toMatchObject({ code: 10 });
  });

  it('lists what begins later, which may be cancelled', async () => {
    await runFarrier(url, ['drain', 'h6', '--id', 'o-6', '--reason', 'r', '--not-before', '+2h']);
    expect(await runFarrier(url, ['order', 'ls', '--scheduled'])).toMatch(
      /^ORDER[^\n]*\no-6 +h6 +drain +waiting[^\n]*\n$/,
    );
    expect(await endFarrier(url, ['order', 'cancel', 'o-6', '--reason', 'not then'])).toMatchObject({ code: 0 });
  });
});

describe('a rack', () => {
  it('is onboarded by one command, which done again does nothing', async () => {
    const { mdb } = served.base;
    // Two of three are under way or to be ordered; the third's birth fails.
    const onboarding = endFarrier(url, ['rack', 'onboard', 'A01', '--timeout', '60']);
    const births = and(eq(orders.passage, 'birth'), eq(orders.state, 'waiting'));
    await vi.waitFor(async () => expect(await mdb.$count(orders, births)).toBe(3), 30_000);
    for (const { id, machineId } of await mdb.select().from(orders).where(births)) {
      const firstBootAt = new Date(Date.now() - 90_000);
      const of = eq(machines.id, machineId);
      for (const stage of ['registered', 'configured', 'profiled', 'deployed'] as const)
        await mdb.update(machines).set({ stage, firstBootAt }).where(of);
      await mdb.update(machines).set({ stage: 'in_service', opState: 'production', inServiceAt: new Date() }).where(of);
      await end(id, 'done', 'in service');
    }
    const { code, out } = await onboarding;
    expect(out).toMatch(/^h2 +2 +in_service +birth-\S+ +1m 30s/m);
    expect(out).toMatch(/3 of 3 machines are in service \(3 births, \d+ s\); born in 90 s at best, 90 s in the middle/);
    expect(code).toBe(0);
    const again = await endFarrier(url, ['rack', 'onboard', 'A01']);
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('nothing was to be done') });
    expect(await mdb.$count(orders, eq(orders.passage, 'birth'))).toBe(3);
    expect(await endFarrier(url, ['rack', 'onboard', 'Z99'])).toMatchObject({ code: 8 });
  });

  it('and what stands around it are announced and changed by name', async () => {
    await runFarrier(url, ['rack', 'set', 'B07', '--feed', 'f9', '--units', '42']);
    await runFarrier(url, ['rack', 'set', 'B07', '--row', 'B']);
    expect(await runFarrier(url, ['rack', 'ls'])).toMatch(/^B07 +B +f9 +42/m);
    await runFarrier(url, ['switch', 'set', 'sw-B07', '--chassis', '52:54:00:ff:77:01', '--port', 'swp1=B07/1']);
    await runFarrier(url, ['switch', 'set', 'sw-B07', '--port', 'swp2=B07/2.B']);
    expect(await runFarrier(url, ['switch', 'show', 'sw-B07'])).toMatch(/^swp1 +B07\/1\nswp2 +B07\/2\.B$/m);
    expect(await endFarrier(url, ['switch', 'set', 'sw-new'])).toMatchObject({ code: 2 });
    const lab = [
      'network',
      'set',
      'lab',
      '--kind',
      'birth',
      '--cidr',
      '10.88.0.0/24',
      '--range',
      '10.88.0.9-10.88.0.12',
    ];
    await runFarrier(url, lab);
    await runFarrier(url, ['network', 'set', 'lab', '--vlan', '7']);
    expect(await runFarrier(url, ['network', 'ls'])).toMatch(
      /^lab +home +birth +10\.88\.0\.0\/24 +- +7 +by pool +4 of 4$/m,
    );
  });
});

describe('the fleet', () => {
  it('is told what hangs on a switch, a feed and a rack', async () => {
    // A second way, that a NIC has heard of.
    await served.base.mdb.insert(nics).values({
      ...{ machineId: 'm-05', mac: '52:54:00:00:0c:05', neighbourChassis: '52:54:00:FF:00:01', neighbourPort: 'swp9' },
    });
    const onSwitch = await runFarrier(url, ['impact', 'switch', 'sw-A02']);
    expect(onSwitch).toContain('3 machines hang on switch sw-A02, 2 on nothing else.');
    expect(onSwitch).toMatch(/^general +6 +3 +3$/m);
    expect(onSwitch).toMatch(/^h4 +A02\/4 +swp4 +general .* none$/m);
    expect(await runFarrier(url, ['impact', 'feed', 'a', '-o', 'name'])).toBe('m-01\nm-02\nm-03\n');
    expect(await endFarrier(url, ['impact', 'switch', 'sw-A03'])).toMatchObject({
      code: 8,
      error: 'there is no switch sw-A03 (did you mean "sw-A01"?)',
    });
  });

  it('is viewed in three ways, which agree with the MDB and with the metrics', async () => {
    const { mdb } = served.base;
    await mdb
      .insert(drifts)
      .values({ machineId: 'm-04', kind: 'bios', name: 'BootMode', want: 'Uefi', have: 'Legacy' });
    await mdb.insert(sensorReadings).values([
      { machineId: 'm-04', watts: 999 },
      { machineId: 'm-04', watts: 300 },
      { machineId: 'm-01', watts: 120.4 },
    ]);
    await mdb.update(machines).set({ held: 'a fan' }).where(eq(machines.id, 'm-06'));
    await mdb.update(machines).set({ repairState: 'failing' }).where(eq(machines.id, 'm-05'));
    expect(await runFarrier(url, ['fleet', 'conformance'])).toMatch(/^A02 +0 +1 +2$/m);
    expect(await runFarrier(url, ['fleet', 'consumption'])).toMatch(
      /^420 W[\s\S]*^A01 +120 +3 +2 +3 of 48[\s\S]*^A02 +300 +3 +2 /m,
    );
    expect(await runFarrier(url, ['fleet', 'consumption', 'A02'])).toMatch(/^h4 +4 +300 +\d+s ago\nh5 +5 +- +never$/m);
    const health = await runFarrier(url, ['fleet', 'health']);
    expect(health).toMatch(/^4 of 6 machines[\s\S]*^A01 +3 [\s\S]*^A02 +1 +- +- +1 +1 +-$/m);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^fleet_conformant\{rack="A02"\} 0$/m);
    expect(metrics).toMatch(/^server_power_watts\{rack="A02"\} 300$/m);
    expect(metrics).toMatch(/^fleet_health\{rack="A02",state="ailing"\} 1$/m);
    expect(metrics).not.toMatch(/m-0\d|h\d/);
  });

  it('has passages as the workers that run tell them', async () => {
    await expect(runFarrier(url, ['flow', 'describe', 'repair'])).rejects.toThrow('No worker that runs passages');
    const worker = (version: string) =>
      ({ name: 'lifecycle', siteId: '', flows: { version, passages: describedPassages } }) as const;
    await keepAlive(served.base.mdb, worker('v1'));
    const described = await runFarrier(url, ['flow', 'describe', 'repair']);
    const repair = describedPassages.find(({ passage }) => passage === 'repair');
    const words = described.replace(/\s+/g, ' ');
    for (const { name, does, owner, undo } of repair?.steps ?? []) {
      expect(words).toContain(`. ${name} does ${does} owner ${owner} limit`);
      expect(words).toContain(`undone by ${undo}`);
    }
    expect(described).toMatch(/limit +8 days\n +undone by /);
    expect(described).toContain('Version v1, as the worker runs them now.');
    // Another version takes its place, and only what runs is told.
    await keepAlive(served.base.mdb, worker('v2'));
    expect(await runFarrier(url, ['flow', 'ls'])).toMatch(/^repair +diagnose → observe[\s\S]*Version v2/m);
    await expect(runFarrier(url, ['flow', 'describe', 'repare'])).rejects.toThrow('did you mean "repair"?');
  });
});
