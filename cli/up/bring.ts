import { writeFile } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { openAuthority } from '../../boot/authority.ts';
import { cacheFolder } from '../../host/cache.ts';
import { type Program, programService } from '../../host/program.ts';
import type { Supervised, Supervisor } from '../../host/supervise.ts';
import { findTemporalCli } from '../../host/temporalcli.ts';
import { tether } from '../../host/tether.ts';
import { Trouble } from '../../host/trouble.ts';
import { connectMdb, type Mdb } from '../../mdb/connect.ts';
import { hasAdmin } from '../../mdb/people/admins.ts';
import { appRole } from '../../mdb/roles.ts';
import { openMdb } from './database.ts';
import { choosePorts, claimFolder } from './folder.ts';
import { findImages } from './images.ts';
import { type DataLayout, layoutOf } from './layout.ts';
import { machineCount, type Ports, type UpOptions } from './options.ts';
import { facePrograms, type Setting, workerPrograms } from './programs.ts';
import { startRacks } from './racks.ts';
import { checkReal, startRig } from './rig.ts';
import { postgresService, prepareTemporal, temporalService } from './servers.ts';
import { defineHome, homeSite } from './site.ts';
import type { SetupSteps, StepProgress } from './steps.ts';
import { addressesOf, serveWire } from './wire.ts';

export interface Bringing {
  readonly options: UpOptions;
  readonly shell: Readonly<Record<string, string>>;
  readonly steps: SetupSteps;
  readonly supervisor: Supervisor;
  /** Aborted when the rest is not wanted any more. */
  readonly stop: AbortSignal;
}

export interface TemporalPlace {
  readonly address: string;
  /** Null when the server is somebody else's. */
  readonly ui: string | null;
  /** The stock CLI as it is typed, or null where only the server is known. */
  readonly cli: string | null;
}

/** A Farrier that runs. */
export interface Up {
  readonly layout: DataLayout;
  readonly ports: Ports;
  readonly temporal: TemporalPlace;
  readonly mdb: Mdb;
  /** Sentences about what is unusual here. */
  readonly notes: readonly string[];
  /** Lets go of the data folder; call it when everything has been stopped. */
  close(): Promise<void>;
}

/** Starts everything, side by side where nothing depends on it, and resolves when all of it serves. */
export async function bringUp(bringing: Bringing): Promise<Up> {
  const { options, shell, steps, supervisor } = bringing;
  // What one step can't do ends those that go on for long: the person is told at once.
  const failed = new AbortController();
  const stop = AbortSignal.any([bringing.stop, failed.signal]);
  const layout = layoutOf(options.data);
  const expected = machineCount(options);
  const cleanups: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const clean of cleanups.toReversed()) await clean();
  };
  const go = Promise.resolve();

  const folder = steps.run('Data folder and ports', go, async (_, progress) => {
    if (options.vm > 0) await checkReal('--vm', shell['PATH'] ?? '', progress);
    if (options.interface !== null) {
      await checkReal('--interface', shell['PATH'] ?? '', progress);
      addressesOf(options.interface);
    }
    const lock = await claimFolder(layout, options.vm, progress);
    cleanups.push(() => lock.release());
    supervisor.on('change', () => lock.note(supervisor.identities()));
    return choosePorts(options.sim ? options.ports : { ...options.ports, sim: 0 }, layout);
  });
  const postgres = steps.run('PostgreSQL', folder, () => supervisor.start(postgresService(layout)));
  const temporal = steps.run('Temporal server', folder, (ports, progress) =>
    openTemporal({ ...bringing, stop }, layout, ports, progress),
  );
  const authority = steps.run('Certificates and keys', folder, () =>
    openAuthority(layout.authority, { addresses: ['127.0.0.1'] }),
  );
  const mdb = steps.run('Machine database', postgres, async (server) => {
    const owner = connectMdb({ url: urlOf(server, 'url'), name: 'farrier up, migrating', connections: 1 });
    const app = { role: appRole, password: String(server.addresses['appPassword']) };
    await openMdb(owner.mdb, layout.data, app).finally(owner.close);
    const connection = connectMdb({ url: urlOf(server, 'appUrl'), name: 'farrier up', connections: 2 });
    cleanups.push(() => connection.close());
    await defineHome(connection.mdb, expected);
    if (options.listen !== null) await mustHaveAdmin(connection.mdb, options.listen);
    return connection.mdb;
  });
  const images = steps.run('Images', both(mdb, authority), ([database, keys], progress) =>
    findImages(
      { mdb: database, authority: keys, layout, real: options.vm > 0 || options.interface !== null, stop },
      progress,
    ),
  );
  const setting = Promise.all([folder, postgres, mdb]).then(async ([ports, server]) => {
    const known = await settingOf(bringing, layout, ports, server);
    await writeEnvironment(layout, { ...known, mdbUrl: urlOf(server, 'appSocketUrl') });
    return known;
  });
  const all = (programs: readonly Program[]) =>
    Promise.all(programs.map((program) => supervisor.start(programService(program))));
  const faces = steps.run('Birther and API', both(setting, authority), ([known]) => all(facePrograms(known)));
  // Not before Temporal is there: it may have to be fetched or built first, which takes longer than they wait.
  const workers = steps.run('Workers', both(setting, temporal), ([known]) => all(workerPrograms(known)));
  // Machines need no worker to begin with: what they report waits in the outbox.
  const ready = Promise.all([setting, images, faces]).then(([known]) => known);
  const { sim, vm } = options;
  const racks = sim
    ? steps.run(`Simulated racks ${sim.racks}x${sim.perRack}`, ready, (known) => startRacks(known, sim, supervisor))
    : go;
  const rig =
    vm > 0
      ? steps.run(`Virtual machines ${vm}`, both(ready, postgres), ([known, server]) =>
          startRig({
            setting: known,
            supervisor,
            count: vm,
            firmware: options.firmware,
            socketUrl: urlOf(server, 'appSocketUrl'),
          }),
        )
      : Promise.resolve([]);

  const { interface: on } = options;
  const wire =
    on === null
      ? go
      : steps.run(`Real machines at ${on}`, both(ready, mdb), ([known, database]) =>
          serveWire({ setting: known, supervisor, mdb: database, on }),
        );

  try {
    const [notes] = await Promise.all([rig, racks, wire, ready, workers]);
    return { layout, ports: await folder, temporal: await temporal, mdb: await mdb, notes, close };
  } catch (error) {
    failed.abort();
    await supervisor.stop();
    // The steps that still run use what is cleaned up.
    await Promise.allSettled([folder, postgres, temporal, authority, mdb, images, workers, faces, racks, rig, wire]);
    await close();
    throw error;
  }
}

