import { part } from './links.ts';
import type { BiosOffer, Probe } from './probe.ts';
import { openReader, throwPassing } from './read/reader.ts';
import { linkedPath, pathKey, readText, valueAt } from './read/values.ts';
import type { Session } from './session.ts';
import { readTask, taskOf } from './task.ts';
import type { Json, RedfishResponse } from './transport.ts';

export type Attributes = Readonly<Record<string, unknown>>;

export interface BiosReading {
  readonly offer: BiosOffer;
  /** In force. */
  readonly attributes: Attributes;
  /** Listed for the next start; some controllers list all of them, and some none until they are written. */
  readonly pending: Attributes;
  /** Whether everything goes back to its default at the next start; null where the controller doesn't say. */
  readonly resets: boolean | null;
}

/** BIOS attributes in force and pending; null where the controller shows none. */
export async function readBios(session: Session, probe: Pick<Probe, 'offer'>): Promise<BiosReading | null> {
  const offer = await probe.offer('bios');
  if (offer === null) return null;
  const bios = await session.get(offer.path);
  const { settingsPath } = offer;
  const pending = settingsPath === null ? {} : part(await session.get(settingsPath), 'Attributes');
  const { ResetBiosToDefaultsPending: resets } = bios;
  return { offer, attributes: part(bios, 'Attributes'), pending, resets: typeof resets === 'boolean' ? resets : null };
}

/**
 * Makes BIOS attributes pending. They are in force after a restart, if at all: only a later reading tells. Some leave
 * them pending for ever unless they are told when to apply them (quirk 48).
 */
export function writeBios(
  session: Session,
  settingsPath: string,
  offer: BiosOffer,
  wanted: Attributes,
): Promise<RedfishResponse> {
  return session.write('PATCH', settingsPath, {
    Attributes: wanted,
    ...(offer.applyTimes.includes('OnReset') && { '@Redfish.SettingsApplyTime': { ApplyTime: 'OnReset' } }),
  });
}

/** Whether two readings of one setting are the same value: some show numbers and truths as text. */
export function sameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  const plain = [one, other].every((value) => ['string', 'number', 'boolean'].includes(typeof value));
  return plain && typeof one !== typeof other && String(one).toLowerCase() === String(other).toLowerCase();
}

/** The wanted attributes that differ from those that hold after the next start. */
export function notYetSet(wanted: Attributes, { attributes, pending }: BiosReading): Attributes {
  const will = { ...attributes, ...pending };
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => !sameValue(will[name], value)));
}

/** Names of the wanted attributes that differ from those in force. */
export function differingAttributes(wanted: Attributes, bios: BiosReading | null): string[] {
  return Object.keys(wanted)
    .filter((name) => !sameValue(bios?.attributes[name], wanted[name]))
    .sort();
}

/**
 * An unfinished job for BIOS settings, in words; null where there is none (quirk 48). Of the vendor's queue, by its name;
 * of the tasks, by the resource that it is to change. All are looked at: a queue may keep hundreds that are done, in any
 * order.
 */
export async function openBiosJob(session: Session, probe: Pick<Probe, 'offer'>): Promise<string | null> {
  const tasks = await probe.offer('tasks');
  const settings = (await probe.offer('bios'))?.settingsPath ?? null;
  const reader = await openReader(session);
  // `ConfigBIOS:BIOS.Setup.1-1`; one that flashes the BIOS may wait beside it.
  const byName = ({ Name: name, JobType: type }: Json) =>
    [name, type].some((words) => /bios/i.test(String(words)) && /conf|setting|attribute/i.test(String(words)));
  const byPlace = (task: Json) =>
    settings !== null && pathKey(readText(valueAt(task, 'Payload', 'TargetUri')) ?? '') === pathKey(settings);
  for (const path of [tasks?.jobsPath, tasks?.tasksPath]) {
    const jobs = path ? await reader.members({ '@odata.id': path }) : [];
    // A list that can't be read for now is no list without jobs.
    throwPassing(reader.gaps);
    for (const job of jobs) {
      if (!byName(job) && !byPlace(job)) continue;
      const own = linkedPath(job);
      const task = taskOf(job);
      // What has ended stays so; the list of what has not may be older than the job.
      const open = task.state === 'running' || task.state === 'held';
      const { state, words } = open && own !== null ? await readTask(session, own) : task;
      if (state === 'running' || state === 'held') return `${String(job.Name)} (${String(job.Id)}): ${words}`;
    }
  }
  return null;
}
