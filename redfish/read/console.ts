import type { Session } from '../session.ts';
import type { Json } from '../transport.ts';
import { openReader, type Reader } from './reader.ts';
import { linkedPath, readText } from './values.ts';

/** Lines that are given at most, the last ones. */
const maxLines = 100;
/** Pages that are passed over to get to them: bmcweb shows 1,000 lines on each, the oldest first. */
const maxPages = 20;

/**
 * Whether a log service keeps what the host wrote to its console: by what it calls itself, since no property of
 * LogService says so. OpenBMC's is `HostLogger`, "Host Logger Service" (bmcweb `hostlogger`, and its recorded tree).
 */
export function isConsoleLog(service: Json): boolean {
  const words = [service.Id, service.Name, service.Description].map((one) => readText(one) ?? '');
  return words.some((one) => /\bhost ?logger\b|\b(serial|host|system) ?console\b/i.test(one));
}

/** The last lines of the host's console as its controller kept them, unclean; null where none is kept. */
export async function readConsole(session: Session): Promise<string[] | null> {
  const reader = await openReader(session);
  const systems = await reader.members(reader.root.Systems);
  const services = (await Promise.all(systems.map((system) => reader.members(system.LogServices)))).flat();
  const consoles = services.filter(isConsoleLog);
  const tails = await Promise.all(consoles.map((service) => tailOf(reader, linkedPath(service.Entries))));
  const read = tails.filter((tail) => tail !== null);
  const gap = reader.gaps[0];
  // One that was read, if empty, is worth more than one that is missing; nothing for a failure is not the same as no log.
  if (gap && read.length === 0) throw new Error(`${gap.path}: ${gap.reason}`);
  return consoles.length === 0 ? null : read.flat().slice(-maxLines);
}

/** Null where not even its first page could be read. */
async function tailOf(reader: Reader, entries: string | null): Promise<string[] | null> {
  let tail: string[] | null = null;
  const seen = new Set<string>();
  for (let next = entries; next !== null && !seen.has(next) && seen.size < maxPages; ) {
    seen.add(next);
    const page = await reader.page(next);
    if (page === null) return tail;
    const lines = page.members.flatMap(({ Message: line }) => (typeof line === 'string' ? [line] : []));
    tail = [...(tail ?? []), ...lines].slice(-maxLines);
    next = page.next;
  }
  return tail;
}
