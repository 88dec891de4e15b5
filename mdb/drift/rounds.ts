/** Rounds of the reconciler: asked for, begun, ended. */
import { randomUUID } from 'node:crypto';
import { asc, count, desc, eq, sql } from 'drizzle-orm';
import type { ReconcileSummary } from '../../contract/reconcile.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { lock } from '../locks.ts';
import { postToReconciler } from '../outbox.ts';
import { reconciles, sites } from '../schema.ts';

/** How long rounds are kept. */
const keptFor = sql`interval '30 days'`;

/** One round of a site at a time writes: a repeated activity waits for the one that is still at it. */
export async function lockSite(tx: Transaction, siteId: string): Promise<void> {
  await lock(tx, 'rounds', siteId);
}

/** Begins a round, once; gives when it began. */
export async function beginRound(mdb: Mdb, siteId: string, id: string): Promise<Date> {
  return mdb.transaction(async (tx) => {
    await tx.insert(reconciles).values({ id, siteId }).onConflictDoNothing();
    await tx
      .delete(reconciles)
      .where(sql`${reconciles.siteId} = ${siteId} and ${reconciles.beganAt} < now() - ${keptFor}`);
    const [row] = await tx.select().from(reconciles).where(eq(reconciles.id, id));
    if (!row) throw new Error(`round ${id} is gone`);
    return row.beganAt;
  });
}

export async function endRound(mdb: Mdb, id: string, summary: ReconcileSummary): Promise<void> {
  await mdb.update(reconciles).set({ endedAt: sql`now()`, summary }).where(eq(reconciles.id, id));
}

/** Newest first. */
export async function listRounds(
  mdb: MdbOrTransaction,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
) {
  const behind =
    after === undefined
      ? undefined
      : sql`exists (select 1 from reconciles a where a.id = ${after} and (${reconciles.beganAt} < a.began_at
          or (${reconciles.beganAt} = a.began_at and ${reconciles.id} > a.id)))`;
  return mdb.select().from(reconciles).where(behind).orderBy(desc(reconciles.beganAt), asc(reconciles.id)).limit(limit);
}

export async function countRounds(mdb: MdbOrTransaction): Promise<number> {
  const [row] = await mdb.select({ total: count() }).from(reconciles);
  return row?.total ?? 0;
}

/** Asks for a round of each site, or of one; gives the sites and when that was. Null: there is no such site. */
export async function askForRounds(
  mdb: Mdb,
  operator: Actor,
  siteId: string | null,
): Promise<{ sites: string[]; requestedAt: Date } | null> {
  return acting(mdb, operator, null, async (tx) => {
    const known = await tx
      .select({ id: sites.id, at: sql<Date>`now()`.mapWith(reconciles.beganAt) })
      .from(sites)
      .orderBy(asc(sites.id));
    const meant = known.filter(({ id }) => siteId === null || id === siteId);
    const [first] = meant;
    if (!first) return null;
    for (const { id } of meant) await postToReconciler(tx, `reconcile/${id}/${randomUUID()}`, { siteId: id });
    const ids = meant.map(({ id }) => id);
    await record(tx, { actor: operator, action: 'reconcile.ask', detail: { sites: ids } });
    return { sites: ids, requestedAt: first.at };
  });
}
