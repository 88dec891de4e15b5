import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { connectMdb, type Mdb, type MdbOptions } from '../../mdb/connect.ts';
import { service } from './service.ts';

export interface ThrowawayMdb {
  readonly mdb: Mdb;
  readonly url: string;
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
    // A laden machine is no reason to give up.
    wait: 60_000,
    statementTimeout: 60_000,
    ...(connections && { connections }),
  });
  return {
    mdb: connection.mdb,
    url: own.href,
    close: async () => {
      await connection.close();
      await run(admin.href, `drop database ${name} with (force)`);
    },
  };
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
