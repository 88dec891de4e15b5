import { createHash } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BootState } from '../../domain/machine.ts';
import { bootStats, persistentFailers } from '../../mdb/boot/counts.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { addresses, audit, bootCounts, bootTokens, machines, nics, orders, outbox, sites } from '../../mdb/schema.ts';
import { withClockStopped } from '../support/clock.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { sitePolicy, writeSite } from '../support/site.ts';
import { type BirtherRig, type Cable, cableTo, startBirther } from './rig.ts';

let db: ThrowawayMdb;
let cable: Cable;
let birther: BirtherRig;

beforeEach(async () => {
  db = await throwawayMdb();
  cable = await cableTo(db.url);
  birther = await startBirther(cable.url);
});

afterEach(async () => {
  await birther.close();
  await cable.cut().catch(() => {});
  await db.close();
});

const mac = '52:54:00:aa:00:01';
const machineId = 'm-525400aa0001';
const request = { mac, uuid: '4c4c4544-0032-3510-8034-b7c04f564231', serial: 'S1', platform: 'pcbios', arch: 'i386' };
const argument = (script: string, name: string) => new RegExp(` farrier\\.${name}=(\\S+)`).exec(script)?.[1];
const theMachine = async () => (await db.mdb.select().from(machines).where(eq(machines.id, machineId)))[0];

async function move(bootState: BootState, values: Partial<typeof machines.$inferInsert> = {}): Promise<void> {
  await db.mdb
    .update(machines)
    .set({ bootState, ...values })
    .where(eq(machines.id, machineId));
}

test('a MAC never seen becomes one machine in birth, with address, order, message and audit', async () => {
  await writeSite(db.mdb);
  const script = await birther.ask({ ...request, vendor: 'QEMU', product: 'Standard PC' });
  const machine = await theMachine();
  expect(machine).toMatchObject({ mac, bootState: 'birth', stage: 'racked', serial: 'S1', product: 'Standard PC' });
  expect(machine?.bootstraps).toBe(1);
  expect(argument(script, 'address')).toBe(machine?.temporaryAddress);
  const [order] = await db.mdb.select().from(orders);
  expect(order).toMatchObject({ id: 'birth-525400aa0001-1', passage: 'birth', requester: 'birther' });
  const [message] = await db.mdb.select().from(outbox);
  expect(message).toMatchObject({ key: `order/${order?.id}`, payload: { id: order?.id, passage: 'birth' } });
  expect(await db.mdb.select().from(audit)).toMatchObject([{ action: 'machine.registered', machineId }]);
  const [token] = await db.mdb.select().from(bootTokens);
  const hash = createHash('sha256')
    .update(argument(script, 'token') ?? '')
    .digest('hex');
  expect(token).toMatchObject({ hash, machineId, orderId: order?.id, use: 'bootstrap', redeemedAt: null });
});

test('fifty first requests at once make one machine with one address, and each gets an image', async () => {
  await writeSite(db.mdb, { policy: { bootstrapLimit: 100 } });
  const second = await startBirther(cable.url);
  const scripts = await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 ? birther : second).ask(request)));
  await second.close();
  expect(new Set(scripts.map((script) => argument(script, 'address'))).size).toBe(1);
  expect(new Set(scripts.map((script) => argument(script, 'token'))).size).toBe(50);
  expect(await db.mdb.select().from(machines)).toHaveLength(1);
  expect(await db.mdb.select().from(orders)).toHaveLength(1);
  expect(
    await db.mdb.select().from(addresses).where(sql`machine_id is not null and network_id = 'birth'`),
  ).toHaveLength(1);
});

test('a thousand machines at once: none twice, no address lost or lent twice', async () => {
  await writeSite(db.mdb, { lent: 1000, policy: { unknownMachinesPerMinute: 2000 } });
  const macs = Array.from({ length: 1000 }, (_, n) => `52:54:01:00:${hex(n >> 8)}:${hex(n & 255)}`);
  const scripts = await Promise.all(macs.map((one) => birther.ask({ mac: one, platform: 'efi' })));
  const lent = scripts.map((script) => argument(script, 'address'));
  expect(new Set(lent).size).toBe(1000);
  expect(lent).not.toContain(undefined);
  const rows = await db.mdb.select({ address: machines.temporaryAddress }).from(machines);
  expect(new Set(rows.map(({ address }) => address))).toEqual(new Set(lent));
});

test('a full pool refuses with a wait, writes nothing of the machine, and leaves a trace', async () => {
  await writeSite(db.mdb, { lent: 2 });
  for (const n of ['01', '02']) await birther.ask({ mac: `52:54:00:bb:00:${n}` });
  const script = await birther.ask(request);
  expect(script).toContain('no temporary address is free');
  await birther.ask({ ...request, mac: '52:54:00:bb:00:03', serial: 'S3' });
  expect(await db.mdb.select().from(machines)).toHaveLength(2);
  const traces = await db.mdb.select().from(audit).where(eq(audit.action, 'boot.pool-full'));
  expect(traces).toHaveLength(1);
  await db.mdb.insert(addresses).values({ address: '10.77.9.9', networkId: 'birth' });
  expect(argument(await birther.ask(request), 'address')).toBe('10.77.9.9');
});

