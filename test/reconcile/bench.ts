/** A site with simulated machines in service, and the reconciler's workflow with its real activities. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { eq } from 'drizzle-orm';
import { createReconcileActivities } from '../../activities/reconcile/index.ts';
import { createRecordActivities } from '../../activities/records/index.ts';
import { hardwareQueue } from '../../contract/machine.ts';
import { type ReconcileSummary, reconcileWorkflow, reconcileWorkflowId } from '../../contract/reconcile.ts';
import { bmcs, cpus, machines, nics, profiles } from '../../mdb/schema.ts';
import { openSessionPool } from '../../redfish/pool.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import { createFleet } from '../../sim/fleet.ts';
import { listenFor } from '../../sim/listen.ts';
import type { SimMachine } from '../../sim/machine.ts';
import type { ThrowawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { bundle } from '../workflows/bench.ts';

export interface ReconcileBench {
  readonly siteId: string;
  /** Ids in the MDB, in the order of `simulated`. */
  readonly ids: readonly string[];
  readonly simulated: readonly SimMachine[];
  /** One round, to its end. */
  round(): Promise<ReconcileSummary>;
  /** What is wanted of the machines from now on. */
  want(wants: Partial<typeof profiles.$inferInsert>): Promise<void>;
  /** Effects of the simulator's journal that somebody caused who wrote to a controller. */
  writes(): Promise<string[]>;
  /** Makes a machine's controller one that can't be signed in to. */
  breakController(index: number): Promise<void>;
  close(): Promise<void>;
}

const watching = new Set(['session-opened', 'subscribed', 'unsubscribed', 'event-told', 'event-untold']);

/** Two machines that are powered on and in service, in the pool `batch`, with the profile `default`. */
export async function reconcileBench(environment: TestWorkflowEnvironment, db: ThrowawayMdb): Promise<ReconcileBench> {
  const { mdb } = db;
  const siteId = `s${randomUUID().slice(0, 8)}`;
  await writeSite(mdb, { id: siteId });
  const folder = await mkdtemp(join(tmpdir(), 'farrier-reconcile-'));
  await writeFile(join(folder, 'good'), JSON.stringify({ username: 'admin', password: 'simulated' }));
  const bootUrl = 'http://127.0.0.1:9';
  const fleet = createFleet({ racks: 1, perRack: 2, folder, speed: 1000, bootUrl, ca: '', personality: 'standard' });
  const listening = await listenFor(fleet, '127.0.0.1:0', 'ports');
  const ids = fleet.machines.map((_, index) => `m-${siteId}-${index}`);
  for (const [index, { hardware }] of fleet.machines.entries()) {
    const id = ids[index] ?? '';
    const mac = `02:ee:00:00:00:0${index}`;
    const facts = { siteId, mac, systemUuid: hardware.uuid, serial: hardware.serial, firmware: 'uefi' } as const;
    const status = { stage: 'in_service', opState: 'production', bootState: 'healthy' } as const;
    await mdb.insert(machines).values({
      ...{ id, ...facts, ...status, pool: 'batch', profileId: 'default', memoryMib: 65_536, inServiceAt: new Date() },
      ...{ rackId: 'A01', unit: index + 1 },
    });
    await mdb.insert(nics).values({ machineId: id, mac, name: 'eth0' });
    await mdb.insert(cpus).values({ machineId: id, socket: 0, model: 'CPU', cores: 8, threads: 16 });
    const origin = listening.originOf(hardware);
    await mdb.insert(bmcs).values({ machineId: id, origin, secretRef: 'good', firmwareVersion: '1' });
  }
  const pool = openSessionPool();
  const records = createRecordActivities(mdb, secretFolder(folder), pool, { receiver: null });
  const activities = { ...records, ...createReconcileActivities(mdb) };
  const taskQueue = hardwareQueue(siteId);
  const worker = await Worker.create({
    ...{ connection: environment.nativeConnection, taskQueue, activities, shutdownGraceTime: 0 },
    workflowBundle: await bundle(),
  });
  const running = worker.run();
  return {
    siteId,
    ids,
    simulated: fleet.machines,
    round: () =>
      environment.client.workflow.execute(reconcileWorkflow, {
        ...{ workflowId: `${reconcileWorkflowId(siteId)}-${randomUUID()}`, taskQueue, args: [{ siteId }] },
      }) as Promise<ReconcileSummary>,
    want: async (wants) => void (await mdb.update(profiles).set(wants).where(eq(profiles.id, 'default'))),
    writes: async () =>
      (await fleet.journal.read()).map(({ effect }) => effect).filter((effect) => !watching.has(effect)),
    breakController: async (index) =>
      void (await mdb
        .update(bmcs)
        .set({ secretRef: 'none' })
        .where(eq(bmcs.machineId, ids[index] ?? ''))),
    async close() {
      worker.shutdown();
      await running;
      await pool.close();
      await listening.close();
      await fleet.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
