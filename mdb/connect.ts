import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import * as schema from './schema.ts';

export type Mdb = NodePgDatabase<typeof schema> & { readonly $client: pg.Pool };
/** A database or a transaction on it: queries take either. */
export type MdbOrTransaction = Pick<Mdb, 'select' | 'insert' | 'update' | 'delete' | 'execute' | 'query'>;

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
  /** Milliseconds until a statement is given up; 10,000 unless told. */
  readonly statementTimeout?: number;
}

// A single MAC or address comes back as text either way; counts fit in a number here.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** Opens a pool. Connections are made on first use, so a database that is down is met by the first query. */
export function connectMdb(options: MdbOptions): MdbConnection {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.name,
    max: options.connections ?? 10,
    connectionTimeoutMillis: 5000,
    statement_timeout: options.statementTimeout ?? 10_000,
    idle_in_transaction_session_timeout: 30_000,
  });
  // An idle connection that PostgreSQL drops (a restart) is replaced on the next query; without a listener it
  // would end the process.
  pool.on('error', () => {});
  // One that is in use tells of it by itself as well as by its query; drizzle's transactions don't listen.
  pool.on('connect', (client) => void client.on('error', () => {}));
  return { mdb: drizzle({ client: pool, schema }), pool, close: () => pool.end() };
}
