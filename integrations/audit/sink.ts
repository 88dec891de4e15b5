import type { ConnectionStore } from '../http/connection.ts';
import { appendToFile } from './file.ts';
import { postLogs } from './otlp.ts';
import type { AuditPlace } from './place.ts';
import type { AuditRecord } from './record.ts';
import { sendDatagrams, sendStream } from './syslog.ts';

/**
 * Resolves when the place has all of them for good, as far as it can say so, with what a person should know of it; else
 * throws, and may have some.
 */
export type AuditSink = (records: readonly AuditRecord[]) => Promise<string | null>;

export function openSink(place: AuditPlace, connections: ConnectionStore): AuditSink {
  switch (place.kind) {
    case 'file':
      return (records) => appendToFile(place.path, records);
    case 'otlp':
      return (records) => postLogs(connections, place.reference, records);
    case 'syslog':
      return place.over === 'udp'
        ? (records) => sendDatagrams(place, records)
        : (records) => sendStream(place, records);
  }
}
