/** Syslog: messages of RFC 5424, framed by their length over TCP (RFC 6587) and TLS (RFC 5425), or one a datagram. */
import { createSocket } from 'node:dgram';
import { connect, isIP, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Milliseconds } from '../../domain/duration.ts';
import type { AuditPlace } from './place.ts';
import type { AuditRecord } from './record.ts';

type SyslogPlace = Extract<AuditPlace, { kind: 'syslog' }>;

/** Facility *log audit* (13), severity *notice* (5). */
const priority = 13 * 8 + 5;
const connectMs: Milliseconds = 5000;
const answerMs: Milliseconds = 15_000;
/** Who lets everybody in and closes at once, as a balancer with nobody behind it, has done so by then. */
const settleMs: Milliseconds = 50;

/** One row as a message; all of it is ASCII, so that no receiver guesses at its letters. */
export function renderMessage({ row, line }: AuditRecord, host = hostname()): string {
  const word = (text: string, max: number) => text.replace(/[^!-~]/g, '_').slice(0, max) || '-';
  const plain = line.replace(/[^\0-\x7e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `<${priority}>1 ${row.at} ${word(host, 255)} farrier - ${word(row.action, 32)} - ${plain}`;
}

/**
 * Sends the rows on a connection of their own and says that this was all. A receiver that has read everything closes its
 * side too; one that is gone, or has not read all, resets it. Nothing else in syslog tells that it has them.
 */
export function sendStream(place: SyslogPlace, records: readonly AuditRecord[]): Promise<null> {
  return new Promise((resolve, reject) => {
    const where = `${place.host}:${place.port}`;
    const socket = openSocket(place);
    let ended = false;
    let timer = setTimeout(() => fail(new Error(`${where} cannot be reached within ${connectMs} ms`)), connectMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const send = () => {
      const messages = records.map((record) => renderMessage(record));
      socket.end(messages.map((message) => `${Buffer.byteLength(message)} ${message}`).join(''));
    };
    socket.once(place.over === 'tls' ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => fail(new Error(`${where} did not close within ${answerMs} ms, and may not have read all`)),
        answerMs,
      );
      setTimeout(send, settleMs);
    });
    socket.on('error', (error) =>
      fail(new Error(`${where}: ${(error as NodeJS.ErrnoException).code ?? error.message}`)),
    );
    socket.once('end', () => {
      ended = socket.writableFinished;
      if (!ended) fail(new Error(`${where} closed before it was told anything`));
    });
    // What a receiver says is of no use, and unread it would keep the end from being seen.
    socket.resume();
    socket.once('close', (failed) => {
      clearTimeout(timer);
      if (!failed && ended) resolve(null);
      else fail(new Error(`${where} closed before it had read all`));
    });
  });
}

function openSocket(place: SyslogPlace): Socket {
  const { host, port } = place;
  // Without it our own end would be sent as soon as the receiver's comes, whatever is still to be written.
  if (place.over !== 'tls') return connect({ host, port, allowHalfOpen: true });
  const name = isIP(host) ? {} : { servername: host };
  // Node knows `allowHalfOpen` here too; its types do not.
  const options: ConnectionOptions & { allowHalfOpen: true } = { host, port, allowHalfOpen: true };
  return connectTls({ ...options, ...name, ...place.tls, minVersion: 'TLSv1.2' });
}

/** IPv4 carries no more in one. */
const maxDatagramBytes = 65_000;

/** Sends one datagram a row. Nobody says whether any came. */
export async function sendDatagrams({ host, port }: SyslogPlace, records: readonly AuditRecord[]): Promise<null> {
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  try {
    for (const record of records) {
      const message = renderMessage(record).slice(0, maxDatagramBytes);
      await new Promise<void>((resolve, reject) =>
        socket.send(message, port, host, (error) => (error ? reject(error) : resolve())),
      );
    }
  } finally {
    socket.close();
  }
  return null;
}