test('the address that DHCP lent first is the one that the MDB lends too, when a proxy says so', async () => {
  await writeSite(db.mdb);
  const behind = await startBirther(cable.url, { proxies: ['127.0.0.0/8'] });
  const script = await behind.ask(request, { 'x-forwarded-for': '203.0.113.7, 10.77.1.20' });
  await behind.close();
  expect(argument(script, 'address')).toBe('10.77.1.20');
  // Nobody vouches for this one (attack A4).
  const other = await birther.ask({ mac: '52:54:00:aa:00:02' }, { 'x-forwarded-for': '10.77.1.21' });
  expect(argument(other, 'address')).not.toBe('10.77.1.21');
});

test('the five states', async () => {
  await writeSite(db.mdb);
  const first = await birther.ask(request);
  const again = await birther.ask(request);
  expect(argument(again, 'address')).toBe(argument(first, 'address'));
  expect(argument(again, 'token')).not.toBe(argument(first, 'token'));
  await move('healthy', { address: '10.1.0.65', temporaryAddress: null, bootstraps: 0 });
  expect(await birther.ask(request)).toMatch(/^#!ipxe\nchain .*local\.pxe \|\|\nsanboot .* \|\| exit 1\n$/);
  expect(await birther.ask({ ...request, platform: 'efi' })).toContain('/files/boot/local.efi');
  await move('rebirth');
  const rebirth = await birther.ask(request);
  expect([argument(rebirth, 'address'), argument(rebirth, 'fast')]).toEqual(['10.1.0.65', undefined]);
  await move('healthy');
  await move('clean');
  const clean = await birther.ask(request);
  expect([argument(clean, 'address'), argument(clean, 'fast')]).toEqual(['10.1.0.65', '1']);
  await move('birth');
  expect(argument(await birther.ask(request), 'address')).toBe(argument(first, 'address'));
});

test('a further NIC of a machine is that machine; a foreign one that shows its identity is refused', async () => {
  await writeSite(db.mdb);
  await birther.ask(request);
  await db.mdb.insert(nics).values({ mac: '52:54:00:aa:00:02', machineId });
  expect(argument(await birther.ask({ ...request, mac: '52:54:00:aa:00:02' }), 'token')).toBeDefined();
  const foreign = await birther.ask({ ...request, mac: '52:54:00:aa:00:03' });
  expect(foreign).not.toContain('farrier.token');
  const [newcomer] = await db.mdb.select().from(machines).where(eq(machines.resembles, machineId));
  expect(newcomer).toMatchObject({ mac: '52:54:00:aa:00:03', held: expect.stringContaining('none of its NICs') });
  expect((await theMachine())?.held).toBeNull();
});

test('another identity under a known MAC gets no token, is told once, and the real machine proceeds', async () => {
  await writeSite(db.mdb);
  await birther.ask(request);
  for (let n = 0; n < 3; n += 1)
    expect(await birther.ask({ ...request, serial: `X${n}` })).not.toContain('farrier.token');
  expect((await theMachine())?.held).toBeNull();
  const [newcomer] = await db.mdb.select().from(machines).where(eq(machines.resembles, machineId));
  expect(newcomer?.held).toContain('serial number X0 instead of S1');
  expect(await db.mdb.select().from(outbox).where(eq(outbox.kind, 'report'))).toEqual([]);
  expect(await db.mdb.select().from(audit).where(eq(audit.action, 'boot.resembled'))).toHaveLength(1);
  expect(await birther.ask(request)).toContain('farrier.token');
});

test('images beyond the limit end in one report, and a cleared count goes on', async () => {
  await writeSite(db.mdb, { policy: { bootstrapLimit: 3 } });
  const scripts = await Promise.all(Array.from({ length: 12 }, () => birther.ask(request)));
  expect(scripts.filter((script) => script.includes('farrier.token'))).toHaveLength(3);
  expect((await theMachine())?.held).toContain('booted 3 bootstrap images');
  // Somebody else's words in the same place must not make it tell again, nor a restart of the birther.
  await db.mdb.update(machines).set({ held: 'a person looks' });
  const second = await startBirther(cable.url);
  await second.ask(request);
  await second.close();
  const told = () => db.mdb.select().from(outbox).where(eq(outbox.kind, 'report'));
  expect(await told()).toMatchObject([{ orderId: 'birth-525400aa0001-1', payload: { kind: 'failed', step: 'boot' } }]);
  await db.mdb.update(machines).set({ bootstraps: 0, held: null });
  expect(await birther.ask(request)).toContain('farrier.token');
  for (let n = 0; n < 4; n += 1) await birther.ask(request);
  const third = await startBirther(cable.url);
  await third.ask(request);
  await third.close();
  expect(await told()).toHaveLength(2);
});

test('unknown machines beyond the limit wait and leave no rows (attack A3)', async () => {
  await writeSite(db.mdb, { policy: { unknownMachinesPerMinute: 5 } });
  const scripts = await Promise.all(
    Array.from({ length: 100 }, (_, n) => birther.ask({ mac: `52:54:00:cc:00:${hex(n)}` })),
  );
  expect(scripts.filter((script) => script.includes('farrier.token'))).toHaveLength(5);
  await birther.flush();
  expect(await db.mdb.select().from(machines)).toHaveLength(5);
  const counted = await db.mdb.select().from(bootCounts);
  expect(counted.length).toBeLessThanOrEqual(6 + 1);
  expect(counted.find((row) => row.mac === 'unknown-machine')).toMatchObject({
    requests: 95,
    answers: 95,
    answer: 'wait',
  });
  await db.mdb.update(sites).set({ policy: { ...sitePolicy, autoBirth: false } });
  expect(await birther.ask({ mac: '52:54:00:dd:00:01' })).toContain('takes no unannounced machines');
});

test('a source that asks too much waits without the MDB, and beyond that is turned away', async () => {
  await writeSite(db.mdb);
  const slow = await startBirther(cable.url, { rate: 10 });
  const ask = async () => {
    const response = await fetch(`${slow.origin}/boot.ipxe?mac=${mac}`);
    return (await response.text()).includes('too many requests') && response.ok ? 'slow' : `${response.status}`;
  };
  const statuses = await withClockStopped(() => Promise.all(Array.from({ length: 40 }, ask)));
  expect(new Set(statuses)).toEqual(new Set(['200', 'slow', '429']));
  expect((await fetch(`${slow.origin}/healthz`)).status).toBe(200);
  await slow.close();
});

test.each(['', 'zz', '00:00:00:00:00:00', `$\{net0/mac}`, 'a\n#!ipxe'])(
  'the malformed MAC %j gets a safe script',
  async (bad) => {
    await writeSite(db.mdb);
    const script = await birther.ask({ ...request, mac: bad });
    expect(script).toMatch(/^#!ipxe\necho .*\nsleep \d+\n/);
    expect(script).not.toContain('farrier.token');
    expect(await db.mdb.select().from(machines)).toHaveLength(0);
  },
);

test('a request without a MAC is told to say who it is', async () => {
  const response = await fetch(`${birther.origin}/boot.ipxe`);
  expect(await response.text()).toMatch(/^#!ipxe\n:ask\nchain --replace /);
});

test('while the MDB is away the healthy boot locally and the others wait; then all is as before', async () => {
  await writeSite(db.mdb);
  const other = { ...request, mac: '52:54:00:aa:00:02', serial: 'S2', uuid: '' };
  await birther.ask(request);
  await birther.ask(other);
  await move('healthy', { address: '10.1.0.65' });
  await birther.ask(request);
  await cable.cut();
  expect(await birther.ask(request)).toContain('sanboot');
  expect(await birther.ask(other)).toContain('the MDB is away');
  expect(await birther.ask({ mac: '52:54:00:aa:00:03' })).toContain('the MDB is away');
  expect(await (await fetch(`${birther.origin}/healthz`)).text()).toContain('degraded');
  expect(await (await fetch(`${birther.origin}/metrics`)).text()).toContain('farrier_boot_mdb_away 1');
  await cable.mend();
  await expect.poll(() => birther.ask(other)).toContain('farrier.token');
  // What was counted meanwhile is not lost.
  await birther.flush();
  const { pool, close } = connectMdb({ url: db.url, name: 'test' });
  const stats = await bootStats(pool, 3600);
  await close();
  expect(stats.find((row) => row.mac === mac)).toMatchObject({ machineId, requests: 3, answers: 3 });
  expect(stats.find((row) => row.mac === mac)?.byAnswer).toEqual({ bootstrap: 1, local: 2 });
});

test('what was healthy is remembered by a birther that starts while the MDB is away', async () => {
  await writeSite(db.mdb);
  await birther.ask(request);
  await move('healthy', { address: '10.1.0.65' });
  await birther.ask(request);
  await birther.snapshot.refresh([mac]);
  await cable.cut();
  const next = await startBirther(cable.url, { data: birther.images.replace(/\/images$/, '') });
  expect(await next.ask(request)).toContain('sanboot');
  await next.close();
});

test('a machine that boots six times within ten minutes is found, one that waits is not', async () => {
  await writeSite(db.mdb);
  await birther.ask(request);
  await move('healthy', { address: '10.1.0.65' });
  for (let n = 0; n < 5; n += 1) await birther.ask(request);
  for (let n = 0; n < 9; n += 1) await birther.ask({ mac: 'nonsense' });
  await birther.flush();
  const { pool, close } = connectMdb({ url: db.url, name: 'test' });
  expect(await persistentFailers(pool, 600, 6)).toMatchObject([{ mac, machineId, requests: 6, answers: 6 }]);
  expect(await persistentFailers(pool, 600, 7)).toEqual([]);
  await close();
});

function hex(number: number): string {
  return number.toString(16).padStart(2, '0');
}