/** For programs that a person starts beside these: `. .data/farrier.env`. It holds the password of the database. */
async function writeEnvironment({ data }: DataLayout, { mdbUrl, temporal }: Pick<Setting, 'mdbUrl' | 'temporal'>) {
  const lines = Object.entries({
    FARRIER_MDB_URL: mdbUrl,
    FARRIER_DATA: data,
    FARRIER_SITE: homeSite,
    TEMPORAL_ADDRESS: temporal,
  }).map(([name, value]) => `export ${name}='${value}'\n`);
  await writeFile(join(data, 'farrier.env'), lines.join(''), { mode: 0o600 });
}

/** Nobody else is served before somebody could sign in. */
async function mustHaveAdmin(mdb: Mdb, listen: string): Promise<void> {
  if (await hasAdmin(mdb)) return;
  const make = '`./farrier token create NAME --role admin`';
  throw new Trouble(`nobody could sign in at ${listen} yet: start once without --listen, run ${make}, and start again`);
}

function both<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  return Promise.all([a, b]);
}

function urlOf(server: Supervised, name: 'url' | 'appUrl' | 'appSocketUrl'): string {
  return String(server.addresses[name]);
}

async function openTemporal(
  { shell, supervisor, stop }: Bringing,
  layout: DataLayout,
  ports: Ports,
  progress: StepProgress,
): Promise<TemporalPlace> {
  const given = shell['TEMPORAL_ADDRESS'];
  if (given) {
    progress.note(`the one at ${given} (TEMPORAL_ADDRESS)`);
    await prepareTemporal(given, shell['TEMPORAL_NAMESPACE'] ?? 'default');
    return { address: given, ui: null, cli: null };
  }
  const onProgress = (text: string, share?: number) => {
    progress.note(text);
    if (share !== undefined) progress.share(share);
  };
  const search = { cache: cacheFolder(shell), path: shell['PATH'] ?? '', onProgress, signal: stop };
  const cli = await findTemporalCli(search);
  progress.note('');
  const service = temporalService(layout, { ...search, port: ports.temporal, uiPort: ports.ui });
  const { addresses } = await supervisor.start(service);
  const typed = search.path.split(delimiter).includes(dirname(cli)) ? basename(cli) : cli;
  return { address: String(addresses['address']), ui: String(addresses['ui']), cli: typed };
}

async function settingOf(
  { shell, options: { listen } }: Bringing,
  layout: DataLayout,
  ports: Ports,
  server: Supervised,
): Promise<Setting> {
  const temporal = shell['TEMPORAL_ADDRESS'] || `127.0.0.1:${ports.temporal}`;
  const guard = await tether('TERM');
  // The types are stripped and the code compiled once for all starts.
  const env = { ...shell, NODE_COMPILE_CACHE: join(cacheFolder(shell), 'node') };
  const mdbUrl = urlOf(server, 'appUrl');
  return { layout, ports, listen, node: process.execPath, guard, shell: env, mdbUrl, temporal };
}
