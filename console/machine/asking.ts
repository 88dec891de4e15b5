import type { BurninView } from '../../contract/api.ts';
import type { AuditList } from '../../contract/auditschemas.ts';
import type { DriftList, ProfileView } from '../../contract/driftschemas.ts';
import type { ConsoleTail, EventView, HardwareView, LogEntryView, MachineBoots } from '../../contract/hardwareviews.ts';
import type { TicketView } from '../../contract/tickets.ts';
import { fetchFrom, pathPart } from '../client.ts';

const of = (name: string, what: string) => `/machines/${pathPart(name)}/${what}`;

export const fetchHardware = (name: string, signal: AbortSignal) =>
  fetchFrom<HardwareView>(of(name, 'hardware'), { limit: 500 }, signal);

export const fetchBurnins = async (name: string, signal: AbortSignal) =>
  (await fetchFrom<{ burnins: BurninView[] }>(of(name, 'burnins'), {}, signal)).burnins;

export const fetchDrift = (name: string, signal: AbortSignal) =>
  fetchFrom<DriftList>('/drift', { machine: name }, signal);

export const fetchProfile = (id: string, signal: AbortSignal) =>
  fetchFrom<ProfileView>(`/profiles/${pathPart(id)}`, {}, signal);

export const fetchConsole = (name: string, signal: AbortSignal) =>
  fetchFrom<ConsoleTail>(of(name, 'console'), {}, signal);

export const fetchBoots = async (name: string, signal: AbortSignal) =>
  (await fetchFrom<MachineBoots>(of(name, 'boots'), { limit: 200 }, signal)).boots;

/** A page of what a controller told, and the `after` of the next one. */
interface Told<T> {
  readonly rows: readonly T[];
  readonly next: string | null;
}

export async function fetchLogs(name: string, after: string | null, signal: AbortSignal): Promise<Told<LogEntryView>> {
  const page = await fetchFrom<{ entries: LogEntryView[]; next: string | null }>(of(name, 'logs'), { after }, signal);
  return { rows: page.entries, next: page.next };
}

export async function fetchEvents(name: string, after: string | null, signal: AbortSignal): Promise<Told<EventView>> {
  const page = await fetchFrom<{ events: EventView[]; next: string | null }>(of(name, 'events'), { after }, signal);
  return { rows: page.events, next: page.next };
}

/** Those that are open, and those that were; newest first. */
export const fetchTickets = async (name: string, signal: AbortSignal) =>
  (await fetchFrom<{ tickets: TicketView[] }>('/tickets', { machine: name, open: false }, signal)).tickets;

export const fetchAuditOf = async (name: string, signal: AbortSignal) =>
  (await fetchFrom<AuditList>('/audit', { machine: name, limit: 100 }, signal)).entries;
