/** Orders that are not what they are said to be, told to real workers on a real MDB: each ends with a note, none jams. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machines, orders } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { devServer } from '../support/temporal.ts';
import { type RealMachine, withRealMachines } from './real.ts';

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

const real = (run: (make: () => Promise<RealMachine>) => Promise<void>) => async () => {
  if (environment === null) throw new Error('the dev server went away');
  await withRealMachines(environment, at.mdb, run);
};

const limit = { timeout: 60_000 };
const noted = (machine: RealMachine, note: RegExp) =>
  expect.poll(async () => (await machine.status()).ignored.join('\n'), limit).toMatch(note);

/** Nothing jams the machine: an order that is in the MDB is done. */
async function stillWorks(machine: RealMachine): Promise<void> {
  const order = await machine.place('undrain');
  await machine.tell(order);
  await expect.poll(async () => (await machine.status()).last?.orderId, limit).toBe(order.id);
  expect((await machine.status()).last).toMatchObject({ outcome: 'done' });
  const [row] = await at.mdb.select().from(orders).where(eq(orders.id, order.id));
  expect(row).toMatchObject({ state: 'done' });
  const [{ held } = { held: 'no row' }] = await at.mdb.select().from(machines).where(eq(machines.id, machine.id));
  expect(held).toBeNull();
}

describe.skipIf(environment === null)('O-1: an order by a signal or an update', () => {
  for (const passage of ['undrain', 'birth', 'clean', 'maintenance', 'repair'] as const)
    test(
      `of ${passage} that the MDB does not have ends with a note`,
      real(async (make) => {
        const machine = await make();
        await machine.tell({ id: `no-${passage}`, passage });
        await noted(machine, new RegExp(`the MDB has no order no-${passage}`));
        await machine.handle.executeUpdate('order', { args: [{ id: `nor-${passage}`, passage }] });
        await noted(machine, new RegExp(`the MDB has no order nor-${passage}`));
        await stillWorks(machine);
      }),
    );

  test(
    'that comes before its row is taken when it comes again',
    real(async (make) => {
      const machine = await make();
      await machine.tell({ id: 'early', passage: 'undrain' });
      await noted(machine, /the MDB has no order early/);
      await machine.tell(await machine.place('undrain', 'early'));
      await expect.poll(async () => (await machine.status()).last?.orderId, limit).toBe('early');
      expect((await machine.status()).last).toMatchObject({ outcome: 'done' });
    }),
  );

  test(
    "that is another machine's, of another passage, or over, does nothing",
    real(async (make) => {
      const [machine, other] = [await make(), await make()];
      await other.place('clean', 'of-other');
      await machine.tell({ id: 'of-other', passage: 'clean' });
      await noted(machine, /order of-other is for another machine/);
      await machine.place('drain', 'a-drain');
      await machine.tell({ id: 'a-drain', passage: 'undrain' });
      await noted(machine, /order a-drain is a drain, not an undrain/);
      await at.mdb.update(orders).set({ state: 'cancelled', endedAt: new Date() }).where(eq(orders.id, 'a-drain'));
      await machine.tell({ id: 'a-drain', passage: 'drain' });
      await noted(machine, /order a-drain has ended: cancelled/);
      await stillWorks(machine);
      const rows = await at.mdb.select().from(orders).where(eq(orders.id, 'of-other'));
      expect(rows).toMatchObject([{ state: 'waiting' }]);
    }),
  );

  test(
    'with an id that cannot be one is refused, and so is a machine that the MDB does not have',
    real(async (make) => {
      const machine = await make();
      for (const id of ['x'.repeat(1500), 'a\u0000b', 'a\nb', '\ud800', ' ', 'a/b']) {
        await machine.tell({ id, passage: 'undrain' });
        await expect(machine.handle.executeUpdate('order', { args: [{ id, passage: 'undrain' }] })).rejects.toThrow();
      }
      await machine.handle.signal('answer', { step: 'a', answer: 'b', by: 'c\u0000' });
      await stillWorks(machine);
      await at.mdb
        .delete(orders)
        .where(eq(orders.machineId, machine.id))
        .catch(() => {});
    }),
  );
});
