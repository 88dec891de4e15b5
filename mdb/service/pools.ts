/** Policy by pool: how its machines are drained, emptied and taken back. */
import { asc, eq, getTableColumns, sql } from 'drizzle-orm';
import { type PoolPolicy, standardPoolPolicy } from '../../domain/pools.ts';
import { type Actor, acting, explain, record } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { machines, pools } from '../schema.ts';

const { updatedAt: _, ...policyColumns } = getTableColumns(pools);

/** The pool's policy; a pool that nobody wrote one for has the standard one. */
export async function readPool(mdb: MdbOrTransaction, id: string): Promise<PoolPolicy> {
  const [row] = await mdb.select(policyColumns).from(pools).where(eq(pools.id, id));
  return row ?? standardPoolPolicy(id);
}

export interface PoolListing extends PoolPolicy {
  readonly machines: number;
  /** Whether somebody wrote a policy for it; otherwise it shows the standard one. */
  readonly written: boolean;
}

/** Every pool that has a policy or a machine, by name. */
export async function listPools(mdb: MdbOrTransaction): Promise<PoolListing[]> {
  const rows = await mdb.select(policyColumns).from(pools).orderBy(asc(pools.id));
  const counted = await mdb
    .select({ id: machines.pool, machines: sql<number>`count(*)::int` })
    .from(machines)
    .groupBy(machines.pool);
  const written = new Map(rows.map((row) => [row.id, row]));
  const counts = new Map(counted.map((row) => [row.id, row.machines]));
  return [...new Set([...written.keys(), ...counts.keys()])].sort().map((id) => ({
    ...(written.get(id) ?? standardPoolPolicy(id)),
    machines: counts.get(id) ?? 0,
    written: written.has(id),
  }));
}

export type PoolChange = { readonly [Key in keyof Omit<PoolPolicy, 'id'>]?: PoolPolicy[Key] | undefined };

/** Writes what is named and leaves the rest; returns the policy as it is then. */
export async function setPool(
  mdb: Mdb,
  operator: Actor,
  id: string,
  change: PoolChange,
  reason: string,
): Promise<PoolPolicy> {
  return acting(mdb, operator, null, async (tx) => {
    const before = await readPool(tx, id);
    await explain(tx, { reason });
    await tx
      .insert(pools)
      .values({ id, ...change })
      .onConflictDoUpdate({ target: pools.id, set: { ...change, updatedAt: sql`now()` } });
    const after = await readPool(tx, id);
    await record(tx, { actor: operator, action: 'pool.set', detail: { pool: id, reason, before, after } });
    return after;
  });
}
