import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import type { MdbOrTransaction } from '../connect.ts';

const { entries } = JSON.parse(readFileSync(new URL('../migrations/meta/_journal.json', import.meta.url), 'utf8')) as {
  readonly entries: readonly { readonly when: number }[];
};
const newest = Math.max(...entries.map(({ when }) => when));

/** Whether the MDB has the schema that this build works with: an older one is still to be migrated. */
export async function isMigrated(mdb: MdbOrTransaction): Promise<boolean> {
  const rows = await mdb.execute<{ at: string | null }>(
    sql`select max(created_at)::text as at from drizzle.__drizzle_migrations`,
  );
  return Number(rows[0]?.at ?? 0) >= newest;
}
