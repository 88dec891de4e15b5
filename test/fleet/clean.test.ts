/** Four simulated machines are cleaned: as they should be, with a disk that refuses, one that lies, and a power cut. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { and, eq, isNull } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { disks, erasures, humanSteps, machines, orders, stateHistory } from '../../mdb/schema.ts';
import type { Entry } from '../../sim/journal.ts';
import { type FleetMachine, type Whole, wholeFarrier } from './farrier.ts';

const run = promisify(execFile);
const farrierCommand = join(import.meta.dirname, '..', '..', 'farrier');

let whole: Whole;
let fleet: readonly FleetMachine[];
beforeAll(async () => {
  whole = await wholeFarrier({ racks: 1, perRack: 4, speed: 20 });
  fleet = await whole.until((rows) => rows.length === 4 && rows.every(({ stage }) => stage === 'in_service'), 300);
  await whole.up.mdb.update(machines).set({ owner: 'old' });
}, 900_000);
afterAll(() => whole?.close());

const farrier = async (...args: string[]) =>
  (await run(farrierCommand, args, { env: { ...process.env, FARRIER_API: whole.api } })).stdout;
const at = (index: number) => fleet[index] as FleetMachine;
const placeOf = ({ rackId, unit }: FleetMachine) => `${rackId}-u${String(unit).padStart(2, '0')}`;
const fault = (machine: FleetMachine, fault: object) =>
  fetch(`${whole.sim}/machines/${placeOf(machine)}/fault`, { method: 'PUT', body: JSON.stringify(fault) });
const mend = (machine: FleetMachine, kind: string) =>
  fetch(`${whole.sim}/machines/${placeOf(machine)}/fault?kind=${kind}`, { method: 'DELETE' });
const machineNow = async ({ id }: FleetMachine) =>
  (await whole.up.mdb.select().from(machines).where(eq(machines.id, id)))[0] as FleetMachine;
const orderNow = async (id: string) => (await whole.up.mdb.select().from(orders).where(eq(orders.id, id)))[0];
const proofOf = (order: string) => whole.up.mdb.select().from(erasures).where(eq(erasures.orderId, order));
const clean = (machine: FleetMachine, id: string, ...more: string[]) =>
  farrier('clean', machine.id, '--reason', 'next owner', '--cycle', '--id', id, ...more);

async function question(order: string): Promise<string> {
  const open = () =>
    whole.up.mdb
      .select()
      .from(humanSteps)
      .where(and(eq(humanSteps.orderId, order), isNull(humanSteps.answeredAt)));
  await expect.poll(async () => (await open()).length, { timeout: 240_000, interval: 200 }).toBe(1);
  return (await open())[0]?.id ?? '';
}
/** Answers and waits until that is heard: until then the old question is still the open one. */
async function answer(step: string, choice: string): Promise<void> {
  await farrier('step', 'answer', step, choice);
  const row = async () => (await whole.up.mdb.select().from(humanSteps).where(eq(humanSteps.id, step)))[0];
  await expect.poll(async () => (await row())?.answeredAt ?? null, { interval: 200 }).not.toBeNull();
}
const done = (order: string) =>
  expect.poll(async () => (await orderNow(order))?.state, { timeout: 240_000, interval: 200 }).toBe('done');
const effects = async (machine: FleetMachine, since: number) =>
  (await whole.journal()).filter((entry: Entry) => entry.machine === placeOf(machine) && entry.seq > since);
const lastSeq = async () => (await whole.journal()).at(-1)?.seq ?? 0;

test('a rehearsal says what would be done, disk by disk, and nothing is', async () => {
  const methods = ['--erase', 'crypto', '--erase-others', 'nvme=nvme-format,ata=ata-secure-erase,other=overwrite'];
  expect(await farrier('pool', 'set', at(0).pool, ...methods, '--reason', 'as it was')).toContain('nvme=nvme-format');
  const since = await lastSeq();
  await farrier('clean', at(0).id, '--owner', 'next', '--reason', 'what if', '--dry-run', '--id', 'what-if');
  await done('what-if');
  expect((await orderNow('what-if'))?.outcome).toMatch(/^dry run: \d+ acts/);
  expect(await farrier('order', 'show', 'what-if')).toMatch(/erase disk \S+D0 by crypto/);
  expect(await effects(at(0), since)).toEqual([]);
  expect(await machineNow(at(0))).toMatchObject({ opState: 'production', bootState: 'healthy', owner: 'old' });
});

