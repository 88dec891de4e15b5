/** Who a boot request is from, where what it shows belongs to somebody already: the question is about the newcomer. */
import { and, eq } from 'drizzle-orm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBirthActivities } from '../../activities/birth/index.ts';
import type { BootState } from '../../domain/machine.ts';
import { announceMachine } from '../../mdb/machines/announcing.ts';
import { audit, machines, nics, orders, outbox } from '../../mdb/schema.ts';
import { type BirtherRig, type Cable, cableTo, startBirther } from '../boot/rig.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let db: ThrowawayMdb;
let cable: Cable;
let birther: BirtherRig;

beforeEach(async () => {
  db = await throwawayMdb();
  cable = await cableTo(db.url);
  birther = await startBirther(cable.url);
  await writeSite(db.mdb);
});
afterEach(async () => {
  await birther.close();
  await cable.cut().catch(() => {});
  await db.close();
});

const first = '52:54:00:aa:00:01';
const second = '52:54:00:aa:00:02';
const id = (mac: string) => `m-${mac.replaceAll(':', '')}`;
const observed = { uuid: '4c4c4544-0032-3510-8034-b7c04f564231', serial: 'CASE77X1', platform: 'pcbios', arch: 'i386' };
const other = { ...observed, uuid: '4c4c4544-0032-3510-8034-b7c04f569999', serial: 'CASE88Y2' };
const row = async (machineId: string) => (await db.mdb.select().from(machines).where(eq(machines.id, machineId)))[0];
const move = (machineId: string, bootState: BootState) =>
  db.mdb.update(machines).set({ bootState, address: '10.1.0.65' }).where(eq(machines.id, machineId));
const answer = (machineId: string, word: string) =>
  createBirthActivities(db.mdb).settleNewcomer({
    machineId,
    siteId: 'home',
    orderId: `birth-${machineId.slice(2)}-1`,
    passage: 'birth',
    answer: word,
    by: 'ann',
  });
const token = 'farrier.token';
const reportsOf = (machineId: string) =>
  db.mdb
    .select()
    .from(outbox)
    .where(and(eq(outbox.machineId, machineId), eq(outbox.kind, 'report')));

test('I-5: two nodes of one case with one UUID and serial: the question is about the new one, then both are born', async () => {
  expect(await birther.ask({ mac: first, ...observed })).toContain(token);
  for (const _ of [1, 2, 3]) expect(await birther.ask({ mac: second, ...observed })).not.toContain(token);
  expect(await row(id(first))).toMatchObject({ held: null, resembles: null });
  expect(await reportsOf(id(first))).toEqual([]);
  const newcomer = await row(id(second));
  expect(newcomer).toMatchObject({ mac: second, resembles: id(first), held: expect.stringContaining(second) });
  expect(
    await db.mdb
      .select()
      .from(orders)
      .where(eq(orders.machineId, id(second))),
  ).toHaveLength(1);
  expect(await birther.ask({ mac: first, ...observed })).toContain(token);

  expect(await answer(id(second), 'another-node')).toEqual({ is: 'own' });
  expect(await row(id(second))).toMatchObject({ resembles: null, held: null });
  expect(await birther.ask({ mac: second, ...observed })).toContain(token);
  expect(await birther.ask({ mac: first, ...observed })).toContain(token);
  // It is known by now that the case shares them: the third node is asked about no more.
  expect(await birther.ask({ mac: '52:54:00:aa:00:03', ...observed })).toContain(token);
});

test('I-5: one that is in the other byte order, or spelt otherwise, is the same question', async () => {
  await birther.ask({ mac: first, ...observed });
  const twin = { ...observed, uuid: '44454c4c-3200-1035-8034-b7c04f564231', serial: 'case77 x1' };
  expect(await birther.ask({ mac: second, ...twin })).not.toContain(token);
  expect(await row(id(second))).toMatchObject({ resembles: id(first) });
});

test('I-5: a second card of the machine is its own by the same question', async () => {
  await birther.ask({ mac: first, ...observed });
  await birther.ask({ mac: second, ...observed });
  expect(await answer(id(second), 'same-machine')).toEqual({ is: 'merged', into: id(first) });
  expect(await row(id(second))).toMatchObject({ stage: 'retired', macMovedTo: id(first) });
  const [card] = await db.mdb.select().from(nics).where(eq(nics.mac, second));
  expect(card).toMatchObject({ machineId: id(first) });
  expect(await birther.ask({ mac: second, ...observed })).toContain(token);
  expect(await row(id(first))).toMatchObject({ bootstraps: 2 });
});

