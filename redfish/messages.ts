import { RedfishError, type RedfishErrorKind } from './errors.ts';
import { vendorMessages } from './quirks.ts';
import { retryAfterOf } from './retries.ts';
import type { Json, RedfishResponse } from './transport.ts';

/** A message of an answer, in the form of the Redfish message registries. */
export interface Message {
  /** The last part of its MessageId: what it says, without registry and version. */
  readonly key: string;
  readonly id: string;
  readonly text: string;
  readonly args: readonly string[];
}

/** Messages of the Base registry that say more than their status does. */
const baseMessages: Readonly<Record<string, RedfishErrorKind>> = {
  PasswordChangeRequired: 'password-change',
  SessionLimitExceeded: 'session-limit',
  // Some call it a lack of privilege, or their own fault (openbmc/bmcweb#150): the word counts, not the status.
  EventSubscriptionLimitExceeded: 'subscription-limit',
  NoValidSession: 'session-lost',
  InsufficientPrivilege: 'forbidden',
  ServiceTemporarilyUnavailable: 'busy',
  ServiceShuttingDown: 'busy',
  ResourceInStandby: 'not-now',
  ResourceInUse: 'busy',
  ResourceMissingAtURI: 'missing',
  PreconditionFailed: 'precondition',
  PreconditionRequired: 'precondition',
};

/**
 * Messages about the server that the controller was to fetch an image from, by the Base registry: nothing that the
 * controller or its account could do better.
 */
const sourceMessages = new Set([
  'AccessDenied',
  'CouldNotEstablishConnection',
  'SourceDoesNotSupportProtocol',
  'ResourceAtUriUnauthorized',
  'ResourceAtUriInUnknownFormat',
]);

/** Requests that name an image elsewhere. */
const fetching = /\/(VirtualMedia\b|[\w.]*SimpleUpdate$|[\w.]*InsertMedia$)/i;

/** Says nothing that the status does not: the message behind it is the one to tell. */
const generic = new Set(['GeneralError', 'Success', 'ExtendedInfo', 'ExtendedError']);

/** The messages of a body, of an error or beside a success; none for anything that is not in Redfish's form. */
export function messagesOf(body: Json | null): Message[] {
  const error = body?.error as Json | undefined;
  const listed = error?.['@Message.ExtendedInfo'] ?? body?.['@Message.ExtendedInfo'];
  // Some show one message where a list should be.
  const entries: unknown[] = [listed].flat().slice(0, 20);
  const all = [...entries, { MessageId: error?.code, Message: error?.message }].flatMap((entry) => message(entry));
  return [...all.filter(({ key }) => !generic.has(key)), ...all.filter(({ key }) => generic.has(key))];
}

function message(entry: unknown): Message[] {
  if (typeof entry !== 'object' || entry === null) return [];
  const { MessageId, Message: words, MessageArgs } = entry as Json;
  if (typeof MessageId !== 'string' && typeof words !== 'string') return [];
  const id = clean(MessageId);
  const args = Array.isArray(MessageArgs) ? MessageArgs.map(String) : [];
  return [{ key: id.split('.').at(-1) ?? '', id, text: clean(words), args }];
}

/** Words of an outside system, fit for a log line. */
function clean(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\p{C}/gu, ' ').slice(0, 300) : '';
}

/** The error that an answer of 300 and more is: by the vendor's message first, by its status otherwise. */
export function failureOf(answer: RedfishResponse, where: string): RedfishError {
  const messages = messagesOf(answer.body);
  const known = (key: string) => key in vendorMessages || key in baseMessages || sourceMessages.has(key);
  const recognised = messages.map(({ key }) => key).find(known) ?? '';
  const vendor = vendorMessages[recognised];
  const [first] = messages;
  const words = first ? ` (${[first.id, first.text].filter((part) => part !== '').join(': ')})` : '';
  const speaking = messages.find(({ key }) => key === recognised);
  const retryAfterMs = retryAfterOf(answer.headers['retry-after'], Date.now());
  const source = speaking !== undefined && isSource(speaking, where);
  const spoken = source ? 'image-source' : (vendor?.kind ?? baseMessages[recognised]);
  // Not taken in by a service that says so itself and names the time; a bare 503 may be its proxy's, when it broke off.
  const postponed = answer.status === 503 && retryAfterMs !== null && (spoken === 'busy' || spoken === 'not-now');
  return new RedfishError(
    spoken ?? byStatus(answer.status),
    `${where}: ${source ? 'the server of the image did not give it: ' : ''}status ${answer.status}${words}`,
    {
      status: answer.status,
      carriedOut: refused(answer.status) || postponed || vendor?.notTaken ? 'no' : 'maybe',
      retryAfterMs,
      pointer: speaking ? pathIn(speaking) : null,
      key: (speaking ?? first)?.key ?? null,
    },
  );
}

/** Whether a message is about the server of an image, and not about the controller's own door. */
function isSource({ args, key, text }: Message, where: string): boolean {
  if (!sourceMessages.has(key)) return false;
  const place = [...args, text].find((part) => /^[a-z][a-z0-9+.-]*:\/\/|\/redfish\//i.test(part));
  const [, path = ''] = / (?:https?:\/\/[^/ ]+)?(\/\S*)/.exec(where) ?? [];
  return place === undefined ? fetching.test(path) : !place.startsWith('/redfish/');
}

/** A 4xx was not done, but for 408, whose sender may have been heard; of the 5xx, only 501 says so by itself. */
function refused(status: number): boolean {
  return (status >= 300 && status < 500 && status !== 408) || status === 501;
}

function byStatus(status: number): RedfishErrorKind {
  if (status < 400) return 'foreign-link';
  if (status === 401) return 'session-lost';
  if (status === 403) return 'forbidden';
  if (status === 404 || status === 410) return 'missing';
  if (status === 412 || status === 428) return 'precondition';
  if (status === 405 || status === 501) return 'unsupported';
  if (status === 408 || status === 429 || status >= 500) return 'busy';
  return 'rejected';
}

function pathIn({ args, text }: Message): string | null {
  return [...args, text].map((part) => /\/redfish\/[\w./%@-]*[\w%]/.exec(part)?.[0]).find(Boolean) ?? null;
}
