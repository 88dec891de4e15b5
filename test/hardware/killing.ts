import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { eq } from 'drizzle-orm';
import { imagesOf, noImages } from '../../activities/hardware/images.ts';
import { createHardwareActivities } from '../../activities/hardware/index.ts';
import type { ActResult } from '../../contract/hardware.ts';
import { hardwareQueue } from '../../contract/machine.ts';
import type { ActKind, ActParameters } from '../../domain/acts.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { bmcs, fences, intents, machines, sites } from '../../mdb/schema.ts';
import { openSessionPool } from '../../redfish/pool.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import type { BmcFault } from '../../sim/bmc/bmcfault.ts';
import type { PersonalityChoice } from '../../sim/bmc/personalities.ts';
import { createFleet, type Fleet } from '../../sim/fleet.ts';
import type { Entry } from '../../sim/journal.ts';
import { type Listening, listenFor } from '../../sim/listen.ts';
import type { SimMachine } from '../../sim/machine.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { service } from '../support/service.ts';
import { sitePolicy } from '../support/site.ts';
import { devServer } from '../support/temporal.ts';
import { tethered } from '../support/tethered.ts';
import { clockAt } from './acting.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A space of advisory locks of its own, for holding workers between intent and command. */
const gate = 719_300;

/** When the worker is killed: its intent written, its command carried out, or the answer taken. */
export const moments = ['before sending', 'before the answer', 'before completion'] as const;
/** `on the way`: the command left the worker, and never got to the controller. */
export type Moment = (typeof moments)[number] | 'on the way';

export interface Kill<K extends ActKind> {
  readonly personality: PersonalityChoice;
  readonly kind: K;
  readonly parameters?: ActParameters[K];
  /** The request that is the command. */
  readonly command: { readonly method: 'POST' | 'PATCH'; readonly path: string };
  readonly moment: Moment;
  readonly speed?: number;
  /** Origin of the image server. */
  readonly images?: string;
  readonly prepare?: (machine: SimMachine) => void | Promise<void>;
  /** Looks at what is left, before it is cleared away: the folder of secrets. */
  readonly inspect?: (secrets: string) => Promise<void>;
}

export interface Killed {
  /** What became of it, one result an intent: the last one is the outcome. */
  readonly results: readonly ActResult[];
  readonly intents: readonly (typeof intents.$inferSelect)[];
  readonly journal: readonly Entry[];
  readonly machine: SimMachine;
}

export interface KillBench {
  readonly db: ThrowawayMdb;
  /** Runs one act, kills its worker process (SIGKILL) at that moment, and lets another worker take over. */
  kill<K extends ActKind>(kill: Kill<K>): Promise<Killed>;
  close(): Promise<void>;
}

