import { createHash } from 'node:crypto';
import { registry } from '../bmc/reply.ts';
import type { VmDocument } from './tree.ts';

/** An answer of the BMC before it is written to a connection. */
export interface VmReply {
  readonly status: number;
  readonly body?: VmDocument;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error in Redfish's form; `message` is the id in the Base registry, e.g. `ResourceNotFound`. */
export function refuseWith(
  status: number,
  message: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): VmReply {
  const id = `${registry}.${message}`;
  const info = { '@odata.type': '#Message.v1_1_2.Message', MessageId: id, Message: text, Severity: 'Warning' };
  return { status, headers, body: { error: { code: id, message: text, '@Message.ExtendedInfo': [info] } } };
}

/** A strong entity tag of a document. */
export function vmTagOf(body: VmDocument): string {
  return `"${createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16)}"`;
}

/** Whether an `If-Match` or `If-None-Match` header names this tag. */
export function names(header: string, tag: string): boolean {
  return header.split(',').some((part) => part.trim() === '*' || part.trim().replace(/^W\//, '') === tag);
}
