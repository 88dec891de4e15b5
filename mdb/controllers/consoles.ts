/** The end of each machine's console. */
import { and, eq, gt, sql } from 'drizzle-orm';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { consoles } from '../schema.ts';

/** `missing`: why there are no lines; null when there are. */
export async function keepConsole(
  mdb: Mdb,
  machineId: string,
  lines: readonly string[],
  missing: string | null,
): Promise<void> {
  const row = { lines, missing, readAt: sql`now()` };
  await mdb
    .insert(consoles)
    .values({ machineId, ...row })
    .onConflictDoUpdate({ target: consoles.machineId, set: row });
}

/** What was read of it within the last quarter of an hour, which is how long a diagnosis may take. */
export async function consoleOf(mdb: MdbOrTransaction, machineId: string) {
  const recent = gt(consoles.readAt, sql`now() - interval '15 minutes'`);
  const [row] = await mdb
    .select()
    .from(consoles)
    .where(and(eq(consoles.machineId, machineId), recent));
  return row ?? null;
}

/** What was read of it last, whenever that was; null where it never was. */
export async function lastConsoleOf(mdb: MdbOrTransaction, machineId: string) {
  const [row] = await mdb.select().from(consoles).where(eq(consoles.machineId, machineId));
  return row ?? null;
}
