/** What a passage does when its MDB fails it: real workers on a real MDB. What passes is waited for, a fault ends with a person. */
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machines, orders, tickets } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { devServer } from '../support/temporal.ts';
import { type RealMachine, withRealMachines } from './real.ts';

const environment = await devServer();
let at: ThrowawayMdb;
let admin: ThrowawayMdb;

beforeAll(async () => {
  [at, admin] = await Promise.all([throwawayMdb(), throwawayMdb({ owner: true })]);
  await writeSite(at.mdb);
});
afterAll(async () => {
  await environment?.teardown();
  await at?.close();
  await admin?.close();
});

const limit = { timeout: 60_000 };
const stateOf = async (id: string) => (await at.mdb.select().from(orders).where(eq(orders.id, id)))[0]?.state;

async function does(machine: RealMachine): Promise<void> {
  const order = await machine.place('undrain');
  await machine.tell(order);
  await expect.poll(() => stateOf(order.id), limit).toBe('done');
}

describe.skipIf(environment === null)('a passage whose transaction fails', () => {
  test('for a fault ends with a person who is told why, and the machine takes its next order', async () => {
    if (environment === null) return;
    await withRealMachines(environment, at.mdb, async (make) => {
      const machine = await make();
      await at.mdb.update(machines).set({ opState: 'draining' }).where(eq(machines.id, machine.id));
      // A migration that went wrong: no time makes it right.
      await at.asOwner('alter table pools rename to pools_gone');
      try {
        const order = await machine.place('undrain');
        await machine.tell(order);
        await expect.poll(() => stateOf(order.id), limit).toBe('failed');
      } finally {
        await at.asOwner('alter table pools_gone rename to pools');
      }
      const [ticket] = await at.mdb.select().from(tickets).where(eq(tickets.machineId, machine.id));
      expect(ticket).toMatchObject({ fault: 'passage/broken' });
      expect(ticket?.body).toContain('relation "pools" does not exist');
      // Neither the statement nor what was bound to it.
      expect(ticket?.body).not.toMatch(/select|params/i);
      const [row] = await at.mdb.select().from(machines).where(eq(machines.id, machine.id));
      expect(row?.held).toContain('broke off');
      await at.mdb.update(machines).set({ opState: 'production' }).where(eq(machines.id, machine.id));
      await does(machine);
    });
  });

  test('because the MDB is away goes on when it is back, and nobody is asked', async () => {
    if (environment === null) return;
    const name = new URL(at.url).pathname.slice(1);
    await withRealMachines(environment, at.mdb, async (make) => {
      const machine = await make();
      const order = await machine.place('undrain');
      await admin.mdb.execute(sql.raw(`alter database ${name} with allow_connections false`));
      try {
        await admin.mdb.execute(sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`);
        await machine.tell(order);
        const tried = async () =>
          (await admin.mdb.execute(sql`select 1 from pg_stat_database where datname = ${name} and sessions_fatal >= 0`))
            .length;
        await expect.poll(tried).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 3000));
      } finally {
        await admin.mdb.execute(sql.raw(`alter database ${name} with allow_connections true`));
      }
      await expect.poll(() => stateOf(order.id).catch(() => null), limit).toBe('done');
      expect(await at.mdb.select().from(tickets).where(eq(tickets.machineId, machine.id))).toEqual([]);
    });
  });
});
