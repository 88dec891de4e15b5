/** OpenTelemetry's logs over HTTP, as JSON: each row is a log record whose body is its line. */
import { hostname } from 'node:os';
import { z } from 'zod';
import type { ConnectionStore } from '../http/connection.ts';
import { openOutside, requestJson } from '../http/http.ts';
import type { AuditRecord } from './record.ts';

/** Of a collector that took some and not others; by its protocol it must not be asked again for those. */
const answer = z.object({
  partialSuccess: z
    .object({ rejectedLogRecords: z.coerce.number().default(0), errorMessage: z.string().default('') })
    .partial()
    .nullish(),
});

export async function postLogs(
  connections: ConnectionStore,
  reference: string,
  records: readonly AuditRecord[],
): Promise<string | null> {
  const connection = await connections.connection(reference);
  const outside = openOutside(connection);
  try {
    const { token } = connection;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const call = { method: 'POST', path: '/v1/logs', headers, json: renderLogs(records) } as const;
    const { partialSuccess } = await requestJson(outside, call, answer);
    const rejected = partialSuccess?.rejectedLogRecords ?? 0;
    return rejected > 0
      ? outside.hide(`it rejected ${rejected} of ${records.length} rows: ${partialSuccess?.errorMessage ?? ''}`)
      : null;
  } finally {
    await outside.close();
  }
}

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });

export function renderLogs(records: readonly AuditRecord[], host = hostname()): object {
  const logRecords = records.map(({ row, line }) => {
    const nanoseconds = nanosecondsOf(row.at);
    const named = Object.entries({
      'enduser.id': row.actor,
      'farrier.actor_class': row.actorClass,
      'farrier.machine': row.machineId,
      'farrier.order': row.orderId,
      'farrier.audit.row': String(row.id),
      'farrier.audit.hash': row.hash,
    });
    return {
      timeUnixNano: nanoseconds,
      observedTimeUnixNano: nanoseconds,
      severityNumber: 9,
      severityText: 'INFO',
      eventName: `farrier.${row.action}`,
      body: { stringValue: line },
      attributes: named.flatMap(([key, value]) => (value === null ? [] : [attribute(key, value)])),
    };
  });
  const resource = { attributes: [attribute('service.name', 'farrier'), attribute('host.name', host)] };
  return { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'farrier.audit' }, logRecords }] }] };
}

/** Nanoseconds since 1970, of a time to the microsecond. */
function nanosecondsOf(at: string): string {
  const [, micros = ''] = /\.(\d{1,6})Z$/.exec(at) ?? [];
  const seconds = Math.floor(Date.parse(at) / 1000);
  return `${seconds}${micros.padEnd(9, '0')}`;
}
