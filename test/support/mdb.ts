import { randomBytes } from 'node:crypto';
import { connectMdb, type Mdb, type MdbOptions } from '../../mdb/connect.ts';
import { service } from './service.ts';

/** A laden machine is no reason to give up. */
const patient = { waitMs: 60_000, statementTimeoutMs: 60_000 };

export interface ThrowawayMdb {
  readonly mdb: Mdb;
  readonly url: string;
  /** Runs statements, one after the other, as whoever owns the tables: for what Farrier itself may not do. */
  asOwner(...statements: readonly string[]): Promise<void>;
  /** Ends the connections and drops the database. */
  close(): Promise<void>;
}

export interface ThrowawayOptions extends Pick<MdbOptions, 'connections'> {
  /** Works as the owner of the tables, for suites about the driver or migrations; as Farrier's own role unless told. */
  readonly owner?: boolean;
}

/** A migrated MDB of this suite's own; about 50 ms, after 3 s for the first of a run. `connections` as in `MdbOptions`. */
export async function throwawayMdb({ connections, owner = false }: ThrowawayOptions = {}): Promise<ThrowawayMdb> {
  const { url: templateUrl = '', appUrl = '' } = await service('mdb');
  const name = `t_${randomBytes(6).toString('hex')}`;
  const template = new URL(templateUrl).pathname.slice(1);
  const admin = inDatabase(templateUrl, 'postgres');
  await run(admin, `create database ${name} template ${template}`);
  const url = inDatabase(owner ? templateUrl : appUrl, name);
  const connection = connectMdb({ url, name, ...patient, ...(connections && { connections }) });
  return {
    mdb: connection.mdb,
    url,
    asOwner: (...statements) => run(inDatabase(templateUrl, name), ...statements),
    close: async () => {
      await connection.close();
      await run(admin, `drop database ${name} with (force)`);
    },
  };
}

function inDatabase(url: string, name: string): string {
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}

async function run(url: string, ...statements: readonly string[]): Promise<void> {
  const { pool, close } = connectMdb({ url, name: 'test', connections: 1, ...patient });
  try {
    for (const statement of statements) await pool.query(statement);
  } finally {
    await close();
  }
}