test('I-6: fillers say nothing: the second card is another machine until an inventory shows both', async () => {
  const filler = { ...observed, uuid: '03020100-0504-0706-0809-0a0b0c0d0e0f', serial: 'To be filled by O.E.M.' };
  for (const mac of [first, second]) expect(await birther.ask({ mac, ...filler })).toContain(token);
  expect(await row(id(second))).toMatchObject({ resembles: null, held: null });
});

test('I-7: a card of a machine that boots in another one known: it is that one, and the old one goes on', async () => {
  await birther.ask({ mac: first, ...observed });
  await birther.ask({ mac: second, ...other });
  await move(id(second), 'healthy');
  // The card of the first is now in the second.
  expect(await birther.ask({ mac: first, ...other })).toContain('sanboot');
  for (const machineId of [id(first), id(second)]) {
    expect((await row(machineId))?.held).toBeNull();
    const reported = and(eq(audit.machineId, machineId), eq(audit.action, 'boot.card-elsewhere'));
    expect(await db.mdb.select().from(audit).where(reported)).toHaveLength(1);
  }
  expect(await birther.ask({ mac: first, ...observed })).toContain(token);
});

test('I-7: a card of a healthy machine that boots in one never seen: that one is born, and the old one is not held', async () => {
  await birther.ask({ mac: first, ...observed });
  await db.mdb.insert(nics).values({ mac: second, machineId: id(first) });
  await move(id(first), 'healthy');
  expect(await birther.ask({ mac: first, ...other })).toContain(token);
  const born = await row(`${id(first)}-2`);
  expect(born).toMatchObject({ mac: first, systemUuid: other.uuid, serial: other.serial, resembles: null });
  expect(await row(id(first))).toMatchObject({ mac: second, held: null });
  expect(await reportsOf(id(first))).toEqual([]);
  // Each by its own card, and the old one also by what it shows should its card come back.
  expect(await birther.ask({ mac: second, ...observed })).toContain('sanboot');
  expect(await birther.ask({ mac: first, ...other })).toContain(token);
  expect(await birther.ask({ mac: first, ...observed })).toContain('sanboot');
});

test('A2: a MAC with half of its identity gets no token; the question is about who asks, and the machine goes on', async () => {
  await birther.ask({ mac: first, ...observed });
  for (const serial of ['X71', 'X72', 'X73'])
    expect(await birther.ask({ mac: first, ...observed, serial })).not.toContain(token);
  expect(await row(id(first))).toMatchObject({ held: null });
  expect(await row(`${id(first)}-2`)).toMatchObject({ resembles: id(first), held: expect.stringContaining('X71') });
  expect(await db.mdb.select().from(machines)).toHaveLength(2);
  expect(await birther.ask({ mac: first, ...observed })).toContain(token);
  // It was the machine, with another chassis: from now on it is known by that.
  expect(await answer(`${id(first)}-2`, 'same-machine')).toMatchObject({ is: 'merged' });
  expect(await birther.ask({ mac: first, ...observed, serial: 'X71' })).toContain(token);
});

test('I-7: a card that two machines have lost is born anew in a third one', async () => {
  await db.mdb.insert(machines).values({ id: 'm-has-it-no-more', siteId: 'home', mac: second });
  const lost = { siteId: 'home', mac: first, macMovedTo: 'm-has-it-no-more', stage: 'retired' as const };
  await db.mdb.insert(machines).values({ ...lost, id: id(first) });
  for (const _ of [1, 2]) expect(await birther.ask({ mac: first, ...observed })).toContain(token);
  expect(await row(`${id(first)}-2`)).toMatchObject({ mac: first, macMovedTo: null, serial: observed.serial });
  const made = await db.mdb
    .select()
    .from(orders)
    .where(eq(orders.machineId, `${id(first)}-2`));
  expect(made).toMatchObject([{ id: `birth-${id(first).slice(2)}-2-1`, passage: 'birth' }]);
});

test('I-7: a card that its machine has lost can be announced for another one', async () => {
  await db.mdb.insert(machines).values({ id: 'm-has-it-no-more', siteId: 'home', mac: second });
  await db.mdb.insert(machines).values({ id: id(first), siteId: 'home', mac: first, macMovedTo: 'm-has-it-no-more' });
  const ann = { class: 'user', name: 'ann' } as const;
  expect(await announceMachine(db.mdb, ann, 'home', { mac: first })).toEqual({ id: `${id(first)}-2` });
  expect(await announceMachine(db.mdb, ann, 'home', { mac: first })).toMatchObject({
    code: 'conflict',
    message: `MAC ${first} belongs to ${id(first)}-2`,
  });
});
