/**
 * What an error of the MDB means, by its code: the one judge for the API, the birther and activities. Where none of this
 * applies it is a fault in what was asked.
 */
import { MdbAway } from './driver/session.ts';

/**
 * `away`: the MDB cannot be used now, whoever asks and whatever for. `late`: this statement was given up because it took
 * too long, on a server that answers. `collision`: this transaction met another one; asked again it may go through.
 */
export type DatabaseTrouble = 'away' | 'late' | 'collision';

/** By SQLSTATE; what is not here by its whole code is looked for by its class, the first two characters. */
const byState: Readonly<Record<string, DatabaseTrouble>> = {
  // Classes: connection, login, no such database, out of resources, system.
  ...{ '08': 'away', '28': 'away', '3D': 'away', '53': 'away', '58': 'away' },
  // Shut down by a person, crashed, not up yet, its database dropped, idle for too long.
  ...{ '57P01': 'away', '57P02': 'away', '57P03': 'away', '57P04': 'away', '57P05': 'away' },
  // A standby that has not taken over yet.
  '25006': 'away',
  // Cancelled, as its time limit does it.
  '57014': 'late',
  // Serialization failure, completion unknown, deadlock, a lock that was not to be had, a transaction that was idle.
  ...{ '40001': 'collision', '40003': 'collision', '40P01': 'collision', '55P03': 'collision', '25P03': 'collision' },
  // What another transaction wrote first (unique, exclusion): a repetition finds it and goes round it.
  ...{ '23505': 'collision', '23P01': 'collision' },
};

/** Of sockets and name servers, and what postgres.js says of a connection. */
const unreachable: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH'],
  ...['ENETDOWN', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EMFILE', 'ENFILE'],
  ...['CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT'],
]);

export function troubleOf(error: unknown): DatabaseTrouble | null {
  for (const one of causesOf(error)) {
    const trouble = troubleOfOne(one);
    if (trouble !== null) return trouble;
  }
  return null;
}

function troubleOfOne(error: Coded): DatabaseTrouble | null {
  const { code, syscall, severity, routine } = error;
  // PostgreSQL ended the session, or let none begin, whatever for.
  if (error instanceof MdbAway || severity === 'FATAL' || severity === 'PANIC') return 'away';
  if (typeof code !== 'string') return null;
  // The socket of a server that is not started.
  if (unreachable.has(code) || (code === 'ENOENT' && syscall === 'connect')) return 'away';
  // A migration changed a table under a statement that was planned before; the next try plans it anew.
  if (code === '0A000' && routine === 'RevalidateCachedQuery') return 'collision';
  return isState(code) ? (byState[code] ?? byState[code.slice(0, 2)] ?? null) : null;
}

const isState = (code: string) => /^[0-9A-Z]{5}$/.test(code);

/** Whether the same request may be answered later; what violates a constraint is refused then as well. */
export function isOutage(error: unknown): boolean {
  return troubleOf(error) !== null && violationOf(error) === null;
}

export interface Violation {
  readonly constraint: string;
  readonly message: string;
}

/** The constraint that a statement violated, or a guard's name; null for any other error. */
export function violationOf(error: unknown): Violation | null {
  for (const { constraint_name: constraint, message } of causesOf(error) as Coded[])
    if (typeof constraint === 'string') return { constraint, message };
  return null;
}

/** Whether a row with this key is there already. */
export function isDuplicate(error: unknown): boolean {
  return causesOf(error).some(({ code }: Coded) => code === '23505');
}

/** As sockets and postgres.js have them. */
interface Coded extends Error {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly severity?: unknown;
  readonly routine?: unknown;
  readonly constraint_name?: unknown;
}

const deepest = 20;

/** The error and everything that it says caused it, outermost first. */
export function causesOf(error: unknown, depth = 0): Error[] {
  if (!(error instanceof Error) || depth > deepest) return [];
  const several = error instanceof AggregateError ? error.errors : [];
  return [error, ...[error.cause, ...several].flatMap((cause) => causesOf(cause, depth + 1))];
}
