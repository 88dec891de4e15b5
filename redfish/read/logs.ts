import { createHash } from 'node:crypto';
import type { Session } from '../session.ts';
import type { Json } from '../transport.ts';
import { type Gap, inCircle, openReader, type Reader } from './reader.ts';
import { linkedPath, pathKey, readText, valueAt } from './values.ts';

export interface LogEntry {
  readonly id: string;
  /** By the controller's own clock, which may be years off: never compared with other clocks (quirk 35). */
  readonly created: string | null;
  readonly severity: string | null;
  readonly message: string | null;
  readonly messageId: string | null;
}

export interface LogReading {
  /** The log service's own path, which is also its key in the cursor. */
  readonly path: string;
  readonly name: string;
  /** Entries that no earlier reading had, in the controller's order. */
  readonly entries: readonly LogEntry[];
  /** True when nothing of what was seen before is left: somebody cleared the log, or it wrapped. */
  readonly restarted: boolean;
  /** How far it was read: to its end, to where an earlier reading had come, or with entries passed over. */
  readonly reached: 'end' | 'known' | 'part';
  /** Where this log can be cleared; null where it can't. */
  readonly clear: string | null;
}

/** What was seen of each log, to be kept by the caller and given back next time. */
export type LogCursor = Readonly<Record<string, readonly string[]>>;

export interface LogsReading {
  readonly logs: readonly LogReading[];
  readonly cursor: LogCursor;
  readonly gaps: readonly Gap[];
  readonly requests: number;
}

/** Of one log in one reading; what is older is reported as a gap. */
const maxEntries = 5000;
/** Pages of one log in one reading: some go on for ever, with nothing on them. */
const maxPages = 256;
/** Fingerprints kept of a log whose end wasn't read. */
const maxSeen = 8192;

/**
 * Reads all log services of systems, managers and chassis (quirk 69). With the cursor of an earlier reading, only new
 * entries are given. New is what has an unseen id, time and text: order tells nothing, since some controllers sort
 * entries newest first, some oldest first and some by the text of their ids. `without`: services that are left out.
 */
export async function readLogs(
  session: Session,
  before: LogCursor = {},
  without: (service: Json) => boolean = () => false,
): Promise<LogsReading> {
  const reader = await openReader(session);
  const owners = await Promise.all(
    [reader.root.Systems, reader.root.Managers, reader.root.Chassis].map((one) => reader.members(one)),
  );
  const services = await Promise.all(owners.flat().map((one) => reader.members(one.LogServices)));
  const wanted = distinct(services.flat()).filter((service) => !without(service));
  const gaps: Gap[] = [];
  const read = await Promise.all(
    wanted.map((service) => readLog(reader, service, before[linkedPath(service) ?? ''] ?? [], gaps)),
  );
  return {
    logs: read.map(({ log }) => log),
    cursor: Object.fromEntries(read.map(({ log, seen }) => [log.path, seen])),
    gaps: [...reader.gaps, ...gaps],
    requests: reader.requests(),
  };
}

/** One log may be linked from the system, its chassis and its manager, under one path or by its entries. */
function distinct(services: readonly Json[]): Json[] {
  const seen = new Set<string>();
  return services.filter((service) => {
    const keys = [linkedPath(service), linkedPath(service.Entries)].flatMap((path) =>
      path === null ? [] : pathKey(path),
    );
    const known = keys.some((key) => seen.has(key));
    for (const key of keys) seen.add(key);
    return !known;
  });
}

/** Reads the one log whose service is at this path, as `readLogs` does; null when there is none. */
export async function readLogAt(session: Session, path: string, before: readonly string[]): Promise<LogReading | null> {
  const reader = await openReader(session);
  const service = await reader.resource({ '@odata.id': path });
  return service === null ? null : (await readLog(reader, service, before, [])).log;
}

async function readLog(
  reader: Reader,
  service: Json,
  before: readonly string[],
  gaps: Gap[],
): Promise<{ log: LogReading; seen: readonly string[] }> {
  const path = linkedPath(service) ?? '';
  const known = new Set(before);
  const observed: LogEntry[] = [];
  const pages = new Set<string>();
  const there = new Set<string>();
  let reached: LogReading['reached'] = 'end';
  for (let next = linkedPath(service.Entries); next !== null; ) {
    if (pages.has(next) || observed.length >= maxEntries || pages.size >= maxPages) {
      const reason = `more than ${maxEntries} entries or ${maxPages} pages`;
      const tooLong = { kind: 'too-large', reason, passing: false } as const;
      gaps.push({ path: next, ...(pages.has(next) ? inCircle : tooLong) });
      reached = 'part';
      break;
    }
    pages.add(next);
    const page = await reader.page(next);
    if (page === null) reached = 'part';
    const entries = (page?.members ?? []).filter((one) => isNew(one, there)).map(entryOf);
    observed.push(...entries);
    next = page?.next ?? null;
    // Newest first, and nothing new on this page: what follows is older still.
    if (next !== null && descending(entries) && entries.every((one) => known.has(fingerprint(one)))) {
      if (reached === 'end') reached = 'known';
      break;
    }
  }
  const prints = observed.map(fingerprint);
  const restarted = reached === 'end' && known.size > 0 && !prints.some((one) => known.has(one));
  return {
    log: {
      path,
      name: readText(service.Name) ?? path,
      entries: observed.filter((_, place) => !known.has(prints[place] ?? '')),
      restarted,
      reached,
      clear: readText(valueAt(service, 'Actions', '#LogService.ClearLog', 'target')),
    },
    seen: reached === 'end' ? prints : [...new Set([...prints, ...before])].slice(0, maxSeen),
  };
}

/** Pages overlap on some controllers: an entry that an earlier one had is no other. */
function isNew(entry: Json, there: Set<string>): boolean {
  const id = readText(entry['@odata.id']);
  const key = id === null ? null : pathKey(id);
  if (key !== null && there.has(key)) return false;
  if (key !== null) there.add(key);
  return true;
}

function entryOf(entry: Json): LogEntry {
  return {
    id: readText(entry.Id) ?? linkedPath(entry) ?? '',
    created: readText(entry.Created),
    severity: readText(entry.Severity),
    message: long(entry.Message),
    messageId: readText(entry.MessageId),
  };
}

/** Messages are longer than other texts, and carry what machines wrote. */
function long(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const clean = value
    .replace(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, 2000);
  return clean === '' ? null : clean;
}

function descending(entries: readonly LogEntry[]): boolean {
  const ids = entries.map(({ id }) => Number(id));
  return ids.length > 1 && ids.every((id, place) => place === 0 || id < (ids[place - 1] ?? Number.NaN));
}

/** Tells one entry of a log from another; ids alone come again after a log was cleared. */
export function fingerprint({ id, created, message }: LogEntry): string {
  return createHash('sha256')
    .update(JSON.stringify([id, created, message]))
    .digest('base64url')
    .slice(0, 12);
}
