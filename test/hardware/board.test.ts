/** A mainboard that was replaced: what a look tells of it, and what makes it the machine's own. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHardwareActivities } from '../../activities/hardware/index.ts';
import { createRepairActivities } from '../../activities/repair/index.ts';
import type { BoardObservation } from '../../contract/board.ts';
import type { Health } from '../../domain/health.ts';
import type { BoardObserved } from '../../domain/identity/board.ts';
import { judgeSwap, type KnownBoard } from '../../domain/identity/board.ts';
import type { BoardAnswer } from '../../domain/identity/boardanswer.ts';
import { judgeBoardAnswer } from '../../domain/identity/boardanswer.ts';
import { audit, bmcs, boards, machines, nics, orders } from '../../mdb/schema.ts';
import { openSessionPool } from '../../redfish/pool.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import { createFleet, type Fleet } from '../../sim/fleet.ts';
import { bmcMacOf, macOf } from '../../sim/hardware.ts';
import { type Listening, listenFor } from '../../sim/listen.ts';
import type { SimMachine } from '../../sim/machine.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

const oldUuid = '4c4c4544-0042-3510-8052-b4c04f4d3333';
const newUuid = '4c4c4544-0042-3510-8052-b4c04f4d4444';
const known: KnownBoard & { serial: string } = {
  uuid: oldUuid,
  serial: 'B5R3M33',
  serials: ['B5R3M33', 'CN0001'],
  bootMac: 'b0:26:28:11:22:33',
  macs: ['b0:26:28:11:22:33', 'b0:26:28:11:22:34'],
  bmcMac: 'b0:26:28:11:22:40',
  key: 'old',
};
const own: BoardObserved = {
  uuid: oldUuid,
  serial: 'B5R3M33',
  boardSerial: null,
  serials: ['B5R3M33'],
  macs: ['b0:26:28:11:22:33'],
  bmcMacs: ['b0:26:28:11:22:40'],
  key: 'old',
};

describe('what a controller shows of the board', () => {
  test('is the machine itself, with whatever else moved', () => {
    expect(judgeSwap(known, own)).toEqual({ is: 'same' });
    expect(judgeSwap(known, { ...own, bmcMacs: ['b0:26:28:99:99:99'] })).toEqual({ is: 'same' });
  });

  test.each<[string, Partial<BoardObserved>, string[], string[], boolean]>([
    ['another UUID alone', { uuid: newUuid }, ['serial', 'nic-mac', 'bmc-mac', 'key'], ['uuid'], false],
    ['another certificate alone', { key: 'new' }, ['uuid', 'serial', 'nic-mac', 'bmc-mac'], ['key'], false],
    [
      'all of a board with ports and controller on it, in the old case',
      { uuid: newUuid, macs: ['b0:26:28:77:00:01'], bmcMacs: ['b0:26:28:77:00:09'], key: 'new' },
      ['serial'],
      ['uuid', 'nic-mac', 'bmc-mac', 'key'],
      true,
    ],
    [
      'a filler in place of the UUID (quirk 62)',
      { uuid: null, serials: ['XYZ1'], serial: 'XYZ1', key: 'new', macs: [] },
      ['bmc-mac'],
      ['serial', 'key'],
      false,
    ],
  ])('is another board in it: %s', (_, different, agree, differ, bootPortGone) => {
    expect(judgeSwap(known, { ...own, ...different })).toEqual({ is: 'swapped', agree, differ, bootPortGone });
  });

  test('is another machine where nothing agrees, and unclear where too little is shown', () => {
    const other = {
      uuid: newUuid,
      serials: ['XYZ1'],
      serial: 'XYZ1',
      macs: ['b0:26:28:77:00:01'],
      bmcMacs: [],
      key: 'new',
    };
    expect(judgeSwap(known, { ...own, ...other })).toMatchObject({ is: 'other' });
    expect(judgeSwap(known, { ...own, uuid: null, macs: [], bmcMacs: [] })).toMatchObject({ is: 'unclear' });
  });
});

describe("a person's word on the new board", () => {
  const observed = { ...own, uuid: newUuid, key: 'new' };
  const word: BoardAnswer = { by: 'ann', serial: 'NB-7', uuid: newUuid.toUpperCase(), key: 'new' };
  test('is taken when it is what was seen', () => {
    expect(judgeBoardAnswer(known, observed, word)).toMatchObject({
      change: { uuid: newUuid, serial: 'B5R3M33', boardSerial: 'NB-7', mac: known.bootMac, macs: [], key: 'new' },
    });
  });

  test.each<[string, Partial<BoardObserved>, Partial<BoardAnswer>, RegExp]>([
    ['another UUID', {}, { uuid: oldUuid }, /its system UUID is .*4444/],
    ['no UUID', {}, { uuid: '' }, /UUID/],
    ['another key', {}, { key: 'old' }, /key is new/],
    ['no serial number', {}, { serial: 'To be filled by O.E.M.' }, /is no serial number/],
    ['another serial number than its board shows', { boardSerial: 'NB-8' }, {}, /NB-8/],
    ['no port to boot from', { macs: ['b0:26:28:77:00:01'] }, {}, /the port it booted from is gone/],
    ['a port that is not there', { macs: ['b0:26:28:77:00:01'] }, { mac: 'b0:26:28:77:00:05' }, /is gone/],
    ['too little to be known again', { serials: [], serial: null, macs: [] }, {}, /too little/],
    ['nothing differs any more', { uuid: oldUuid, key: 'old' }, {}, /nothing differs/],
  ])('is not taken: %s', (_, seen, said, why) => {
    expect(judgeBoardAnswer(known, { ...observed, ...seen }, { ...word, ...said })).toMatchObject({
      why: expect.stringMatching(why),
    });
  });

  test('moves the port that it boots from', () => {
    const moved = { ...observed, macs: ['b0:26:28:77:00:01', 'b0:26:28:77:00:02'] };
    expect(judgeBoardAnswer(known, moved, { ...word, mac: 'B0-26-28-77-00-02' })).toMatchObject({
      change: { mac: 'b0:26:28:77:00:02', macs: moved.macs },
    });
  });
});

describe('a simulated machine whose board is replaced', () => {
  let db: ThrowawayMdb;
  let folder: string;
  let fleet: Fleet;
  let listening: Listening;
  const machineId = 'm-board';
  const order = { machineId, siteId: 'home', orderId: 'repair-1', passage: 'repair' } as const;
  const machine = () => fleet.machines[0] as SimMachine;

  beforeAll(async () => {
    db = await throwawayMdb();
    await writeSite(db.mdb);
    folder = await mkdtemp(join(tmpdir(), 'farrier-board-'));
    await mkdir(join(folder, 'secrets'));
    await writeFile(join(folder, 'secrets', 'good'), JSON.stringify({ username: 'admin', password: 'simulated' }));
    fleet = createFleet({ racks: 1, perRack: 1, folder, bootUrl: 'http://127.0.0.1:9', ca: '' });
    listening = await listenFor(fleet, '127.0.0.1:0', 'ports', 'https');
    const { hardware } = machine();
    const row = { id: machineId, siteId: 'home', mac: macOf(hardware), keyStore: 'nvram', keyFingerprint: 'k1' };
    await db.mdb.insert(machines).values({ ...row, systemUuid: hardware.uuid, serial: hardware.serial });
    await db.mdb.insert(nics).values({ mac: macOf(hardware), machineId });
    const origin = listening.originOf(hardware);
    await db.mdb.insert(bmcs).values({ machineId, origin, secretRef: 'good', mac: bmcMacOf(hardware) });
    await db.mdb
      .insert(orders)
      .values({ id: 'repair-1', machineId, passage: 'repair', requester: 'ann', reason: 'test' });
  });
  afterAll(async () => {
    await listening?.close();
    await fleet?.stop();
    await db?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** In a process of its own, as far as sessions go. */
  async function ask<T>(name: 'lookAtBoard' | 'checkHealth' | 'checkController', more: object = {}): Promise<T> {
    const pool = openSessionPool();
    try {
      const activities = createHardwareActivities(db.mdb, secretFolder(join(folder, 'secrets')), pool);
      const activity = activities[name] as (input: unknown) => Promise<T>;
      return await new MockActivityEnvironment().run(activity, { ...order, since: null, ...more });
    } finally {
      await pool.close();
    }
  }
  const bmc = async () => (await db.mdb.select().from(bmcs).where(eq(bmcs.machineId, machineId)))[0];
  const row = async () => (await db.mdb.select().from(machines).where(eq(machines.id, machineId)))[0];
  const signIns = async () =>
    (await fleet.journal.read()).filter(({ effect }) => effect === 'session-opened' || effect === 'session-refused')
      .length;
  /** A new board, in the same case with the same ports. */
  async function replaceBoard(facts: object): Promise<void> {
    Object.assign(machine().hardware, facts);
    await listening.changeCertificate(machine());
  }
  const accept = (observed: BoardObserved, answer: BoardAnswer, id = 'repair-1:board:1') =>
    createRepairActivities(db.mdb).acceptBoard({ ...order, id, observed: observed, answer });

  test('is shut out, told apart from another machine, and is itself again by the word of a person', async () => {
    expect(await ask('checkController')).toMatchObject({ state: 'match' });
    expect(await ask<BoardObservation>('lookAtBoard')).toEqual({ state: 'same', quarantined: false });
    const { pin } = (await bmc()) ?? {};
    await replaceBoard({ uuid: newUuid });
    const before = await signIns();
    expect(await ask<Health>('checkHealth')).toMatchObject({ up: false, shutOut: 'certificate' });
    const unsigned = await ask<BoardObservation>('lookAtBoard');
    expect(unsigned).toMatchObject({ state: 'key', key: expect.stringMatching(/^[\w+/]{43}=$/) });
    expect(await signIns()).toBe(before);

    const key = unsigned.state === 'key' ? unsigned.key : '';
    const observation = await ask<BoardObservation>('lookAtBoard', { key });
    expect(observation).toMatchObject({ state: 'swapped', differ: ['uuid', 'key'], bootPortGone: false });
    if (observation.state !== 'swapped') throw new Error('not swapped');
    expect(observation.agree).toEqual(expect.arrayContaining(['serial', 'nic-mac']));
    // A look writes nothing.
    expect(await bmc()).toMatchObject({ pin, quarantineFor: 'certificate' });

    const word = { by: 'ann', serial: 'NB-7', uuid: newUuid, key };
    expect(await accept(observation.observed, { ...word, uuid: oldUuid })).toMatchObject({ accepted: false });
    expect(await bmc()).toMatchObject({ pin, quarantineFor: 'certificate' });
    expect(await accept(observation.observed, word)).toEqual({ accepted: true, keysLost: true });
    expect(await accept(observation.observed, word)).toEqual({ accepted: true, keysLost: true });
    expect(await bmc()).toMatchObject({ pin: key, quarantine: null, quarantineFor: null });
    expect(await row()).toMatchObject({
      systemUuid: newUuid,
      boardSerial: 'NB-7',
      keyStore: null,
      keyFingerprint: null,
    });
    expect(await db.mdb.select().from(boards)).toMatchObject([
      { acceptedBy: 'ann', serial: 'NB-7', before: { keyFingerprint: 'k1' }, after: { uuid: newUuid }, keysLost: true },
    ]);
    const reported = await db.mdb.select().from(audit).where(eq(audit.action, 'repair.board-accepted'));
    expect(reported).toMatchObject([{ actorClass: 'user', actor: 'ann', machineId, orderId: 'repair-1' }]);
    // One line of its timeline says all of it.
    expect(reported[0]?.detail).toMatchObject({
      reason: expect.stringMatching(/serial number NB-7, system UUID \S+ → \S+4444; the keys of its disks are lost/),
    });
    expect(await ask('checkController')).toMatchObject({ state: 'match' });
    expect(await ask<BoardObservation>('lookAtBoard')).toEqual({ state: 'same', quarantined: false });
  });

  test('and another machine, with which nothing agrees, stays shut out', async () => {
    const { hardware } = machine();
    const was = { ...hardware };
    await replaceBoard({ uuid: oldUuid, serial: 'OTHER', unit: 9 });
    const unsigned = await ask<BoardObservation>('lookAtBoard');
    const key = unsigned.state === 'key' ? unsigned.key : '';
    expect(await ask<BoardObservation>('lookAtBoard', { key })).toMatchObject({ state: 'other' });
    const pinned = (await bmc())?.pin;
    expect(await ask<Health>('checkHealth')).toMatchObject({ up: false, shutOut: 'certificate' });
    expect(await bmc()).toMatchObject({ pin: pinned, quarantineFor: 'certificate' });
    Object.assign(hardware, was);
  });

  test('is not accepted with the identity of another machine of the MDB', async () => {
    await db.mdb
      .insert(machines)
      .values({ id: 'm-twin', siteId: 'home', mac: '02:ee:00:00:00:77', systemUuid: oldUuid });
    const observed = { ...own, uuid: oldUuid };
    expect(await accept(observed, { by: 'ann', serial: 'NB-8', uuid: oldUuid }, 'repair-1:board:9')).toMatchObject({
      accepted: false,
      why: expect.stringContaining('m-twin'),
    });
  });

  test('is let in again where it shows its own identity after all', async () => {
    await db.mdb.update(bmcs).set({ quarantine: 'it was another', quarantineFor: 'identity' });
    await createRepairActivities(db.mdb).endQuarantine({ ...order, by: 'bea' });
    expect(await bmc()).toMatchObject({ quarantine: null });
    expect(await db.mdb.select().from(audit).where(eq(audit.actor, 'bea'))).toMatchObject([{ action: 'bmc.release' }]);
  });
});
