import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machines } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { timeSkipping } from '../support/temporal.ts';
import { defineAttributes } from '../workflows/bench.ts';
import { SemaphoreBench, startWorkers, writeRackMachines } from './bench.ts';

const environment = await timeSkipping();

describe.skipIf(environment === null)('a semaphore', () => {
  let base: ThrowawayMdb;
  let workers: Awaited<ReturnType<typeof startWorkers>>;
  let racks = 0;

  beforeAll(async () => {
    base = await throwawayMdb();
    await writeSite(base.mdb);
    await defineAttributes(environment as TestWorkflowEnvironment);
    workers = await startWorkers(environment as TestWorkflowEnvironment, base.mdb);
  });
  afterAll(async () => {
    await workers?.stop();
    await environment?.teardown();
    await base?.close();
  });

  async function bench(run: (bench: SemaphoreBench) => Promise<void>): Promise<void> {
    racks += 1;
    const rack = `R${racks}`;
    await writeRackMachines(base.mdb, rack, 24);
    const one = new SemaphoreBench(environment as TestWorkflowEnvironment, base.mdb, rack);
    await run(one).finally(() => one.end());
  }

  const looks = ({ rack }: SemaphoreBench) => workers.looks.filter((machine) => machine.startsWith(`m-${rack}-`));

  // First those that skip time: the server skips no more once a workflow was terminated with something under way.
  test('gives a partial set back when the rest is not to be had in time, refused or cancelled', () =>
    bench(async (one) => {
      await one.allow(0);
      const fleetFree = async () => {
        const { holders } = await one.fleet();
        return holders.every(({ machineId }) => !machineId.startsWith(`m-${one.rack}-`));
      };
      const late = await one.ask({ limit: 600_000 });
      expect(await late.result()).toEqual({ state: 'late' });
      await one.until(fleetFree, Boolean);
      const cancelled = await one.ask();
      await one.queued(cancelled);
      await cancelled.signal('cancel');
      expect(await cancelled.result()).toEqual({ state: 'cancelled' });
      await one.until(fleetFree, Boolean);
      // Cancelled by Temporal itself: cleaned up all the same.
      const stopped = await one.ask();
      await one.queued(stopped);
      await stopped.cancel();
      await expect(stopped.result()).rejects.toThrow();
      await one.until(fleetFree, Boolean);
      await one.allow(0, { queueBound: 0 });
      await one.semaphore.signal('wake');
      await one.until(
        () => one.status(),
        ({ waiting }) => waiting === 0,
      );
      const refused = await one.ask();
      expect(await refused.result()).toEqual({
        state: 'refused',
        reason: `semaphore/reboot/rack=${one.rack}: 0 requests wait already, and no more may`,
      });
      await one.until(fleetFree, Boolean);
      const rows = await one.rows();
      expect(rows.every(({ state }) => state === 'closed')).toBe(true);
    }));

  test('keeps the permit of a holder that is gone until its machine is seen to be up', () =>
    bench(async (one) => {
      await one.allow(1, { leaseSeconds: 600, limitSeconds: 3600 });
      const holder = await one.ask();
      await one.granted(holder);
      const waiter = await one.ask();
      await one.queued(waiter);
      workers.health.set(one.machine(1), { up: false, healthy: false, seen: 'its power is Off' });
      await holder.terminate('the operator slipped');
      await environment?.sleep('11 minutes');
      const kept = await one.until(
        () => one.status(),
        ({ holders }) => holders[0]?.overdue !== null,
      );
      expect(kept.holders[0]).toMatchObject({
        machineId: one.machine(1),
        overdue: 'its holder has ended, but its power is Off',
      });
      expect(looks(one)).toContain(one.machine(1));
      // Up, but nobody brought it back into service: still out.
      workers.health.delete(one.machine(1));
      await base.mdb
        .update(machines)
        .set({ opState: 'draining' })
        .where(eq(machines.id, one.machine(1)));
      await environment?.sleep('11 minutes');
      await one.until(
        () => one.status(),
        ({ holders }) => holders[0]?.overdue === 'its holder has ended, but the machine is still draining',
      );
      expect((await one.statusOf(waiter)).taken).toBeNull();
      await base.mdb
        .update(machines)
        .set({ opState: 'production' })
        .where(eq(machines.id, one.machine(1)));
      await environment?.sleep('11 minutes');
      await one.granted(waiter);
      expect(await one.rows()).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            machineId: one.machine(1),
            how: 'expired',
            why: expect.stringContaining('OSRunning'),
          }),
        ]),
      );
    }));

  test('extends the lease of a holder that runs, marks it overdue past the limit, and keeps it; a person takes it away', () =>
    bench(async (one) => {
      await one.allow(1, { leaseSeconds: 600, limitSeconds: 1800 });
      const holder = await one.ask();
      await one.granted(holder);
      const waiter = await one.ask();
      await one.queued(waiter);
      await environment?.sleep('15 minutes');
      expect((await one.status()).holders[0]?.overdue).toBeNull();
      await environment?.sleep('30 minutes');
      const { holders } = await one.until(
        () => one.status(),
        (now) => now.holders[0]?.overdue !== null,
      );
      expect(holders[0]).toMatchObject({
        machineId: one.machine(1),
        overdue: 'its holder runs on without a sign of progress',
      });
      expect(looks(one)).toEqual([]);
      const id = holders[0]?.id;
      await expect(one.semaphore.executeUpdate('evict', { args: [{ id, by: 'ann' }] })).rejects.toThrow();
      expect(await one.semaphore.executeUpdate('evict', { args: [{ id, by: 'ann', reason: 'it hangs' }] })).toBe(
        'taken away',
      );
      await one.granted(waiter);
      expect(await one.rows()).toEqual(
        expect.arrayContaining([expect.objectContaining({ id, how: 'evicted', by: 'ann', why: 'it hangs' })]),
      );
    }));

  test('grants at once what it has, and the rest one after the other', () =>
    bench(async (one) => {
      await one.allow(1);
      const first = await one.ask();
      await one.granted(first);
      const second = await one.ask();
      const third = await one.ask({ class: 'emergency' });
      expect((await one.queued(second)).queued[0]).toMatch(
        /^It waits for semaphore\/reboot\/rack=R\d+, \d\. in line: /,
      );
      await one.queued(third);
      const status = await one.status();
      expect(status).toMatchObject({ capacity: 1, waiting: 2, gate: { kind: 'capacity' } });
      expect(status.queue.map(({ class: urgency }) => urgency)).toEqual(['emergency', 'maintenance']);
      await first.signal('done');
      await one.granted(third);
      await third.signal('done');
      await one.granted(second);
      await second.signal('done');
      expect(await second.result()).toMatchObject({ state: 'granted' });
      await one.until(one.rows.bind(one), (rows) =>
        rows.every(({ state, how }) => state === 'closed' && how === 'released'),
      );
    }));

  test('notes what it does not understand, and goes on', () =>
    bench(async (one) => {
      await one.allow(1);
      const holder = await one.ask();
      await one.granted(holder);
      for (const name of ['acquire', 'release', 'renew', 'evict']) await one.semaphore.signal(name, 'nonsense');
      await expect(one.semaphore.executeUpdate('acquire', { args: [{ id: 'x' }] })).rejects.toThrow();
      expect((await one.status()).ignored.map((note) => note.split(':')[0])).toEqual([
        'acquire',
        'release',
        'renew',
        'evict',
      ]);
      await holder.signal('done');
      await holder.result();
    }));

  test('grants nothing to a requester that is gone when it is next', () =>
    bench(async (one) => {
      await one.allow(1);
      const holder = await one.ask();
      await one.granted(holder);
      const gone = await one.ask();
      await one.queued(gone);
      const waiter = await one.ask();
      await one.queued(waiter);
      await gone.terminate('gone');
      await holder.signal('done');
      await one.granted(waiter);
      expect(looks(one)).toEqual([]);
      expect((await one.rows()).find(({ machineId }) => machineId === one.machine(2))).toMatchObject({
        how: 'released',
        why: 'its requester was gone when it was granted',
      });
    }));

  test('that was terminated is started again by whoever needs it, and knows its holders and its queue', () =>
    bench(async (one) => {
      await one.allow(1);
      const holder = await one.ask();
      await one.granted(holder);
      const waiter = await one.ask();
      await one.queued(waiter);
      await one.semaphore.terminate('the namespace was lost');
      const newcomer = await one.ask();
      await one.queued(newcomer);
      expect(await one.status()).toMatchObject({ waiting: 2, holders: [{ machineId: one.machine(1) }] });
      await holder.signal('done');
      await one.granted(waiter);
      await one.semaphore.terminate('once more');
      // Nobody new comes: the one that waits asks again by itself.
      await waiter.signal('done');
      await waiter.result();
      await one.granted(newcomer);
    }));
});
