/** What is left of a passage that somebody terminated, and how a person lifts the hold: real workers on a real MDB. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { liftHold } from '../../mdb/machines/hold.ts';
import { audit, humanSteps, machines, orders, outbox, permits, tickets } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { devServer } from '../support/temporal.ts';
import { ann, type RealMachine, withRealMachines } from './real.ts';

const environment = await devServer();
let at: ThrowawayMdb;

beforeAll(async () => {
  at = await throwawayMdb();
  await writeSite(at.mdb);
});
afterAll(async () => {
  await environment?.teardown();
  await at?.close();
});

const limit = { timeout: 60_000 };
const rowOf = async ({ id }: RealMachine) => (await at.mdb.select().from(machines).where(eq(machines.id, id)))[0];
const orderOf = async (id: string) => (await at.mdb.select().from(orders).where(eq(orders.id, id)))[0];

/** A drain that stands: no worker of its site asks the scheduler. */
async function underWay(machine: RealMachine): Promise<string> {
  await at.mdb.update(machines).set({ opState: 'draining' }).where(eq(machines.id, machine.id));
  const { id } = await machine.place('undrain');
  await machine.tell({ id, passage: 'undrain' });
  await expect.poll(async () => (await orderOf(id))?.state, limit).toBe('running');
  // Its order runs a moment before it has moved the machine: what is left depends on how far it came.
  await expect.poll(async () => (await rowOf(machine))?.opState, limit).toBe('disabled');
  return id;
}

async function broken(machine: RealMachine): Promise<string> {
  const orderId = await underWay(machine);
  await machine.passage('undrain', orderId).terminate('by hand');
  await expect.poll(async () => (await orderOf(orderId))?.state, limit).toBe('failed');
  return orderId;
}

describe.skipIf(environment === null)('O-2: a passage that is terminated', () => {
  test('leaves an order that failed for that reason, no open question, and a semaphore that looks after its permit', async () => {
    if (environment === null) return;
    await withRealMachines(environment, at.mdb, async (make) => {
      const machine = await make();
      const orderId = await underWay(machine);
      const machineId = machine.id;
      await at.mdb.insert(tickets).values({ id: `T-${orderId}`, machineId, fault: 'x', title: 'x', body: 'x' });
      const question = { owner: 'operations', question: 'what now', choices: ['done'], remindAt: new Date() };
      await at.mdb.insert(humanSteps).values({
        id: `${orderId}:restore:1`,
        machineId,
        orderId,
        step: 'restore',
        ticketId: `T-${orderId}`,
        ...question,
      });
      const semaphore = 'semaphore/reboot/fleet=all';
      await at.mdb.insert(permits).values({
        id: `p-${orderId}`,
        semaphore,
        machineId,
        orderId,
        class: 'maintenance',
        state: 'granted',
        fence: 7,
        requestedAt: new Date(),
        grantedAt: new Date(),
      });
      await machine.passage('undrain', orderId).terminate('by hand');
      await expect.poll(async () => (await orderOf(orderId))?.state, limit).toBe('failed');
      expect((await orderOf(orderId))?.outcome).toBe('The undrain passage broke off: it was terminated');
      const [step] = await at.mdb.select().from(humanSteps).where(eq(humanSteps.orderId, orderId));
      expect(step?.answeredAt).not.toBeNull();
      // Whether its machine is up is for the semaphore to see: a workflow that is gone says nothing of that.
      const [permit] = await at.mdb.select().from(permits).where(eq(permits.orderId, orderId));
      expect(permit?.state).toBe('granted');
      const reported = await at.mdb.select().from(outbox).where(eq(outbox.kind, 'permit'));
      expect(reported.map(({ payload }) => payload)).toContainEqual({
        semaphore,
        signal: 'look',
        body: { id: `p-${orderId}` },
      });
    });
  });

  test('leaves its machine held, until a person lifts that with a reason, which the audit keeps', async () => {
    if (environment === null) return;
    await withRealMachines(environment, at.mdb, async (make) => {
      const machine = await make();
      await broken(machine);
      expect((await rowOf(machine))?.held).toContain('broke off');
      expect(await liftHold(at.mdb, ann, machine.id, 'looked at it, it runs')).toBe(true);
      expect(await rowOf(machine)).toMatchObject({ held: null, opState: 'disabled' });
      const open = (await at.mdb.select().from(tickets).where(eq(tickets.machineId, machine.id))).filter(
        ({ closedAt }) => closedAt === null,
      );
      expect(open).toEqual([]);
      const said = await at.mdb.select().from(audit).where(eq(audit.machineId, machine.id));
      expect(said.find(({ action }) => action === 'machine.unhold')).toMatchObject({
        actor: 'ann',
        detail: { reason: 'looked at it, it runs', was: expect.stringContaining('broke off') },
      });
      expect(await liftHold(at.mdb, ann, machine.id, 'again')).toMatchObject({ code: 'conflict' });
      expect(await liftHold(at.mdb, ann, 'm-none', 'x')).toMatchObject({ code: 'not-found' });
    });
  });

  test('keeps a hold that waits for an answer: that is to be given', async () => {
    if (environment === null) return;
    await withRealMachines(environment, at.mdb, async (make) => {
      const machine = await make();
      const orderId = await underWay(machine);
      const machineId = machine.id;
      await at.mdb.insert(tickets).values({ id: `U-${orderId}`, machineId, fault: 'x', title: 'x', body: 'x' });
      const question = { owner: 'operations', question: 'what now', choices: ['done'], remindAt: new Date() };
      await at.mdb.insert(humanSteps).values({
        id: `${orderId}:restore:9`,
        machineId,
        orderId,
        step: 'restore',
        ticketId: `U-${orderId}`,
        ...question,
      });
      await at.mdb.update(machines).set({ held: 'what now' }).where(eq(machines.id, machineId));
      expect(await liftHold(at.mdb, ann, machineId, 'x')).toMatchObject({
        code: 'conflict',
        message: expect.stringContaining(`farrier step answer ${orderId}:restore:9 done`),
      });
      expect((await rowOf(machine))?.held).toBe('what now');
    });
  });
});
