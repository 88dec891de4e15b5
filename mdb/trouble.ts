/**
 * What an error of the MDB means, by its code: the one judge for the API and for activities.
 *
 * `away`: it cannot be used now, whoever asks and whatever for. `collision`: this transaction met another one, or took too
 * long; asked again it may go through. Null: a fault in what was asked.
 */
export type DatabaseTrouble = 'away' | 'collision';

// SQLSTATE classes 08 connection, 28 login, 3D no such database, 53 out of resources, 58 system; of 57 a server that is
// going down or starting up; 25006: it is a standby that has not taken over yet.
const away = /^(08...|28...|3D...|53...|58...|57P0[1-5]|25006)$/;
// Serialization failure, deadlock, a lock that was not to be had, a statement past its time, an idle transaction that was
// ended, and what another transaction wrote first (unique, exclusion): a repetition finds it and goes round it.
const collision = /^(40001|40P01|40003|55P03|57014|25P03|23505|23P01)$/;

const sockets = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
]);

// node-postgres gives these no code: a pool without a free connection, a server that went away, one that does not answer.
const uncoded =
  /^(timeout exceeded when trying to connect|Connection terminated\b|Query read timeout|Client (was closed|has encountered a connection error) and is not queryable|timeout expired)/i;

export function troubleOf(error: unknown): DatabaseTrouble | null {
  for (const one of causesOf(error)) {
    const { code, syscall, severity } = one as Coded;
    // PostgreSQL ended the session, or let none begin, whatever for.
    if (severity === 'FATAL' || severity === 'PANIC') return 'away';
    if (typeof code === 'string') {
      if (away.test(code) || sockets.has(code)) return 'away';
      // The socket of a server that is not started.
      if (code === 'ENOENT' && syscall === 'connect') return 'away';
      if (collision.test(code)) return 'collision';
    }
    if (uncoded.test(one.message)) return 'away';
  }
  return null;
}

interface Coded extends Error {
  readonly code?: unknown;
  readonly syscall?: unknown;
  /** As PostgreSQL has it. */
  readonly severity?: unknown;
}

const deepest = 20;

/** The error and everything that it says caused it, outermost first. */
export function causesOf(error: unknown, depth = 0): Error[] {
  if (!(error instanceof Error) || depth > deepest) return [];
  const several = error instanceof AggregateError ? error.errors : [];
  return [error, ...[error.cause, ...several].flatMap((cause) => causesOf(cause, depth + 1))];
}
