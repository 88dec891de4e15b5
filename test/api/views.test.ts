/** What is read for pages of the console: the calendar, the fleet as a whole, cabling, and what is kept of one machine. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { keepConsole } from '../../mdb/controllers/consoles.ts';
import { keepEvents } from '../../mdb/controllers/events.ts';
import * as schema from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let base: ThrowawayMdb;
let app: Awaited<ReturnType<typeof createPeopleApi>>;
let folder: string;
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const ago = (ms: number) => new Date(Date.now() - ms);

beforeAll(async () => {
  base = await throwawayMdb();
  folder = await mkdtemp(join(tmpdir(), 'farrier-views-'));
  const authority = await openAuthority(join(folder, 'authority'));
  const log = pino({ level: 'silent' });
  app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log });
  await writeSite(base.mdb, { racks: 2, perRack: 3 });
  const place = (n: number) => ({ rackId: 'A01', unit: n, pool: n === 3 ? 'web' : 'batch', product: 'R1' });
  await base.mdb.insert(schema.machines).values(
    [1, 2, 3].map((n) => ({
      ...{ id: `m-${n}`, siteId: 'home', mac: `02:aa:00:00:00:0${n}`, hostname: `n${n}`, ...place(n) },
      ...{ stage: 'in_service' as const, opState: 'production' as const, inServiceAt: ago(day), memoryMib: 1024 },
    })),
  );
});
afterAll(async () => {
  await app?.close();
  await base?.close();
  await rm(folder, { recursive: true, force: true });
});

const get = async (path: string) => {
  const answer = await app.inject({ url: `/api/v1${path}`, headers: { host: '127.0.0.1' } });
  return { status: answer.statusCode, body: answer.json() };
};

describe('GET /calendar', () => {
  it('tells when windows are open, by the wall clock of their zone also where summer time ends', async () => {
    const windows = [{ days: [6, 7], from: '22:00', to: '04:00', zone: 'Europe/Berlin' }];
    await base.mdb.insert(schema.semaphores).values([
      { operation: 'reboot', tag: 'rack', value: 'A01', capacity: 1, updatedBy: 'ann', reason: 'r', windows },
      { operation: 'drain', tag: 'rack', value: '*', capacity: 1, updatedBy: 'ann', reason: 'r' },
    ]);
    const { body } = await get('/calendar?from=2026-10-24T12:00:00Z&days=2');
    expect(body.windows).toEqual([
      // The night in which three o'clock comes twice is seven hours long.
      ...[['2026-10-24T20:00:00.000Z', '2026-10-25T03:00:00.000Z'] as const].map(([opens, closes]) => ({
        ...{ of: 'semaphore', name: 'reboot/rack=A01', opens, closes },
      })),
      {
        of: 'semaphore',
        name: 'reboot/rack=A01',
        opens: '2026-10-25T21:00:00.000Z',
        closes: '2026-10-26T03:00:00.000Z',
      },
    ]);
    expect(body).toMatchObject({ from: '2026-10-24T12:00:00.000Z', until: '2026-10-26T12:00:00.000Z', isCut: false });
    expect((await get('/calendar?days=0')).status).toBe(400);
    expect((await get('/calendar?from=tomorrow')).status).toBe(400);
  });

  it('has the orders that wait for a time, in the order of their times, and no other', async () => {
    const common = { passage: 'reboot', requester: 'ann', reason: 'r' } as const;
    const window = {
      opens: new Date(Date.now() + hour).toISOString(),
      closes: new Date(Date.now() + 2 * hour).toISOString(),
    };
    await base.mdb.insert(schema.orders).values([
      { id: 'later', machineId: 'm-1', ...common, notBefore: new Date(Date.now() + 3 * hour) },
      { id: 'next-month', machineId: 'm-1', ...common, notBefore: new Date(Date.now() + 40 * day) },
      { id: 'at-once', machineId: 'm-2', ...common },
      { id: 'ended', machineId: 'm-2', ...common, notBefore: new Date(Date.now() + hour), state: 'cancelled' },
      { id: 'in-window', machineId: 'm-3', ...common, passage: 'maintenance', state: 'running', request: { window } },
    ]);
    const { body } = await get('/calendar?days=30');
    expect(body.orders).toMatchObject([
      { order: { id: 'in-window', hostname: 'n3' }, opens: window.opens, closes: window.closes },
      { order: { id: 'later', passage: 'reboot' }, closes: null },
    ]);
  });
});

describe('the fleet as a whole', () => {
  it('is well or not, and mending took so long', async () => {
    const repair = (id: string, machineId: string, createdMs: number, endedMs: number) => ({
      ...{ id, machineId, passage: 'repair' as const, requester: 'ann', reason: 'r', request: { fault: 'disk/S1' } },
      ...{ state: 'done' as const, createdAt: ago(createdMs), endedAt: ago(endedMs) },
    });
    await base.mdb.insert(schema.orders).values([
      // One that left production and came back an hour after its repair had ended, and one that stayed in it.
      repair('r-1', 'm-1', 5 * hour, 4 * hour),
      repair('r-2', 'm-2', 5 * hour, 4.5 * hour),
      repair('r-old', 'm-2', 90 * day, 89 * day),
    ]);
    const move = (from: string, to: string, atMs: number) => ({
      ...{ machineId: 'm-1', guarded: 'op_state', from, to, actor: 'farrier', at: ago(atMs) },
    });
    await base.mdb
      .insert(schema.stateHistory)
      .values([move('production', 'disabled', 4.9 * hour), move('disabled', 'production', 3 * hour)]);
    await keepEvents(base.mdb, 'm-1', [{ key: 'k', eventId: '1', message: 'a fan', severity: 'Warning' }]);
    await base.mdb.update(schema.controllerEvents).set({ receivedAt: ago(5 * hour + 10 * minute) });
    const { body } = await get('/fleet/mending');
    expect(body.repairs).toMatchObject({ ordered: 2, open: 0, falsePositive: 0 });
    expect(body.repairs.toRepair.count).toBe(2);
    expect(Math.round(body.repairs.toRepair.meanSeconds)).toBe((2 * 3600 + 1800) / 2);
    expect(Math.round(body.repairs.toDetect.medianSeconds)).toBe(600);
    expect(body.repairs.toAnswer).toEqual({ count: 0, meanSeconds: null, medianSeconds: null });
    expect(body.repairs.faults).toMatchObject([{ fault: 'disk', repairs: 2 }]);
    expect((await get('/fleet/mending?days=366')).body.repairs.ordered).toBe(3);
    expect(body.states).toContainEqual({
      ...{ stage: 'in_service', opState: 'production', repairState: 'none', machines: 3, held: 0 },
    });
  });

  it('is other than wanted in some things, the commonest first', async () => {
    const drift = (machineId: string, name: string) => ({
      machineId,
      kind: 'bios' as const,
      name,
      want: 'On',
      have: 'Off',
    });
    await base.mdb
      .insert(schema.drifts)
      .values([
        ...[drift('m-1', 'Turbo'), drift('m-2', 'Turbo'), drift('m-2', 'Sriov')],
        { ...drift('m-3', '*'), kind: 'firmware', have: null, unknownSince: ago(hour) },
      ]);
    const { differences } = (await get('/fleet/differences')).body;
    expect(differences).toHaveLength(3);
    expect(differences[0]).toEqual({ kind: 'bios', name: 'Turbo', want: 'On', machines: 2, unknown: 0 });
    expect(differences).toContainEqual({ kind: 'firmware', name: '*', want: 'On', machines: 0, unknown: 1 });
    expect((await get('/drift?rack=A01&kind=bios')).body.drifts).toHaveLength(3);
    expect((await get('/drift?rack=A02')).body.drifts).toEqual([]);
  });
});

describe('places', () => {
  it('are told as they are cabled', async () => {
    const { body } = await get('/racks/A01');
    expect(body.rack).toMatchObject({ id: 'A01', machines: 3 });
    expect(body.ports).toHaveLength(3);
    expect(body.ports[0]).toEqual({
      ...{
        switch: 'sw-A01',
        switchName: 'sw-A01',
        port: 'swp3',
        unit: 3,
        slot: null,
        machineId: 'm-3',
        hostname: 'n3',
      },
    });
    expect((await get('/racks/B09')).status).toBe(404);
  });
});

describe('what is kept of one machine', () => {
  it('is the end of its console with the time of it, or that it was never read', async () => {
    expect((await get('/machines/n1/console')).body).toEqual({ readAt: null, lines: [], missing: null });
    await keepConsole(base.mdb, 'm-1', ['login:'], null);
    await base.mdb.update(schema.consoles).set({ readAt: ago(3 * day) });
    const { body } = await get('/machines/n1/console');
    expect(body).toMatchObject({ lines: ['login:'], missing: null });
    expect(Date.parse(body.readAt)).toBeLessThan(Date.now() - 2 * day);
  });

  it('is its boot requests, newest first, and nobody else’s', async () => {
    const count = (mac: string, lastMs: number, answer: string) => ({
      ...{ mac, minute: ago(lastMs), lastAt: ago(lastMs), state: 'healthy', answer, requests: 2, answers: 1 },
    });
    const own = '02:aa:00:00:00:01';
    await base.mdb
      .insert(schema.bootCounts)
      .values([count(own, hour, 'local'), count(own, minute, 'bootstrap'), count('02:aa:00:00:00:02', 0, 'local')]);
    const { body } = await get('/machines/m-1/boots');
    expect(body.boots).toMatchObject([
      { mac: own, answer: 'bootstrap', requests: 2, answers: 1 },
      { mac: own, answer: 'local' },
    ]);
    expect((await get('/machines/m-1/boots?limit=1')).body.boots).toHaveLength(1);
  });

  it('is its burn-in beside what others of its product reached', async () => {
    const burnin = (n: number, verdict: 'pass' | 'fail') => ({
      ...{ id: `b-${n}`, machineId: `m-${n}`, orderId: `birth-${n}`, verdict, endedAt: ago(hour), progress: 100 },
    });
    await base.mdb.insert(schema.orders).values(
      [1, 2, 3].map((n) => ({
        ...{ id: `birth-${n}`, machineId: `m-${n}`, passage: 'birth' as const, requester: 'birther', reason: 'r' },
        state: 'done' as const,
      })),
    );
    await base.mdb.insert(schema.burnins).values([burnin(1, 'pass'), burnin(2, 'pass'), burnin(3, 'fail')]);
    const part = (n: number, value: number) => ({
      ...{ burninId: `b-${n}`, kind: 'benchmark' as const, subject: 'memory', device: 'all', ok: true, seconds: 1 },
      ...{ value, unit: 'MB/s', product: 'R1' },
    });
    const stress = { burninId: 'b-1', kind: 'stress', subject: 'cpu', device: 'cpu0', ok: true, seconds: 3 } as const;
    await base.mdb.insert(schema.burninParts).values([part(1, 90), part(2, 100), part(3, 10), stress]);
    const { body } = await get('/machines/m-1/burnins');
    expect(body.burnins[0].parts).toMatchObject([
      { subject: 'cpu', peers: null },
      { subject: 'memory', value: 90, peers: { count: 1, median: 100 } },
    ]);
  });
});
