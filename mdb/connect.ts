import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { readAddress } from './driver/address.ts';
import { type ChannelListener, listen } from './driver/listening.ts';
import { createPool, type Pool } from './driver/pool.ts';
import { openMdbSession, type SessionOptions } from './driver/session.ts';
import { drizzleClient } from './driver/transaction.ts';

export type { Pool } from './driver/pool.ts';

export type Mdb = PostgresJsDatabase & { readonly $client: Pool };
/** A database or a transaction on it: queries take either. */
export type MdbOrTransaction = Pick<Mdb, 'select' | 'insert' | 'update' | 'delete' | 'execute'>;

export interface MdbConnection {
  readonly mdb: Mdb;
  readonly pool: Pool;
  /** Listens to a channel, on a connection besides those of the pool, until it is stopped. */
  listen(channel: string, listener: ChannelListener, stop: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface MdbOptions {
  /** `postgres://…`; a Unix socket is given as `postgres:///farrier?host=/folder`. */
  readonly url: string;
  /** Connections at most; 10 by default. */
  readonly connections?: number;
  /** Name under which PostgreSQL lists the connections. */
  readonly name: string;
  /** Milliseconds that work waits for one of them to be free, or to be made; 5,000 by default. */
  readonly waitMs?: number;
  /** Milliseconds until a statement is given up; 10,000 by default. */
  readonly statementTimeoutMs?: number;
}

/** Opens a pool. Connections are made on first use, so a database that is down is met by the first query. */
export function connectMdb(options: MdbOptions): MdbConnection {
  const { url, name, connections = 10, waitMs = 5000, statementTimeoutMs = 10_000 } = options;
  const address = readAddress(url);
  const open = (more: Pick<SessionOptions, 'notified'> = {}) =>
    openMdbSession(address, { name, wait: waitMs, statementTimeout: statementTimeoutMs, ...more });
  const pool = createPool({ open, connections, wait: waitMs });
  const mdb = Object.assign(drizzle({ client: drizzleClient(pool) as unknown as Sql }), { $client: pool });
  return {
    mdb,
    pool,
    listen: (channel, listener, stop) => listen((notified) => open({ notified }), channel, listener, stop),
    close: () => pool.end(),
  };
}
