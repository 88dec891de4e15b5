/** Drift, rounds and profiles by the API and the commands. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReconcileActivities } from '../../activities/reconcile/index.ts';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { ApiClient } from '../../client/api.ts';
import type { Findings } from '../../domain/drift/drift.ts';
import { acting } from '../../mdb/acting.ts';
import { keepFindings } from '../../mdb/drift/drifts.ts';
import { beginRound, endRound } from '../../mdb/drift/rounds.ts';
import { audit, drifts, machines, outbox } from '../../mdb/schema.ts';
import { writePoolMachines } from '../campaign/bench.ts';
import { runFarrier } from '../support/commandline.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let base: ThrowawayMdb;
let app: Awaited<ReturnType<typeof createPeopleApi>>;
let api: ApiClient;
let folder: string;
let url: string;
let ids: string[];

const system = { class: 'system', name: 'a test' } as const;
const since = Date.parse('2026-01-01T00:00:00Z');

beforeAll(async () => {
  base = await throwawayMdb();
  folder = await mkdtemp(join(tmpdir(), 'farrier-drift-'));
  const authority = await openAuthority(join(folder, 'authority'));
  const log = pino({ level: 'silent' });
  app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  api = new ApiClient({ url, operator: 'ann' });
  await writeSite(base.mdb, { racks: 4 });
  ids = await writePoolMachines(base.mdb, 'batch', 3);
  await base.mdb.update(machines).set({ profileId: 'default' });
});
afterAll(async () => {
  await app?.close();
  await base?.close();
  await rm(folder, { recursive: true, force: true });
});

const farrier = (...args: string[]) => runFarrier(url, args);

/** What a round finds of a machine. */
const found = (machineId: string, ...kinds: Findings[]) =>
  acting(base.mdb, system, null, (tx) => {
    const part = { count: 1, which: '1 × CPU' };
    return keepFindings(tx, [{ machineId, kinds, sheet: { host: { cpus: part }, controller: null } }]);
  });
const mode = (have: string): Findings => ({
  kind: 'bios',
  found: [{ name: 'BootMode', want: 'Uefi', have, source: 'controller', note: null, unknownSince: null }],
});
const unread: Findings = { kind: 'bios', unknown: { want: 'BootMode', since, why: 'it hangs' } };
const nothing: Findings = { kind: 'bios', found: [] };
const figures = { machines: 3, conformant: 1, drifting: 1, unknown: 1, read: 2, unread: 1, found: 1, resolved: 0 };
const summary = { ...figures, planned: ['drift-1'], started: [], withdrawn: [] };

describe('drift', () => {
  it('is nothing that is said to be fine before it was looked at', async () => {
    expect(await api.drift()).toMatchObject({ summary: { conformant: 0, unknown: 3, comparedAt: null }, drifts: [] });
    expect(await farrier('drift')).toContain('Nothing was compared yet');
  });

  it('is listed by machine, with what is wanted, what is there, and since when', async () => {
    const [one = '', two = '', three = ''] = ids;
    expect(await found(one, mode('Bios'))).toMatchObject({ found: 1, drifting: 1 });
    expect(await found(one, mode('Bios'))).toMatchObject({ found: 0, drifting: 1 });
    expect(await found(two, unread)).toMatchObject({ found: 0, unknown: 1 });
    expect(await found(three, nothing)).toMatchObject({ conformant: 1 });
    await beginRound(base.mdb, 'home', 'run-1');
    await endRound(base.mdb, 'run-1', summary);
    const list = await farrier('drift');
    expect(list).toContain('1 machines are as wanted, 1 are not, of 1 it is not known');
    expect(list).toMatch(new RegExp(`^${one} +bios +BootMode +Uefi +Bios +\\d+s +controller`, 'm'));
    expect(list).toMatch(new RegExp(`^${two} +bios +\\* +BootMode +unknown since \\d+d ago`, 'm'));
    expect(await farrier('drift', one)).not.toContain(two);
    const reported = JSON.parse(await farrier('drift', '--json', '--state', 'unknown')) as { drifts: object[] };
    expect(reported.drifts).toMatchObject([
      { machineId: two, name: '*', have: null, unknownSince: '2026-01-01T00:00:00.000Z' },
    ]);
    expect(await farrier('drift', 'ls', '--kind', 'firmware')).toContain('No drift is known');
    expect(await farrier('firmware', 'outdated')).toContain('None is known to be');
    await expect(farrier('drift', 'nobody')).rejects.toThrow('there is no machine nobody');
    const metrics = await (await fetch(new URL('/metrics', url))).text();
    expect(metrics).toMatch(/^farrier_fleet_conformant 1$/m);
    const { findings } = await api.doctor();
    expect(findings.find(({ name }) => name === 'drift')).toMatchObject({ ok: false });
  });

  it('that can not be read any more stays what it was, unknown since then, until it is read again', async () => {
    const [one = ''] = ids;
    const mine = async () => (await base.mdb.select().from(drifts).where(eq(drifts.machineId, one))).map((row) => row);
    expect(await found(one, unread)).toMatchObject({ unknown: 1, resolved: 0 });
    expect(await mine()).toMatchObject([
      { name: 'BootMode', have: 'Bios', unknownSince: new Date(since), resolvedAt: null },
    ]);
    expect(await found(one, nothing)).toMatchObject({ conformant: 1, resolved: 1 });
    expect(await mine()).toMatchObject([{ unknownSince: null, resolvedAt: expect.any(Date) }]);
    expect(await found(one, mode('Bios'))).toMatchObject({ found: 1 });
    expect(await mine()).toHaveLength(2);
  });

  it('of parts is taken as right by a person, in the audit', async () => {
    const [one = ''] = ids;
    expect(await farrier('drift', 'accept', one, '--reason', 'a bigger disk')).toContain(one);
    const rows = await base.mdb.select().from(audit).where(eq(audit.action, 'drift.accept'));
    expect(rows).toMatchObject([{ machineId: one, actor: 'ann', detail: { reason: 'a bigger disk' } }]);
    expect((await api.drift()).summary).toMatchObject({ conformant: 1 });
  });
});

