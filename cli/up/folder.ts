import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { endLeftovers, type Lock, takeLock } from '../../host/lock.ts';
import { findPort } from '../../host/port.ts';
import { needSpace } from '../../host/space.ts';
import { folderTrouble, Trouble } from '../../host/trouble.ts';
import type { DataLayout } from './layout.ts';
import type { Ports } from './options.ts';
import type { StepProgress } from './steps.ts';

/** Rises when an older version could no longer read what this one writes. */
const format = 1;
// PostgreSQL's first files are 40 MiB, its log of changes up to 512 MiB, and an image some tens.
const minMib = 1024;
/** A virtual machine's disk grows to about this. */
const machineMib = 1024;

const stampShape = z.object({ format: z.int().positive(), version: z.string() });

/** Makes the data folder ours: nobody else uses it, it is not from the future, there is room, nothing old still runs. */
export async function claimFolder(layout: DataLayout, virtualMachines: number, progress: StepProgress): Promise<Lock> {
  await mkdir(layout.logs, { recursive: true }).catch((error) => {
    throw folderTrouble(layout.data, error) ?? error;
  });
  const lock = takeLock(layout.lock, layout.data);
  try {
    await checkStamp(layout);
    await needSpace(layout.data, minMib + virtualMachines * machineMib);
    if (lock.leftovers.length > 0) progress.note(`ending ${lock.leftovers.length} processes that a killed run left`);
    await endLeftovers(lock.leftovers);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function checkStamp(layout: DataLayout): Promise<void> {
  const text = await readFile(layout.stamp, 'utf8').catch(() => null);
  if (text === null) return writeStamp(layout);
  const stamp = stampShape.safeParse(parse(text));
  if (!stamp.success) throw new Trouble(`${layout.stamp} is damaged; restore it, or give another folder with --data`);
  if (stamp.data.format <= format) return;
  throw new Trouble(
    `${layout.data} was written by Farrier ${stamp.data.version}, which is newer than this one; use that version, or give another folder with --data`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function writeStamp(layout: DataLayout): Promise<void> {
  const fresh = `${layout.stamp}.new`;
  const version = await ownVersion();
  await writeFile(fresh, `${JSON.stringify({ format, version })}\n`).catch((error) => {
    throw folderTrouble(layout.data, error) ?? error;
  });
  await rename(fresh, layout.stamp);
}

export async function ownVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

const flags: Record<keyof Ports, readonly [what: string, flag: string]> = {
  temporal: ['the Temporal server', '--temporal-port'],
  ui: ["Temporal's Web UI", '--ui-port'],
  api: ['the HTTP API', '--api-port'],
  agent: ['the agent API', '--agent-port'],
  events: ['the receiver of events', '--events-port'],
  boot: ['the birther', '--boot-port'],
  sim: ['simulated controllers', '--sim-port'],
};

const portsShape = z
  .object(
    Object.fromEntries(Object.keys(flags).map((name) => [name, z.int().min(1).max(65_535)])) as Record<
      keyof Ports,
      z.ZodInt
    >,
  )
  .partial();

/**
 * Ports to listen on. In place of zeros come the free ones of the last time, since addresses of controllers and
 * bookmarks hold them, or else any. Throws Trouble naming the port that is taken and its option.
 */
export async function choosePorts(wanted: Ports, layout: DataLayout): Promise<Ports> {
  const last = portsShape.safeParse(parse(await readFile(layout.ports, 'utf8').catch(() => ''))).data;
  const chosen = { ...wanted };
  for (const name of Object.keys(flags) as (keyof Ports)[]) chosen[name] = await choosePort(name, wanted[name], last);
  const taken = Object.values(chosen).find((port, i, all) => all.indexOf(port) !== i);
  if (taken !== undefined) throw new Trouble(`port ${taken} is asked for twice; give each part its own`);
  await writeFile(layout.ports, JSON.stringify(chosen));
  return chosen;
}

async function choosePort(
  name: keyof Ports,
  wanted: number,
  last: Partial<Record<keyof Ports, number | undefined>> | undefined,
): Promise<number> {
  const [what, flag] = flags[name];
  if (wanted === 0) return findPort(what, last?.[name] ?? 0).catch(() => findPort(what, 0));
  return findPort(what, wanted).catch((error) => {
    if (!(error instanceof Trouble)) throw error;
    throw new Trouble(error.message.replace(/give .*$/, `give another with ${flag}`));
  });
}