/** Real worker processes on a real Temporal server and a real MDB; null where there is no Temporal. */
export async function openKillBench(): Promise<KillBench | null> {
  const temporal = await devServer();
  if (temporal === null) return null;
  const db = await throwawayMdb();
  const hold = `create function hold_sent() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(${gate}, hashtext(new.machine_id));
      return new;
    end $$`;
  await db.asOwner(
    hold,
    `create trigger hold_sent before update on intents for each row
    when (new.state = 'sent' and old.state = 'written') execute function hold_sent()`,
  );
  const workflowsPath = fileURLToPath(new URL('../support/workflows/acting.ts', import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const taskQueue = `killing-${new URL(db.url).pathname.slice(1)}`;
  const connection = temporal.nativeConnection;
  const workflows = await Worker.create({ connection, taskQueue, workflowBundle });
  const running = workflows.run();
  let count = 0;
  return {
    db,
    kill: async (kill) => {
      count += 1;
      const setup = await openContext(db, temporal, `kill-${process.pid}-${count}`, kill.speed ?? 20, kill.personality);
      try {
        return await play(setup, taskQueue, kill);
      } finally {
        await setup.close();
      }
    },
    async close() {
      workflows.shutdown();
      await running;
      await temporal.teardown();
      await db.close();
    },
  };
}

interface Setup {
  readonly db: ThrowawayMdb;
  readonly temporal: TestWorkflowEnvironment;
  readonly id: string;
  readonly speed: number;
  readonly folder: string;
  readonly fleet: Fleet;
  readonly machine: SimMachine;
  readonly listening: Listening;
  close(): Promise<void>;
}

async function openContext(
  db: ThrowawayMdb,
  temporal: TestWorkflowEnvironment,
  id: string,
  speed: number,
  personality: PersonalityChoice,
): Promise<Setup> {
  const folder = await mkdtemp(join(tmpdir(), `farrier-${id}-`));
  await mkdir(join(folder, 'secrets'));
  await writeFile(join(folder, 'secrets', 'good'), JSON.stringify({ username: 'admin', password: 'simulated' }));
  // Nothing answers there: the machine only ever finds no boot device.
  const fleet = createFleet({
    racks: 1,
    perRack: 1,
    folder,
    speed,
    seed: Number(id.split('-').at(-1)),
    bootUrl: 'http://127.0.0.1:9',
    ca: '',
    personality,
  });
  const listening = await listenFor(fleet, '127.0.0.1:0', 'ports');
  const machine = fleet.machines[0] as SimMachine;
  const { hardware } = machine;
  const mac = `02:ee:00:00:00:${Number(id.split('-').at(-1)).toString(16).padStart(2, '0')}`;
  await db.mdb.insert(sites).values({ id, name: id, domain: `${id}.example`, policy: sitePolicy });
  await db.mdb.insert(machines).values({ id, siteId: id, mac, systemUuid: hardware.uuid, serial: hardware.serial });
  await db.mdb.insert(bmcs).values({ machineId: id, origin: listening.originOf(hardware), secretRef: 'good' });
  await db.mdb.insert(fences).values({ machineId: id, fence: 1 });
  return {
    db,
    temporal,
    id,
    speed,
    folder,
    fleet,
    machine,
    listening,
    async close() {
      await listening.close();
      await fleet.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function play<K extends ActKind>(setup: Setup, taskQueue: string, kill: Kill<K>): Promise<Killed> {
  const { db, fleet, id, machine, temporal } = setup;
  await kill.prepare?.(machine);
  const victim = await startWorker(setup, kill.images);
  const hold = await holdAt(setup, kill);
  const act = {
    machineId: id,
    siteId: id,
    orderId: null,
    intentId: id,
    fence: 1,
    kind: kill.kind,
    ...(kill.parameters && { parameters: kill.parameters }),
  };
  const run = await temporal.client.workflow.start('actThrough', {
    taskQueue,
    workflowId: `${taskQueue}/${id}`,
    args: [act, hardwareQueue(id)],
  });
  try {
    await hold.reached().catch((error: Error) => {
      throw new Error(`${error.message}; the worker said: ${victim.said()}`);
    });
  } finally {
    victim.process.kill('SIGKILL');
    await once(victim.process, 'exit');
    await hold.release();
  }
  const survivor = await startSurvivor(setup, kill.images);
  try {
    const results = (await run.result()) as ActResult[];
    await kill.inspect?.(join(setup.folder, 'secrets'));
    const rows = await db.mdb.select().from(intents).where(eq(intents.machineId, id)).orderBy(intents.writtenAt);
    return { results, intents: rows, journal: await fleet.journal.read(), machine };
  } finally {
    await survivor.stop();
  }
}

async function startWorker({ db, id, folder }: Setup, images?: string) {
  const { address = '' } = await service('temporal');
  const env = {
    ...process.env,
    FARRIER_MDB_URL: db.url,
    TEMPORAL_ADDRESS: address,
    FARRIER_SITE: id,
    FARRIER_DATA: folder,
    FARRIER_LOG: 'warn',
    ...(images && { FARRIER_BOOT_URL: images }),
  };
  const child: ChildProcess = spawn(...(await tethered(process.execPath, 'workers/hardware.ts')), { cwd: root, env });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => said.push(text.toString()));
  return { process: child, said: () => said.join('').slice(-2000) };
}

/** Another worker, in this process: for it time passes as fast as for the machine. */
async function startSurvivor({ db, folder, id, speed, temporal }: Setup, images?: string) {
  const pool = openSessionPool();
  const worker = await Worker.create({
    connection: temporal.nativeConnection,
    taskQueue: hardwareQueue(id),
    activities: createHardwareActivities(db.mdb, secretFolder(join(folder, 'secrets')), pool, {
      clock: clockAt(speed),
      images: images ? imagesOf(images, join(folder, 'firmware')) : noImages,
    }),
  });
  const running = worker.run();
  return {
    async stop() {
      worker.shutdown();
      await running;
      await pool.close();
    },
  };
}

interface Hold {
  reached(): Promise<void>;
  /** Once the worker is dead: nothing that it left behind goes on. */
  release(): Promise<void>;
}

function holdAt(setup: Setup, { command, moment }: Pick<Kill<ActKind>, 'command' | 'moment'>): Promise<Hold> | Hold {
  if (moment === 'before sending') return holdIntent(setup);
  const { faults } = setup.fleet.bmcOf(setup.machine);
  const set = (fault: Partial<BmcFault> & { path: string }) => faults.set({ times: 1, ...fault });
  const held = (path: string) => until(async () => faults.held.includes(path), `the controller holds ${path}`);
  set({ ...command, hold: moment === 'on the way' ? 'before' : 'after' });
  return {
    async reached() {
      await held(command.path);
      if (moment !== 'before completion') return;
      // The answer goes out; the look for the effect that follows it does not come back.
      set({ path: '/redfish/v1/*', method: 'GET', hold: 'before', times: null });
      faults.clear(command.path);
      await held('/redfish/v1/*');
    },
    release: async () => void faults.clear(),
  };
}

/** The intent is written; the statement that marks it as sent waits for a lock of ours. */
async function holdIntent({ db, id }: Setup): Promise<Hold> {
  const { pool, close } = connectMdb({ url: db.url, name: 'hold' });
  const session = await pool.take();
  await session.query('select pg_advisory_lock($1, hashtext($2))', [gate, id]);
  const waiting = async () => {
    const [row] = await session.query<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and classid = $1 and not granted
       and objid = (hashtext($2)::bigint & 4294967295)::oid`,
      [gate, id],
    );
    return row?.pid;
  };
  return {
    reached: () => until(async () => (await waiting()) !== undefined, 'the worker is about to send'),
    async release() {
      // The server would finish the statement of a client that is gone.
      const pid = await waiting();
      if (pid !== undefined) await session.query('select pg_terminate_backend($1)', [pid]);
      await session.end();
      await close();
    },
  };
}

/** Waits for a condition; vitest's own poll knows no tests that run at the same time. */
async function until(met: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 180_000; !(await met()); ) {
    if (Date.now() > end) throw new Error(`three minutes passed and still it is not so that ${what}`);
    await sleep(50);
  }
}
