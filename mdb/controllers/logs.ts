/** Logs of controllers, kept before anybody clears them. */
import { and, desc, eq, lt, sql } from 'drizzle-orm';
import type { Transaction } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { lock } from '../locks.ts';
import { controllerLogEntries, controllerLogs } from '../schema.ts';

/** What was read of one log, and what of it is new. */
export interface LogRecord {
  readonly log: string;
  readonly name: string;
  /** Fingerprints of the entries seen: what the next reading compares with. */
  readonly cursor: readonly string[];
  readonly restarted: boolean;
  readonly reached: 'end' | 'known' | 'part';
  readonly entries: readonly EntryRow[];
}

type EntryRow = Omit<typeof controllerLogEntries.$inferInsert, 'id' | 'machineId' | 'log' | 'generation' | 'seenAt'>;

/** Entries of one machine; older ones make room, so that a controller that writes for ever fills nothing. */
const maxKept = 50_000;
/** Entries in one statement: PostgreSQL takes 65,535 parameters. */
const atOnce = 1000;

/** How far each log of a machine was read, by its path. */
export async function logCursors(mdb: Mdb, machineId: string): Promise<Record<string, readonly string[]>> {
  const rows = await mdb
    .select({ log: controllerLogs.log, cursor: controllerLogs.cursor })
    .from(controllerLogs)
    .where(eq(controllerLogs.machineId, machineId));
  return Object.fromEntries(rows.map(({ log, cursor }) => [log, cursor]));
}

/**
 * Keeps a reading: entries and how far it came, in one transaction, so that neither is there without the other. A
 * repeated reading adds nothing. Gives how many entries were new.
 */
export async function keepLogs(mdb: Mdb, machineId: string, records: readonly LogRecord[]): Promise<number> {
  return mdb.transaction(async (tx) => {
    // Two readings of one machine at once would each take its own word for the log's beginning.
    await lock(tx, 'logs', machineId);
    let kept = 0;
    for (const record of records) kept += await keepLog(tx, machineId, record);
    if (kept > 0) await makeRoom(tx, machineId);
    return kept;
  });
}

async function makeRoom(tx: Transaction, machineId: string): Promise<void> {
  const oldest = tx
    .select({ id: controllerLogEntries.id })
    .from(controllerLogEntries)
    .where(eq(controllerLogEntries.machineId, machineId))
    .orderBy(desc(controllerLogEntries.id))
    .offset(maxKept)
    .limit(1);
  await tx
    .delete(controllerLogEntries)
    .where(and(eq(controllerLogEntries.machineId, machineId), sql`${controllerLogEntries.id} <= (${oldest})`));
}

async function keepLog(tx: Transaction, machineId: string, record: LogRecord): Promise<number> {
  const { log, name, cursor, restarted, reached, entries } = record;
  const [known] = await tx
    .select({ generation: controllerLogs.generation, complete: controllerLogs.complete })
    .from(controllerLogs)
    .where(and(eq(controllerLogs.machineId, machineId), eq(controllerLogs.log, log)));
  const generation = (known?.generation ?? 1) + (known && restarted ? 1 : 0);
  const complete = reached === 'end' || (reached === 'known' && known?.complete === true);
  const row = { name, cursor, generation, complete };
  await tx
    .insert(controllerLogs)
    .values({ machineId, log, ...row })
    .onConflictDoUpdate({
      target: [controllerLogs.machineId, controllerLogs.log],
      set: { ...row, readAt: sql`now()` },
    });
  let kept = 0;
  for (let from = 0; from < entries.length; from += atOnce) {
    const rows = entries.slice(from, from + atOnce).map((entry) => ({ ...entry, machineId, log, generation }));
    const { count } = await tx.insert(controllerLogEntries).values(rows).onConflictDoNothing();
    kept += count;
  }
  return kept;
}

/** What is kept of one log; null when it was never read. */
export async function archivedLog(mdb: Mdb, machineId: string, log: string) {
  const [row] = await mdb
    .select({ cursor: controllerLogs.cursor, complete: controllerLogs.complete })
    .from(controllerLogs)
    .where(and(eq(controllerLogs.machineId, machineId), eq(controllerLogs.log, log)));
  return row ?? null;
}

/** Entries of all logs, newest first, by when they were read. */
export async function listLogEntries(
  mdb: Mdb,
  machineId: string,
  page: { readonly limit: number; readonly after?: string | undefined },
) {
  const older = page.after === undefined ? undefined : lt(controllerLogEntries.id, Number(page.after));
  return mdb
    .select()
    .from(controllerLogEntries)
    .where(and(eq(controllerLogEntries.machineId, machineId), older))
    .orderBy(desc(controllerLogEntries.id))
    .limit(page.limit);
}

export async function countLogEntries(mdb: Mdb, machineId: string): Promise<number> {
  return mdb.$count(controllerLogEntries, eq(controllerLogEntries.machineId, machineId));
}
