import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PgTransactionConfig } from 'drizzle-orm/pg-core';
import pg from 'pg';

export type Mdb = NodePgDatabase & { readonly $client: pg.Pool };
/** A database or a transaction on it: queries take either. */
export type MdbOrTransaction = Pick<Mdb, 'select' | 'insert' | 'update' | 'delete' | 'execute'>;
type Transaction = Parameters<Parameters<Mdb['transaction']>[0]>[0];

export interface MdbConnection {
  readonly mdb: Mdb;
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

export interface MdbOptions {
  /** `postgres://…`; a Unix socket is given as `postgres:///farrier?host=/folder`. */
  readonly url: string;
  /** Connections at most; 10 unless told. */
  readonly connections?: number;
  /** Name under which PostgreSQL lists the connections. */
  readonly name: string;
  /** Milliseconds that work waits for one of them to be free, or to be made; 5,000 unless told. */
  readonly wait?: number;
  /** Milliseconds until a statement is given up; 10,000 unless told. */
  readonly statementTimeout?: number;
}

// A single MAC or address comes back as text either way; counts fit in a number here.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/**
 * How many times as long as PostgreSQL may take for a statement its answer is waited for: one that is later never comes,
 * as after a network lost the server without a word, and TCP would find that out in a quarter of an hour.
 */
const patience = 3;

/** Opens a pool. Connections are made on first use, so a database that is down is met by the first query. */
export function connectMdb(options: MdbOptions): MdbConnection {
  const statementTimeout = options.statementTimeout ?? 10_000;
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.name,
    max: options.connections ?? 10,
    connectionTimeoutMillis: options.wait ?? 5000,
    statement_timeout: statementTimeout,
    query_timeout: statementTimeout * patience,
    idle_in_transaction_session_timeout: 30_000,
  });
  // An idle connection that PostgreSQL drops (a restart) is replaced on the next query; without a listener it
  // would end the process.
  pool.on('error', () => {});
  // One that is in use tells of it by itself as well as by its query; drizzle's transactions don't listen.
  pool.on('connect', (client) => void client.on('error', () => {}));
  const mdb = drizzle({ client: pool });
  mdb.transaction = (work, config) => transact(pool, work, config);
  return { mdb, pool, close: () => pool.end() };
}

/**
 * A transaction on a connection that goes back to the pool whatever happens. drizzle's own keeps the pool's place for
 * ever when `begin` fails, and gives a connection back as sound when `rollback` failed (its issues 6023 and 6114, open at
 * 0.45.4). Throws what the work threw.
 */
async function transact<T>(
  pool: pg.Pool,
  work: (tx: Transaction) => Promise<T>,
  config?: PgTransactionConfig,
): Promise<T> {
  const client = await pool.connect();
  let thrown: unknown;
  const noting = (tx: Transaction) =>
    work(tx).catch((error: unknown) => {
      thrown = error;
      throw error;
    });
  let sound = true;
  try {
    return await drizzle({ client }).transaction(noting, config);
  } catch (error) {
    // What the work threw comes through when it could be rolled back; else nobody knows the connection's state.
    sound = error === thrown;
    throw thrown ?? error;
  } finally {
    client.release(!sound);
  }
}