test('a machine goes to its next owner: keys discarded, the other disk formatted, proven, installed, in service', async () => {
  const since = await lastSeq();
  await clean(at(0), 'clean-0', '--owner', 'next');
  await done('clean-0');
  expect(await machineNow(at(0))).toMatchObject({
    owner: 'next',
    stage: 'in_service',
    opState: 'production',
    bootState: 'healthy',
    hostname: at(0).hostname,
    address: at(0).address,
  });
  expect((await orderNow('clean-0'))?.outcome).toMatch(/^in service after \d+ s$/);
  const proof = await proofOf('clean-0');
  expect(proof.map(({ name, method, state }) => [name, method, state]).toSorted()).toEqual([
    ['nvme0n1', 'crypto', 'done'],
    ['nvme1n1', 'nvme-format', 'done'],
  ]);
  const happened = (await effects(at(0), since)).map(({ effect }) => effect);
  expect(happened.filter((effect) => effect === 'boot-override')).toHaveLength(1);
  expect(happened.filter((effect) => effect === 'disk-erased')).toHaveLength(2);
  expect(happened.indexOf('keys-discarded')).toBeLessThan(happened.indexOf('installed'));
  expect(happened).not.toContain('burned-in');
  const table = await farrier('erasure', 'ls', at(0).id);
  expect(table).toContain('nvme-format');
  expect(table).toContain('0 of 16');
});

test('a power cut in the middle is gone over again, without a person', async () => {
  await fault(at(1), { kind: 'erase-cut', disk: 0 });
  const since = await lastSeq();
  await clean(at(1), 'clean-1', '--owner', 'next');
  await done('clean-1');
  expect((await proofOf('clean-1')).every(({ state }) => state === 'done')).toBe(true);
  const happened = (await effects(at(1), since)).map(({ effect }) => effect);
  expect(happened.filter((effect) => effect === 'keys-discarded').length).toBeGreaterThanOrEqual(1);
  expect(happened.filter((effect) => effect === 'bootstrap-booted').length).toBe(2);
});

test('a disk that refuses stops it before anything is touched, and nobody gets the machine', async () => {
  await fault(at(2), { kind: 'erase-refused', disk: 1 });
  const since = await lastSeq();
  await clean(at(2), 'clean-2', '--owner', 'next');
  const request = await question('clean-2');
  expect((await effects(at(2), since)).some(({ effect }) => effect === 'disk-erased')).toBe(false);
  expect(await machineNow(at(2))).toMatchObject({ owner: 'old', held: expect.stringContaining('frozen') });
  await mend(at(2), 'erase-refused');
  await answer(request, 'method:nvme-format');
  // The keys were never discarded: the disk that they lock takes the method that was named as well.
  await done('clean-2');
  expect((await proofOf('clean-2')).map(({ method }) => method)).toEqual(['nvme-format', 'nvme-format']);
  expect(await machineNow(at(2))).toMatchObject({ owner: 'next', stage: 'in_service' });
});

test('a disk that lies is found out; one that is gone is answered for; a machine without an owner is off', async () => {
  const machine = at(3);
  const lost = { machineId: machine.id, serial: 'LOST1', name: 'sdq', bytes: 1e12, rotational: true, content: 'ext4' };
  await whole.up.mdb.insert(disks).values({ ...lost, present: false });
  await fault(machine, { kind: 'erase-lies', disk: 1 });
  await clean(machine, 'clean-3');
  const lie = await question('clean-3');
  expect((await machineNow(machine)).held).toContain('16 of 16 marked blocks were still there');
  await mend(machine, 'erase-lies');
  await answer(lie, 'retry');
  const absent = await question('clean-3');
  expect((await machineNow(machine)).held).toContain('sdq (serial LOST1)');
  expect((await machineNow(machine)).owner).toBe('old');
  await answer(absent, 'vouch');
  await done('clean-3');
  expect(await machineNow(machine)).toMatchObject({
    owner: null,
    stage: 'registered',
    opState: 'disabled',
    bootState: 'clean',
  });
  const { power } = (await (await fetch(`${whole.sim}/machines/${placeOf(machine)}`)).json()) as { power: string };
  expect(power).toBe('off');
  const moved = await whole.up.mdb.select().from(stateHistory).where(eq(stateHistory.orderId, 'clean-3'));
  expect(moved.filter(({ guarded }) => guarded === 'op_state').map(({ to }) => to)).toEqual(['draining', 'disabled']);
});
