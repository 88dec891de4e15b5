/** Profiles: what is wanted of machines of a kind. */

import { asc, eq, sql } from 'drizzle-orm';
import { standardBurnin } from '../../domain/places/places.ts';
import { type Actor, acting, explain, record } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { machines, profiles } from '../schema.ts';

type ProfileRow = typeof profiles.$inferSelect;
type ProfileChange = Partial<Omit<ProfileRow, 'id' | 'burnin'>>;

export async function listProfiles(mdb: MdbOrTransaction): Promise<(ProfileRow & { machines: number })[]> {
  const rows = await mdb.select().from(profiles).orderBy(asc(profiles.id));
  const counted = await mdb
    .select({ id: machines.profileId, machines: sql<number>`count(*)::int` })
    .from(machines)
    .groupBy(machines.profileId);
  const counts = new Map(counted.map((row) => [row.id, row.machines]));
  return rows.map((row) => ({ ...row, machines: counts.get(row.id) ?? 0 }));
}

/** Writes what is named and leaves the rest; a profile that was not there begins with the usual burn-in. */
export function setProfile(
  mdb: Mdb,
  operator: Actor,
  id: string,
  change: ProfileChange,
  reason: string,
): Promise<void> {
  return acting(mdb, operator, null, async (tx) => {
    const [before] = await tx.select().from(profiles).where(eq(profiles.id, id)).for('update');
    await explain(tx, { reason });
    await tx
      .insert(profiles)
      .values({ id, match: {}, burnin: standardBurnin, ...change })
      .onConflictDoUpdate({ target: profiles.id, set: change });
    await record(tx, { actor: operator, action: 'profile.set', detail: { profile: id, reason, before, change } });
  });
}
