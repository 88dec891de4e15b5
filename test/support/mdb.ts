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

/** A migrated MDB of this suite's own; about 50 ms, after 3 s for the first of a run. `connections` as in `MdbOptions`. */
export async function throwawayMdb({ connections }: Pick<MdbOptions, 'connections'> = {}): Promise<ThrowawayMdb> {
  const { url: templateUrl = '' } = await service('mdb');
  const name = `t_${randomBytes(6).toString('hex')}`;
  const admin = new URL(templateUrl);
  const template = admin.pathname.slice(1);
  admin.pathname = '/postgres';
  await run(admin.href, `create database ${name} template ${template}`);
  const own = new URL(templateUrl);
  own.pathname = `/${name}`;
  const connection = connectMdb({
    url: own.href,
    name,
    ...patient,
    ...(connections && { connections }),
  });
  return {
    mdb: connection.mdb,
    url: own.href,
    asOwner: (...statements) => run(own.href, ...statements),
    close: async () => {
      await connection.close();
      await run(admin.href, `drop database ${name} with (force)`);
    },
  };
}

async function run(url: string, ...statements: readonly string[]): Promise<void> {
  const { pool, close } = connectMdb({ url, name: 'test', connections: 1, ...patient });
  try {
    for (const statement of statements) await pool.query(statement);
  } finally {
    await close();
  }
}
