import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import { legalEdges } from '../domain/machine.ts';
import type { Mdb } from './connect.ts';
import { legalEdgesTable } from './schema.ts';

/** Brings the MDB to this version's schema and writes the legal state edges into it. May be repeated. */
export async function migrateMdb(mdb: Mdb): Promise<void> {
  await migrate(mdb, { migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)) });
  const edges = Object.entries(legalEdges).flatMap(([guarded, table]) =>
    Object.entries(table).flatMap(([from, targets]) => targets.map((to) => ({ guarded, from, to }))),
  );
  await mdb.transaction(async (tx) => {
    await tx.execute(sql`lock table legal_edges in exclusive mode`);
    await tx.delete(legalEdgesTable);
    await tx.insert(legalEdgesTable).values(edges);
  });
}
