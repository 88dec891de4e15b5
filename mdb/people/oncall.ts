/** Who is on call for a team. */
import { and, asc, desc, eq, gt, inArray, lte, sql } from 'drizzle-orm';
import { onCallAt, type Rotation, type Swap, shiftAt } from '../../domain/oncall.ts';
import { type Actor, acting, record } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { oncall, oncallSwaps } from '../schema.ts';

export interface OnCall {
  readonly team: string;
  readonly person: string;
  /** Next time at which somebody else may be, in UTC. */
  readonly until: Date;
  /** Whether it is by a swap and not by the rotation. */
  readonly swapped: boolean;
  readonly people: readonly string[];
}

/** Who is on call for each team at a time, by team. */
export async function listOnCall(mdb: MdbOrTransaction, at: Date, team?: string): Promise<OnCall[]> {
  const rows = await mdb
    .select()
    .from(oncall)
    .where(team === undefined ? undefined : eq(oncall.team, team))
    .orderBy(asc(oncall.team));
  if (rows.length === 0) return [];
  const names = rows.map((row) => row.team);
  const swaps = await mdb
    .select()
    .from(oncallSwaps)
    .where(and(inArray(oncallSwaps.team, names), gt(oncallSwaps.until, at)))
    .orderBy(desc(oncallSwaps.id));
  return rows.map((row) => {
    const mine: Swap[] = swaps.filter((swap) => swap.team === row.team);
    return { team: row.team, people: row.people, ...shiftAt(row, mine, at) };
  });
}

/** What people wrote: each team's rotation, and who stands in for whom. */
export async function listRotations(mdb: MdbOrTransaction) {
  return {
    rotations: await mdb.select().from(oncall).orderBy(asc(oncall.team)),
    swaps: await mdb.select().from(oncallSwaps).orderBy(asc(oncallSwaps.id)),
  };
}

/** The person to tell of a team's question; null where the team has no rotation. */
export async function standsIn(tx: MdbOrTransaction, team: string, at: Date): Promise<string | null> {
  const [rotation] = await tx.select().from(oncall).where(eq(oncall.team, team));
  if (!rotation) return null;
  const swaps = await tx
    .select()
    .from(oncallSwaps)
    .where(and(eq(oncallSwaps.team, team), lte(oncallSwaps.from, at), gt(oncallSwaps.until, at)))
    .orderBy(desc(oncallSwaps.id));
  return onCallAt(rotation, swaps, at);
}

/** Writes a team's rotation; what was there is replaced. */
export async function setRotation(mdb: Mdb, operator: Actor, team: string, rotation: Rotation): Promise<void> {
  await acting(mdb, operator, null, async (tx) => {
    const values = { ...rotation, people: [...rotation.people] };
    await tx
      .insert(oncall)
      .values({ team, ...values })
      .onConflictDoUpdate({ target: oncall.team, set: { ...values, updatedAt: sql`now()` } });
    await record(tx, { actor: operator, action: 'oncall.set', detail: { team, ...values } });
  });
}

/** Puts somebody in for a while; false when the team has no rotation. */
export async function addSwap(mdb: Mdb, operator: Actor, team: string, swap: Swap): Promise<boolean> {
  return acting(mdb, operator, null, async (tx) => {
    const [known] = await tx.select({ team: oncall.team }).from(oncall).where(eq(oncall.team, team));
    if (!known) return false;
    await tx.insert(oncallSwaps).values({ team, ...swap, by: operator.name });
    const detail = { team, person: swap.person, from: swap.from.toISOString(), until: swap.until.toISOString() };
    await record(tx, { actor: operator, action: 'oncall.swap', detail });
    return true;
  });
}
