/** Writers that work for a run of a passage which another one has overtaken, and for orders that have ended. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutageActivities } from '../../activities/outage/index.ts';
import { createPassageActivities } from '../../activities/passage/index.ts';
import { acting } from '../../mdb/acting.ts';
import { writeIntent } from '../../mdb/controllers/controller.ts';
import { machines, orders, steps } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let at: ThrowawayMdb;
let passage: ReturnType<typeof createPassageActivities>;
let outage: ReturnType<typeof createOutageActivities>;
beforeAll(async () => {
  at = await throwawayMdb();
  await writeSite(at.mdb);
  passage = createPassageActivities(at.mdb);
  outage = createOutageActivities(at.mdb);
});
afterAll(() => at.close());

const first = { step: 'drain', ordinal: 10, owner: 'operations', limit: 60_000 };

async function begin(id: string) {
  const machineId = `m-${id}`;
  const mac = `52:54:00:00:01:${id.padStart(2, '0')}`;
  await at.mdb.insert(machines).values({ id: machineId, siteId: 'home', mac, bootState: 'healthy', stage: 'racked' });
  for (const stage of ['registered', 'configured', 'profiled', 'deployed', 'in_service'] as const)
    await at.mdb.update(machines).set({ stage }).where(eq(machines.id, machineId));
  await at.mdb.update(machines).set({ opState: 'production' }).where(eq(machines.id, machineId));
  await at.mdb.insert(orders).values({ id, machineId, passage: 'reboot', requester: 'ann', reason: 'a test' });
  const order = { machineId, siteId: 'home', orderId: id, passage: 'reboot' } as const;
  const begun = await passage.beginPassage({ ...order, next: first });
  return { ...order, epoch: begun.epoch ?? 0, fence: begun.fence };
}

const machine = async (id: string) => (await at.mdb.select().from(machines).where(eq(machines.id, id)))[0];

describe('O-3: a stale writer of a machine fails by its version', () => {
  it('O-3: of an earlier run moves nothing, ends nothing and begins no step', async () => {
    const old = await begin('11');
    const { epoch } = await passage.beginPassage({ ...old, next: first });
    expect(epoch).toBe(old.epoch + 1);
    const before = await machine(old.machineId);
    const stale = /order 11 goes on in its run 2, and this is its run 1: nothing was changed/;
    await expect(outage.leaveService({ ...old, to: 'draining', dryRun: false })).rejects.toThrow(stale);
    await expect(passage.beginNextStep({ ...old, ended: 'drain', next: { ...first, step: 'reboot' } })).rejects.toThrow(
      stale,
    );
    await expect(passage.endOrder({ ...old, state: 'done', outcome: 'x', hold: false })).rejects.toThrow(stale);
    await expect(passage.endOrder({ ...old, state: 'done', outcome: 'x', hold: false })).rejects.toMatchObject({
      name: 'StaleRun',
    });
    expect(await machine(old.machineId)).toEqual(before);
    expect((await at.mdb.select().from(steps).where(eq(steps.orderId, '11'))).map(({ name }) => name)).toEqual([
      'drain',
    ]);
    const left = await outage.leaveService({ ...old, epoch, to: 'draining', dryRun: false });
    expect(left.left).toBe(true);
  });

  it('O-3: is found out where the row is locked, though it looked before the other run began', async () => {
    const old = await begin('12');
    const actor = { class: 'system', name: 'reboot', epoch: old.epoch } as const;
    let overtaken = () => {};
    const waits = new Promise<void>((resolve) => {
      overtaken = resolve;
    });
    const writes = acting(at.mdb, actor, old.orderId, async (tx) => {
      await waits;
      await tx.update(machines).set({ held: 'by a stale one' }).where(eq(machines.id, old.machineId));
    });
    const refused = expect(writes).rejects.toMatchObject({ name: 'StaleRun', message: /goes on in its run 2/ });
    await passage.beginPassage({ ...old, next: first });
    overtaken();
    await refused;
    expect((await machine(old.machineId))?.held).toBe(null);
  });

  it('O-3: of an order that has ended moves the machine no more', async () => {
    const old = await begin('13');
    await at.mdb.update(orders).set({ state: 'cancelled', endedAt: new Date() }).where(eq(orders.id, '13'));
    await expect(outage.leaveService({ ...old, to: 'draining', dryRun: false })).rejects.toThrow(
      /order 13 has ended \(cancelled\) and moves it no more/,
    );
    // What is said twice of an end is no move.
    await passage.endOrder({ ...old, state: 'done', outcome: 'x', hold: true });
    expect(await machine(old.machineId)).toMatchObject({ opState: 'production', held: expect.any(String) });
  });

  it('O-3: sends nothing: neither an earlier run with the latest fence, nor one of an order that has ended', async () => {
    const old = await begin('14');
    const { epoch, fence } = await passage.beginPassage({ ...old, next: first });
    const act = { machineId: old.machineId, orderId: '14', kind: 'restart', command: {}, fence, before: {} };
    expect(await writeIntent(at.mdb, { ...act, id: '14:restart:1', epoch: old.epoch })).toBe('stale');
    expect(await writeIntent(at.mdb, { ...act, id: '14:restart:2', epoch, fence: old.fence })).toBe('stale');
    expect(await writeIntent(at.mdb, { ...act, id: '14:restart:3', epoch })).toBe('written');
    await at.mdb.update(orders).set({ state: 'done', endedAt: new Date() }).where(eq(orders.id, '14'));
    expect(await writeIntent(at.mdb, { ...act, id: '14:restart:4', epoch })).toBe('stale');
  });
});
