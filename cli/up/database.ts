import { readFile } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { Trouble } from '../../host/trouble.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { migrateMdb } from '../../mdb/migrate.ts';
import { type AppRole, admitApp } from '../../mdb/roles.ts';

const journalShape = z.object({ entries: z.array(z.object({ when: z.number() })) });

/** Brings the MDB to this version and lets the role of Farrier's processes work with it. Throws Trouble. */
export async function openMdb(mdb: Mdb, what: string, app: AppRole): Promise<void> {
  await bringUpToDate(mdb, what);
  await admitApp(mdb, app);
}

/** Migrates. Throws Trouble when a newer Farrier has already taken it further. */
export async function bringUpToDate(mdb: Mdb, what: string): Promise<void> {
  const journal = new URL('../../mdb/migrations/meta/_journal.json', import.meta.url);
  const { entries } = journalShape.parse(JSON.parse(await readFile(journal, 'utf8')));
  const newest = Math.max(...entries.map((entry) => entry.when));
  if ((await lastMigration(mdb)) > newest) {
    throw new Trouble(`${what} was written by a newer Farrier; use that version, or give another folder with --data`);
  }
  await migrateMdb(mdb);
}

/** When the last migration that was applied was made, in milliseconds since 1970; 0 for an empty database. */
async function lastMigration(mdb: Mdb): Promise<number> {
  const found = await mdb.execute(sql`select to_regclass('drizzle.__drizzle_migrations') as name`);
  if (!found[0]?.['name']) return 0;
  const rows = await mdb.execute(
    sql`select coalesce(max(created_at), 0)::float8 as at from drizzle.__drizzle_migrations`,
  );
  return Number(rows[0]?.['at'] ?? 0);
}