describe('a round that is asked for', () => {
  it('is waited for, and told', async () => {
    const waited = farrier('reconcile');
    const asked = async () => (await base.mdb.select().from(outbox).where(eq(outbox.kind, 'reconcile'))).length;
    await expect.poll(asked).toBe(1);
    await beginRound(base.mdb, 'home', 'run-2');
    await endRound(base.mdb, 'run-2', summary);
    expect(await waited).toMatch(/3 compared: 1 as wanted, 1 not, 1 not known[\s\S]*planned +drift-1/);
    expect((await api.rounds()).map(({ id }) => id)).toEqual(['run-2', 'run-1']);
    await expect(farrier('reconcile', '--site', 'mars')).rejects.toThrow('there is no site mars');
    expect(await farrier('reconcile', '--no-wait')).toContain('Asked for a round of home');
  });

  it('compares a site without controllers too', async () => {
    const { proposeCampaigns } = createReconcileActivities(base.mdb);
    expect(await proposeCampaigns({ siteId: 'home' })).toEqual({ planned: [], started: [], withdrawn: [] });
  });
});

describe('a profile', () => {
  const set = (...args: string[]) => farrier('profile', 'set', 'std', '--reason', 'new baseline', ...args);

  it('is told what it wants, a field at a time', async () => {
    const sha256 = 'a'.repeat(64);
    const firmware = { BIOS: { version: '2.1', file: 'firmware/bios.bin', sha256 }, BMC: { version: '7' } };
    await set('--bios', '{"BootMode":"Uefi","Retry":20}', '--pool', 'batch');
    expect(await set('--firmware', JSON.stringify(firmware), '--hardware', '{"cpus":2}')).toMatch(
      /BootMode +Uefi[\s\S]*BIOS +2\.1, firmware\/bios\.bin[\s\S]*BMC +7, no file[\s\S]*cpus +2/,
    );
    expect(await farrier('profile', 'ls')).toMatch(/^std +0 +0 +batch +any machine +2 +2 +1$/m);
    expect(await farrier('profile', 'show', 'std')).toContain('Retry');
  });

  it.each([
    [['--bios', '{"Boot Mode":"Uefi"}'], 'bios'],
    [['--bios', '{"BootMode":["Uefi"]}'], 'bios.BootMode'],
    [['--bios', '{"SysPassword":"x"}'], 'bios.SysPassword'],
    [['--firmware', '{"BIOS":{"version":""}}'], 'firmware.BIOS.version'],
    [['--firmware', '{"BIOS":{"version":"1","file":"a.bin"}}'], 'a file and its sha256 go together'],
    [['--firmware', `{"BIOS":{"version":"1","file":"../a","sha256":"${'a'.repeat(64)}"}}`], 'is not a path'],
    [['--hardware', '{"cpus":-1}'], 'hardware.cpus'],
    [['--hardware', '{"wheels":4}'], 'hardware'],
    [[], 'there is nothing to set'],
  ])('refuses %j', async (args, why) => {
    await expect(set(...args)).rejects.toThrow(why);
  });
});

describe("a pool's mode", () => {
  it('is observe until a person sets it, with limits that are whole', async () => {
    expect((await api.pools())[0]).toMatchObject({ id: 'batch', reconcile: 'observe', reconcileLimits: {} });
    const limits = '{"pace":{"canary":2},"semaphores":{"reboot":"rack"}}';
    const observed = await farrier(
      ...['pool', 'set', 'batch', '--reason', 'as agreed', '--reconcile', 'assist', '--reconcile-limits', limits],
    );
    expect(observed).toMatch(/reconciler +assist[\s\S]*canary 2, batches of 40, 20 at once, reboot permit by rack/);
    await expect(
      farrier('pool', 'set', 'batch', '--reason', 'x', '--reconcile-limits', '{"pace":{"canary":-1}}'),
    ).rejects.toThrow('reconcileLimits.pace.canary');
  });
});
