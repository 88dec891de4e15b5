import { createHash } from 'node:crypto';
import type { EventRow } from '../../mdb/controllers/events.ts';

/** Events of one payload that are kept; controllers send one to a few. */
const maxEvents = 200;

type Json = Readonly<Record<string, unknown>>;

/**
 * The events in what a controller sent, by any version of Redfish's Event schema; a sentence when there are none to be
 * had. Reports of metrics are no events, and no fault. `now` is in milliseconds.
 */
export function readEvents(payload: unknown, now: number): EventRow[] | string {
  if (!isObject(payload)) return 'the body is not an object';
  if (!Array.isArray(payload.Events)) return isReport(payload) ? [] : 'the body has no list of events';
  const events = payload.Events.slice(0, maxEvents).filter(isObject);
  const rows = events.map((event) => readEvent(payload, event, now)).filter((row) => row !== null);
  if (rows.length === 0 && payload.Events.length > 0) return 'none of its events says anything';
  // One payload may tell the same twice.
  return [...new Map(rows.map((row) => [row.key, row])).values()];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isReport(payload: Json): boolean {
  return String(payload['@odata.type'] ?? '').startsWith('#MetricReport.');
}

function readEvent(payload: Json, event: Json, now: number): EventRow | null {
  const row = {
    eventId: line(event.EventId, 200),
    eventTime: line(event.EventTimestamp, 64),
    kind: line(event.EventType, 64),
    messageId: line(event.MessageId, 200),
    severity: line(event.MessageSeverity, 32) ?? line(event.Severity, 32),
    message: line(event.Message, 2000),
    origin: originOf(event.OriginOfCondition),
  };
  if (row.messageId === null && row.message === null && row.kind === null) return null;
  return { key: keyOf(row, payload, event, now), ...row };
}

/**
 * Equal for repeats: controllers send an event again when our answer was lost. Where they number and date it, that
 * tells; otherwise the payload's number does, and failing all, the minute in which it came.
 */
function keyOf(row: Omit<EventRow, 'key'>, payload: Json, event: Json, now: number): string {
  const dated = row.eventId !== null && row.eventTime !== null;
  const numbers = dated ? [] : [line(payload.Id, 200), line(event.MemberId, 64)];
  const unnumbered = [row.eventId, row.eventTime, ...numbers].every((one) => one === null);
  const parts = [...Object.values(row), ...numbers, unnumbered ? Math.floor(now / 60_000) : null];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}

/** Newer services link the resource, older ones name its path. */
function originOf(value: unknown): string | null {
  return line(isObject(value) ? value['@odata.id'] : value, 500);
}

/** Words of an outside system on one line, fit for a log and a terminal. */
function line(value: unknown, max: number): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return null;
  const clean = value
    .replace(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, max);
  return clean === '' ? null : clean;
}
