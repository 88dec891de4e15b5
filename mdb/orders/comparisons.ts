/** Comparisons of the MDB with the workflows that exist: asked for, taken, ended, looked up. */
import { randomUUID } from 'node:crypto';
import { and, desc, eq, isNull, ne, sql } from 'drizzle-orm';
import type { Mismatch, MismatchCounts } from '../../contract/rehydrate.ts';
import { type Actor, acting, record } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { comparisons } from '../schema.ts';

export type Comparison = typeof comparisons.$inferSelect;

/** The one that goes by itself has one row, with what its latest round found. */
export const ownRound = 'by-itself';

const keptFor = sql`interval '30 days'`;
/** Seconds for which a comparison is the work of one process; it is renewed while that goes on. */
const leaseSeconds = 120;
const leased = sql`now() + ${leaseSeconds} * interval '1 second'`;

export interface ComparisonSpec {
  readonly selector: string | null;
  readonly dryRun: boolean;
  readonly reason: string | null;
}

/** Asks for a comparison, which a dispatcher makes; gives its id. */
export function askComparison(
  mdb: Mdb,
  operator: Actor,
  { selector, dryRun, reason }: ComparisonSpec,
): Promise<string> {
  const id = `rehydrate-${randomUUID().slice(0, 8)}`;
  return acting(mdb, operator, null, async (tx) => {
    await tx.insert(comparisons).values({ id, requestedBy: operator.name, selector, dryRun, reason });
    if (!dryRun) await record(tx, { actor: operator, action: 'rehydrate', detail: { id, selector, reason } });
    return id;
  });
}

/** The next one that somebody asked for and nobody is at, also one whose process died; null when there is none. */
export async function takeAsked(mdb: Mdb): Promise<Comparison | null> {
  const free = mdb
    .select({ id: comparisons.id })
    .from(comparisons)
    .where(
      and(
        ne(comparisons.id, ownRound),
        isNull(comparisons.endedAt),
        sql`coalesce(${comparisons.leasedUntil}, '-infinity') < now()`,
      ),
    )
    .orderBy(comparisons.requestedAt)
    .limit(1)
    .for('update', { skipLocked: true });
  const [taken] = await mdb
    .update(comparisons)
    .set({
      beganAt: sql`coalesce(${comparisons.beganAt}, now())`,
      leasedUntil: leased,
      machines: 0,
      counts: {},
      found: [],
    })
    .where(eq(comparisons.id, sql`(${free})`))
    .returning();
  return taken ?? null;
}

/** Begins the round that goes by itself, when the latest ended so many seconds ago; of several processes for one only. */
export async function takeOwnRound(mdb: Mdb, intervalSeconds: number): Promise<boolean> {
  const taken = await mdb
    .insert(comparisons)
    .values({ id: ownRound, beganAt: sql`now()`, leasedUntil: leased })
    .onConflictDoUpdate({
      target: comparisons.id,
      set: { beganAt: sql`now()`, leasedUntil: leased },
      setWhere: sql`coalesce(${comparisons.leasedUntil}, '-infinity') < now()
        and coalesce(${comparisons.endedAt}, '-infinity') < now() - ${intervalSeconds} * interval '1 second'`,
    })
    .returning({ id: comparisons.id });
  return taken.length === 1;
}

/** Says how far it is, and that its process lives. */
export async function noteProgress(mdb: Mdb, id: string, machines: number): Promise<void> {
  await mdb.update(comparisons).set({ machines, leasedUntil: leased }).where(eq(comparisons.id, id));
}

export interface Compared {
  readonly machines: number;
  readonly counts: MismatchCounts;
  readonly found: readonly Mismatch[];
  readonly error: string | null;
}

/** Ends it with what it found. A round that went by itself and found something is kept besides. */
export async function endComparison(mdb: Mdb, id: string, compared: Compared): Promise<void> {
  const row = { ...compared, leasedUntil: null, endedAt: sql`now()` };
  await mdb.update(comparisons).set(row).where(eq(comparisons.id, id));
  if (id !== ownRound) return;
  await mdb.delete(comparisons).where(sql`${comparisons.endedAt} < now() - ${keptFor}`);
  if (Object.keys(compared.counts).length === 0) return;
  await mdb.insert(comparisons).values({ id: `round-${randomUUID().slice(0, 8)}`, beganAt: sql`now()`, ...row });
}

export async function comparisonOf(mdb: MdbOrTransaction, id: string): Promise<Comparison | null> {
  const [row] = await mdb.select().from(comparisons).where(eq(comparisons.id, id));
  return row ?? null;
}

/** Newest first, without the row of the latest round. */
export function listComparisons(mdb: MdbOrTransaction, limit: number): Promise<Comparison[]> {
  return mdb
    .select()
    .from(comparisons)
    .where(ne(comparisons.id, ownRound))
    .orderBy(desc(comparisons.requestedAt))
    .limit(limit);
}
